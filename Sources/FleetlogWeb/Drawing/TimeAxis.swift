import FleetlogEvents

/// The labels below or above a drawing over time whose width is a percentage.
struct TimeAxis {
  /// ms since the Unix epoch.
  let start: Int64
  /// ms.
  let span: Int64

  private static let day: Int64 = 86_400_000
  private static let short: Int64 = 600_000

  /// Where a moment stands, in percent of the width.
  func percent(_ ms: Int64) -> Double {
    min(max(Double(ms - start) / Double(max(1, span)), 0), 1) * 100
  }

  /// Draws five labels; the second and fourth give way on narrow screens.
  ///
  /// - Parameters:
  ///   - y: their baseline.
  ///   - isSingle: only the first, where there is no room for more.
  ///   - countsFromStart: whether a short span is counted from its start, where the time of day
  ///     would be the same all along.
  func draw(
    y: Int, isSingle: Bool = false, countsFromStart: Bool = false, into writer: inout HTMLWriter
  ) {
    let isCounted = countsFromStart && span < Self.short
    let form = span > 20 * Self.day ? "date" : span > Self.day * 3 / 2 ? "day" : "time"
    for quarter in isSingle ? [0] : [0, 1, 2, 3, 4] {
      let time = start + span * Int64(quarter) / 4
      writer.append(#"<text class=""#)
      writer.append(quarter.isMultiple(of: 2) ? "tick" : "tick minor")
      writer.append(#"" y=""#)
      writer.append(text: String(y))
      writer.append(#"" x=""#)
      writer.append(text: String(quarter * 25))
      writer.append(#"%" text-anchor=""#)
      writer.append(quarter == 0 ? "start" : quarter == 4 ? "end" : "middle")
      if isCounted {
        writer.append(#"">"#)
        writer.append(text: quarter == 0 ? "0" : Wording.duration(time - start))
      } else {
        writer.append(#"" data-ms=""#)
        writer.append(text: String(time))
        writer.append(#"" data-form=""#)
        writer.append(text: form)
        writer.append(#"">"#)
        writer.append(text: Self.tick(time, form))
      }
      writer.append("</text>")
    }
  }

  private static func tick(_ ms: Int64, _ form: String) -> String {
    let iso = Timestamp.format(ms)
    let time = iso.dropFirst(11).prefix(5)
    switch form {
    case "date": return "\(TimeText.date(iso)) \(TimeText.day(iso).year)"
    case "day": return "\(TimeText.date(iso)) \(time)"
    default: return String(time)
    }
  }
}
