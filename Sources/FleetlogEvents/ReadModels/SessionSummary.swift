/// One session as its events tell it; a projection that can be rebuilt from them.
package struct SessionSummary: Sendable, Equatable {
  package let id: String
  /// `claude`, `codex`, … or the agent name a direct logger gave.
  package var agent: String?
  package var agentVersion: String?
  package var title: String?
  /// How good the title's source is, and when it was said: a better or equally good later one
  /// replaces it, whatever the order of reading.
  package var titleRank = 0
  package var titleAt: Int64 = 0
  /// The working directory.
  package var project: String?
  package var branch: String?
  /// The model of the newest response.
  package var model: String?
  package var modelAt: Int64 = 0
  /// The session that spawned this one.
  package var parentSessionID: String?
  /// First and last event, ms since the Unix epoch.
  package var startedAt: Int64
  package var lastAt: Int64
  /// Whether no record carried a time of its own so far, so that the times are the file's.
  package var timesAreBorrowed = false
  package var events = 0
  package var prompts = 0
  package var turns = 0
  package var toolCalls = 0
  package var toolErrors = 0
  package var responses = 0
  /// Tokens, each response counted once. Input includes neither cache reads nor cache writes.
  package var inputTokens = 0
  package var outputTokens = 0
  package var cacheReadTokens = 0
  package var cacheWriteTokens = 0
  package var attention = 0
  package var validationErrors = 0
  package var subagents = 0

  package init(id: String, startedAt: Int64, lastAt: Int64) {
    self.id = id
    self.startedAt = startedAt
    self.lastAt = lastAt
  }
}

/// A session with its runs (its own first, then those spawned from it, at any depth).
package struct SessionDetail: Sendable {
  package let session: SessionSummary
  package let runs: [RunSummary]
  /// Other sessions that repeat events of this one (resumed or forked).
  package let sharedWith: [String]

  package init(session: SessionSummary, runs: [RunSummary], sharedWith: [String]) {
    self.session = session
    self.runs = runs
    self.sharedWith = sharedWith
  }
}
