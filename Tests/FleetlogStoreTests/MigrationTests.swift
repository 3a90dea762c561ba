import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("The schema")
struct MigrationTests {
  private func connection(_ log: TemporaryLog) throws -> Connection {
    try Connection(path: log.path, access: .readWrite)
  }

  @Test("Migrations are numbered from one on, without a gap")
  func numbering() {
    #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
    #expect(Migrations.current == Migrations.all.count)
  }

  @Test("A new database has the documented tables, and all of them are strict")
  func tables() throws {
    let log = try TemporaryLog()
    let tables = try connection(log).rows(
      "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'"
    ) { (name: $0.text(0), isStrict: $0.bool(1)) }
    let names = Set(tables.map(\.name))
    #expect(
      names.isSuperset(of: [
        "events", "event_links", "sessions", "runs", "files", "projection_cursors",
      ]))
    for table in tables where !table.name.hasPrefix("sqlite_") {
      #expect(table.isStrict, "\(table.name)")
    }
  }

  @Test("The events have exactly the documented columns, and one for what is packed")
  func eventColumns() throws {
    let log = try TemporaryLog()
    let columns = try connection(log).rows(
      "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('events')"
    ) { row in
      [row.text(0), row.text(1), row.bool(2) ? "NOT NULL" : "", row.text(3)].joined(separator: " ")
        .trimmed
    }
    #expect(
      columns == [
        "id INTEGER", "ts INTEGER NOT NULL", "recorded_at INTEGER NOT NULL",
        "run_id INTEGER NOT NULL", "parent_run_id INTEGER", "instance_id TEXT NOT NULL",
        "role TEXT NOT NULL", "source_kind TEXT NOT NULL", "source_ref TEXT", "sink_kind TEXT",
        "sink_ref TEXT", "event_type TEXT NOT NULL", "schema_version INTEGER NOT NULL 1",
        "attention_candidate INTEGER NOT NULL 0", "operator_action_required INTEGER NOT NULL 0",
        "risk_detected INTEGER NOT NULL 0", "severity INTEGER", "confidence REAL",
        "summary TEXT NOT NULL", "payload_json TEXT", "artifact_refs TEXT", "tags TEXT",
        "related_session_id TEXT", "related_event_id INTEGER", "dedupe_key TEXT",
        "idempotency_key TEXT", "expires_at INTEGER", "provenance TEXT",
        "source_file_id INTEGER", "source_offset INTEGER", "source_length INTEGER",
        "payload_packed BLOB",
      ])
  }

  @Test("The links have exactly the documented columns")
  func linkColumns() throws {
    let log = try TemporaryLog()
    let columns = try connection(log).rows(
      "SELECT name FROM pragma_table_info('event_links')"
    ) { $0.text(0) }
    #expect(
      columns == [
        "id", "from_event_id", "to_event_id", "relation_type", "created_at", "metadata_json",
      ])
  }

  @Test("Every documented column that is asked by has an index")
  func indexes() throws {
    let log = try TemporaryLog()
    let leading = try connection(log).rows(
      """
      SELECT DISTINCT i.name FROM pragma_index_list('events') l
      JOIN pragma_index_info(l.name) i WHERE i.seqno = 0
      """
    ) { $0.text(0) }
    #expect(
      Set(leading).isSuperset(of: [
        "ts", "run_id", "parent_run_id", "event_type", "related_session_id", "dedupe_key",
        "idempotency_key",
      ]))
  }

  @Test(
    "A row that the model does not allow is refused",
    arguments: [
      ("severity", "0"), ("severity", "6"), ("severity", "'high'"), ("confidence", "1.1"),
      ("confidence", "-0.1"), ("source_kind", "'alien'"), ("sink_kind", "'alien'"),
      ("attention_candidate", "2"), ("operator_action_required", "-1"), ("risk_detected", "2"),
      ("payload_json", "'[]'"), ("payload_json", "''"), ("artifact_refs", "'{}'"),
      ("tags", "'x'"), ("ts", "'now'"), ("ts", "NULL"), ("summary", "NULL"), ("summary", "x'00'"),
      ("instance_id", "''"), ("role", "''"), ("event_type", "''"), ("run_id", "NULL"),
    ])
  func checks(column: String, value: String) throws {
    let log = try TemporaryLog()
    let connection = try connection(log)
    func insert(_ changes: [String: String]) throws {
      let row = [
        "ts": "1", "recorded_at": "1", "run_id": "1", "instance_id": "'i'", "role": "'r'",
        "source_kind": "'worker'", "event_type": "'t'", "summary": "'s'",
      ].merging(changes) { $1 }
      let columns = row.keys.sorted()
      try connection.run(
        "INSERT INTO events (\(columns.joined(separator: ", "))) VALUES ("
          + columns.map { row[$0] ?? "NULL" }.joined(separator: ", ") + ")")
    }
    try insert([:])
    #expect(throws: StoreError.self) { try insert([column: value]) }
  }

  @Test("A link of an unknown relation, or to nothing, is refused")
  func linkChecks() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a"))
    let connection = try connection(log)
    try connection.script("PRAGMA foreign_keys = ON", operation: "check references")
    func insert(_ relation: String, to: Int64) throws {
      try connection.run(
        "INSERT INTO event_links (from_event_id, to_event_id, relation_type, created_at) "
          + "VALUES (1, ?, ?, 0)", [.int(to), .text(relation)])
    }
    for relation in RelationType.allCases { try insert(relation.rawValue, to: 2) }
    #expect(throws: StoreError.self) { try insert("likes", to: 2) }
    #expect(throws: StoreError.self) { try insert("blocks", to: 2) }
    #expect(throws: StoreError.self) { try insert("resolves", to: 99) }
  }

  @Test("A database of a newer Fleetlog is refused and left as it was, byte for byte")
  func newer() throws {
    let log = try TemporaryLog()
    let path = log.path("newer.db")
    let newer = try Connection(path: path, access: .readWrite)
    try newer.script(
      "CREATE TABLE future (x); PRAGMA user_version = \(Migrations.current + 1)",
      operation: "play a newer program")
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let error = #expect(throws: StoreError.self) {
      try EventWriter(path: path) { _, _ in }
    }
    #expect(error?.cause == .newer(version: Migrations.current + 1))
    #expect(error?.description.contains(path) == true)
    #expect(error?.mend != nil)
    #expect(throws: StoreError.self) { try EventLog(path: path) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(!FileManager.default.fileExists(atPath: path + "-writer"))
  }

  @Test("A log of the version before is counted by day, and refuses what it refused")
  func older() throws {
    let log = try TemporaryLog()
    let path = log.path("older.db")
    let older = try Connection(path: path, access: .readWrite)
    try Migrations.apply(to: older, upTo: 2)
    try older.script(
      """
      INSERT INTO event_totals VALUES (-1, 'a', 'worker', 1, 0), (-24, 'a', 'worker', 2, 1),
        (-25, 'a', 'worker', 4, 0), (0, 'a', 'worker', 8, 0), (23, 'a', 'worker', 16, 2),
        (23, 'b', 'worker', 32, 0), (24, 'a', 'system', 64, 0);
      INSERT INTO events (ts, recorded_at, run_id, instance_id, role, source_kind, event_type,
        summary) VALUES (1, 1, 1, 'i', 'r', 'worker', 't', 's');
      """, operation: "fill an older log")
    let writer = try EventWriter(path: path) { _, _ in }
    let days = try older.rows("SELECT * FROM event_days ORDER BY 1, 2, 3") { row in
      [row.text(0), row.text(1), row.text(2), row.text(3), row.text(4)].joined(separator: " ")
    }
    #expect(
      days == [
        "-2 a worker 4 0", "-1 a worker 3 1", "0 a worker 24 2", "0 b worker 32 0",
        "1 a system 64 0",
      ])
    for kind in ["source_kind", "sink_kind"] {
      #expect(throws: StoreError.self) {
        try writer.connection.run("UPDATE events SET \(kind) = 'alien'")
      }
      try writer.connection.run("UPDATE events SET \(kind) = 'operator'")
    }
    #expect(try older.first("PRAGMA integrity_check", [], { $0.text(0) }) == "ok")
  }

  @Test("Opening a log again changes nothing in it")
  func openedTwice() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    func dump() throws -> [String] {
      try connection(log).rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL") { $0.text(0) }
        + connection(log).rows("SELECT id FROM log_identity") { $0.text(0) }
    }
    let before = try dump()
    for _ in 0..<2 {
      let again = try EventWriter(path: log.path, holdsLock: false) { _, _ in }
      #expect(try again.lastEventID() == 2)
    }
    #expect(try dump() == before)
  }

  @Test("What is no database is refused with what to do about it")
  func noDatabase() throws {
    let log = try TemporaryLog()
    let path = log.path("notes.txt")
    try Data(String(repeating: "these are notes\n", count: 500).utf8)
      .write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: StoreError.self) { try EventWriter(path: path) { _, _ in } }
    #expect(error?.cause == .sqlite(code: 26))
    #expect(error?.mend != nil)
    let missing = #expect(throws: StoreError.self) {
      try EventWriter(path: log.path("no/such/folder.db")) { _, _ in }
    }
    #expect(missing?.mend != nil)
  }
}
