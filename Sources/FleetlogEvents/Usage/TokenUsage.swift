/// Tokens that model calls used, each response counted once. Input includes neither what was read
/// from a cache nor what was written to one.
package struct TokenUsage: Sendable, Equatable {
  package var calls = 0
  package var input = 0
  package var output = 0
  package var cacheRead = 0
  /// Written to a cache of whatever lifetime.
  package var cacheWrite = 0
  /// Of these, what was written to a cache that lasts an hour.
  package var cacheWriteHour = 0

  package init() {}

  package init(
    calls: Int = 1, input: Int = 0, output: Int = 0, cacheRead: Int = 0, cacheWrite: Int = 0,
    cacheWriteHour: Int = 0
  ) {
    self.calls = calls
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.cacheWriteHour = cacheWriteHour
  }

  package var tokens: Int { input + output + cacheRead + cacheWrite }

  package var isZero: Bool { self == TokenUsage() }

  package static func + (left: TokenUsage, right: TokenUsage) -> TokenUsage {
    TokenUsage(
      calls: left.calls + right.calls, input: left.input + right.input,
      output: left.output + right.output, cacheRead: left.cacheRead + right.cacheRead,
      cacheWrite: left.cacheWrite + right.cacheWrite,
      cacheWriteHour: left.cacheWriteHour + right.cacheWriteHour)
  }

  package static func += (left: inout TokenUsage, right: TokenUsage) { left = left + right }

  package static prefix func - (usage: TokenUsage) -> TokenUsage {
    TokenUsage(
      calls: -usage.calls, input: -usage.input, output: -usage.output,
      cacheRead: -usage.cacheRead, cacheWrite: -usage.cacheWrite,
      cacheWriteHour: -usage.cacheWriteHour)
  }
}

/// One `llm_call.completed` as far as its tokens and their price go.
package struct ModelCall: Sendable, Equatable {
  /// ms since the Unix epoch.
  package let ts: Int64
  /// Empty where the source does not name it.
  package let model: String
  package let usage: TokenUsage

  /// Input tokens, caches included, beyond which one model or another charges otherwise, ascending.
  package static let bounds = [100_000, 200_000, 272_000]

  /// What one response may add to a sum of tokens: more is a mistake, and must not overflow it.
  package static let mostTokens = 1 << 40

  /// How many of the bounds its input passes.
  package var band: Int {
    let input = usage.input + usage.cacheRead + usage.cacheWrite
    return ModelCall.bounds.count { input > $0 }
  }

  /// - Returns: nil for another event.
  package init?(_ event: StoredEvent) {
    guard event.type == .llmCallCompleted else { return nil }
    let payload = event.payload.flatMap { try? JSONDocument($0).root }
    func tokens(_ key: String) -> Int {
      min(max(payload?[key]?.int ?? 0, 0), ModelCall.mostTokens)
    }
    ts = event.ts
    model = payload?["model_name"]?.string ?? ""
    usage = TokenUsage(
      input: tokens("input_tokens"), output: tokens("output_tokens"),
      cacheRead: tokens("cache_read_tokens"), cacheWrite: tokens("cache_write_tokens"),
      cacheWriteHour: min(tokens("cache_write_1h_tokens"), tokens("cache_write_tokens")))
  }
}

/// The tokens of one model on one day, charged alike.
package struct UsageShare: Sendable, Equatable {
  /// Days since the Unix epoch, UTC.
  package let day: Int64
  /// Empty where the source does not name it.
  package let model: String
  /// How many of ``ModelCall/bounds`` the input of the calls passes.
  package let band: Int
  /// Whether sub-agents made the calls; false where that was not asked.
  package let isSubagent: Bool
  package let usage: TokenUsage

  package init(
    day: Int64, model: String, band: Int, isSubagent: Bool = false, usage: TokenUsage
  ) {
    self.day = day
    self.model = model
    self.band = band
    self.isSubagent = isSubagent
    self.usage = usage
  }
}

extension [UsageShare] {
  package var total: TokenUsage { reduce(TokenUsage()) { $0 + $1.usage } }
}
