/// One event of a run, as far as it may stand in the model's context.
package struct ContextPiece: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case user, assistant, toolResult, other
    /// What came before was replaced by a summary.
    case compacted
    /// The model answered: it had read so many tokens, of a window of so many where that is known.
    case call(tokens: Int, window: Int?)
    /// The model was asked, and whoever asked counted what fills its context.
    case account(ContextAccount)
  }

  package let eventID: Int64
  /// ms since the Unix epoch.
  package let ts: Int64
  package let kind: Kind
  /// Of what the log keeps of the event.
  package let bytes: Int

  package init(eventID: Int64, ts: Int64, kind: Kind, bytes: Int) {
    self.eventID = eventID
    self.ts = ts
    self.kind = kind
    self.bytes = bytes
  }
}

/// What fills a context, as whoever filled it counted, in tokens.
package struct ContextAccount: Sendable, Equatable {
  package let system: Int
  package let tools: Int
  package let user: Int
  package let assistant: Int
  package let toolResults: Int
  package let other: Int
  /// What counted: a tokenizer, or an estimator.
  package let method: String
  package let isEstimated: Bool

  /// Reads the `context_tokens` of an `llm_call.started`; nil for what is no account.
  package init?(_ value: JSONValue?) {
    guard let value, value.isObject else { return nil }
    func tokens(_ key: String) -> Int { min(max(value[key]?.int ?? 0, 0), ModelCall.mostTokens) }
    system = tokens("system")
    tools = tokens("tools")
    user = tokens("user")
    assistant = tokens("assistant")
    toolResults = tokens("tool_results")
    other = tokens("other")
    method = value["method"]?.string ?? "not named"
    isEstimated = value["estimated"]?.bool ?? false
  }

  package var total: Int { system + tools + user + assistant + toolResults + other }
}

/// What a model's context held when it answered, in tokens: counted by whoever asked it; else a
/// total that is known, of which the parts are estimated.
package struct ContextFill: Sendable, Equatable {
  /// The `llm_call.completed` event, or the `llm_call.started` that gives an account.
  package let eventID: Int64
  /// ms since the Unix epoch.
  package let ts: Int64
  package let total: Int
  /// The system prompt; where it is estimated also the definitions of tools, which transcripts
  /// don't hold either, and what else they don't.
  package let system: Int
  /// The definitions of tools; nil where they are among ``system``.
  package let tools: Int?
  package let user: Int
  package let assistant: Int
  package let toolResults: Int
  package let other: Int
  /// How many tokens the model can read; nil where that is not known.
  package let window: Int?
  /// Names how the parts were counted or estimated.
  package let method: String
  package let isEstimated: Bool

  package static let estimate = "event bytes at 4 per token, scaled to the known total"

  package init(
    eventID: Int64, ts: Int64, total: Int, system: Int, user: Int, assistant: Int,
    toolResults: Int, other: Int, window: Int?
  ) {
    self.eventID = eventID
    self.ts = ts
    self.total = total
    self.system = system
    self.user = user
    self.assistant = assistant
    self.toolResults = toolResults
    self.other = other
    self.window = window
    tools = nil
    method = Self.estimate
    isEstimated = true
  }

  package init(eventID: Int64, ts: Int64, account: ContextAccount) {
    self.eventID = eventID
    self.ts = ts
    total = account.total
    system = account.system
    tools = account.tools
    user = account.user
    assistant = account.assistant
    toolResults = account.toolResults
    other = account.other
    window = nil
    method = account.method
    isEstimated = account.isEstimated
  }
}
