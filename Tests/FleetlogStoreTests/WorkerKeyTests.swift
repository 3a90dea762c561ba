import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

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
