import CSQLite
package import FleetlogIngest
import Foundation

/// An `opencode.db` as OpenCode writes it: the tables and indexes of its schema, in WAL mode, with
/// a connection that stays open.
package final class OpenCodeDatabase {
  package struct Refused: Error {
    package let reason: String
  }

  private var handle: OpaquePointer?

  package init(_ path: FilePath) throws {
    try check(sqlite3_open(path.text, &handle))
    try run("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    try run(Self.schema)
  }

  deinit { close() }

  /// Closes as OpenCode does when it ends: what stands in the `-wal` is moved into the database.
  package func close() {
    sqlite3_close(handle)
    handle = nil
  }

  package func run(_ sql: String) throws { try check(sqlite3_exec(handle, sql, nil, nil, nil)) }

  /// Writes a row anew or over the one of its id, as OpenCode does.
  package func session(
    _ id: String, directory: String = "/home/dev/ledger", parent: String? = nil,
    title: String = "Fix the rounding", at time: Int64
  ) throws {
    try run(
      """
      INSERT INTO session (id, project_id, parent_id, title, directory, version, time_created,
        time_updated)
      VALUES ('\(id)', 'p1', \(parent.map { "'\($0)'" } ?? "NULL"), '\(title)', '\(directory)',
        '1.2.0', \(time), \(time))
      ON CONFLICT (id) DO UPDATE SET title = excluded.title, time_updated = excluded.time_updated
      """)
  }

  package func message(_ id: String, of session: String, at time: Int64, _ data: String) throws {
    try run(
      """
      INSERT INTO message VALUES ('\(id)', '\(session)', \(time), \(time), '\(Self.quoted(data))')
      ON CONFLICT (id) DO UPDATE SET data = excluded.data, time_updated = time_updated + 1
      """)
  }

  package func part(
    _ id: String, of message: String, in session: String, at time: Int64, _ data: String
  ) throws {
    try run(
      """
      INSERT INTO part VALUES ('\(id)', '\(message)', '\(session)', \(time), \(time),
        '\(Self.quoted(data))')
      ON CONFLICT (id) DO UPDATE SET data = excluded.data, time_updated = time_updated + 1
      """)
  }

  private static func quoted(_ text: String) -> String { text.replacing("'", with: "''") }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else {
      throw Refused(reason: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "code \(code)")
    }
  }

  private static let schema = """
    CREATE TABLE IF NOT EXISTS project (
      id TEXT PRIMARY KEY, worktree TEXT NOT NULL, time_created INTEGER NOT NULL,
      time_updated INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS session (
      id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, title TEXT NOT NULL,
      directory TEXT NOT NULL, version TEXT NOT NULL, time_created INTEGER NOT NULL,
      time_updated INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS message (
      id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL,
      time_updated INTEGER NOT NULL, data TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS part (
      id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL,
      time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS message_session_time_created_id_idx
      ON message (session_id, time_created, id);
    CREATE INDEX IF NOT EXISTS part_message_id_id_idx ON part (message_id, id);
    CREATE INDEX IF NOT EXISTS part_session_idx ON part (session_id);
    """
}
