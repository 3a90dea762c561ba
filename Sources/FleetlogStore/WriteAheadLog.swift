import Glibc

/// Keeps the write-ahead log of a database bounded.
///
/// SQLite's own checkpoints copy its pages back but start it anew only at a moment without any
/// reader; with readers that always overlap there is none, and it would grow for ever. So beyond
/// a limit the writer waits shortly for the readers of old pages: those that come meanwhile read
/// the database itself and do not hold it up.
final class WriteAheadLog {
  private let connection: Connection
  private let path: String
  /// Bytes.
  var limit: Int64 = 64 << 20
  /// Bytes of the log from which the next attempt is made: a reader that stays is not waited for
  /// at every commit.
  private var nextAttempt: Int64 = 0
  /// What copies pages back meanwhile; nil where the connection does so itself.
  private var checkpointer: Checkpointer?

  /// Pages in the log from which they are copied back aside, and from which the writer helps: only
  /// when all are copied does the log begin anew, and while more come somebody must wait.
  private static let duePages = (aside: 2500, own: 6000)
  /// How long a commit waits for readers, how long a writer with nothing to do, and how long
  /// one that must be rid of old pages, in ms.
  private static let patience = (busy: 250, idle: 0, rewrite: 5000)
  /// Bytes that are left alone while there is nothing to do.
  private static let idleLimit: Int64 = 4 << 20

  init(_ connection: Connection) {
    self.connection = connection
    path = connection.path + "-wal"
  }

  /// Bytes.
  var size: Int64 { fileSize(path) }

  /// Has pages copied back on a thread of its own from now on.
  func checkpointAside() {
    connection.takeOverCheckpoints()
    checkpointer = Checkpointer(database: connection.path)
  }

  /// To be called behind every commit; one inside another transaction is none yet.
  func afterCommit() throws(StoreError) {
    guard !connection.isInTransaction else { return }
    if let checkpointer, connection.pagesInLog >= Self.duePages.aside {
      if connection.pagesInLog < Self.duePages.own {
        checkpointer.wake()
      } else {
        _ = try connection.first("PRAGMA wal_checkpoint(PASSIVE)") { $0.int(0) }
      }
    }
    let size = size
    guard size > limit else {
      nextAttempt = 0
      return
    }
    guard size >= nextAttempt else { return }
    let isTrimmed = try trim(patience: Self.patience.busy)
    nextAttempt = isTrimmed ? 0 : size + limit / 4
  }

  /// To be called when there is nothing to write for now.
  func whenIdle() throws(StoreError) {
    guard size > Self.idleLimit else { return }
    _ = try trim(patience: Self.patience.idle)
  }

  /// Rewrites the database without what was deleted, and its log with it.
  func rewrite() throws(StoreError) {
    try connection.script("VACUUM", operation: "rewrite the database")
    try empty()
  }

  /// - Throws: where a reader still needs what the log holds.
  func empty() throws(StoreError) {
    guard try trim(patience: Self.patience.rewrite) else {
      throw StoreError(
        operation: "empty the write-ahead log", place: path, cause: .sqlite(code: 5),
        detail: "another process reads old pages")
    }
  }

  /// Copies everything back and empties the log; false where a reader still needs it.
  private func trim(patience: Int) throws(StoreError) -> Bool {
    try connection.waiting(ms: patience) { () throws(StoreError) in
      try connection.first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.int(0) == 0 } ?? false
    }
  }
}

/// The bytes of a file, 0 where there is none.
func fileSize(_ path: String) -> Int64 {
  var status = stat()
  return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}

/// Has what was written to a write-ahead log survive a power cut. Not for a database itself: to
/// close any of its descriptors gives up SQLite's locks on it.
func syncFile(_ path: String) throws(StoreError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  // Without a log all is in the database, synced when it was copied there.
  if descriptor < 0, errno == ENOENT { return }
  defer { if descriptor >= 0 { close(descriptor) } }
  guard descriptor >= 0, fdatasync(descriptor) == 0 else {
    throw StoreError(
      operation: "sync to the disk", place: path, cause: .sqlite(code: 10),
      detail: String(cString: strerror(errno)))
  }
}
