import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("How the contract is kept")
struct ContractLedgerTests {
  private let log: TemporaryLog

  init() throws { log = try TemporaryLog() }

  private static func start(_ session: String, _ agent: String) -> EventDraft {
    .started(session) { $0.payload.set("agent", agent) }
  }

  private static func turn(
    _ key: String, _ session: String, model: String? = "opus", version: String? = nil,
    blocks: Int = 0, refused: Int = 0
  ) -> EventDraft {
    .sample(key, .turnCompleted, session: session) { draft in
      draft.span = SourceSpan(offset: 0, length: 1)
      draft.payload.set("model_name", model)
      if blocks > 0 { draft.payload.set("event_blocks", blocks) }
      if refused > 0 { draft.payload.set("refused_blocks", refused) }
      draft.payload.set("contract_version", version)
    }
  }

  private func compliance() throws -> [ContractCompliance] {
    try log.reader().validation(limit: 1).compliance
  }

  @Test("Turns count by agent, model and version, and each once")
  func counts() throws {
    let drafts = [
      Self.start("s1", "claude"), Self.start("s2", "codex"),
      Self.turn("a", "s1", version: "2", blocks: 3), Self.turn("b", "s1", version: "2"),
      Self.turn("c", "s1", version: "1", blocks: 1, refused: 2), Self.turn("d", "s1"),
      Self.turn("e", "s2", model: nil),
    ]
    for _ in 0..<3 { try log.append(drafts) }
    func row(
      _ agent: String, _ model: String?, _ version: String?, _ turns: Int, _ kept: Int,
      _ refused: Int
    ) -> ContractCompliance {
      ContractCompliance(
        agent: agent, model: model, contractVersion: version, turns: turns, kept: kept,
        refused: refused)
    }
    #expect(
      try compliance() == [
        row("claude", "opus", "2", 2, 1, 0), row("claude", "opus", "1", 1, 1, 1),
        row("claude", "opus", nil, 1, 0, 0), row("codex", nil, nil, 1, 0, 0),
      ])
    #expect(try compliance().first?.share == 0.5)
  }

  @Test("A turn counts under its agent, though that is told later")
  func agentToldLate() throws {
    var turn = Self.turn("a", "s1")
    turn.run = .sample("s1", key: "run:s1/subagent")
    try log.append(turn)
    #expect(try compliance().map(\.agent) == [nil])
    try log.append(Self.start("s1", "claude"))
    #expect(try compliance().map(\.agent) == ["claude"])
  }

  @Test("A turn that a newer parser reads otherwise counts as that reads it")
  func revised() throws {
    let source = try log.addSource()
    try log.commit(
      EventBatch(
        drafts: [Self.start("s1", "claude"), Self.turn("a", "s1")], source: .read(source, to: 9)))
    let revision = EventBatch.Revision(fileID: source.id, parserVersion: 2, final: ("{}", false))
    try log.commit(
      EventBatch(
        drafts: [Self.turn("a", "s1", version: "1", blocks: 1)], revision: revision))
    let rows = try compliance()
    #expect(rows.map(\.turns) == [1])
    #expect(rows.map(\.kept) == [1])
    #expect(rows.map(\.contractVersion) == ["1"])
  }

  /// What is kept by session, and the same counted anew by agent, as the totals have it.
  private func ledger() throws -> (sessions: [String], anew: [String], totals: [String]) {
    func rows(_ sql: String) throws -> [String] {
      try log.writer.connection.rows(sql) { $0.text(0) }.sorted()
    }
    let columns = "model, contract_version"
    return (
      try rows(
        "SELECT json_array(session_id, \(columns), turns, kept, refused) FROM contract_turns"),
      try rows(
        """
        SELECT json_array(coalesce(agent, ''), \(columns), sum(turns), sum(kept), sum(refused))
        FROM contract_turns LEFT JOIN (SELECT id, agent FROM sessions) ON id = session_id
        GROUP BY coalesce(agent, ''), \(columns)
        """),
      try rows(
        """
        SELECT json_array(agent, \(columns), turns, kept, refused) FROM contract_totals
        WHERE turns > 0
        """)
    )
  }

  @Test("The totals are those of the sessions: as agents are told, change, and are forgotten")
  func totals() throws {
    func check(_ moment: Comment) throws {
      let now = try ledger()
      #expect(now.totals == now.anew, moment)
    }
    try log.append(
      Self.turn("a", "s1", version: "1", blocks: 1), Self.turn("b", "s2", refused: 1),
      Self.turn("c", "s2", model: nil), Self.turn("d", "s3"))
    try check("agents unknown")
    try log.append(Self.start("s1", "claude"), Self.start("s2", "claude"))
    try log.append(Self.turn("e", "s1", version: "1"), Self.start("s3", "codex"))
    try check("agents told")
    let connection = log.writer.connection
    try connection.run("UPDATE sessions SET agent = 'other' WHERE id = 's1'")
    try connection.run("UPDATE sessions SET agent = NULL WHERE id = 's3'")
    try check("agents changed")
    try connection.run("DELETE FROM contract_turns WHERE session_id = 's2'")
    try connection.run("DELETE FROM sessions WHERE id = 's1'")
    try check("one forgotten, one gone")
    #expect(try ledger().totals.count == 2)
  }

  @Test(
    "A log of before is counted when it is migrated",
    arguments: [migration007.version, migration017.version])
  func migrated(_ version: Int) throws {
    try log.append(
      Self.start("s1", "claude"), Self.turn("a", "s1", version: "1", blocks: 1),
      Self.turn("b", "s1", version: "1"))
    let (counted, shown) = (try ledger(), try compliance())
    let connection = log.writer.connection
    if version == migration017.version {
      let added = try connection.rows(
        """
        SELECT type || ' ' || name FROM sqlite_schema WHERE type <> 'index' AND
          (name LIKE 'contract_totals%' OR name LIKE 'file_states%')
          OR name IN ('files_behind', 'file_problems_fenced') ORDER BY type DESC
        """
      ) { $0.text(0) }
      for name in added { try connection.script("DROP \(name)", operation: "go back") }
    } else {
      try connection.script("UPDATE contract_turns SET turns = 9", operation: "lose the counts")
    }
    try connection.script("PRAGMA user_version = \(version - 1)", operation: "go back")
    try Migrations.apply(to: connection, upTo: version)
    try connection.script(
      "PRAGMA user_version = \(Migrations.current)", operation: "come back")
    #expect(try ledger().sessions == counted.sessions)
    if version == migration017.version { #expect(try compliance() == shown) }
    #expect(shown.map(\.turns) == [2])
  }
}
