import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The histogram")
struct HistogramDrawingTests {
  private func draw(
    _ counts: [(Int, Int)], start: Int64 = 1_767_312_000_000, width: Int64 = 60_000,
    now: Int64 = 1_800_000_000_000
  ) -> String {
    let buckets = counts.enumerated().map { index, count in
      Histogram.Bucket(
        start: start + Int64(index) * width, count: count.0, attention: count.1)
    }
    let histogram = Histogram(bucketWidth: width, buckets: buckets, isExact: true)
    return HistogramDrawing(histogram: histogram, now: now) { since, until in
      Location("events", query: [("since", "\(since)"), ("until", "\(until)")])
    }.draw().text
  }

  @Test("each bar leads to the events of its bucket")
  func links() {
    let svg = draw([(3, 0), (0, 0), (5, 1)])
    #expect(svg.contains("href=\"/events?since=1767312000000&amp;until=1767312060000\""))
    #expect(svg.contains("href=\"/events?since=1767312120000&amp;until=1767312180000\""))
    #expect(svg.ranges(of: "<a ").count == 2)
  }

  @Test("the highest bar fills the plot and the others keep their proportion")
  func heights() {
    let svg = draw([(10, 0), (5, 0), (10, 0), (10, 0)])
    #expect(svg.contains("y=\"4\" width=\"20.5%\" height=\"60\""))
    #expect(svg.contains("y=\"34\" width=\"20.5%\" height=\"30\""))
  }

  @Test("what asks for attention shows in its own colour, however small its share")
  func attention() {
    let svg = draw([(10_000, 1)])
    #expect(svg.contains("class=\"bar attention\" x=\"0%\" y=\"4\" width=\"82%\" height=\"2\""))
    #expect(svg.contains("10 k events, 1 asking for attention"))
  }

  @Test("a year of weeks is told by months, and ends now")
  func year() {
    let week: Int64 = 7 * 86_400_000
    // 29 May 2025, and 27 Nov 2026 in the last week.
    let svg = draw(
      Array(repeating: (1, 0), count: 79), start: 1_748_476_800_000, width: week,
      now: 1_795_763_547_000)
    for tick in ["Jul 2025", "Jan 2026", "Jul 2026"] { #expect(svg.contains(">\(tick)</text>")) }
    #expect(!svg.contains("Dec 2026"))
  }

  @Test("what has not begun is left out, also where the clock of what wrote it is ahead")
  func future() {
    let start: Int64 = 1_767_312_000_000
    let svg = draw([(1, 0), (1, 0), (0, 0), (0, 0)], start: start, now: start + 90_000)
    #expect(svg.contains(#"class="hit" x="66.67%" y="0" width="33.33%""#))
    let ahead = draw([(1, 0), (1, 0)], start: start, now: start)
    #expect(ahead.contains(#"class="hit" x="88.89%" y="0" width="11.11%""#))
  }

  @Test("without events nothing is drawn")
  func empty() {
    #expect(draw([]) == "")
    #expect(draw([(0, 0), (0, 0)]) == "")
  }

  @Test("the drawing carries no style or script, which the browser would refuse")
  func policy() {
    let svg = draw([(1, 1), (2, 0), (3, 0), (4, 0)])
    #expect(!svg.contains("style="))
    #expect(!svg.contains("<script"))
    #expect(svg.contains("role=\"group\""))
  }
}
