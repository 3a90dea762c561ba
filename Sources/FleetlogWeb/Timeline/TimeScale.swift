/// Where moments stand in a drawing when the time in which nothing happened is cut short.
struct TimeScale: Sendable, Equatable {
  /// A stretch that is drawn evenly.
  struct Piece: Sendable, Equatable {
    /// ms since the Unix epoch.
    let time: Range<Int64>
    /// Percent of the width.
    let place: Range<Double>
    /// Whether it is cut short.
    let isGap: Bool
  }

  let pieces: [Piece]

  /// Room at both ends, so that a mark there is seen whole, in percent.
  private static let margin = 0.6
  /// Gaps that are cut short: the longest ones.
  private static let mostGaps = 12
  /// Widths of gaps in percent: with a person waited for in it, and else.
  private static let waitWidth = 5.0
  private static let gapWidth = 2.4
  /// A shorter gap is drawn as long as it is, in ms.
  private static let shortest: Int64 = 30_000

  /// - Parameters:
  ///   - whole: what is drawn, in ms.
  ///   - busy: when something happened; in any order, may overlap.
  ///   - waits: when a person was waited for: such time is cut short later than other.
  init(_ whole: Range<Int64>, busy: [Range<Int64>], waits: [Range<Int64>] = []) {
    let end = max(whole.upperBound, whole.lowerBound + 1)
    let (gaps, active) = Self.gaps(whole.lowerBound..<end, busy)
    let cut = gaps.compactMap { gap -> (time: Range<Int64>, width: Double)? in
      let length = gap.upperBound - gap.lowerBound
      let isWaited = waits.contains { $0.overlaps(gap) }
      guard length > max(Self.shortest, active / (isWaited ? 1 : 12)) else { return nil }
      return (gap, isWaited ? Self.waitWidth : Self.gapWidth)
    }
    let longest = cut.sorted { $0.time.count > $1.time.count }.prefix(Self.mostGaps)
      .sorted { $0.time.lowerBound < $1.time.lowerBound }
    var left = end - whole.lowerBound
    var room = 100 - 2 * Self.margin
    for gap in longest {
      left -= Int64(gap.time.count)
      room -= gap.width
    }
    var pieces: [Piece] = []
    var (time, place) = (whole.lowerBound, Self.margin)
    func add(upTo moment: Int64, _ width: Double, isGap: Bool) {
      guard moment > time else { return }
      pieces.append(
        Piece(time: time..<moment, place: place..<(place + width), isGap: isGap))
      (time, place) = (moment, place + width)
    }
    for gap in longest {
      add(
        upTo: gap.time.lowerBound,
        room * Double(gap.time.lowerBound - time) / Double(max(1, left)), isGap: false)
      add(upTo: gap.time.upperBound, gap.width, isGap: true)
    }
    add(upTo: end, room * Double(end - time) / Double(max(1, left)), isGap: false)
    self.pieces = pieces
  }

  /// All of the width for a span in which nothing is cut short; ms since the Unix epoch.
  init(even span: Range<Int64>) {
    pieces = [Piece(time: span, place: 0..<100, isGap: false)]
  }

  var start: Int64 { pieces.first?.time.lowerBound ?? 0 }
  var end: Int64 { pieces.last?.time.upperBound ?? 0 }

  /// What is cut short, and the place of each.
  var gaps: [Piece] { pieces.filter(\.isGap) }

  /// Where a moment stands, in percent of the width; one outside stands at the edge.
  func percent(_ moment: Int64) -> Double {
    guard let piece = pieces.first(where: { moment < $0.time.upperBound }) ?? pieces.last else {
      return 0
    }
    let share = Double(moment - piece.time.lowerBound) / Double(piece.time.count)
    return piece.place.lowerBound
      + min(max(share, 0), 1) * (piece.place.upperBound - piece.place.lowerBound)
  }

  /// The moment that stands at a place, in ms; the inverse of ``percent(_:)``.
  func moment(_ percent: Double) -> Int64 {
    guard let piece = pieces.first(where: { percent < $0.place.upperBound }) ?? pieces.last else {
      return 0
    }
    let width = piece.place.upperBound - piece.place.lowerBound
    let share = width > 0 ? (percent - piece.place.lowerBound) / width : 0
    return piece.time.lowerBound
      + Int64((min(max(share, 0), 1) * Double(piece.time.count)).rounded())
  }

  /// The idle stretches, and how long it was not idle, in ms.
  private static func gaps(
    _ whole: Range<Int64>, _ busy: [Range<Int64>]
  ) -> (gaps: [Range<Int64>], active: Int64) {
    var gaps: [Range<Int64>] = []
    var active: Int64 = 0
    var reached = whole.lowerBound
    for stretch in busy.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let lower = max(stretch.lowerBound, whole.lowerBound)
      let upper = min(stretch.upperBound, whole.upperBound)
      guard upper >= lower else { continue }
      if lower > reached { gaps.append(reached..<lower) }
      active += max(0, upper - max(lower, reached))
      reached = max(reached, upper)
    }
    if whole.upperBound > reached { gaps.append(reached..<whole.upperBound) }
    return (gaps, active)
  }
}
