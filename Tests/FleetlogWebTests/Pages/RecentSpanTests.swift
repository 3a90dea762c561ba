import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The span that the overview draws")
struct RecentSpanTests {
  private static let hour: Int64 = 3_600_000
  private static let minute: Int64 = 60_000

  private func span(
    from first: Int64?, to last: Int64?, now: Int64 = 100 * hour + 5
  ) -> RecentSpan {
    RecentSpan(
      of: LogOverview(
        events: 1, sessions: 1, sources: 1, validationErrors: 0, lastEventID: 1,
        firstEventAt: first, lastEventAt: last, searchLag: 0), now: now)
  }

  @Test("is as long as a young log, in whole hours, and says so")
  func young() {
    let span = span(
      from: 49 * Self.hour + 18 * Self.minute, to: 52 * Self.hour + 18 * Self.minute,
      now: 53 * Self.hour)
    #expect((span.since, span.until) == (49 * Self.hour, 53 * Self.hour))
    #expect(span.words == "the log’s last 4 h")
    #expect(span.barWidth == 5 * Self.minute)
  }

  @Test("is the last day of an older log")
  func old() {
    let span = span(from: 3, to: 500 * Self.hour)
    #expect((span.since, span.until) == (477 * Self.hour, 501 * Self.hour))
    #expect(span.hours == 24)
    #expect(span.words == "the log’s last 24 h")
    #expect(span.barWidth == 15 * Self.minute)
  }

  @Test("of another day says which, also what 30 days are counted from")
  func past() {
    let (first, last) = (3 * Self.hour, 500 * Self.hour)
    let old = span(from: first, to: last, now: last + 24 * Self.hour)
    #expect(old.isPast)
    #expect(old.words == "the log’s last 24 h, to 21 Jan 1970")
    #expect(old.monthWords == "in the 30 d to then")
    let live = span(from: first, to: last, now: last + 24 * Self.hour - 1)
    #expect(!live.isPast)
    #expect(live.words == "the log’s last 24 h")
    #expect(live.monthWords == "in the last 30 d")
  }

  @Test("is three hours where there is less, also before 1970 and of nothing")
  func short() {
    #expect(span(from: 9 * Self.hour, to: 9 * Self.hour).hours == 3)
    #expect(span(from: nil, to: nil).until == 101 * Self.hour)
    let early = span(from: -90 * Self.minute, to: -30 * Self.minute)
    #expect((early.since, early.until) == (-3 * Self.hour, 0))
  }

  @Test("has bars of one width from its first minute to its last")
  func filled() {
    let histogram = Histogram(
      bucketWidth: 10, buckets: [.init(start: 30, count: 2, attention: 1)], isExact: true)
    let filled = histogram.filling(10..<60)
    #expect(filled.buckets.map(\.start) == [10, 20, 30, 40, 50])
    #expect(filled.buckets.map(\.count) == [0, 0, 2, 0, 0])
    #expect(histogram.filling(30..<40) == histogram)
  }
}
