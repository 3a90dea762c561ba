import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("Pruning")
struct PruneTests {
  private static let now: Int64 = 1_900_000_000_000
  private static let cut: Int64 = 100_000

  /// Prunes what happened before ``cut``, as the command does.
  @discardableResult
  private func prune(
    _ log: TemporaryLog, keep: Set<PruneRules.Keep> = Set(PruneRules.Keep.allCases)
  ) throws -> PruneSummary {
    try log.index()
    let rules = PruneRules(before: Self.cut, keep: keep)
    let plan = try log.writer.plan(rules, now: Self.now)
    let removed = try log.writer.prune(
      plan, index: try SearchIndex(database: log.path), now: Self.now)
    #expect(removed == plan.summary.events)
    return plan.summary
  }

  /// Keys and, where an event has none, types of what is in the log.
  private func keys(_ log: TemporaryLog) throws -> Set<String> {
    Set(try log.events().map { $0.idempotencyKey ?? $0.type.rawValue })
  }

  private func number(_ log: TemporaryLog, _ sql: String) throws -> Int64 {
    try Connection(path: log.path, access: .readOnly).first(sql) { $0.int(0) } ?? -1
  }

  private static func bulk(
    _ key: String, _ type: EventType = .toolCall, ts: Int64 = 1000, session: String? = "s1",
    summary: String = "something happened", _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    .sample(key, type, ts: ts, session: session, summary: summary, change)
  }

  private static func link(_ relation: RelationType, _ key: String) -> LinkDraft {
    .byRule("test", relation, .idempotencyKey(key))
  }

  @Test("The old bulk goes; what is younger, typed, a prompt or asked for attention stays")
  func bulkGoes() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"), Self.bulk("call"), Self.bulk("text", .messageAssistant),
      Self.bulk("young", ts: Self.cut), .sample("done", .completed),
      Self.bulk("prompt", .messageUser) { $0.sourceKind = .operator },
      Self.bulk("risky") { $0.riskDetected = true },
      Self.bulk("reported", .toolCall) { $0.provenance = "worker" })
    let summary = try prune(log)
    #expect(
      try keys(log) == [
        "run:s1", "young", "done", "prompt", "risky", "reported", "run:fleetlog", "log.pruned",
      ])
    #expect(summary.events == 2)
    #expect(summary.bytes > 0)
    #expect(summary.oldest == 1000)
    #expect(summary.byType.map(\.name) == ["message.assistant", "tool_call"])
    #expect(
      Dictionary(uniqueKeysWithValues: summary.kept.map { ($0.name, $0.events) })
        == ["runs": 1, "typed": 2, "prompts": 1, "attention": 1])
  }

  @Test("What is not to be kept goes too, but never a run's start, usage or an open condition")
  func keepNothing() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"), .sample("done", .completed), .sample("stuck", .blocked),
      .sample("asked", .needsDecision), .sample("outdated", .blocked) { $0.expiresAt = 2000 },
      Self.bulk("usage", .llmCallCompleted))
    try log.append(Self.bulk("answer", .messageUser) { $0.links = [Self.link(.resolves, "asked")] })
    try prune(log, keep: [])
    #expect(try keys(log) == ["run:s1", "stuck", "usage", "run:fleetlog", "log.pruned"])
  }

  @Test("What is linked with something that stays stays, along the whole chain")
  func linksStay() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"), Self.bulk("a"), Self.bulk("b") { $0.links = [Self.link(.causedBy, "a")] },
      .sample("failed", .failed) { $0.links = [Self.link(.causedBy, "b")] },
      Self.bulk("answer", .messageAssistant) { $0.links = [Self.link(.resolves, "failed")] },
      Self.bulk("x"), Self.bulk("y") { $0.links = [Self.link(.causedBy, "x")] })
    let links = try log.links().filter { !$0.hasPrefix("y ") }
    #expect(links.count == 3)
    let summary = try prune(log)
    #expect(try keys(log).isSuperset(of: ["a", "b", "failed", "answer"]))
    #expect(summary.events == 2)
    #expect(summary.kept.first { $0.name == "links" }?.events == 3)
    #expect(try log.links() == links)
  }

  @Test("Of a changing fact the last version stays and the others go")
  func versions() throws {
    let log = try TemporaryLog()
    func response(_ version: Int) -> EventDraft {
      Self.bulk("v\(version)", .llmCallCompleted) { draft in
        draft.dedupeKey = "response"
        draft.version = version
        draft.payload.set("output_tokens", 10 * version)
      }
    }
    try log.append(.started("s1"), response(1), response(2))
    try prune(log)
    #expect(try keys(log) == ["run:s1", "v2", "run:fleetlog", "log.pruned"])
    #expect(try log.session("s1")?.outputTokens == 20)
    #expect(try log.append(response(1)).inserted == 0)
    #expect(try log.session("s1")?.outputTokens == 20)
  }

  @Test("What was pruned does not come back, under whichever name, path or session it is read")
  func doesNotComeBack() throws {
    let log = try TemporaryLog()
    let call = Self.bulk("call")
    let named = Self.bulk("named") { $0.aliasKey = "fact" }
    try log.append(.started("s1"), call, named)
    try prune(log)
    let before = try keys(log)
    let copy = Self.bulk("named in a copy", session: "s2") { $0.aliasKey = "fact" }
    let again = try log.append([call, named, copy, Self.bulk("call", session: "s2")])
    #expect(again.inserted == 0)
    #expect(again.existing == 4)
    #expect(try keys(log) == before)
  }

  @Test("A link to a pruned fact does not wait for it")
  func noPendingLinks() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), Self.bulk("call"))
    try prune(log)
    try log.append(.sample("later", ts: Self.cut) { $0.links = [Self.link(.causedBy, "call")] })
    #expect(try number(log, "SELECT count(*) FROM pending_links") == 0)
  }

  @Test("Totals, runs and sessions count the rows that are left, and the rest is said")
  func counts() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"), .started("s2"), Self.bulk("call", ts: -1), Self.bulk("result", .toolResult),
      Self.bulk("young", ts: 7_200_000))
    try log.append(Self.bulk("call", ts: -1, session: "s2"))
    try prune(log)
    let totals = try Connection(path: log.path, access: .readOnly).rows(
      "SELECT hour, event_type, events FROM event_totals WHERE event_type LIKE 'tool%'"
    ) { "\($0.int(0)) \($0.text(1)) \($0.int(2))" }
    #expect(totals == ["2 tool_call 1"])
    #expect(
      try number(log, "SELECT sum(events) FROM event_days WHERE event_type LIKE 'tool%'") == 1)
    #expect(try number(log, "SELECT count(*) FROM event_days WHERE day < 0") == 0)
    #expect(try log.reader().overview().events == log.events().count)
    #expect(try number(log, "SELECT sum(events) FROM runs") == Int64(log.events().count))
    let session = try #require(try log.session("s1"))
    #expect(session.events == 2)
    #expect(session.toolCalls == 2)
    #expect(try log.session("s2")?.events == 1)
    let pruned = try Connection(path: log.path, access: .readOnly).rows(
      "SELECT session_id, events FROM pruned_sessions ORDER BY 1"
    ) { "\($0.text(0)) \($0.int(1))" }
    #expect(pruned == ["s1 2", "s2 1"])
  }

  @Test("The mark says how many of which type went, and a prune without finds leaves none")
  func mark() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), Self.bulk("call"))
    try prune(log)
    let marks = try log.events().filter { $0.type == .logPruned }
    #expect(marks.count == 1)
    let payload = try JSONDocument(try #require(marks.first?.payload)).root
    #expect(payload["events"]?.int == 1)
    #expect(payload["by_type"]?["tool_call"]?.int == 1)
    #expect(payload["before"]?.int == Int(Self.cut))
    let events = try log.events().count
    #expect(try prune(log).events == 0)
    #expect(try log.events().count == events)
  }

  @Test("Planning alone changes nothing")
  func planOnly() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), Self.bulk("call"))
    let before = try log.events()
    let plan = try PrunePlan(
      database: log.path, rules: PruneRules(before: Self.cut), now: Self.now)
    #expect(plan.summary.kept.map(\.name) == ["runs", "unread"])
    try log.index()
    let indexed = try PrunePlan(
      database: log.path, rules: PruneRules(before: Self.cut), now: Self.now)
    #expect(indexed.summary.events == 1)
    #expect(try log.events() == before)
  }

  @Test("Nothing goes that some projection has not read")
  func cursors() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), Self.bulk("read"), Self.bulk("unread"))
    try log.writer.connection.run("INSERT INTO projection_cursors VALUES ('slow', 2, 0)")
    let summary = try prune(log)
    #expect(try keys(log).contains("unread"))
    #expect(!(try keys(log).contains("read")))
    #expect(summary.kept.first { $0.name == "unread" }?.events == 1)
  }

  @Test("What was linked after the plan was made stays")
  func linkedMeanwhile() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), Self.bulk("a"), Self.bulk("b"))
    try log.index()
    let plan = try log.writer.plan(PruneRules(before: Self.cut), now: Self.now)
    let other = try EventWriter(path: log.path, holdsLock: false) { _, _ in }
    _ = try other.commit(
      EventBatch(drafts: [.sample("c", .failed) { $0.links = [Self.link(.causedBy, "a")] }]),
      now: 0)
    let removed = try log.writer.prune(
      plan, index: try SearchIndex(database: log.path), now: Self.now)
    #expect(removed == 1)
    #expect(try keys(log).isSuperset(of: ["a", "c"]))
  }

  @Test("Pruned text is no longer found, what stays still is, and the index is sound")
  func fullText() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"), Self.bulk("call", summary: "zebra crossing 東京都"),
      Self.bulk("young", ts: Self.cut, summary: "zebra stripes"))
    try prune(log)
    var filter = EventFilter()
    filter.text = "zebra"
    #expect(try log.reader().events(filter).rows.map(\.event.idempotencyKey) == ["young"])
    let index = try Connection(
      path: SearchIndex.path(forDatabase: log.path), access: .readWrite)
    #expect(
      try index.first("SELECT count(*) FROM event_text('crossing')") { $0.int(0) } == 0)
    try index.run("INSERT INTO event_text (event_text) VALUES ('integrity-check')")
    #expect(try log.reader().integrityProblems().isEmpty)
  }

  @Test("Tags and second names go with their events")
  func tags() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"),
      Self.bulk("call") { draft in
        draft.tags = ["ci", "slow"]
        draft.aliasKey = "fact"
      }, .sample("typed") { $0.tags = ["ci"] })
    try prune(log)
    #expect(try number(log, "SELECT count(*) FROM event_tags") == 1)
    #expect(try number(log, "SELECT count(*) FROM key_aliases") == 0)
  }

  @Test("A receipt goes with the last event that came from it")
  func receipts() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"))
    let source = try log.addSource()
    func batch(_ key: String, ts: Int64, at offset: Int64) -> EventBatch {
      let draft = Self.bulk(key, ts: ts) { $0.span = SourceSpan(offset: offset, length: 4) }
      return EventBatch(
        drafts: [draft], lines: [EventBatch.Line(offset: offset, bytes: Array("line".utf8))],
        source: .read(source, to: offset + 5))
    }
    try log.commit(batch("old", ts: 1000, at: 0))
    try log.commit(batch("young", ts: Self.cut, at: 5))
    try prune(log)
    let places = try Connection(path: log.path, access: .readOnly).rows(
      "SELECT source_offset FROM transcript_chunks"
    ) { $0.int(0) }
    #expect(places == [5])
    #expect(try number(log, "SELECT count(*) FROM receipt_sweep") == 0)
    let young = try #require(try log.event("young"))
    #expect(try log.reader().event(young.id)?.receipt?.bytes == Array("line".utf8))
  }

  @Test("More than one step goes, and a second prune finds nothing left over")
  func steps() throws {
    let log = try TemporaryLog()
    try log.append([.started("s1")] + (0..<1234).map { Self.bulk("call \($0)") })
    func fullText() throws -> Int64 {
      try log.reader().sizes().first { $0.kind == "full text" }?.bytes ?? 0
    }
    let before = try fullText()
    #expect(try prune(log).events == 1234)
    #expect(try number(log, "SELECT count(*) FROM pruned_keys") == 1234)
    #expect(try fullText() < before)
    #expect(try prune(log).events == 0)
  }
}
