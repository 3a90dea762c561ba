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
}
