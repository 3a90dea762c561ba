import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The picture of what was spent")
struct SpendDrawingTests {
  private static let hour: Int64 = 3_600_000

  private func prices() throws -> PriceTable {
    try PriceTable(
      json: Array(
        #"{"prices": [{"model": "m", "from": "1970-01-01", "input": 2, "output": 8}]}"#.utf8),
      place: "prices.json")
  }

  private func share(_ model: String, _ input: Int) -> UsageShare {
    UsageShare(day: 0, model: model, band: 0, usage: TokenUsage(input: input))
  }

  private func draw(
    _ shares: [(hour: Int64, share: UsageShare)], _ prices: PriceTable, now: Int64 = 9 * hour
  ) -> SpendDrawing {
    SpendDrawing(
      shares, since: 0, count: 4, width: Self.hour, now: now, prices: prices
    ) { since, until in
      Location("events", query: [("since", "\(since)"), ("until", "\(until)")])
    }
  }

  @Test("each bar is what its hours cost, the dearest fills the plot, and each leads to its calls")
  func bars() throws {
    let drawing = draw(
      [(0, share("m", 500_000)), (0, share("m", 500_000)), (2 * Self.hour, share("m", 500_000))],
      try prices())
    #expect(drawing.isPriced)
    let svg = drawing.draw().text
    #expect(svg.contains("Spend over time: $3.00, 1.5 M tokens in 4 spans of 1 h"))
    #expect(svg.contains("1970-01-01 00:00 UTC, 1 h: $2.00, 1 M tokens in 2 calls"))
    #expect(svg.contains("y=\"4\" width=\"20.5%\" height=\"60\""))
    #expect(svg.contains("y=\"34\" width=\"20.5%\" height=\"30\""))
    #expect(svg.contains("href=\"/events?since=7200000&amp;until=10800000\""))
    #expect(svg.ranges(of: "<a ").count == 2)
  }

  @Test("what has no price is said to be missing, and never drawn as nothing")
  func unpriced() throws {
    let part = draw([(0, share("m", 1_000_000)), (0, share("other", 7))], try prices()).draw().text
    #expect(part.contains("class=\"bar part\""))
    #expect(part.contains("$2.00 +"))
    #expect(part.contains("Not in the sum: 7 tokens of other have no price in the price file"))
    let alone = draw([(0, share("other", 70)), (Self.hour, share("other", 35))], try prices())
    #expect(!alone.isPriced)
    let svg = alone.draw().text
    #expect(svg.contains("Tokens over time, 105 tokens"))
    #expect(svg.contains("no price, 70 tokens"))
    #expect(svg.contains("height=\"60\""))
    #expect(svg.contains("height=\"30\""))
  }

  @Test("an hour that is not over yet is drawn up to now, and the axis ends there")
  func unfinished() throws {
    let svg = draw(
      [(0, share("m", 500_000)), (3 * Self.hour, share("m", 500_000))], try prices(),
      now: 3 * Self.hour + Self.hour / 2
    ).draw().text
    // A bar fills 82 % of its time: of 1 h in 3.5 h, and of half an hour.
    #expect(svg.contains(#"class="bar" x="0%" y="4" width="23.43%""#))
    #expect(svg.contains(#"class="bar" x="85.71%" y="4" width="11.71%""#))
    #expect(svg.contains(">03:00</text>"))
    #expect(!svg.contains(">04:00</text>"))
  }

  @Test("nothing was used, nothing is drawn; what lies outside is left out")
  func empty() throws {
    #expect(draw([], try prices()).draw().isEmpty)
    #expect(draw([(9 * Self.hour, share("m", 5))], try prices()).draw().isEmpty)
  }
}
