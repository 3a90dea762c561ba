import FleetlogEvents
import Foundation
import Testing

@Suite("What model calls cost")
struct PriceTableTests {
  private static let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Public/prices.json")

  private func table(_ prices: String) throws -> PriceTable {
    try PriceTable(json: Array("{\"prices\": [\(prices)]}".utf8), place: "prices.json")
  }

  private func day(_ date: String) throws -> Int64 {
    try #require(Timestamp.parse(date + "T00:00:00Z")) / 86_400_000
  }

  private func share(
    _ model: String, on date: String = "2025-10-01", band: Int = 0, _ usage: TokenUsage
  ) throws -> UsageShare {
    UsageShare(day: try day(date), model: model, band: band, usage: usage)
  }

  /// By hand, in dollars: 1234 × 3 + 567 × 15 + 89,012 × 0.30 + 3456 × 3.75 + 789 × 6 =
  /// 3702 + 8505 + 26,703.6 + 12,960 + 4734 = 56,604.6 millionths.
  @Test("The shipped prices give what a person computes, to the last digit")
  func byHand() throws {
    let prices = try PriceTable(
      json: Array(Data(contentsOf: Self.shipped)), place: Self.shipped.path)
    let usage = TokenUsage(
      input: 1234, output: 567, cacheRead: 89_012, cacheWrite: 3456 + 789, cacheWriteHour: 789)
    let sonnet = try #require(prices.cost(of: try share("claude-sonnet-4-5-20250929", usage)))
    #expect(sonnet.decimal == "0.0566046")
    #expect(sonnet.cents == 6)
    // 1,000,000 × 6 + 100,000 × 22.5, above 200,000 tokens of input.
    let long = try share(
      "claude-sonnet-4-5-20250929", band: 2, TokenUsage(input: 1_000_000, output: 100_000))
    #expect(prices.cost(of: long)?.decimal == "8.25")
    // 2300 × 1.25 + 9700 × 0.125 + 410 × 10 = 2875 + 1212.5 + 4100 millionths.
    let codex = try share("gpt-5-codex", TokenUsage(input: 2300, output: 410, cacheRead: 9700))
    #expect(prices.cost(of: codex)?.decimal == "0.0081875")
  }

  @Test("Every shipped price says from when and where it holds, and each model's days ascend")
  func shippedFile() throws {
    let prices = try PriceTable(
      json: Array(Data(contentsOf: Self.shipped)), place: Self.shipped.path)
    #expect(prices.prices.count > 30)
    for price in prices.prices {
      #expect(price.source?.isEmpty == false, "\(price.model)")
      #expect(price.rates.input > 0 && price.rates.output >= price.rates.input, "\(price.model)")
    }
    for (_, rows) in Dictionary(grouping: prices.prices, by: \.model) {
      #expect(Set(rows.map(\.from)).count == rows.count, "\(rows[0].model)")
    }
  }

  @Test("What passes a bound costs what the nearest bound below it says")
  func bands() throws {
    let prices = try table(
      """
      {"model": "m", "from": "2025-01-01", "input": 1, "output": 2, "over_100k": {"input": 10, "output": 20}},
      {"model": "n", "from": "2025-01-01", "input": 1, "output": 2, "over_272k": {"input": 30, "output": 60}}
      """)
    let usage = TokenUsage(input: 1_000_000)
    func cost(_ model: String) throws -> [String?] {
      try (0...3).map { prices.cost(of: try share(model, band: $0, usage))?.decimal }
    }
    #expect(try cost("m") == ["1", "10", "10", "10"])
    #expect(try cost("n") == ["1", "1", "1", "30"])
  }

  @Test("The price of the day of the call holds, and none before the first")
  func dated() throws {
    let prices = try table(
      """
      {"model": "m", "from": "2025-06-10", "input": 2, "output": 8},
      {"model": "m", "from": "2025-04-16", "input": 10, "output": 40}
      """)
    let usage = TokenUsage(input: 1_000_000)
    #expect(prices.cost(of: try share("m", on: "2025-04-15", usage)) == nil)
    #expect(prices.cost(of: try share("m", on: "2025-04-16", usage))?.decimal == "10")
    #expect(prices.cost(of: try share("m", on: "2025-06-09", usage))?.decimal == "10")
    #expect(prices.cost(of: try share("m", on: "2025-06-10", usage))?.decimal == "2")
  }

  @Test(
    "A name stands for its dated versions, and for nothing else",
    arguments: [
      ("claude-opus-4", "1"), ("claude-opus-4-20250514", "1"), ("claude-opus-4@20250514", "1"),
      ("claude-opus-4-2025-05-14", "1"), ("claude-opus-4-latest", "1"),
      ("claude-opus-4-1", nil), ("claude-opus-4-1-20250805", nil), ("claude-opus-40", nil),
      ("local-7b", "3"), ("local-special", "4"), ("opus", nil), ("", nil),
    ] as [(String, String?)])
  func names(model: String, cost: String?) throws {
    let prices = try table(
      """
      {"model": "claude-opus-4", "from": "2025-01-01", "input": 1, "output": 1},
      {"model": "local-*", "from": "2025-01-01", "input": 3, "output": 1},
      {"model": "local-spec*", "from": "2025-01-01", "input": 4, "output": 1}
      """)
    let found = prices.cost(of: try share(model, TokenUsage(input: 1_000_000)))
    #expect(found?.decimal == cost)
  }

  @Test("What has no price is left out of the sum and named, and is never nothing")
  func unknown() throws {
    let prices = try table(#"{"model": "m", "from": "2025-01-01", "input": 1, "output": 2}"#)
    let cost = prices.cost(of: [
      try share("m", TokenUsage(input: 500_000)),
      try share("secret", TokenUsage(input: 7, output: 8)),
      // No price for reading from a cache is known.
      try share("m", TokenUsage(input: 1, cacheRead: 10)),
    ])
    #expect(cost.money.decimal == "0.5")
    #expect(cost.pricedTokens == 500_000)
    #expect(cost.unpricedTokens == 26)
    #expect(cost.unpricedModels == ["secret", "m"])
    #expect(!cost.isWhole)
    #expect(!prices.cost(of: [try share("secret", TokenUsage(input: 7))]).isKnown)
  }

  @Test("A million small calls add up exactly")
  func exact() throws {
    let prices = try table(#"{"model": "m", "from": "2025-01-01", "input": 0.1, "output": 0.3}"#)
    let one = try #require(prices.cost(of: try share("m", TokenUsage(input: 1, output: 1))))
    #expect(one.decimal == "0.0000004")
    let sum = (0..<1_000_000).reduce(into: Money.zero) { sum, _ in sum += one }
    #expect(sum.decimal == "0.4")
    #expect(Money(picodollars: 4_999_999_999).cents == 0)
    #expect(Money(picodollars: 5_000_000_000).cents == 1)
  }

  @Test("The greatest figures overflow nothing")
  func huge() throws {
    let prices = try table(#"{"model": "m", "from": "2025-01-01", "input": 10000, "output": 1}"#)
    let usage = TokenUsage(input: Int.max / 2)
    #expect(prices.cost(of: try share("m", usage)) != nil)
  }

  @Test(
    "A price file that can't be right is refused with the place and what would be right",
    arguments: [
      ("[]", "an array \"prices\""), ("{\"prices\": 1}", "an array \"prices\""),
      (#"{"prices": [{"from": "2025-01-01", "input": 1, "output": 1}]}"#, "price 1 needs a"),
      (
        #"{"prices": [{"model": "m", "from": "May", "input": 1, "output": 1}]}"#,
        "price 1, m, needs"
      ),
      (#"{"prices": [{"model": "m", "from": "2025-01-01", "input": 1}]}"#, "no \"output\""),
      (
        #"{"prices": [{"model": "m", "from": "2025-01-01", "input": "1", "output": 1}]}"#,
        "no \"input\""
      ),
      (
        #"{"prices": [{"model": "m", "from": "2025-01-01", "input": -1, "output": 1}]}"#,
        "no \"input\""
      ),
      (
        #"{"prices": [{"model": "m", "from": "2025-01-01", "input": 1e2, "output": 1}]}"#,
        "no \"input\""
      ),
      (
        #"{"prices": [{"model": "m", "from": "2025-01-01", "input": 0.1234567, "output": 1}]}"#,
        "no \"input\""
      ),
    ])
  func refused(text: String, why: String) {
    let failure = #expect(throws: PriceTable.Failure.self) {
      try PriceTable(json: Array(text.utf8), place: "/etc/prices.json")
    }
    #expect(failure?.description.contains(why) == true, "\(failure?.description ?? "")")
    #expect(failure?.description.contains("/etc/prices.json") == true)
  }
}
