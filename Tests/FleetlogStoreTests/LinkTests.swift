import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Links")
struct LinkTests {
  private func linked(
    _ key: String, ts: Int64 = 1000, _ target: LinkDraft.Target,
    as relation: RelationType = .causedBy, _ direction: LinkDraft.Direction = .fromThis
  ) -> EventDraft {
    .sample(key, ts: ts) { $0.links = [.byRule("r", relation, target, direction: direction)] }
  }

  @Test("A link to an event in the log is an edge at once, by id, key or dedupe key")
  func immediate() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a") { $0.dedupeKey = "d" })
    let result = try log.append(
      linked("b", .eventID(2)), linked("c", .idempotencyKey("a")), linked("d", .dedupeKey("d")))
    #expect(result.links == 3)
    #expect(try log.links() == ["b caused_by a", "c caused_by a", "d caused_by a"])
  }

  @Test("What a resumed session says of its earlier facts finds them by its own names")
  func copiedNames() throws {
    func claim(in session: String) -> EventDraft {
      .sample("w:\(session):k", .blocked, session: session) { $0.aliasKey = "e.1" }
    }
    let answer = EventDraft.sample("a", session: "s2") { draft in
      draft.links = [.byRule("r", .resolves, .idempotencyKey("w:s2:k"))]
    }
    for drafts in [
      [claim(in: "s1"), claim(in: "s2"), answer], [answer, claim(in: "s1"), claim(in: "s2")],
      [claim(in: "s2"), answer, claim(in: "s1")],
    ] {
      let log = try TemporaryLog()
      let result = try log.append(drafts)
      #expect(result.links == 1)
      let blocked = try log.events().first { $0.type == .blocked }?.idempotencyKey ?? ""
      #expect(try log.links() == ["a resolves \(blocked)"])
    }
  }

  @Test("An edge can point to the event that states it")
  func reversed() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"), linked("b", .idempotencyKey("a"), as: .spawned, .toThis))
    #expect(try log.links() == ["a spawned b"])
  }

  @Test(
    "A link to what is not there yet waits for it",
    arguments: [
      LinkDraft.Target.eventID(3), .idempotencyKey("later"), .dedupeKey("d"),
    ])
  func pending(target: LinkDraft.Target) throws {
    for direction in [LinkDraft.Direction.fromThis, .toThis] {
      let log = try TemporaryLog()
      #expect(
        try log.append(.started("s1"), linked("a", target, as: .resolves, direction)).links == 0)
      #expect(try log.links().isEmpty)
      #expect(try log.append(.sample("later") { $0.dedupeKey = "d" }).links == 1)
      #expect(
        try log.links() == [direction == .fromThis ? "a resolves later" : "later resolves a"])
      #expect(try log.append(.sample("much later") { $0.dedupeKey = "d" }).links == 0)
    }
  }

  @Test("A link that another process has wait is attached by this one, and one undone waits again")
  func pendingElsewhere() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"))
    let other = try EventWriter(path: log.path, holdsLock: false) { _, _ in }
    _ = try other.commit(
      EventBatch(drafts: [linked("a", .idempotencyKey("later"), as: .resolves)]),
      now: TemporaryLog.recordedAt)
    let later = EventDraft.sample("later")
    try log.writer.connection.script("SAVEPOINT undone", operation: "begin what is undone")
    #expect(try log.append(later).links == 1)
    try log.writer.connection.script(
      "ROLLBACK TO undone; RELEASE undone", operation: "undo it")
    #expect(try log.links().isEmpty)
    #expect(try log.append(later).links == 1)
    #expect(try log.links() == ["a resolves later"])
  }

  @Test("A dedupe key means the latest event at that time that bore it, never the event itself")
  func dedupeKeys() throws {
    let log = try TemporaryLog()
    func bearing(_ key: String, _ ts: Int64) -> EventDraft {
      .sample(key, ts: ts) { $0.dedupeKey = "d" }
    }
    try log.append(bearing("x", 10), bearing("y", 20), bearing("z", 90))
    var own = linked("a", ts: 30, .dedupeKey("d"), as: .resolves)
    own.dedupeKey = "d"
    try log.append(own)
    #expect(try log.links() == ["a resolves y"])
  }

  @Test("Reading a link by dedupe key again adds nothing, whatever bore the key since")
  func dedupeKeysAgain() throws {
    let log = try TemporaryLog()
    let draft = linked("a", ts: 30, .dedupeKey("d"), as: .resolves)
    try log.append(draft)
    try log.append(.sample("x", ts: 50) { $0.dedupeKey = "d" })
    try log.append(draft)
    try log.append(.sample("y", ts: 20) { $0.dedupeKey = "d" }, draft)
    #expect(try log.links() == ["a resolves x"])
  }

  @Test("The same edge is written once, and an event is not linked to itself")
  func duplicates() throws {
    let log = try TemporaryLog()
    let link = LinkDraft.byRule("r", .causedBy, .idempotencyKey("a"))
    try log.append(.sample("a"), .sample("b") { $0.links = [link, link] })
    try log.append(
      linked("c", .idempotencyKey("c"), as: .blocks), linked("d", .eventID(5), as: .blocks))
    try log.append(.sample("b") { $0.links = [link] })
    #expect(try log.links() == ["b caused_by a"])
  }

  @Test("How an edge is known stands with it")
  func metadata() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), linked("a", .idempotencyKey("b")), .sample("b"))
    let link = try #require(try log.reader().event(2)?.links.first)
    #expect(link.metadata == #"{"by":"rule","rule":"r"}"#)
    #expect(link.direction == .outgoing)
    #expect(link.other.idempotencyKey == "b")
    #expect(try log.reader().event(3)?.links.first?.direction == .incoming)
  }

  @Test("An edge to an event of another session is found from both")
  func acrossSessions() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", session: "s1") { $0.dedupeKey = "broken login" })
    try log.append(
      .sample("b", session: "s2") {
        $0.links = [.byRule("r", .blockedBy, .dedupeKey("broken login"))]
      })
    #expect(try log.links() == ["b blocked_by a"])
  }
}
