import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Writing events")
struct EventWriterTests {
  @Test("What is written is read again, column for column")
  func columns() throws {
    let log = try TemporaryLog()
    let draft = EventDraft.sample("a", .blocked, ts: 5, summary: "stuck") {
      $0.sourceRef = "ref"
      $0.sinkKind = .operator
      $0.sinkRef = "someone"
      $0.attentionCandidate = true
      $0.operatorActionRequired = true
      $0.riskDetected = true
      $0.severity = 4
      $0.confidence = 0.25
      $0.payload.set("k", "é\n")
      $0.artifacts = [ArtifactReference(kind: "commit", ref: "abc", source: "worker")]
      $0.tags = ["t", "u"]
      $0.dedupeKey = "d"
      $0.expiresAt = 99
      $0.provenance = "tool_output"
    }
    try log.append(draft)
    let event = try #require(try log.event("a"))
    #expect(event.ts == 5)
    #expect(event.recordedAt == TemporaryLog.recordedAt)
    #expect(event.instanceID == "worker-s1")
    #expect(event.role == "worker")
    #expect(event.sourceKind == "worker")
    #expect(event.sourceRef == "ref")
    #expect(event.sinkKind == "operator")
    #expect(event.sinkRef == "someone")
    #expect(event.type == .blocked)
    #expect(event.schemaVersion == 1)
    #expect(event.attentionCandidate && event.operatorActionRequired && event.riskDetected)
    #expect(event.severity == 4)
    #expect(event.confidence == 0.25)
    #expect(event.summary == "stuck")
    #expect(event.payload == #"{"k":"é\n"}"#)
    #expect(event.artifactRefs == #"[{"kind":"commit","ref":"abc","source":"worker"}]"#)
    #expect(event.tags == #"["t","u"]"#)
    #expect(event.sessionID == "s1")
    #expect(event.dedupeKey == "d")
    #expect(event.expiresAt == 99)
    #expect(event.provenance == "tool_output")
    #expect(event.span == nil && event.sourceFileID == nil)
  }

  @Test("What was not said stays unknown rather than empty or zero")
  func absent() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", session: nil))
    let event = try #require(try log.event("a"))
    #expect(event.confidence == nil)
    #expect(event.payload == nil && event.artifactRefs == nil && event.tags == nil)
    #expect(event.sessionID == nil && event.parentRunID == nil && event.dedupeKey == nil)
  }

  @Test("The same batch a second time inserts nothing")
  func idempotency() throws {
    let log = try TemporaryLog()
    let batch: [EventDraft] =
      [.started("s1")]
      + (0..<20).map { number in
        .sample("e\(number)", ts: Int64(number)) {
          $0.tags = ["t"]
          $0.dedupeKey = "d\(number % 3)"
          $0.links = [
            .byRule("r", .causedBy, .idempotencyKey("e\(number - 1)")),
            .byRule("r", .duplicates, .dedupeKey("d\(number % 3)")),
            .byRule("r", .blocks, .eventID(3)),
          ]
        }
      }
    let first = try log.append(batch)
    #expect(first.inserted == 21)
    #expect(first.revision == 21)
    let (events, links, session) = (try log.events(), try log.links(), try log.session("s1"))
    for _ in 0..<2 {
      let again = try log.append(batch)
      #expect(again.inserted == 0)
      #expect(again.existing == 21)
      #expect(again.links == 0)
      #expect(again.revision == 21)
    }
    #expect(try log.events() == events)
    #expect(try log.links() == links)
    #expect(try log.session("s1") == session)
    #expect(try log.reader().overview().events == 21)
  }

  @Test("A fact without a key is written as often as it is told")
  func withoutKey() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample(), .sample())
    #expect(try log.events().count == 3)
  }

  @Test("Ids ascend in the order of recording, whatever the events' own times")
  func ids() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1", ts: 50), .sample("a", ts: 40), .sample("b", ts: 60))
    try log.append(.sample("a", ts: 40), .sample("c", ts: 1))
    #expect(try log.events().map(\.id) == [1, 2, 3, 4])
    #expect(try log.events().map(\.idempotencyKey) == ["run:s1", "a", "b", "c"])
  }

  @Test("Everything of a batch is rolled back when one row is refused, the cursor too")
  func rollback() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    try log.append(.started("s1"))
    let bad = EventDraft.sample("bad") { $0.severity = 9 }
    let batch = EventBatch(
      drafts: [.sample("good", session: "s2") { $0.tags = ["t"] }, bad],
      problems: [
        SourceProblem(kind: .skipped, span: SourceSpan(offset: 0, length: 1), reason: "r")
      ],
      lines: [EventBatch.Line(offset: 0, bytes: [1])],
      source: .read(source, to: 9))
    #expect(throws: StoreError.self) { try log.commit(batch) }
    #expect(try log.events().count == 1)
    #expect(try log.session("s2") == nil)
    let reader = try log.reader()
    #expect(try reader.overview().events == 1)
    #expect(try reader.overview().lastEventID == 1)
    #expect(try reader.problems(source: nil, limit: 9).isEmpty)
    #expect(try log.writer.sources.find(id: source.id) == source)
    // What was cached for the lost transaction is forgotten with it.
    #expect(try log.append(.sample("good", session: "s2")).inserted == 2)
    #expect(try log.session("s2")?.events == 2)
  }

  @Test("The event that another belongs to is found by its key")
  func related() throws {
    let log = try TemporaryLog()
    try log.append(
      .sample("a"), .sample("b") { $0.relatedKey = "a" }, .sample("c") { $0.relatedKey = "x" })
    #expect(try log.event("b")?.relatedEventID == log.event("a")?.id)
    #expect(try log.event("c")?.relatedEventID == nil)
  }

  @Test("The totals count each event once, by hour, type and source")
  func totals() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1", ts: -1), .sample("a", ts: 0), .sample("b", .blocked, ts: 3_600_000))
    try log.append(.sample("a", ts: 0, session: "s2"), .sample("c", ts: 3_599_999))
    let overview = try log.reader().overview()
    #expect(overview.events == 4)
    #expect(overview.firstEventAt == -1)
    #expect(overview.lastEventAt == 3_600_000)
    #expect(overview.sessions == 2)
    let rows = try Connection(path: log.path, access: .readOnly).rows(
      "SELECT hour, event_type, events, attention FROM event_totals ORDER BY 1, 2"
    ) { "\($0.int(0)) \($0.text(1)) \($0.int(2)) \($0.int(3))" }
    #expect(rows == ["-1 process.started 1 0", "0 progress 2 0", "1 blocked 1 1"])
    let days = try Connection(path: log.path, access: .readOnly).rows(
      "SELECT day, event_type, events, attention FROM event_days ORDER BY 1, 2"
    ) { "\($0.int(0)) \($0.text(1)) \($0.int(2)) \($0.int(3))" }
    #expect(days == ["-1 process.started 1 0", "0 blocked 1 1", "0 progress 2 0"])
  }
}
