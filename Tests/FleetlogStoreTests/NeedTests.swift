import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("What needs the operator")
struct NeedTests {
  private static let day: Int64 = 86_400_000
  private static let now: Int64 = 100 * day

  /// An event that asks, minutes before now.
  private func asking(
    _ key: String, _ type: EventType, before minutes: Int64, session: String,
    _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    .sample(key, type, ts: Self.now - minutes * 60_000, session: session) { draft in
      draft.attentionCandidate = true
      change(&draft)
    }
  }

  private func needs(_ drafts: [EventDraft]) throws -> NeedList {
    let log = try TemporaryLog()
    try log.append(drafts)
    return try log.reader().needs(now: Self.now, limit: 50)
  }

  private func roots(_ list: NeedList) -> [String] {
    list.groups.map { $0.root.idempotencyKey ?? "" }
  }

  @Test("comes in one fixed order, the oldest first within a rank")
  func order() throws {
    let list = try needs([
      asking("push", .commitPushed, before: 90, session: "a"),
      asking("done", .completed, before: 80, session: "b"),
      asking("silent", .stale, before: 70, session: "c"),
      asking("failed", .failed, before: 10, session: "d"),
      asking("question", .needsDecision, before: 20, session: "e"),
      asking("blocked", .blocked, before: 30, session: "f"),
      asking("approval", .approvalRequested, before: 1, session: "g"),
    ])
    #expect(
      roots(list) == ["approval", "blocked", "question", "failed", "silent", "done", "push"])
  }

  @Test("no longer includes what was resolved, superseded or has expired")
  func over() throws {
    func link(_ relation: RelationType, _ key: String) -> LinkDraft {
      .byRule("test/1", relation, .idempotencyKey(key))
    }
    let list = try needs([
      asking("answered", .needsDecision, before: 30, session: "a"),
      asking("replaced", .completed, before: 30, session: "b"),
      asking("expired", .blocked, before: 30, session: "c") { $0.expiresAt = Self.now - 1 },
      asking("open", .blocked, before: 30, session: "d") { $0.expiresAt = Self.now + 1 },
      .sample("answer", .progress, ts: Self.now, session: "a") {
        $0.links = [link(.resolves, "answered")]
      },
      .sample("own", .progress, ts: Self.now, session: "b") {
        $0.links = [link(.supersedes, "replaced")]
      },
    ])
    #expect(roots(list) == ["open"])
  }

  @Test("shows five workers with one condition as one root with four symptoms")
  func sharedCondition() throws {
    let list = try needs(
      (1...5).map { number in
        asking("b\(number)", .blocked, before: 60 - Int64(number), session: "s\(number)") {
          $0.dedupeKey = "ci-auth"
        }
      })
    #expect(roots(list) == ["b1"])
    #expect(list.groups[0].isShared)
    #expect(list.groups[0].symptoms.map(\.idempotencyKey) == ["b2", "b3", "b4", "b5"])
    #expect(list.events == 5)
  }

  @Test("follows blocked_by over several links, and a circle of them ends")
  func chain() throws {
    func blocked(_ key: String, by other: String, before minutes: Int64) -> EventDraft {
      asking(key, .blocked, before: minutes, session: key) {
        $0.links = [.byRule("test/1", .blockedBy, .idempotencyKey(other))]
      }
    }
    let list = try needs([
      .sample("cause", .observationRecorded, ts: Self.now - 4_000_000, session: "x"),
      blocked("one", by: "cause", before: 50), blocked("two", by: "one", before: 40),
      blocked("round", by: "trip", before: 30), blocked("trip", by: "round", before: 20),
    ])
    #expect(list.groups.count == 2)
    #expect(roots(list).first == "cause")
    #expect(list.groups[0].symptoms.map(\.idempotencyKey) == ["one", "two"])
    #expect(
      Set(list.groups[1].symptoms.map(\.idempotencyKey) + [list.groups[1].root.idempotencyKey])
        == ["round", "trip"])
  }

  @Test("is one row for each session: its most urgent event, its own word before what is inferred")
  func oneRow() throws {
    let list = try needs([
      asking("push", .commitPushed, before: 40, session: "a"),
      asking("said", .needsDecision, before: 30, session: "a"),
      asking("inferred:waiting:x", .needsDecision, before: 29, session: "a"),
    ])
    #expect(roots(list) == ["said"])
    #expect(list.groups[0].others.map(\.idempotencyKey) == ["inferred:waiting:x", "push"])
    #expect(!list.groups[0].isShared)
  }

  @Test("reaches back a week; what is older is counted")
  func window() throws {
    let list = try needs([
      asking("old", .blocked, before: 8 * 24 * 60, session: "a"),
      asking("new", .blocked, before: 6 * 24 * 60, session: "b"),
    ])
    #expect(roots(list) == ["new"])
    #expect(list.older == 1)
  }
}
