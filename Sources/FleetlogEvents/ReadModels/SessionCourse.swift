/// What a drawing of a session over time needs: every event without its texts, and the links that
/// say which call started an agent and when a wait was over.
package struct SessionCourse: Sendable {
  /// In the order of the transcript.
  package var steps: [Step] = []
  /// By the run that was started: the call that started it.
  package var spawns: [Int64: Int64] = [:]
  /// By the event that was resolved: when, in ms since the Unix epoch.
  package var ends: [Int64: Int64] = [:]
  /// Events that a later one replaces.
  package var replaced: Set<Int64> = []
  /// Why steps are missing, as a sentence for people; nil where none is.
  package var partialReason: String?

  package init() {}

  /// One event.
  package struct Step: Sendable, Equatable {
    package let id: Int64
    /// ms since the Unix epoch.
    package let ts: Int64
    package let runID: Int64
    package let type: EventType
    package var sourceKind = SourceKind.worker.rawValue
    /// The call that a result answers.
    package var relatedID: Int64?
    package var isInferred = false
    package var asksForAttention = false
    package var confidence: Double?
    /// One line, shortened.
    package var summary = ""
    /// The tool of a call or a result.
    package var tool: String?
    /// Of a result: whether the tool failed.
    package var hasFailed = false
    /// Of a result: whether the operator did not let the tool run.
    package var wasDenied = false

    package init(id: Int64, ts: Int64, runID: Int64, type: EventType) {
      self.id = id
      self.ts = ts
      self.runID = runID
      self.type = type
    }
  }
}
