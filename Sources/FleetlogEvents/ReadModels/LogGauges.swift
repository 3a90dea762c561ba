/// The log in figures, for a program that watches it. Cheap at any size: read from totals.
package struct LogGauges: Sendable {
  /// The files of one format that stand in one state.
  package struct Sources: Sendable {
    /// nil where no format knows them.
    package let format: String?
    package let state: SourceStatus.State
    package let files: Int
    /// Bytes that were seen and not yet read.
    package let unreadBytes: Int64
    /// When the file that has waited longest was written to, in ms; nil where none waits.
    package let waitingSince: Int64?

    package init(
      format: String?, state: SourceStatus.State, files: Int, unreadBytes: Int64,
      waitingSince: Int64?
    ) {
      self.format = format
      self.state = state
      self.files = files
      self.unreadBytes = unreadBytes
      self.waitingSince = waitingSince
    }
  }

  /// Events by type; an open set.
  package let events: [(type: String, count: Int)]
  package let sources: [Sources]
  /// The files that are farthest behind, most first, at most ten: path and unread bytes.
  package let farthestBehind: [(path: String, unreadBytes: Int64)]
  package let lastEventID: Int64
  /// Events that the full-text index has not taken in yet.
  package let searchLag: Int
  package let databaseBytes: Int64
  package let writeAheadLogBytes: Int64
  package let searchBytes: Int64

  package init(
    events: [(type: String, count: Int)], sources: [Sources],
    farthestBehind: [(path: String, unreadBytes: Int64)], lastEventID: Int64, searchLag: Int,
    databaseBytes: Int64, writeAheadLogBytes: Int64, searchBytes: Int64
  ) {
    self.events = events
    self.sources = sources
    self.farthestBehind = farthestBehind
    self.lastEventID = lastEventID
    self.searchLag = searchLag
    self.databaseBytes = databaseBytes
    self.writeAheadLogBytes = writeAheadLogBytes
    self.searchBytes = searchBytes
  }
}
