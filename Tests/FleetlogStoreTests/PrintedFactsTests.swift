import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Facts that an agent prints and its transcript tells too")
struct PrintedFactsTests {
  private let log: TemporaryLog

  init() throws { log = try TemporaryLog() }

  private static let minute: Int64 = 60_000

  private static func fact(
    _ key: String, _ type: EventType, ts: Int64, isPrinted: Bool, session: String = "s1",
    _ fields: (inout JSONObject) -> Void = { _ in }
  ) -> EventDraft {
    .sample(key, type, ts: ts, session: session) { draft in
      draft.isPrinted = isPrinted
      fields(&draft.payload)
    }
  }

  private static func say(
    _ key: String, _ text: String, ts: Int64 = 1000, isPrinted: Bool = false
  ) -> EventDraft {
    fact(key, .messageAssistant, ts: ts, isPrinted: isPrinted) { $0.set("text", text) }
  }

  private static func call(_ key: String, ts: Int64 = 1000, isPrinted: Bool = false) -> EventDraft {
    fact(key, .toolCall, ts: ts, isPrinted: isPrinted) { $0.set("tool_use_id", "toolu_1") }
  }

  private static func response(_ key: String, out: Int, isPrinted: Bool = false) -> EventDraft {
    fact(key, .llmCallCompleted, ts: 1000, isPrinted: isPrinted) {
      $0.set("message_id", "msg_1")
      $0.set("output_tokens", out)
    }
  }

  private func keys(_ type: EventType) throws -> [String] {
    try log.events().filter { $0.type == type }.compactMap(\.idempotencyKey)
  }

  @Test("What is printed second adds nothing, however often and by whomever it is read")
  func printedSecond() throws {
    try log.append(.started("s1"), Self.say("t", "hello"), Self.call("c"))
    for _ in 0..<3 {
      try log.append(
        Self.say("p", "hello", ts: 900_000, isPrinted: true),
        Self.call("pc", ts: 900_000, isPrinted: true))
      log.writer.printed.reset()
    }
    #expect(try keys(.messageAssistant) == ["t"])
    #expect(try keys(.toolCall) == ["c"])
    #expect(try log.session("s1")?.toolCalls == 1)
  }

  @Test("What is told soon after it was printed adds nothing")
  func printedFirst() throws {
    try log.append(.started("s1"), Self.say("p", "hello", isPrinted: true))
    for _ in 0..<3 {
      log.writer.printed.reset()
      try log.append(Self.say("t", "hello", ts: 1500))
    }
    try log.append(Self.say("p", "hello", isPrinted: true))
    #expect(try keys(.messageAssistant) == ["p"])
  }

  @Test("A record whose time lies far from that of the printed file supersedes what was printed")
  func archive() throws {
    try log.append(.started("s1"), Self.call("p", ts: 90 * Self.minute, isPrinted: true))
    for _ in 0..<2 {
      try log.append(Self.call("t"))
      try log.append(Self.call("p", ts: 90 * Self.minute, isPrinted: true))
    }
    #expect(try keys(.toolCall) == ["p", "t"])
    #expect(try log.links() == ["t supersedes p"])
    #expect(try log.session("s1")?.toolCalls == 1)
  }

  @Test("What was said twice is two facts by either telling")
  func twice() throws {
    try log.append(.started("s1"), Self.say("p1", "again", isPrinted: true))
    try log.append(Self.say("t1", "again"), Self.say("t2", "again"))
    try log.append(Self.say("p2", "again", isPrinted: true))
    try log.append(Self.say("p3", "again", isPrinted: true))
    #expect(try keys(.messageAssistant) == ["p1", "t2", "p3"])
  }

  @Test("A response counts once, with its transcript's figures", arguments: [true, false])
  func responses(isPrintedFirst: Bool) throws {
    let both = [Self.response("p", out: 3, isPrinted: true), Self.response("t", out: 40)]
    try log.append(.started("s1"))
    for draft in isPrintedFirst ? both : both.reversed() { try log.append(draft) }
    let session = try #require(try log.session("s1"))
    #expect(session.responses == 1)
    #expect(session.outputTokens == 40)
  }

  @Test("Other sessions have nothing to do with it")
  func otherSession() throws {
    try log.append(
      .started("s1"), .started("s2"), Self.say("p", "hello", isPrinted: true),
      Self.fact("t", .messageAssistant, ts: 1000, isPrinted: false, session: "s2") {
        $0.set("text", "hello")
      })
    #expect(try keys(.messageAssistant) == ["p", "t"])
  }

  @Test(
    "An emitted event is told by what it says, where the worker gave it no key",
    arguments: [true, false])
  func emitted(isPrintedFirst: Bool) throws {
    func event(_ key: String, isPrinted: Bool) -> EventDraft {
      var draft = Self.fact(key, .progress, ts: 1000, isPrinted: isPrinted)
      draft.provenance = "worker"
      return draft
    }
    let both = [event("p", isPrinted: true), event("t", isPrinted: false)]
    try log.append(.started("s1"))
    for draft in isPrintedFirst ? both : both.reversed() { try log.append(draft) }
    #expect(try keys(.progress).count == 1)
  }

  @Test("A turn that was printed meets its transcript's, and a hook's word meets both")
  func turns() throws {
    func turn(_ key: String, isPrinted: Bool) -> EventDraft {
      Self.fact(key, .turnCompleted, ts: 1000, isPrinted: isPrinted)
    }
    try log.append(.started("s1"), turn("p", isPrinted: true), turn("t", isPrinted: false))
    try log.append(
      Self.fact("h", .turnCompleted, ts: 1400, isPrinted: false).toldByHook)
    #expect(try keys(.turnCompleted) == ["p"])
    #expect(try log.session("s1")?.turns == 1)
  }
}

extension EventDraft {
  fileprivate var toldByHook: EventDraft {
    var draft = self
    draft.provenance = EventDraft.hookProvenance + "Stop"
    return draft
  }
}
