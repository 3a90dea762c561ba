import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The overview")
struct OverviewPageTests {
  private func page(_ events: [StoredEvent]) throws -> String {
    let overview = LogOverview(
      events: events.count, sessions: 1, sources: 1, validationErrors: 0, lastEventID: 1,
      firstEventAt: 1, lastEventAt: 2, searchLag: 0)
    let rows = events.map { EventPage.Row(event: $0, snippet: nil) }
    let page = OverviewPage(
      overview: overview,
      attention: EventPage(
        rows: rows, next: nil, matched: rows.count, matchedIsExact: true, partialReason: nil),
      titles: ["a": "Session A", "b": "Session B", "c": "Session C"], sessions: [],
      activity: Histogram(bucketWidth: 1, buckets: [], isExact: true), delivered: [], now: 10)
    return try Templates.ofThisPackage().overview.fill(page).text
  }

  private func ask(
    _ id: Int64, _ session: String, _ summary: String, key: String, severity: Int = 3
  ) -> StoredEvent {
    .sample(
      .blocked, id: id, ts: id, session: session, text: summary, attention: true,
      severity: severity, dedupeKey: key)
  }

  @Test("sessions stopped by one cause are one row that begins with the first")
  func oneCause() throws {
    let html = try page([
      ask(3, "c", "login expired, third", key: "login"),
      ask(2, "b", "login expired, second", key: "login"),
      ask(1, "a", "login expired, first", key: "login"),
    ])
    #expect(html.contains("3 sessions, one cause"))
    #expect(html.contains("login expired, first"))
    #expect(!html.contains("login expired, second"))
    #expect(html.contains("first Session A; then "))
    #expect(html.contains("<a href=\"/events/2\">Session B</a>"))
  }

  @Test("the most severe comes first, whatever came last")
  func order() throws {
    let html = try page([
      ask(2, "a", "a small thing", key: "x", severity: 2),
      ask(1, "b", "a grave thing", key: "y", severity: 5),
    ])
    let grave = try #require(html.firstRange(of: "a grave thing"))
    let small = try #require(html.firstRange(of: "a small thing"))
    #expect(grave.lowerBound < small.lowerBound)
  }

  @Test("an empty log says how it fills, without figures")
  func empty() throws {
    let html = try page([])
    #expect(html.contains("The log is empty."))
    #expect(!html.contains("Asks for attention"))
  }
}
