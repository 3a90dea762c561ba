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

  @Test("A log of before is counted when it is migrated")
  func migrated() throws {
    try log.append(
      Self.start("s1", "claude"), Self.turn("a", "s1", version: "1", blocks: 1),
      Self.turn("b", "s1", version: "1"))
    let counted = try compliance()
    try log.writer.connection.script(
      "PRAGMA user_version = \(migration007.version - 1)", operation: "go back")
    try Migrations.apply(to: log.writer.connection, upTo: migration007.version)
    try log.writer.connection.script(
      "PRAGMA user_version = \(Migrations.current)", operation: "come back")
    #expect(try compliance() == counted)
    #expect(counted.map(\.turns) == [2])
  }
}
