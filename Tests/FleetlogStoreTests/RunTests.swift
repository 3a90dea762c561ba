import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

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

  @Test("A start that a process logged itself and that is read late is not lost, and counts once")
  func lateStart() throws {
    let log = try TemporaryLog()
    var start = EventDraft.started("s1", ts: 3)
    start.provenance = "worker"
    start.summary = "Started: ./bench.sh"
    try log.append(.sample("a", ts: 9))
    try log.append(start)
    try log.append(start, .sample("b", ts: 10))
    let events = try log.events()
    #expect(events.map(\.idempotencyKey) == ["run:s1", "a", "run:s1:told", "b"])
    #expect(events.map(\.runID) == [1, 1, 1, 1])
    #expect(events[2].summary == "Started: ./bench.sh")
    #expect(try log.links() == ["run:s1:told supersedes run:s1"])
  }

  @Test("A parent that is known gives its id to the run and its events")
  func parent() throws {
    let log = try TemporaryLog()
    try log.append(.started("p"), .started("c", parent: "p"), .sample("a", session: "c"))
    #expect(try log.events().map(\.parentRunID) == [nil, 1, 1])
    #expect(try log.reader().session("p")?.runs.map(\.parentID) == [nil, 1])
  }

  @Test("A run is named by the call that spawned it, else by its start")
  func purpose() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("p"), .started("c", parent: "p"),
      .sample("call", .toolCall, session: "p", summary: "Trace the retries") {
        $0.links = [.byRule("spawn_result", .spawned, .idempotencyKey("run:c"))]
      })
    let runs = try #require(try log.reader().session("p")).runs
    #expect(runs.map(\.summary) == ["something happened", "Trace the retries"])
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

  @Test("A run's id counts in the log that it is of, and in no other")
  func foreignID() throws {
    let log = try TemporaryLog()
    func logged(_ key: String, of logID: String) -> EventDraft {
      .sample(key, session: "s2") { draft in
        draft.reference = RunReference(runID: 1, parentRunID: nil, trust: .log(logID))
      }
    }
    try log.append(.started("s1"))
    try log.append(logged("own", of: log.writer.logID), logged("foreign", of: "another"))
    #expect(try log.event("own")?.runID == 1)
    let foreign = try #require(try log.event("foreign"))
    #expect(foreign.runID != 1)
    #expect(foreign.payload?.contains(#""_run_id":1"#) == true)
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
