/// One frozen step of the schema. Once released, a migration is never edited: the next change is
/// a new one at the end of the list.
struct Migration: Sendable {
  let version: Int
  let sql: String
}

enum Migrations {
  /// The one list, in order; the last version is what this program reads and writes.
  static let all = [
    migration001, migration002, migration003, migration004, migration005, migration006,
    migration007, migration008, migration009, migration010, migration011, migration012,
    migration013, migration014, migration015, migration016, migration017,
  ]

  static var current: Int { all.last?.version ?? 0 }

  /// Brings a database up to date, each step in one transaction.
  ///
  /// - Throws: `.newer` for a database of a later Fleetlog, before anything is written.
  static func apply(to connection: Connection, upTo limit: Int = current) throws(StoreError) {
    let version = try version(of: connection)
    try refuseNewer(version, place: connection.path)
    for migration in all where migration.version > version && migration.version <= limit {
      try connection.transaction { () throws(StoreError) in
        // Another process may have taken this step since the version was read.
        guard try self.version(of: connection) < migration.version else { return }
        try connection.script(
          migration.sql, operation: "migrate the schema to version \(migration.version)")
        try connection.script(
          "PRAGMA user_version = \(migration.version)", operation: "note the schema's version")
      }
    }
  }

  static func refuseNewer(_ version: Int, place: String) throws(StoreError) {
    guard version > current else { return }
    throw StoreError(
      operation: "open the database", place: place, cause: .newer(version: version),
      detail: "its schema is version \(version), this program knows \(current)")
  }

  static func version(of connection: Connection) throws(StoreError) -> Int {
    Int(try connection.first("PRAGMA user_version") { $0.int(0) } ?? 0)
  }
}
