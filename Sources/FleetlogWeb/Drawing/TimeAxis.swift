import FleetlogEvents

/// The labels below or above a drawing over time whose width is a percentage.
struct TimeAxis {
  let scale: TimeScale
  /// Whether times of day have their date with them: what is drawn is of another day than today.
  var isDated = false

  /// ms.
  private static let short: Int64 = 600_000
  private static let day: Int64 = 86_400_000

  /// - Parameters:
  ///   - start: ms since the Unix epoch.
  ///   - end: after `start`; of what is past no later than now, so that nothing of the future is
  ///     drawn as if it were known.
  init(start: Int64, end: Int64) { scale = TimeScale(even: start..<max(end, start + 1)) }

  /// Where a moment stands, in percent of the width.
  func percent(_ ms: Int64) -> Double { scale.percent(ms) }

  /// Draws the labels with a short line to each; every second one gives way on narrow screens.
  ///
  /// - Parameters:
  ///   - y: their baseline.
  ///   - line: from where to where the line of a label goes down.
  ///   - countsFromStart: whether a short span is counted from its start, where the time of day
  ///     would be the same all along.
  func draw(
    y: Int, line: ClosedRange<Int>, countsFromStart: Bool = false, into writer: inout HTMLWriter
  ) {
    let isCounted = countsFromStart && scale.end - scale.start < Self.short
    let ticks = TimeTicks(scale, countingFrom: isCounted ? scale.start : nil, isDated: isDated)
    for (index, tick) in ticks.ticks.enumerated() {
      let name: StaticString = index.isMultiple(of: 2) ? "" : " minor"
      writer.append(#"<line class="grid"#)
      writer.append(name)
      writer.append(#"" x1=""#)
      writer.append(number: tick.percent)
      writer.append(#"%" x2=""#)
      writer.append(number: tick.percent)
      writer.append(#"%" y1=""#)
      writer.append(text: String(line.lowerBound))
      writer.append(#"" y2=""#)
      writer.append(text: String(line.upperBound))
      writer.append(#""/><text class="tick"#)
      writer.append(name)
      writer.append(#"" y=""#)
      writer.append(text: String(y))
      writer.append(#"" x=""#)
      writer.append(number: tick.percent)
      writer.append(#"%" text-anchor=""#)
      writer.append(text: tick.anchor.rawValue)
      if ticks.form.isMoment {
        writer.append(#"" data-ms=""#)
        writer.append(text: String(tick.ms))
        writer.append(#"" data-form=""#)
        writer.append(text: ticks.form.rawValue)
      }
      writer.append(#"">"#)
      writer.append(text: tick.words)
      writer.append("</text>")
    }
  }
}

// Bars, each of a span of its own.
extension TimeAxis {
  /// An axis that ends with the last bar, or now where that bar is not over yet; those that have not
  /// begun are left out, unless something is known of them.
  ///
  /// - Parameters:
  ///   - bars: their starts in order, at least one; ms since the Unix epoch.
  ///   - width: of each, in ms.
  ///   - isKnown: whether there is something to draw, by the index of the bar.
  init(bars: [Int64], width: Int64, now: Int64, isKnown: (Int) -> Bool) {
    let first = bars.first ?? now
    let last = bars.indices.last(where: isKnown).map { bars[$0] } ?? first
    // What has only begun keeps a part of its width, so that it is seen.
    let least = last + max(1, width / 8)
    self.init(
      start: first, end: min((bars.last ?? first) + width, max(now, least, first + 1000)))
    isDated = now - scale.end >= Self.day
  }

  /// Where a bar begins and how wide it is, in percent of the width.
  func bar(from start: Int64, width: Int64) -> (x: Double, width: Double) {
    let x = percent(start)
    return (x, percent(start + width) - x)
  }
}
