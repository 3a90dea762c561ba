import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Sums over sessions and runs")
struct SessionGroupTests {
  /// What is kept, and the same counted anew from the events themselves.
  private func sums(_ log: TemporaryLog) throws -> (kept: [String], counted: [String]) {
    let connection = try Connection(path: log.path, access: .readOnly)
    func rows(_ sql: String) throws -> [String] { try connection.rows(sql) { $0.text(0) }.sorted() }
    let kept =
      try rows("SELECT json_array(agent, project, branch, sessions, events) FROM session_groups")
      + rows("SELECT json_array(role, events) FROM run_roles WHERE events > 0")
    let counted =
      try rows(
        """
        SELECT json_array(coalesce(agent, ''), coalesce(project, ''), coalesce(branch, ''), count(*),
          sum((SELECT count(*) FROM events e WHERE e.related_session_id = s.id)))
        FROM sessions s GROUP BY agent, project, branch
        """)
      + rows("SELECT json_array(role, count(*)) FROM events GROUP BY role")
    return (kept, counted)
  }

  private func check(
    _ log: TemporaryLog, _ moment: Comment, location: SourceLocation = #_sourceLocation
  ) throws {
    let (kept, counted) = try sums(log)
    #expect(!kept.isEmpty && kept == counted, moment, sourceLocation: location)
  }

  private static func started(_ session: String, _ facts: KeyValuePairs<String, String>)
    -> EventDraft
  {
    .started(session) { for (key, value) in facts { $0.payload.set(key, value) } }
  }

  private static func call(_ key: String, ts: Int64 = 1000, session: String) -> EventDraft {
    .sample(key, .toolCall, ts: ts, session: session)
  }

  @Test("are what the events come to: as they are read, copied, pruned and forgotten")
  func sums() throws {
    let log = try TemporaryLog()
    try log.append(
      Self.started("s1", ["agent": "claude", "cwd": "/p", "git_branch": "main"]),
      Self.call("a", session: "s1"), Self.call("b", session: "s1"))
    try check(log, "one session")
    // Sessions whose facts come after their first events, and one that nothing is known of.
    try log.append(Self.call("c", session: "s2"), Self.call("d", session: "s3"))
    try check(log, "facts unknown")
    try log.append(
      Self.started("s2", ["agent": "claude", "cwd": "/p", "git_branch": "main"]),
      Self.started("s4", ["agent": "codex", "cwd": "/q"]))
    try check(log, "facts told")
    // Copies in a session that is there, and in one that begins with them.
    try log.append(Self.call("a", session: "s2"), Self.call("b", session: "s2"))
    try log.append(Self.call("a", session: "s5"), Self.call("c", session: "s5"))
    try check(log, "copies")
    try log.append(
      Self.started("s5", ["agent": "codex", "cwd": "/q"]), Self.call("e", session: "s5"))
    try check(log, "a copy's session is told of")

    try log.append(
      Self.call("young", ts: 9_000_000, session: "s1"),
      Self.call("younger", ts: 9_000_000, session: "s5"))
    try log.index()
    let plan = try log.writer.plan(PruneRules(before: 8_000_000), now: 9_000_000)
    let removed = try log.writer.prune(
      plan, index: try SearchIndex(database: log.path), now: 9_000_000)
    #expect(removed >= 5)
    try check(log, "pruned")

    _ = try #require(try log.writer.forget("/q", now: 9_000_001))
    try check(log, "forgotten")
    let connection = try Connection(path: log.path, access: .readOnly)
    #expect(
      try connection.first("SELECT count(*) FROM session_groups WHERE project = '/q'", []) {
        $0.int(0)
      } == 0)
  }

  @Test("are counted when a log of the version before is opened")
  func migrated() throws {
    let log = try TemporaryLog()
    try log.append(
      Self.started("s1", ["agent": "claude", "cwd": "/p"]), Self.call("a", session: "s1"),
      Self.started("s2", ["agent": "codex"]), Self.call("b", session: "s2"))
    try log.append(Self.call("a", session: "s2"))
    let connection = try Connection(path: log.path, access: .readWrite)
    let before = try sums(log).kept
    // As the version before left it: without what this one brought.
    let triggers = try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
      $0.text(0)
    }
    try connection.script(
      triggers.map { "DROP TRIGGER \($0);" }.joined()
        + """
        DROP TABLE session_groups; DROP TABLE run_roles; DROP INDEX sessions_agent;
        DROP INDEX sessions_project; DROP INDEX sessions_branch;
        PRAGMA user_version = 14;
        """, operation: "go back a version")
    try Migrations.apply(to: connection, upTo: migration015.version)
    #expect(try sums(log).kept == before)
    try log.append(Self.call("c", session: "s1"))
    try check(log, "written to again")
  }
}
