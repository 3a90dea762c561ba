import FleetlogEvents
import Testing

@Suite("Durations in a histogram")
struct DurationHistogramTests {
  @Test("each is counted once, below the first bound that holds it")
  func bounds() throws {
    var histogram = DurationHistogram()
    for ms in [0, 5, 6, 10_000, 10_001] { histogram.add(.milliseconds(ms)) }
    let bounds = DurationHistogram.bounds
    #expect(bounds == bounds.sorted())
    let five = try #require(bounds.firstIndex(of: 0.005))
    #expect(histogram.counts[0] == 1)
    #expect(histogram.counts[five] == 1)
    #expect(histogram.counts[five + 1] == 1)
    #expect(histogram.counts[bounds.count - 1] == 1)
    #expect(histogram.counts[bounds.count] == 1)
    #expect(histogram.count == 5)
    #expect(abs(histogram.sum - 20.012) < 1e-9)
  }
}
