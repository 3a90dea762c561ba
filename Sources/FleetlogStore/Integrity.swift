import CSQLite

extension EventLog {
  package static var sqliteVersion: String { String(cString: sqlite3_libversion()) }

  package static var schemaVersion: Int { Migrations.current }

  /// What SQLite finds wrong with the structure of the log and its index; empty where all is well.
  package func integrityProblems() throws(StoreError) -> [String] {
    try pool.withConnection { (connection) throws(StoreError) in
      var problems: [String] = []
      for schema in ["main", "search"] {
        problems += try connection.rows("PRAGMA \(schema).quick_check(10)") { $0.text(0) }
          .filter { $0 != "ok" }
      }
      problems += try connection.rows("PRAGMA foreign_key_check") {
        "a row of \($0.text(0)) points to a missing row of \($0.text(2))"
      }
      return problems
    }
  }

  /// Which of the texts that the log keeps packed no longer unpack: SQLite does not look into them.
  /// Earlier builds packed without a checksum: there a flipped bit may go unnoticed.
  package func damage() throws(StoreError) -> Damage {
    try pool.withConnection { (connection) throws(StoreError) in try Damage.find(connection) }
  }
}

extension EventWriter {
  /// The files that have to be read again for what of their texts is damaged.
  package func damagedFiles() throws(StoreError) -> Set<Int64> { try Damage.find(connection).files }
}
