/// The whole log in a few figures, for `/`, `/healthz` and the command line.
package struct LogOverview: Sendable {
  package let events: Int
  package let sessions: Int
  package let sources: Int
  package let validationErrors: Int
  package let lastEventID: Int64
  /// ms since the Unix epoch; nil in an empty log.
  package let firstEventAt: Int64?
  package let lastEventAt: Int64?
  /// Events that the full-text index has not taken in yet.
  package let searchLag: Int

  /// What is shown of a log that can't be read.
  package static let unknown = LogOverview(
    events: 0, sessions: 0, sources: 0, validationErrors: 0, lastEventID: 0, firstEventAt: nil,
    lastEventAt: nil, searchLag: 0)

  package init(
    events: Int, sessions: Int, sources: Int, validationErrors: Int, lastEventID: Int64,
    firstEventAt: Int64?, lastEventAt: Int64?, searchLag: Int
  ) {
    self.events = events
    self.sessions = sessions
    self.sources = sources
    self.validationErrors = validationErrors
    self.lastEventID = lastEventID
    self.firstEventAt = firstEventAt
    self.lastEventAt = lastEventAt
    self.searchLag = searchLag
  }
}
