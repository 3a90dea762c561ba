import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Facts that a hook and a transcript both tell")
struct HookFactsTests {
  private let log: TemporaryLog

  init() throws { log = try TemporaryLog() }

  private static func turn(
    _ key: String, ts: Int64, by provenance: String = "transcript", id: String? = nil,
    session: String = "s1"
  ) -> EventDraft {
    .sample(key, .turnCompleted, ts: ts, session: session) { draft in
      draft.provenance = provenance
      draft.payload.set("turn_id", id)
      draft.payload.set("model_name", "m")
    }
  }

  private static func hook(
    _ key: String, ts: Int64, id: String? = nil, session: String = "s1"
  ) -> EventDraft {
    turn(key, ts: ts, by: "hook: Stop", id: id, session: session)
  }

  /// The turns that count, by their keys.
  private func turns() throws -> [String] {
    let replaced = try log.links().compactMap { link -> String? in
      let words = link.split(separator: " ")
      return words[1] == "supersedes" ? String(words[2]) : nil
    }
    return try log.events().filter { $0.type == .turnCompleted }
      .compactMap(\.idempotencyKey).filter { !replaced.contains($0) }.sorted()
  }

  @Test("A hook that comes second adds nothing, however often it is read")
  func hookSecond() throws {
    try log.append(.started("s1"), Self.turn("t", ts: 10_000))
    for _ in 0..<3 { try log.append(Self.hook("h", ts: 10_400)) }
    #expect(try turns() == ["t"])
    #expect(try log.events().count == 2)
    #expect(try log.session("s1")?.turns == 1)
  }

  @Test("A transcript that comes second supersedes the hook's word, and counts in its place")
  func transcriptSecond() throws {
    try log.append(.started("s1"), Self.hook("h", ts: 10_400))
    for _ in 0..<3 { try log.append(Self.turn("t", ts: 10_000)) }
    for _ in 0..<3 { try log.append(Self.hook("h", ts: 10_400)) }
    #expect(try turns() == ["t"])
    #expect(try log.links() == ["t supersedes h"])
    #expect(try log.session("s1")?.turns == 1)
    #expect(try log.reader().validation(limit: 1).compliance.map(\.turns) == [1])
  }

  @Test("The hook's word counts more than an inference, whichever comes first")
  func inferred() throws {
    let guess = Self.turn("g", ts: 10_000, by: "hub-inferred: a final message")
    try log.append(.started("s1"), guess, Self.hook("h", ts: 10_400))
    #expect(try turns() == ["h"])
    let other = try TemporaryLog()
    for _ in 0..<2 { try other.append(.started("s1"), Self.hook("h", ts: 10_400), guess) }
    #expect(try other.events().filter { $0.type == .turnCompleted }.count == 1)
    #expect(try other.session("s1")?.turns == 1)
  }

  @Test("Each telling meets one other: of two turns two are left")
  func oneToOne() throws {
    let prompt = EventDraft.sample("p", .messageUser, ts: 20_000)
    let drafts = [
      Self.turn("t1", ts: 10_000), Self.hook("h1", ts: 10_400), prompt,
      Self.turn("t2", ts: 30_000), Self.hook("h2", ts: 30_400),
    ]
    for order in [drafts, drafts.reversed(), [0, 3, 2, 1, 4].map { drafts[$0] }] {
      let log = try TemporaryLog()
      try log.append([.started("s1")] + order)
      #expect(try log.session("s1")?.turns == 2)
    }
  }

  @Test(
    "What is of another run, another turn, far away or beyond a prompt is another turn",
    arguments: [
      [turn("t", ts: 10_000, session: "s2")],
      [turn("t", ts: 10_000, id: "7")],
      [turn("t", ts: 10_400 - 60_001)],
      [turn("t", ts: 10_400 + 600_001)],
      [turn("t", ts: 10_000), EventDraft.sample("p", .messageUser, ts: 10_200)],
    ])
  func others(drafts: [EventDraft]) throws {
    let hook = Self.hook("h", ts: 10_400, id: "8")
    try log.append([.started("s1"), .started("s2")] + drafts + [hook])
    #expect(try turns() == ["h", "t"])
  }

  private static func hookStart(_ session: String) -> EventDraft {
    .started(session, ts: 5) { draft in
      draft.provenance = "hook: SessionStart"
      draft.payload.set("agent", "claude")
    }
  }

  private static func start(_ session: String, parent: String? = nil) -> EventDraft {
    .started(session, ts: 9, parent: parent) { draft in
      draft.payload.set("agent", "claude")
      draft.payload.set("version", "2.1.0")
      draft.payload.set("git_branch", "main")
      draft.links = [
        .byRule("spawn", .spawned, .idempotencyKey("call"), direction: .toThis)
      ]
    }
  }

  @Test("A start that the hook told first is told in full by the transcript, in the same run")
  func start() throws {
    try log.append(.sample("call", .toolCall, session: "s2"), Self.hookStart("s1"))
    for _ in 0..<3 { try log.append(Self.start("s1", parent: "s2")) }
    let events = try log.events()
    let own = try #require(events.first { $0.idempotencyKey == "run:s1" })
    let told = try #require(events.first { $0.idempotencyKey == "run:s1:told" })
    #expect(own.runID == own.id && told.runID == own.id)
    #expect(
      try log.links() == ["call spawned run:s1", "run:s1:told supersedes run:s1"])
    let session = try #require(try log.session("s1"))
    #expect(session.agentVersion == "2.1.0" && session.branch == "main")
    #expect(try log.reader().session("s1")?.runs.first?.parentID != nil)
  }

  @Test("A start that the transcript told first is the hook's too")
  func startSecond() throws {
    try log.append(.sample("call", .toolCall, session: "s2"), Self.start("s1"))
    for _ in 0..<3 { try log.append(Self.hookStart("s1")) }
    #expect(try log.events().filter { $0.sessionID == "s1" }.count == 1)
  }

  @Test(
    "Of two starts the one counts whose teller is believed more, whichever comes first",
    arguments: [
      ("hook: SessionStart", "transcript"), ("hook: SessionStart", "worker"),
      ("transcript", "worker"),
    ])
  func starts(lesser: String, better: String) throws {
    func start(by provenance: String) -> EventDraft {
      .started("s1") { draft in
        draft.provenance = provenance
        draft.summary = provenance
      }
    }
    for _ in 0..<2 { try log.append(start(by: lesser), start(by: better)) }
    #expect(try log.events().map(\.summary) == [lesser, better])
    #expect(try log.links() == ["run:s1:told supersedes run:s1"])
    let other = try TemporaryLog()
    for _ in 0..<2 { try other.append(start(by: better), start(by: lesser)) }
    #expect(try other.events().map(\.summary) == [better])
    #expect(try other.links() == [])
  }
}
