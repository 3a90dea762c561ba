/// The tokens of a model's context by what they are: an account of what fills it.
public struct ContextTokens: Sendable, Equatable {
  /// Of the instructions that stand before everything.
  public var system = 0
  /// Of the descriptions of the tools.
  public var tools = 0
  /// Of what people or programs asked.
  public var user = 0
  /// Of what the model said before.
  public var assistant = 0
  /// Of what its tools answered.
  public var toolResults = 0
  /// Of what is none of these.
  public var other = 0
  /// What counted: a tokenizer, or an estimator.
  public let method: String
  /// Whether the numbers are estimates.
  public let isEstimated: Bool

  /// Numbers that a tokenizer counted.
  public init(countedBy tokenizer: String) {
    method = tokenizer
    isEstimated = false
  }

  /// Numbers that ``add(_:to:)`` estimates: a token for every four bytes of UTF-8, begun ones
  /// counted whole. It needs no vocabulary, and is meant for shares rather than bills.
  public init() {
    method = "utf8-bytes/4"
    isEstimated = true
  }

  /// Adds the estimate of a text.
  public mutating func add(_ text: String, to part: WritableKeyPath<ContextTokens, Int>) {
    self[keyPath: part] += Self.estimate(text)
  }

  /// How many tokens a text comes to, about.
  public static func estimate(_ text: String) -> Int { (text.utf8.count + 3) / 4 }

  /// The tokens of all parts.
  public var total: Int { system + tools + user + assistant + toolResults + other }

  var value: EventValue {
    .object([
      "system": .integer(system), "tools": .integer(tools), "user": .integer(user),
      "assistant": .integer(assistant), "tool_results": .integer(toolResults),
      "other": .integer(other), "total": .integer(total), "method": .text(method),
      "estimated": .flag(isEstimated),
    ])
  }
}

/// A model call that has begun: one `llm_call.started`, and one `llm_call.completed` or
/// `llm_call.failed`.
public struct ModelCall: Sendable {
  private let run: Run
  private let modelName: String
  private let callID: String
  private let startedAt: Int64

  /// What a response used, in tokens.
  public struct Usage: Sendable {
    /// Input that was neither read from a cache nor written to one.
    public var input: Int
    /// What the model wrote, its thinking too.
    public var output: Int
    /// Input that was read from a cache; nil where that is not known.
    public var cacheRead: Int?
    /// Input that was written to a cache; nil where that is not known.
    public var cacheWrite: Int?

    /// Counts as the provider gave them with the response.
    public init(input: Int, output: Int, cacheRead: Int? = nil, cacheWrite: Int? = nil) {
      self.input = input
      self.output = output
      self.cacheRead = cacheRead
      self.cacheWrite = cacheWrite
    }
  }

  init(run: Run, modelName: String, context: ContextTokens?, payload: [String: EventValue]) {
    self.run = run
    self.modelName = modelName
    callID = Nonce.make()
    startedAt = Host.now
    var payload = payload
    payload["model_name"] = .text(modelName)
    payload["call_id"] = .text(callID)
    payload["context_tokens"] = context?.value
    run.log(
      "llm_call.started",
      summary: "\(modelName) was called"
        + (context.map { " with \($0.isEstimated ? "about " : "")\($0.total) tokens" } ?? ""),
      payload: payload)
  }

  /// Logs that the response is here.
  @discardableResult
  public func complete(_ usage: Usage, payload: [String: EventValue] = [:]) -> FleetlogClient.Logged
  {
    var payload = payload
    payload["model_name"] = .text(modelName)
    payload["call_id"] = .text(callID)
    payload["latency_ms"] = .integer(Int(Host.now - startedAt))
    payload["input_tokens"] = .integer(usage.input)
    payload["output_tokens"] = .integer(usage.output)
    payload["cache_read_tokens"] = usage.cacheRead.map(EventValue.integer)
    payload["cache_write_tokens"] = usage.cacheWrite.map(EventValue.integer)
    return run.log(
      "llm_call.completed", summary: "\(usage.output) tokens out, \(usage.input) in",
      payload: payload)
  }

  /// Logs that the call failed.
  ///
  /// - Parameter willRetry: whether it is made again.
  @discardableResult
  public func fail(_ error: String, willRetry: Bool = false) -> FleetlogClient.Logged {
    run.log(
      "llm_call.failed", summary: error,
      payload: [
        "model_name": .text(modelName), "call_id": .text(callID), "error": .text(error),
        "latency_ms": .integer(Int(Host.now - startedAt)), "will_retry": .flag(willRetry),
      ])
  }
}

extension Run {
  /// Logs that a model is called, with what fills its context.
  public func startModelCall(
    _ modelName: String, context: ContextTokens? = nil, payload: [String: EventValue] = [:]
  ) -> ModelCall {
    ModelCall(run: self, modelName: modelName, context: context, payload: payload)
  }
}
