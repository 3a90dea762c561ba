import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The histogram")
struct HistogramDrawingTests {
  private func draw(_ counts: [(Int, Int)], start: Int64 = 1_767_312_000_000) -> String {
    let buckets = counts.enumerated().map { index, count in
      Histogram.Bucket(
        start: start + Int64(index) * 60_000, count: count.0, attention: count.1)
    }
    let histogram = Histogram(bucketWidth: 60_000, buckets: buckets, isExact: true)
    return HistogramDrawing(histogram: histogram) { since, until in
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
