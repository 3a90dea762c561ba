/// Finds room for labels along a line: no two overlap, and who comes first is served first.
struct LabelRows {
  enum Anchor: String { case start, middle, end }

  struct Place: Equatable {
    let row: Int
    let text: String
    let anchor: Anchor
  }

  /// The narrowest width at which the drawing is shown, in CSS pixels: room there is room anywhere.
  static let narrowest = 720.0
  /// Of a letter of 11 px and the space around a label, generously.
  private static let letter = 6.4
  private static let space = 10.0
  private static let shortest = 9

  private var taken: [[Range<Double>]]

  init(rows: Int) { taken = Array(repeating: [], count: rows) }

  /// Tries the whole text in every row, then a shorter one; nil where there is no room for either.
  ///
  /// - Parameters:
  ///   - percent: where its middle is to stand.
  ///   - mayShorten: false where half of it would say nothing.
  mutating func place(
    _ text: String, at percent: Double, mayShorten: Bool = true
  ) -> Place? {
    var texts = [text]
    if mayShorten, text.count > Self.shortest + 2 { texts.append(text.prefix(Self.shortest) + "…") }
    for text in texts {
      let (range, anchor) = Self.range(text, at: percent)
      for row in taken.indices where !taken[row].contains(where: { $0.overlaps(range) }) {
        taken[row].append(range)
        return Place(row: row, text: text, anchor: anchor)
      }
    }
    return nil
  }

  private static func range(_ text: String, at percent: Double) -> (Range<Double>, Anchor) {
    let width = (Double(text.count) * letter + space) / narrowest * 100
    if percent < width / 2 { return (percent..<(percent + width), .start) }
    if percent > 100 - width / 2 { return ((percent - width)..<percent, .end) }
    return ((percent - width / 2)..<(percent + width / 2), .middle)
  }
}
