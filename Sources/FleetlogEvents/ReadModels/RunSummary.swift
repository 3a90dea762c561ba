/// One run as its `process.started` and later events tell it.
package struct RunSummary: Sendable, Equatable {
  /// The id of the run's `process.started` event.
  package let id: Int64
  package let key: String
  package let parentID: Int64?
  package let instanceID: String
  package let role: String
  package let sessionID: String?
  package let startedAt: Int64
  package let lastAt: Int64
  package let events: Int
  /// What the run was started for: its command, or what the call that spawned it says. Where neither is
  /// known it is empty, and on the page of a session that it started.
  package let summary: String

  package init(
    id: Int64, key: String, parentID: Int64?, instanceID: String, role: String,
    sessionID: String?, startedAt: Int64, lastAt: Int64, events: Int, summary: String
  ) {
    self.id = id
    self.key = key
    self.parentID = parentID
    self.instanceID = instanceID
    self.role = role
    self.sessionID = sessionID
    self.startedAt = startedAt
    self.lastAt = lastAt
    self.events = events
    self.summary = summary
  }
}
