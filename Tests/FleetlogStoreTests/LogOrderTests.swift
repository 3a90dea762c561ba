import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Events in the order of recording")
struct LogOrderTests {
  /// The id of the event that begins the run of the samples; theirs follow.
  private static let runID: Int64 = 1

  private func newLog() throws -> TemporaryLog {
    let log = try TemporaryLog()
    try log.append(.started("s1"))
    return log
  }

  private func keys(_ stretch: EventLog.Stretch) -> [String] {
    stretch.rows.compactMap(\.event.idempotencyKey)
  }

  /// Reads to the end in turns, as a stream does.
  private func follow(
    _ log: EventLog, limit: Int = 3, _ change: (inout EventFilter) -> Void = { _ in }
  ) throws -> [String] {
    var filter = EventFilter()
    change(&filter)
    var (found, cursor): ([String], Int64) = ([], Self.runID)
    while true {
      let stretch = try log.events(after: cursor, filter: filter, limit: limit)
      #expect(stretch.rows.count <= limit)
      found += keys(stretch)
      cursor = stretch.readTo
      if !stretch.hasMore { return found }
    }
  }

  @Test("Events come by id, whatever their times say")
  func byID() throws {
    let log = try newLog()
    try log.append(.sample("a", ts: 9000), .sample("b", ts: 1000), .sample("c", ts: 5000))
    let stretch = try log.reader().events(after: 2, filter: EventFilter(), limit: 10)
    #expect(keys(stretch) == ["b", "c"])
    #expect(stretch.readTo == 4)
    #expect(!stretch.hasMore)
  }

  @Test("Turns of any size meet every event once", arguments: [1, 2, 3, 7, 100])
  func turns(limit: Int) throws {
    let log = try newLog()
    try log.append((0..<20).map { .sample("k\($0)", ts: 1000 * Int64(20 - $0)) })
    #expect(try follow(try log.reader(), limit: limit) == (0..<20).map { "k\($0)" })
  }

  @Test("What a filter leaves out moves the cursor on")
  func cursorMoves() throws {
    let log = try newLog()
    try log.append((0..<10).map { .sample("k\($0)") })
    var filter = EventFilter()
    filter.types = ["blocked"]
    let stretch = try log.reader().events(after: 0, filter: filter, limit: 5)
    #expect(stretch.rows.isEmpty)
    #expect(stretch.readTo == 11)
  }

  @Test("The same events as in the viewer, for every kind of filter")
  func filters() throws {
    let log = try newLog()
    for index in 0..<60 {
      let session = ["s1", "s2", "s3"][index % 3]
      try log.append(
        .sample(
          "k\(index)", index.isMultiple(of: 4) ? .blocked : .progress, ts: Int64(index % 7) * 1000,
          session: session, summary: index.isMultiple(of: 5) ? "a needle" : "hay"
        ) { draft in
          draft.tags = index.isMultiple(of: 2) ? ["even"] : []
          draft.severity = 1 + index % 5
        })
    }
    let changes: [(inout EventFilter) -> Void] = [
      { $0.types = ["blocked"] }, { $0.types = ["blocked", "progress"] },
      { $0.sessions = ["s2"] }, { $0.sessions = ["s1", "s3"] }, { $0.tags = ["even"] },
      { $0.minSeverity = 3 }, { $0.attention = true }, { $0.text = "needle" },
      { $0.text = "-needle" }, { $0.text = "hay OR needle" },
      { filter in
        filter.text = "need*"
        filter.sessions = ["s1"]
        filter.since = 2000
      },
      { filter in
        filter.instances = ["worker-s2"]
        filter.until = 4000
      }, { $0.sourceKinds = ["worker"] }, { $0.roles = ["worker"] }, { $0.runs = [2] },
      { $0.projects = ["none"] }, { $0.text = "  \"" },
    ]
    let reader = try log.reader()
    for change in changes {
      var filter = EventFilter()
      filter.limit = 500
      change(&filter)
      let expected = try reader.events(filter).rows.map(\.event).filter { $0.id > Self.runID }
        .sorted { $0.id < $1.id }.compactMap(\.idempotencyKey)
      #expect(try follow(reader, change) == expected, "\(filter)")
    }
  }

  @Test("An event that a session repeats from another is found by both")
  func copies() throws {
    let log = try newLog()
    try log.append(.sample("shared", session: "s1"))
    try log.append(.sample("shared", session: "s2"), .sample("own", session: "s2"))
    let reader = try log.reader()
    var filter = EventFilter()
    filter.sessions = ["s2"]
    let viewed = Set(try reader.events(filter).rows.compactMap(\.event.idempotencyKey))
    #expect(Set(try follow(reader) { $0.sessions = ["s2"] }) == viewed)
    #expect(viewed.contains("own"))
  }

  @Test("With text it goes as far as the full-text index has come, and no further")
  func watermark() throws {
    let log = try newLog()
    try log.append(.sample("a", summary: "needle"))
    let reader = try log.reader()
    try log.append(.sample("b", summary: "needle"), .sample("c", summary: "hay"))
    var filter = EventFilter()
    filter.text = "needle"
    let before = try reader.events(after: 0, filter: filter, limit: 10)
    #expect(keys(before) == ["a"])
    #expect(before.readTo == 2)
    #expect(try reader.searchLag() == 2)
    #expect(try reader.lastEventID(isSearch: true) == 2)
    try log.index()
    let after = try reader.events(after: before.readTo, filter: filter, limit: 10)
    #expect(keys(after) == ["b"])
    #expect(after.readTo == 4)
    #expect(try reader.searchLag() == 0)
  }

  @Test("An id beyond the end of the log goes on from its end")
  func beyondTheEnd() throws {
    let log = try newLog()
    try log.append(.sample("a"))
    let stretch = try log.reader().events(after: 900, filter: EventFilter(), limit: 10)
    #expect(stretch.rows.isEmpty)
    #expect(stretch.readTo == 2)
  }

  @Test("Large payloads make a turn shorter, and lose nothing")
  func largePayloads() throws {
    let log = try newLog()
    let text = String(repeating: "x", count: EventLog.bytesPerTurn / 2)
    try log.append((0..<5).map { .sample("k\($0)") { $0.payload.set("text", text) } })
    let reader = try log.reader()
    let first = try reader.events(
      after: Self.runID, filter: EventFilter(), limit: 100)
    #expect(first.rows.count == 2)
    #expect(first.hasMore)
    #expect(try follow(reader, limit: 100).count == 5)
  }

  @Test("Every turn walks along the ids: no other index leads, and nothing is sorted")
  func plan() throws {
    let log = try newLog()
    try log.append(.sample("a"))
    var filter = EventFilter()
    filter.types = ["blocked"]
    filter.sessions = ["s1"]
    filter.text = "needle"
    let (sql, values) = EventQuery(filter, route: .log).stretch(after: 0, upTo: 9, limit: 5)
    let plan = try log.reader().pool.withConnection { (connection) throws(StoreError) in
      try connection.rows("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) }
    }
    #expect(plan.first?.hasPrefix("SEARCH e USING INTEGER PRIMARY KEY") == true, "\(plan)")
    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
  }
}
