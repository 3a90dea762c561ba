/// One event of a run, as far as it may stand in the model's context.
package struct ContextPiece: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case user, assistant, toolResult, other
    /// What came before was replaced by a summary.
    case compacted
    /// The model answered: it had read so many tokens, of a window of so many where that is known.
    case call(tokens: Int, window: Int?)
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

/// What a model's context held when it answered: a known total, and an estimate of its parts, in
/// tokens.
package struct ContextFill: Sendable, Equatable {
  /// The `llm_call.completed` event.
  package let eventID: Int64
  /// ms since the Unix epoch.
  package let ts: Int64
  package let total: Int
  /// The system prompt and the definitions of tools, which transcripts don't hold, and what else
  /// they don't.
  package let system: Int
  package let user: Int
  package let assistant: Int
  package let toolResults: Int
  package let other: Int
  /// How many tokens the model can read; nil where that is not known.
  package let window: Int?

  /// Names how the parts are estimated.
  package static let method = "event bytes at 4 per token, scaled to the known total"

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
  }
}
