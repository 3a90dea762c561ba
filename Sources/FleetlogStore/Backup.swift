import Glibc

/// An online copy of a log: as it stood at one moment, whoever writes to it meanwhile.
package enum Backup {
  package struct Report: Sendable, Equatable {
    package var events = 0
    /// Bytes of the copy, its full-text index included.
    package var bytes: Int64 = 0
  }

  /// Copies a log and its full-text index, checks the copies, and only then gives them their
  /// names. Nothing is overwritten.
  ///
  /// - Parameter progress: told how many pages of how many are copied, index first.
  package static func write(
    of database: String, to file: String, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws(StoreError) -> Report {
    let source = try Connection(path: database, access: .readOnly)
    try Migrations.refuseNewer(try Migrations.version(of: source), place: database)
    var copies: [(from: Connection, to: String)] = []
    // The index first: it may lag behind its log, never be ahead of it.
    let index = SearchIndex.path(forDatabase: database)
    if fileSize(index) > 0 {
      copies.append(
        (try Connection(path: index, access: .readOnly), SearchIndex.path(forDatabase: file)))
    }
    copies.append((source, file))
    // The file that was asked for first: it is the one that a person knows.
    for copy in copies.reversed() where exists(copy.to) { throw taken(copy.to) }
    var report = Report()
    for copy in copies {
      let partial = try create(partialPath(copy.to))
      do throws(StoreError) {
        report.events = try fill(partial, from: copy.from, progress)
        // SQLite's locks on a file end with whichever descriptor of it is closed first, so no
        // connection may be open here.
        try sync(partial)
      } catch {
        discard(partial)
        throw error
      }
      report.bytes += fileSize(partial)
    }
    for copy in copies { try publish(partialPath(copy.to), as: copy.to) }
    return report
  }

  private static func partialPath(_ path: String) -> String { path + "-partial" }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Makes an empty file that only its owner may read, since transcripts hold secrets.
  private static func create(_ path: String) throws(StoreError) -> String {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw errno == EEXIST ? taken(path) : failure("create the copy", path)
    }
    close(descriptor)
    return path
  }

  private static func fill(
    _ path: String, from source: Connection, _ progress: (Int, Int) -> Void
  ) throws(StoreError) -> Int {
    let copy = try Connection(path: path, access: .readWrite)
    try source.copy(to: copy, progress: progress)
    // One file that can be carried away, without a write-ahead log beside it.
    try copy.script("PRAGMA journal_mode = DELETE", operation: "finish the copy")
    let problems =
      try copy.rows("PRAGMA quick_check(5)") { $0.text(0) }.filter { $0 != "ok" }
      + copy.rows("PRAGMA foreign_key_check") { "a row of \($0.text(0)) points nowhere" }
    if let problem = problems.first {
      throw StoreError(
        operation: "check the copy", place: path, cause: .sqlite(code: 11), detail: problem)
    }
    guard try copy.finds("SELECT 1 FROM sqlite_schema WHERE name = 'event_totals'")
    else { return 0 }
    return try copy.count("SELECT count(*) FROM events")
  }

  /// Gives a finished copy its name, which fails where the name was taken meanwhile.
  private static func publish(_ partial: String, as path: String) throws(StoreError) {
    guard link(partial, path) == 0 else {
      let error = errno == EEXIST ? taken(path) : failure("name the copy", path)
      discard(partial)
      throw error
    }
    unlink(partial)
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    try sync(folder.isEmpty ? "." : folder.joined(separator: "/") + "/")
  }

  private static func discard(_ partial: String) {
    for path in [partial, partial + "-journal", partial + "-wal", partial + "-shm"] {
      unlink(path)
    }
  }

  private static func sync(_ path: String) throws(StoreError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open the copy", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("write the copy to the disk", path) }
  }

  private static func failure(_ operation: String, _ path: String) -> StoreError {
    let code = errno
    return StoreError(
      operation: operation, place: path, cause: .system(errno: code),
      detail: String(cString: strerror(code)))
  }

  private static func taken(_ path: String) -> StoreError {
    StoreError(
      operation: "write the copy", place: path, cause: .exists,
      detail: "there is a file already")
  }
}
