import Glibc

/// A writer that lives for a moment: a process that has something to tell a log which no server has.
///
/// Such a process may be over before a checkpoint is. So it opens the database once, and leaves a
/// small write-ahead log to whoever opens it next, which reads it before anything else.
extension EventWriter {
  /// Opens a log that is there and as this program knows it, without the lock: transactions keep
  /// apart by themselves.
  ///
  /// - Returns: nil where the log has to be made or migrated first.
  /// - Throws: `.newer` for a log of a later Fleetlog.
  package convenience init?(
    brief path: String, project: @escaping SessionProjection
  ) throws(StoreError) {
    guard access(path, R_OK | W_OK) == 0 else { return nil }
    let connection = try Connection(path: path, access: .readWrite)
    let version = try Migrations.version(of: connection)
    try Migrations.refuseNewer(version, place: path)
    guard version == Migrations.current else { return nil }
    try self.init(connection, lock: nil, project: project)
  }

  /// Commits from now on without waiting for the disk, which is left to ``sync()``.
  package func deferSync() throws(StoreError) {
    try connection.script("PRAGMA synchronous = NORMAL", operation: "set syncing up")
  }

  /// Has all that was committed survive a power cut.
  package func sync() throws(StoreError) { try syncFile(path + "-wal") }

  /// Whether the file that was opened still stands under its name, with the schema it had.
  package var isInPlace: Bool {
    !connection.hasMoved && (try? Migrations.version(of: connection)) == Migrations.current
  }

  /// To be called before it is given up: a write-ahead log larger than this, in bytes, is copied back
  /// when the connection closes, unless others have the database open; a smaller one is left. So is
  /// that of a database that has moved: SQLite would delete by its name what is another's by now.
  package func leaveWriteAheadLog(upTo limit: Int64) {
    if connection.hasMoved || writeAheadLog.size <= limit { connection.skipCheckpointAtClose() }
  }
}
