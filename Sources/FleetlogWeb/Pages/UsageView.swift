import FleetlogEvents

/// What a session's model calls used and cost, by model.
struct UsageView: TemplateContext {
  let rows: [UsageRow]
  let total: UsageRow
  let hasSeveral: Bool
  let note: String

  /// - Parameters:
  ///   - shares: what the session shows, its sub-agents told apart.
  ///   - children: what sub-agents with sessions of their own used.
  init?(_ shares: [UsageShare], children: [UsageShare], prices: PriceTable) {
    guard !(shares.isEmpty && children.isEmpty) else { return nil }
    var rows = UsageByModel.list(shares, prices: prices).map { UsageRow($0) }
    rows += UsageByModel.list(children, prices: prices).map {
      UsageRow($0, who: "sub-agents’ own sessions")
    }
    self.rows = rows
    hasSeveral = rows.count > 1
    let all = shares + children
    total = UsageRow("All", all.total, CostText(prices.cost(of: all)))
    note =
      "each response counted once, at the price of its day"
      + (prices.updated.map { "; price file of \($0)" } ?? "")
  }

  static let slots: [Slot<UsageView>] = [
    .list("rows", \.rows),
    .part("total") { $0.hasSeveral ? $0.total : nil },
    .text("note", \.note),
  ]
}

struct UsageRow: TemplateContext {
  let name: String
  /// Who made the calls, where that was not the session's own agent.
  let who: String?
  let usage: TokenUsage
  let cost: CostText
  /// The price, as far as it can be told in a line.
  let price: String?

  init(_ name: String, _ usage: TokenUsage, _ cost: CostText) {
    self.name = name
    who = nil
    self.usage = usage
    self.cost = cost
    price = nil
  }

  init(_ entry: UsageByModel, who: String? = nil) {
    name = entry.model.isEmpty ? "model not named" : entry.model
    self.who = who ?? (entry.isSubagent ? "sub-agents" : nil)
    usage = entry.usage
    cost = CostText(entry.cost)
    price = entry.price.map { price in
      func dollars(_ rate: Int64?) -> String {
        rate.map { "$" + Money(picodollars: Int128($0) * 1_000_000).decimal } ?? "no price"
      }
      let rates = price.rates
      return "Per million tokens: input \(dollars(rates.input)), output \(dollars(rates.output)), "
        + "cache read \(dollars(rates.cacheRead)), written \(dollars(rates.cacheWrite)) for 5 min "
        + "and \(dollars(rates.cacheWriteHour)) for 1 h; since "
        + Timestamp.format(price.from * 86_400_000).prefix(10)
        + (price.source.map { ", " + $0 } ?? "")
    }
  }

  static let slots: [Slot<UsageRow>] = [
    .text("name", \.name), .text("who", \.who), .text("price", \.price),
    .text("calls") { Wording.count($0.usage.calls) },
    .text("input") { Wording.count($0.usage.input) },
    .text("cacheRead") { Wording.count($0.usage.cacheRead) },
    .text("cacheWrite") { Wording.count($0.usage.cacheWrite) },
    .text("output") { Wording.count($0.usage.output) },
    .part("cost", \.cost),
  ]
}
