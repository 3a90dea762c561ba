import FleetlogEvents

/// Draws how a model's context filled up, answer by answer, as a stack of areas: what transcripts
/// don't show at the bottom, then what was said, done and read.
///
/// The areas are stretched to the width that there is; what is to be pointed at lies over them.
struct ContextDrawing {
  let fills: [ContextFill]

  /// Columns; of several answers that share one, the fullest is drawn.
  private static let mostColumns = 120
  private static let height = 96.0

  static let parts: [(name: String, words: String)] = [
    ("system", "system, tools and what no record shows"), ("user", "user"),
    ("assistant", "assistant"), ("results", "tool results"), ("other", "other"),
  ]

  private var columns: [ContextFill] {
    guard fills.count > Self.mostColumns else { return fills }
    return (0..<Self.mostColumns).compactMap { column in
      let first = column * fills.count / Self.mostColumns
      let last = (column + 1) * fills.count / Self.mostColumns
      return fills[first..<last].max { $0.total < $1.total }
    }
  }

  /// Empty where too little is known for a picture.
  func draw() -> SafeHTML {
    let columns = columns
    guard columns.count > 1, let peak = columns.map(\.total).max(), peak > 0 else { return .empty }
    var writer = HTMLWriter(reservingCapacity: 300 * columns.count)
    writer.append(#"<svg class="context" width="100%" height="96" role="group" aria-label=""#)
    writer.append(text: label(columns))
    writer.append(#"">"#)
    writer.append(
      #"<svg width="100%" height="96" viewBox="0 0 100 96" preserveAspectRatio="none" aria-label="The areas">"#
    )
    let scale = (Self.height - 6) / Double(peak)
    var floor = [Double](repeating: 0, count: columns.count)
    for (index, part) in Self.parts.enumerated() {
      let top = zip(floor, columns).map { $0 + Double(Self.tokens($1, index)) * scale }
      if zip(top, floor).contains(where: { $0 - $1 > 0.2 }) {
        area(part.name, floor, top, into: &writer)
      }
      floor = top
    }
    writer.append("</svg>")
    writer.append(#"<text class="tick" x="0" y="10">"#)
    writer.append(text: "at most " + Wording.count(peak))
    writer.append("</text>")
    let step = 100 / Double(columns.count)
    for (index, fill) in columns.enumerated() {
      hit(fill, x: Double(index) * step, width: step, into: &writer)
    }
    writer.append("</svg>")
    return writer.finish()
  }

  private static func tokens(_ fill: ContextFill, _ part: Int) -> Int {
    [fill.system + (fill.tools ?? 0), fill.user, fill.assistant, fill.toolResults, fill.other][part]
  }

  private func label(_ columns: [ContextFill]) -> String {
    let peak = columns.map(\.total).max() ?? 0
    return "The context over \(Wording.plural(fills.count, "answer")): at most "
      + "\(Wording.plural(peak, "token")), at the end \(Wording.count(columns.last?.total ?? 0)); "
      + (fills.contains(where: \.isEstimated) ? "its parts are estimated" : "its parts are counted")
  }

  private func area(
    _ name: String, _ floor: [Double], _ top: [Double], into writer: inout HTMLWriter
  ) {
    let step = 100 / Double(top.count - 1)
    func write(_ index: Int, _ heights: [Double], _ writer: inout HTMLWriter) {
      writer.append(number: Double(index) * step)
      writer.append(",")
      writer.append(number: Self.height - heights[index])
      writer.append(" ")
    }
    writer.append(#"<polygon class="area "#)
    writer.append(text: name)
    writer.append(#"" points=""#)
    for index in top.indices { write(index, top, &writer) }
    for index in floor.indices.reversed() { write(index, floor, &writer) }
    writer.append(#""/>"#)
  }

  private func hit(
    _ fill: ContextFill, x: Double, width: Double, into writer: inout HTMLWriter
  ) {
    writer.append(#"<a tabindex="-1" href=""#)
    writer.append(url: Location.event(fill.eventID).description)
    writer.append(#""><title>"#)
    let parts = Self.parts.enumerated().compactMap { index, part in
      Self.tokens(fill, index) > 0
        ? part.words + (fill.isEstimated ? " about " : " ")
          + Wording.count(Self.tokens(fill, index)) : nil
    }
    let start = Timestamp.format(fill.ts).replacing("T", with: " ").prefix(19)
    writer.append(
      text: "\(start) UTC: \(Wording.plural(fill.total, "token"))"
        + (fill.window.map { " of \(Wording.count($0))" } ?? "") + "; "
        + parts.joined(separator: ", "))
    writer.append(#"</title><rect class="hit" y="0" height="96" x=""#)
    writer.append(number: x)
    writer.append(#"%" width=""#)
    writer.append(number: width)
    writer.append(#"%"/></a>"#)
  }
}
