import FleetlogEvents

/// Draws what was spent over time as bars; the tokens, where nothing of it has a price.
struct SpendDrawing: Sendable {
  struct Bar: Sendable {
    /// ms since the Unix epoch.
    let start: Int64
    var usage = TokenUsage()
    var cost = Cost()
  }

  let bars: [Bar]
  /// ms.
  let width: Int64
  /// ms since the Unix epoch.
  let now: Int64
  /// Where a bar leads: the calls from `since` up to `until`, ms since the Unix epoch.
  let link: @Sendable (_ since: Int64, _ until: Int64) -> Location

  private static let plotHeight = 64.0

  /// Whether the bars stand for money, and not for tokens.
  var isPriced: Bool { bars.contains { $0.cost.money > .zero } }

  /// Empty where there is nothing to draw.
  func draw() -> SafeHTML {
    let heights = bars.map {
      isPriced ? Double($0.cost.money.picodollars) : Double($0.usage.tokens)
    }
    guard let peak = heights.max(), peak > 0 else { return .empty }
    var writer = HTMLWriter(reservingCapacity: 260 * bars.count)
    writer.append(#"<svg class="histogram" width="100%" height="88" role="group" aria-label=""#)
    writer.append(text: label)
    writer.append(#"">"#)
    let axis = TimeAxis(bars: bars.map(\.start), width: width, now: now) {
      bars[$0].usage.tokens > 0
    }
    for (index, bar) in bars.enumerated() where bar.usage.tokens > 0 {
      let height = max(1.5, heights[index] / peak * (Self.plotHeight - 4))
      let (x, room) = axis.bar(from: bar.start, width: width)
      draw(bar, x: x, room, height, into: &writer)
    }
    writer.append(#"<line class="axis" x1="0" x2="100%" y1="64.5" y2="64.5"/>"#)
    axis.draw(y: 82, line: 65...69, into: &writer)
    writer.append("</svg>")
    return writer.finish()
  }

  private var label: String {
    let tokens = bars.reduce(0) { $0 + $1.usage.tokens }
    let money = bars.reduce(Money.zero) { $0 + $1.cost.money }
    return (isPriced ? "Spend over time: \(Wording.money(money))" : "Tokens over time")
      + ", \(Wording.plural(tokens, "token")) in \(bars.count) spans of \(Wording.duration(width))"
  }

  private func draw(
    _ bar: Bar, x: Double, _ step: Double, _ height: Double, into writer: inout HTMLWriter
  ) {
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: link(bar.start, bar.start + width).description)
    writer.append(#""><title>"#)
    writer.append(text: title(of: bar))
    writer.append("</title>")
    writer.rectangle(
      "hit", x: x, y: 0, width: step, height: Self.plotHeight)
    // Unpriced tokens beside a price are drawn as what is not known.
    let isPart = isPriced && !bar.cost.isWhole
    writer.rectangle(
      isPart ? "bar part" : "bar", x: x, y: Self.plotHeight - height, width: step * 0.82,
      height: height)
    writer.append("</a>")
  }

  private func title(of bar: Bar) -> String {
    let start = Timestamp.format(bar.start).replacing("T", with: " ").prefix(16)
    let cost = CostText(bar.cost)
    return "\(start) UTC, \(Wording.duration(width)): \(cost.text), "
      + "\(Wording.plural(bar.usage.tokens, "token")) in \(Wording.plural(bar.usage.calls, "call"))"
      + (cost.note.map { ". " + $0 } ?? "")
  }
}

extension SpendDrawing {
  /// Bars for a span of time from the shares of its hours.
  init(
    _ shares: [(hour: Int64, share: UsageShare)], since: Int64, count: Int, width: Int64,
    now: Int64,
    prices: PriceTable, link: @escaping @Sendable (Int64, Int64) -> Location
  ) {
    var bars = (0..<count).map { Bar(start: since + Int64($0) * width) }
    var parts: [Int: [UsageShare]] = [:]
    for (hour, share) in shares where hour >= since {
      let index = Int((hour - since) / width)
      guard index < count else { continue }
      bars[index].usage += share.usage
      parts[index, default: []].append(share)
    }
    for (index, shares) in parts { bars[index].cost = prices.cost(of: shares) }
    self.init(bars: bars, width: width, now: now, link: link)
  }
}
