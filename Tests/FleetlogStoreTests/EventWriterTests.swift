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
  }
}

@Suite("Runs")
struct RunTests {
  @Test("A run's start carries its own id, and the run's events carry it too")
  func ownRun() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a"), .started("s2"), .sample("b", session: "s2"))
    let events = try log.events()
    #expect(events.map(\.runID) == [1, 1, 3, 3])
    let run = try log.reader().session("s2")?.runs.first
    #expect(run?.id == 3)
    #expect(run?.events == 2)
  }

  @Test("An event before its run's start still gets a run, and the start is the same fact later")
  func earlyEvent() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", ts: 9))
    try log.append(.started("s1", ts: 3), .sample("b", ts: 10))
    let events = try log.events()
    #expect(events.map(\.idempotencyKey) == ["run:s1", "a", "b"])
    #expect(events.map(\.runID) == [1, 1, 1])
    #expect(events[0].sourceKind == "system")
    #expect(events[0].payload == #"{"synthesized":true}"#)
  }

  @Test("A parent that is known gives its id to the run and its events")
  func parent() throws {
    let log = try TemporaryLog()
    try log.append(.started("p"), .started("c", parent: "p"), .sample("a", session: "c"))
    #expect(try log.events().map(\.parentRunID) == [nil, 1, 1])
    #expect(try log.reader().session("p")?.runs.map(\.parentID) == [nil, 1])
  }

  @Test("A parent that turns up later is filled in, in the run and in its events")
  func lateParent() throws {
    let log = try TemporaryLog()
    try log.append(.started("c", parent: "p"), .sample("a", session: "c"))
    #expect(try log.events().map(\.parentRunID) == [nil, nil])
    try log.append(.started("p"), .sample("b", session: "c"))
    #expect(try log.event("b")?.parentRunID == 3)
    #expect(try log.events().map(\.parentRunID) == [3, 3, nil, 3])
    #expect(try log.reader().session("p")?.runs.count == 2)
  }

  @Test("A parent is also learnt when the run began without its start")
  func parentOfEarlyRun() throws {
    let log = try TemporaryLog()
    try log.append(.started("p"), .sample("a", session: "c"))
    try log.append(.started("c", parent: "p"))
    #expect(try log.events().map(\.parentRunID) == [nil, 1, 1])
    let other = try TemporaryLog()
    try other.append(.sample("a", session: "c"), .started("c", parent: "p"))
    try other.append(.started("p"))
    #expect(try other.events().map(\.parentRunID) == [3, 3, nil])
  }

  @Test("Many events get their late parent a few at a time, over the commits that follow")
  func manyLateEvents() throws {
    let log = try TemporaryLog()
    try log.append(
      [.started("c", parent: "p")] + (0..<4500).map { .sample("e\($0)", session: "c") })
    try log.append(.started("p"))
    let reader = try Connection(path: log.path, access: .readOnly)
    func orphans() throws -> Int64? {
      try reader.first(
        "SELECT count(*) FROM events e WHERE e.instance_id = 'worker-c' AND parent_run_id IS NULL",
        []
      ) { $0.int(0) }
    }
    var commits = 0
    while let left = try orphans(), left > 0, commits < 10 {
      #expect(left == 4501 - 2000 * Int64(commits + 1))
      try log.append(.sample("later \(commits)", session: "p"))
      commits += 1
    }
    #expect(commits == 2)
    #expect(try reader.first("SELECT count(*) FROM parent_backfills") { $0.int(0) } == 0)
  }

  @Test("A run that names itself or its own child as its parent does no harm")
  func cycles() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("a", parent: "a"), .started("b", parent: "c"), .started("c", parent: "b"),
      .sample("x", session: "a"), .sample("y", session: "b"))
    try log.append(.started("a", parent: "a"))
    #expect(try log.event("x")?.parentRunID == nil)
    let reader = try log.reader()
    #expect(try reader.session("a")?.runs.count == 1)
    #expect(try reader.session("b")?.runs.count == 2)
  }
}
