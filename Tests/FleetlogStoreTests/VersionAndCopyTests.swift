import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

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
    #expect(session?.inputTokens == 2 * ModelCall.mostTokens)
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
