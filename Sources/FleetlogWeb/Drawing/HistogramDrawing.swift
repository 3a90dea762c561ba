import FleetlogEvents

/// Draws counts over time as bars, the part that asks for attention on top in its own colour.
///
/// Widths are percentages, so one drawing serves every width without scaling its labels.
struct HistogramDrawing {
  let histogram: Histogram
  /// Drawn pale behind the bars.
  var earlier: Histogram.Earlier?
  /// ms since the Unix epoch.
  let now: Int64
  /// Where a bar leads: the events from `since` up to `until`, ms since the Unix epoch.
  let link: (_ since: Int64, _ until: Int64) -> Location

  private static let plotHeight = 64.0
  private static let labelY = 82

  /// Empty where there is nothing to draw.
  func draw() -> SafeHTML {
    let buckets = histogram.buckets
    let peaks = buckets.map(\.count) + (earlier?.counts ?? [])
    guard let peak = peaks.max(), peak > 0 else { return .empty }
    var writer = HTMLWriter(reservingCapacity: 200 * buckets.count)
    writer.append(#"<svg class="histogram" width="100%" height="88" role="group" aria-label=""#)
    writer.append(text: label)
    writer.append(#"">"#)
    let axis = TimeAxis(bars: buckets.map(\.start), width: histogram.bucketWidth, now: now) {
      buckets[$0].count > 0
    }
    for (index, bucket) in buckets.enumerated() {
      let earlier = self.earlier?.counts[index] ?? 0
      guard bucket.count > 0 || earlier > 0 else { continue }
      let (x, width) = axis.bar(from: bucket.start, width: histogram.bucketWidth)
      draw(bucket, earlier, x: x, width: width, peak: peak, into: &writer)
    }
    writer.append(#"<line class="axis" x1="0" x2="100%" y1="64.5" y2="64.5"/>"#)
    axis.draw(y: Self.labelY, line: 65...69, into: &writer)
    writer.append("</svg>")
    return writer.finish()
  }

  private var label: String {
    let total = histogram.buckets.reduce(0) { $0 + $1.count }
    return "Events over time: \(Wording.grouped(total)) in \(histogram.buckets.count) spans of "
      + Wording.duration(histogram.bucketWidth)
  }

  private func draw(
    _ bucket: Histogram.Bucket, _ earlier: Int, x: Double, width: Double, peak: Int,
    into writer: inout HTMLWriter
  ) {
    let scale = (Self.plotHeight - 4) / Double(peak)
    let height = bucket.count > 0 ? max(1.5, Double(bucket.count) * scale) : 0
    let top = Self.plotHeight - height
    // A share that matters must not vanish for being small.
    let attention = bucket.attention > 0 ? min(height, max(2, Double(bucket.attention) * scale)) : 0
    let until = bucket.start + histogram.bucketWidth
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: link(bucket.start, until).description)
    writer.append(#""><title>"#)
    writer.append(text: title(of: bucket, earlier))
    writer.append("</title>")
    writer.rectangle(
      "hit", x: x, y: 0, width: width, height: Self.plotHeight)
    if earlier > 0 {
      let before = max(1.5, Double(earlier) * scale)
      writer.rectangle(
        "earlier", x: x, y: Self.plotHeight - before, width: width, height: before)
    }
    if height > attention {
      writer.rectangle(
        "bar", x: x, y: top + attention, width: width * 0.82, height: height - attention)
    }
    if attention > 0 {
      writer.rectangle(
        "bar attention", x: x, y: top, width: width * 0.82, height: attention)
    }
    writer.append("</a>")
  }

  private func title(of bucket: Histogram.Bucket, _ earlier: Int) -> String {
    let start = Timestamp.format(bucket.start).replacing("T", with: " ").prefix(19)
    return "\(start) UTC, \(Wording.duration(histogram.bucketWidth)): "
      + Wording.plural(bucket.count, "event")
      + (bucket.attention > 0 ? ", \(Wording.grouped(bucket.attention)) asking for attention" : "")
      + (self.earlier.map { "; \(Wording.grouped(earlier)) \(Wording.duration($0.shift)) before" }
        ?? "")
  }
}
