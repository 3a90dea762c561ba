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

@Suite("Facts that change, and facts that are copied")
struct VersionAndCopyTests {
  private func response(
    _ key: String, version: Int, session: String = "s1", response: String = "r"
  ) -> EventDraft {
    .sample(key, .llmCallCompleted, session: session) {
      $0.dedupeKey = response
      $0.version = version
      $0.payload.set("output_tokens", version)
    }
  }

  @Test("The highest version supersedes the others, in whatever order they are read")
  func versions() throws {
    let drafts = [
      response("v1", version: 1), response("v2", version: 2), response("v3", version: 3),
    ]
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]] {
      let log = try TemporaryLog()
      for place in order { try log.append(drafts[place]) }
      #expect(
        try log.links().isSuperset(of: ["v3 supersedes v1", "v3 supersedes v2"]), "\(order)")
      #expect(try log.links().allSatisfy { !$0.hasSuffix(" v3") }, "\(order)")
      let session = try log.session("s1")
      #expect(session?.outputTokens == 3, "\(order)")
      #expect(session?.responses == 1, "\(order)")
    }
  }

  @Test("Another response is another fact")
  func otherResponses() throws {
    let log = try TemporaryLog()
    try log.append(
      response("a1", version: 1), response("b5", version: 5, response: "q"),
      response("a2", version: 2))
    #expect(try log.session("s1")?.outputTokens == 7)
    #expect(try log.session("s1")?.responses == 2)
    #expect(try log.links() == ["a2 supersedes a1"])
  }

  @Test("Absurd figures in a superseded response do not stop the log")
  func absurdFigures() throws {
    let log = try TemporaryLog()
    try log.append(
      (1...3).map { version in
        .sample("v\(version)", .llmCallCompleted) {
          $0.dedupeKey = "r\(version / 2)"
          $0.version = version
          $0.payload.set("input_tokens", Int.max)
          $0.payload.set("output_tokens", "many")
          $0.payload.set("cache_read_tokens", -5)
        }
      })
    let session = try log.session("s1")
    #expect(session?.responses == 2)
    #expect(session?.inputTokens == 2 * SessionSummary.mostTokens)
    #expect(session?.outputTokens == 0)
    #expect(session?.cacheReadTokens == 0)
  }

  @Test("A resumed session counts each response once too, also where it lacks the last version")
  func versionsInCopies() throws {
    for reversed in [false, true] {
      let log = try TemporaryLog()
      let first = [response("v1", version: 1), response("v2", version: 2)]
      let whole = [
        response("v1", version: 1, session: "s2"), response("v2", version: 2, session: "s2"),
      ]
      let early = [response("v1", version: 1, session: "s3")]
      for batch in reversed ? [early, whole, first] : [first, whole, early] {
        try log.append(batch)
      }
      #expect(try log.session("s1")?.outputTokens == 2)
      #expect(try log.session("s2")?.outputTokens == 2)
      #expect(try log.session("s3")?.outputTokens == 1)
      #expect(try log.session("s3")?.responses == 1)
    }
  }

  private func conversation(_ session: String, _ keys: [String]) -> [EventDraft] {
    [.started(session, ts: 1)]
      + keys.enumerated().map { place, key in
        .sample(key, .toolCall, ts: Int64(10 + place), session: session)
      }
  }

  @Test("Each session shows its whole conversation, totals count each fact once, in any order")
  func copies() throws {
    let original = conversation("s1", ["a", "b", "c"])
    let resumed = conversation("s2", ["a", "b", "c", "d"])
    for batches in [[original, resumed], [resumed, original]] {
      let log = try TemporaryLog()
      for batch in batches { try log.append(batch) }
      for batch in batches { #expect(try log.append(batch).inserted == 0) }
      let reader = try log.reader()
      func shown(_ sessions: String...) throws -> [String] {
        var filter = EventFilter()
        filter.sessions = sessions
        filter.sort = .oldest
        let page = try reader.events(filter)
        #expect(page.matched == page.rows.count)
        return page.rows.compactMap(\.event.idempotencyKey)
      }
      #expect(try shown("s1") == ["run:s1", "a", "b", "c"])
      #expect(try shown("s2") == ["run:s2", "a", "b", "c", "d"])
      #expect(try Set(shown("s1", "s2")) == ["run:s1", "run:s2", "a", "b", "c", "d"])
      #expect(try shown("s1", "s2").count == 6)
      #expect(try reader.overview().events == 6)
      #expect(try log.session("s1")?.toolCalls == 3)
      #expect(try log.session("s2")?.toolCalls == 4)
      #expect(try reader.session("s1")?.sharedWith == ["s2"])
      #expect(try reader.session("s2")?.sharedWith == ["s1"])
      let id = try #require(try log.event("b")?.id)
      #expect(try Set(reader.event(id)?.sessions ?? []) == ["s1", "s2"])
      var filter = EventFilter()
      filter.types = ["tool_call"]
      #expect(try reader.events(filter).matched == 4)
    }
  }

  @Test("A copied event's neighbours are those of its own session")
  func neighbours() throws {
    let log = try TemporaryLog()
    try log.append(conversation("s1", ["a", "b", "c"]))
    try log.append(conversation("s2", ["a", "x"]))
    let id = try #require(try log.event("b")?.id)
    let detail = try #require(try log.reader().event(id))
    #expect(try detail.previousInSession == log.event("a")?.id)
    #expect(try detail.nextInSession == log.event("c")?.id)
  }
}

@Suite("Keys that workers choose")
struct WorkerKeyTests {
  /// A worker's event with its own key, as a message of its transcript states it.
  private func claim(
    _ key: String, message: String, session: String = "s1", summary: String = "done",
    _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    .sample("w:\(session):\(key)", .decided, session: session, summary: summary) {
      $0.aliasKey = "e.\(message)"
      change(&$0)
    }
  }

  private func types(_ log: TemporaryLog) throws -> [String] {
    try log.events().map(\.type.rawValue).filter { $0 != "process.started" }
  }

  @Test("The same key with the same content is one fact, though said in two messages")
  func sameContent() throws {
    let log = try TemporaryLog()
    let drafts = [claim("k", message: "1"), claim("k", message: "2")]
    for _ in 0..<2 { try log.append(drafts) }
    #expect(try types(log) == ["decided"])
  }

  @Test("The same key with other content is one refusal with its text, also when read again")
  func otherContent() throws {
    let log = try TemporaryLog()
    let drafts = [claim("k", message: "1"), claim("k", message: "2", summary: "undone")]
    let result = try log.append(drafts)
    #expect(result.validationErrors == 1)
    let again = try log.append(drafts)
    #expect(again.inserted == 0)
    #expect(again.existing == 2)
    #expect(again.validationErrors == 0)
    #expect(try types(log) == ["decided", "validation_error"])
    let error = try #require(try log.events().last)
    #expect(error.sourceKind == "system")
    let payload = try JSONDocument(try #require(error.payload)).root
    #expect(payload["text"]?.string?.contains("undone") == true)
    #expect(payload["reason"]?.string?.isEmpty == false)
    #expect(try log.links() == ["\(error.idempotencyKey ?? "") caused_by w:s1:k"])
    #expect(try log.session("s1")?.validationErrors == 1)
  }

  @Test(
    "Whatever else an event says is its content too",
    arguments: [
      { $0.severity = 5 }, { $0.confidence = 0.1 }, { $0.payload.set("x", 1) },
      { $0.riskDetected = true }, { $0.tags = ["t"] }, { $0.type = .blocked },
      { $0.dedupeKey = "d" },
      { $0.artifacts = [ArtifactReference(kind: "doc", title: "t", source: "worker")] },
    ] as [@Sendable (inout EventDraft) -> Void])
  func content(change: @Sendable (inout EventDraft) -> Void) throws {
    let log = try TemporaryLog()
    try log.append(claim("k", message: "1"), claim("k", message: "2", change))
    #expect(try types(log) == ["decided", "validation_error"])
  }

  @Test("Two sessions may use one key for different facts")
  func sessions() throws {
    let log = try TemporaryLog()
    try log.append(
      claim("k", message: "1"), claim("k", message: "2", session: "s2", summary: "other"))
    #expect(try types(log) == ["decided", "decided"])
  }

  @Test("A copy of the message under another session is still the same fact, in any order")
  func copies() throws {
    let original = [
      .started("s1"), claim("k", message: "1"), claim("k", message: "2", summary: "undone"),
    ]
    let copy = [
      .started("s2"), claim("k", message: "1", session: "s2"),
      claim("k", message: "2", session: "s2", summary: "undone"),
    ]
    for batches in [[original, copy], [copy, original]] {
      let log = try TemporaryLog()
      for batch in batches + batches { try log.append(batch) }
      #expect(try types(log) == ["decided", "validation_error"])
      #expect(try log.session("s1")?.events == 3)
      #expect(try log.session("s2")?.events == 3)
      #expect(try log.session("s2")?.validationErrors == 1)
    }
  }
}
