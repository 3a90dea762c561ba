/// What went wrong in the database: which operation, where, why, and what mends it.
package struct StoreError: Error, Sendable, CustomStringConvertible {
  package enum Cause: Sendable, Equatable {
    /// The database was written by a newer Fleetlog; it was left untouched.
    case newer(version: Int)
    /// Another process writes to this database.
    case writerBusy(pid: Int32?)
    /// The deadline came before the answer.
    case interrupted
    /// Disk full, read-only, locked, corrupt, …: SQLite's primary result code.
    case sqlite(code: Int32)
    case system(errno: Int32)
    /// What was to be written is there already.
    case exists
  }

  package let operation: String
  /// The database file.
  package let place: String
  package let cause: Cause
  /// SQLite's or the system's own words; never the values that were bound.
  package let detail: String

  package var description: String {
    "can't \(operation) in \(place): \(detail)" + (mend.map { "; \($0)" } ?? "")
  }

  /// Whether the database's file does not hold what SQLite wrote into it.
  package var isDamage: Bool { cause == .sqlite(code: 11) || cause == .sqlite(code: 26) }

  /// What a person can do about it.
  package var mend: String? {
    switch cause {
    case .newer: "update fleetlog, or name another database with --db"
    case .writerBusy:
      "stop the other process, or name another database with --db; reading is possible meanwhile"
    case .interrupted: "narrow the question"
    case .sqlite(let code): Self.mends[code]
    case .exists: "nothing is overwritten: name another file, or move this one away"
    case .system: "check that the folder exists and may be written"
    }
  }

  private static let mends: [Int32: String] = [
    5: "another process holds the database: try again",
    8: "the file or its folder may not be written: mend its permissions",
    10: "the disk does not answer: check it",
    11: "the file is damaged: move it away and ingest the transcripts again",
    13: "the disk is full: make room; nothing that was committed is lost",
    14: "the file can't be opened: check its folder and permissions",
    19: "the log contradicts itself: fleetlog doctor looks it over",
    26: "the file is not a Fleetlog database: name another with --db",
  ]
}
