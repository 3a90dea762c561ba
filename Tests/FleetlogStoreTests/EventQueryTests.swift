import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Questions about events")
struct EventQueryTests {
  /// Every row of a filter, page by page.
  private func all(_ filter: EventFilter, _ reader: EventLog) throws -> [StoredEvent] {
    var filter = filter
    var events: [StoredEvent] = []
    repeat {
      let page = try reader.events(filter)
      #expect(page.rows.count <= filter.limit)
      events += page.rows.map(\.event)
      filter.after = page.next
    } while filter.after != nil && events.count < 20_000
    return events
  }

  private func newestFirst(_ left: StoredEvent, _ right: StoredEvent) -> Bool {
    (left.ts, left.id) > (right.ts, right.id)
  }

  @Test("Paging over events of one instant shows each once, in order, in both directions")
  func ties() throws {
    let log = try TemporaryLog()
    try log.append(
      [.started("s1", ts: 7)] + (0..<1000).map { .sample("e\($0)", ts: 7) }
        + [.sample("early", ts: 6), .sample("late", ts: 8)])
    let reader = try log.reader()
    let expected = try log.events().sorted(by: newestFirst).map(\.id)
    #expect(expected.count == 1003)
    for sessions in [[], ["s1"], ["s1", "s2"]] {
      for limit in [1, 97, 500] where limit > 1 || sessions.isEmpty {
        var filter = EventFilter()
        filter.sessions = sessions
        filter.limit = limit
        #expect(try all(filter, reader).map(\.id) == expected, "\(sessions) by \(limit)")
        filter.sort = .oldest
        #expect(try all(filter, reader).map(\.id) == expected.reversed(), "\(sessions) by \(limit)")
      }
    }
  }

  @Test("A page begins behind its cursor though new events came meanwhile")
  func movingLog() throws {
    let log = try TemporaryLog()
    try log.append((0..<10).map { .sample("e\($0)", ts: Int64($0)) })
    var filter = EventFilter()
    filter.limit = 5
    filter.types = ["progress"]
    let first = try log.reader().events(filter)
    try log.append(.sample("new", ts: 99), .sample("old", ts: -1))
    filter.after = first.next
    let second = try log.reader().events(filter)
    #expect(first.rows.map(\.event.ts) == [9, 8, 7, 6, 5])
    #expect(second.rows.map(\.event.ts) == [4, 3, 2, 1, 0])
  }

  @Test("A span of time holds its first moment and not its last, with words and without")
  func span() throws {
    let log = try TemporaryLog()
    try log.append((1...4).map { .sample("e\($0)", ts: Int64($0) * 1000, summary: "a word") })
    try log.index()
    for text in [nil, "word"] {
      var filter = EventFilter()
      filter.text = text
      (filter.since, filter.until) = (2000, 4000)
      let page = try log.reader().events(filter)
      #expect(page.rows.map(\.event.ts) == [3000, 2000])
      #expect(page.matched == 2)
    }
  }

  @Test("What was matched is counted exactly up to ten thousand, further only where it is known")
  func cap() throws {
    let log = try TemporaryLog()
    try log.append((0..<9_999).map { .sample("e\($0)", ts: Int64($0)) })
    var filter = EventFilter()
    filter.roles = ["worker"]
    filter.limit = 1
    let exact = try log.reader().events(filter)
    #expect(exact.matched == 10_000)
    #expect(exact.matchedIsExact)
    try log.append(.sample("one more"))
    let capped = try log.reader().events(filter)
    #expect(capped.matched == 10_000)
    #expect(!capped.matchedIsExact)
    // The writer counts by type, by what is known of a session, and all in all.
    var typed = EventFilter()
    typed.types = ["progress"]
    for (filter, expected) in [(typed, 10_000), (EventFilter(), 10_001)] {
      var filter = filter
      for limit in [1, 100] {
        filter.limit = limit
        filter.after = nil
        let page = try log.reader().events(filter)
        #expect(page.matched == expected)
        #expect(page.matchedIsExact)
        filter.after = page.next
        #expect(try log.reader().events(filter).matched == expected)
      }
    }
    // What the totals know is exact; the rest is what the newest thousand consist of.
    let facets = try log.reader().facets(typed)
    #expect(facets.filter(\.isExact).map(\.parameter) == ["type", "source_kind"])
    #expect(facets.first?.values.first?.count == 10_000)
    let roles = try #require(facets.first { $0.parameter == "role" })
    #expect(roles.values.map(\.count) == [EventLog.surveyed])
    #expect(try log.reader().facets(EventFilter()).allSatisfy(\.isExact))
  }

  @Test("Of what is known of sessions the count is exact however many events they have")
  func factCounts() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1") { $0.payload.set("agent", "claude") },
      .started("s2") { $0.payload.set("agent", "codex") })
    try log.append((0..<10_050).map { .sample("e\($0)", ts: Int64($0), session: "s1") })
    try log.append((0..<30).map { .sample("f\($0)", ts: Int64($0), session: "s2") })
    // A copy is the event of the session that had it first.
    try log.append(.sample("e7", ts: 7, session: "s2"))
    var filter = EventFilter()
    filter.agents = ["claude"]
    filter.limit = 500
    let reader = try log.reader()
    let page = try reader.events(filter)
    #expect(page.matched == 10_051 && page.matchedIsExact)
    let expected = try log.events().filter { $0.sessionID == "s1" }.sorted(by: newestFirst)
    #expect(try all(filter, reader).map(\.id) == expected.map(\.id))
    let facets = try reader.facets(filter)
    #expect(facets.filter(\.isExact).map(\.parameter) == ["agent", "project", "branch"])
    #expect(facets.first { $0.parameter == "agent" }?.values.map(\.count) == [10_051])
    // Fewer than a histogram reads: it is whole.
    let histogram = try reader.histogram(filter, buckets: 20)
    #expect(histogram.isExact)
    #expect(histogram.buckets.reduce(0) { $0 + $1.count } == 10_051)
    filter.agents = ["codex"]
    #expect(try reader.events(filter).matched == 31)
  }

  @Test("A search that was stopped says so, and goes on behind its last row")
  func stopped() throws {
    let log = try TemporaryLog()
    try log.append(
      (0..<5000).map { .sample("e\($0)", ts: Int64($0) * 1000, summary: "word \($0)") })
    var filter = EventFilter()
    filter.text = "word"
    let reader = try log.reader()
    var survey = try #require(try reader.survey(filter))
    #expect(!survey.isWhole && survey.ids.count == EventLog.surveyed)
    let whole = try reader.events(filter, survey: survey)
    #expect(whole.matched == 5000 && whole.matchedIsExact && whole.partialReason == nil)
    #expect(try reader.histogram(filter, buckets: 9, survey: survey).isExact == false)
    // As if time had run out after three hits.
    survey.ids.removeLast(survey.ids.count - 3)
    let part = try reader.events(filter, survey: survey)
    #expect(part.rows.map(\.event.ts) == [4_999_000, 4_998_000, 4_997_000])
    #expect(part.matched == 3 && !part.matchedIsExact)
    #expect(part.partialReason?.contains("stopped") == true)
    filter.after = part.next
    #expect(try reader.events(filter).rows.first?.event.ts == 4_996_000)
  }

  @Test("A deadline gives what there is so far, says so, and is never an error")
  func deadline() throws {
    let log = try TemporaryLog()
    try log.append((0..<5000).map { .sample("e\($0)", ts: Int64($0), summary: "word \($0)") })
    let hurried = try log.reader(deadline: 0)
    var filter = EventFilter()
    filter.text = "-word"
    filter.types = ["progress"]
    let page = try hurried.events(filter)
    #expect(page.rows.isEmpty)
    #expect(!page.matchedIsExact)
    #expect(page.partialReason?.contains("stopped") == true)
    filter = EventFilter()
    filter.sourceKinds = ["worker"]
    filter.limit = 500
    let some = try hurried.events(filter)
    #expect(some.matched >= some.rows.count)
    #expect(try hurried.histogram(filter, buckets: 10).isExact == false)
    #expect(try hurried.facets(filter).allSatisfy { !$0.values.isEmpty })
    #expect(throws: Never.self) { try hurried.overview() }
    // The connection serves the next question as if nothing had been.
    #expect(try log.reader().events(filter).rows.count == 500)
  }

  @Test("Hits that can't be ranked in time come newest first, and the page says so")
  func unranked() throws {
    let log = try TemporaryLog()
    try log.append((0..<3000).map { .sample("e\($0)", ts: Int64($0), summary: "word \($0)") })
    var filter = EventFilter()
    filter.text = "word"
    filter.sort = .rank
    filter.limit = 10
    let ranked = try log.reader().events(filter)
    #expect(ranked.rows.count == 10)
    #expect(ranked.partialReason == "Ranked among the newest 2000 hits.")
    let hurried = try log.reader(deadline: 0).events(filter)
    #expect(hurried.partialReason?.contains("rank them all in time") == true)
    #expect(hurried.next == nil)
  }

  @Test("A filter that no row meets gives an empty page")
  func empty() throws {
    let log = try TemporaryLog()
    var filter = EventFilter()
    #expect(try log.reader().events(filter).rows.isEmpty)
    #expect(try log.reader().histogram(filter, buckets: 10).buckets.isEmpty)
    filter.types = ["' OR 1 --"]
    filter.sessions = ["\"; DROP TABLE events; --"]
    let page = try log.reader().events(filter)
    #expect(page.rows.isEmpty && page.next == nil && page.matchedIsExact && page.matched == 0)
  }

  @Test("Sessions are listed by their last activity, page by page, and found by their words")
  func sessions() throws {
    let log = try TemporaryLog()
    for number in 0..<25 {
      try log.append(
        .started("s\(number)", ts: Int64(number / 5)) {
          $0.payload.set("agent", number % 2 == 0 ? "claude" : "codex")
          $0.payload.set("cwd", "/Work/p\(number % 3)")
        })
    }
    let reader = try log.reader()
    var query = SessionQuery()
    query.limit = 7
    var ids: [String] = []
    repeat {
      let page = try #require(try reader.sessions(query))
      #expect(page.total == 25)
      ids += page.sessions.map(\.id)
      query.after = page.next
    } while query.after != nil
    let expected = (0..<25).sorted { ($0 / 5, "s\($0)") > ($1 / 5, "s\($1)") }.map { "s\($0)" }
    #expect(ids == expected)
    query.after = "nonsense"
    #expect(try reader.sessions(query) == nil)
    query = SessionQuery()
    query.agents = ["claude"]
    query.projects = ["/Work/p0"]
    #expect(try reader.sessions(query)?.total == 5)
    query = SessionQuery()
    query.text = "work/P1"
    #expect(try reader.sessions(query)?.total == 8)
    query.text = "%"
    #expect(try reader.sessions(query)?.total == 0)
    #expect(try reader.session("missing") == nil)
  }
}
