import FleetlogEvents

/// The moments that are named along a scale, of every axis over time: round ones, and where time
/// goes on after a gap that left room for none. No two are named alike.
struct TimeTicks {
  struct Tick: Equatable {
    /// ms since the Unix epoch.
    let ms: Int64
    let percent: Double
    let words: String
    let anchor: LabelRows.Anchor
  }

  /// How a tick is written. The first three are times of day, which the script tells in the viewer's
  /// zone; the others count in days of UTC, and `length` from the start.
  enum Form: String {
    case second, time, day, date, month, year, length

    /// Whether it is read in a zone.
    var isMoment: Bool { [.second, .time, .day].contains(self) }

    /// The room that a label takes, in percent of the width.
    fileprivate var room: Double {
      switch self {
      case .second, .date, .month, .length: 16
      case .time, .year: 17
      case .day: 26
      }
    }
  }

  let form: Form
  private(set) var ticks: [Tick] = []

  private static let day: Int64 = 86_400_000
  /// Nearer to an end, in percent, a label begins or ends at its tick.
  private static let edge = 8.0

  /// - Parameters:
  ///   - start: ms since the Unix epoch; ticks then say how long after it they are.
  ///   - isDated: whether times of day have their date with them, also within a day.
  init(_ scale: TimeScale, countingFrom start: Int64? = nil, isDated: Bool = false) {
    let even = scale.pieces.filter { !$0.isGap }
    let time = even.reduce(0.0) { $0 + Double($1.time.count) }
    let room = max(1, even.reduce(0.0) { $0 + $1.place.upperBound - $1.place.lowerBound })
    let span = scale.end - scale.start
    func form(_ step: TimeStep) -> Form {
      guard start == nil else { return .length }
      return Self.form(step, over: isDated ? max(span, Self.day + 1) : span)
    }
    let step =
      TimeStep.all.first { Double($0.least) >= time / room * form($0).room } ?? .months(120_000)
    self.form = form(step)
    for piece in even {
      // A gap begins where the piece ends; nothing follows the last one.
      let isLast = piece.time.upperBound == scale.end
      let last = max(piece.time.upperBound - (isLast ? 0 : 1), piece.time.lowerBound)
      for ms in step.moments(in: piece.time.lowerBound...last, from: start ?? 0) {
        add(ms, scale, start)
      }
    }
    for piece in even
    where !ticks.contains(where: { piece.time.contains($0.ms) }) {
      add(piece.time.lowerBound, scale, start)
    }
    ticks.sort { $0.ms < $1.ms }
  }

  private static func form(_ step: TimeStep, over span: Int64) -> Form {
    switch step {
    case .even(let ms) where ms < 60_000: span <= day ? .second : .day
    case .even(let ms) where ms < day: span <= day ? .time : .day
    case .even, .weeks: .date
    case .months(let count): count < 12 ? .month : .year
    }
  }

  /// Leaves out what would touch another label or repeat its words.
  private mutating func add(_ ms: Int64, _ scale: TimeScale, _ start: Int64?) {
    let percent = scale.percent(ms)
    let words = start.map { form == .length ? Self.length(ms - $0) : "" } ?? self.words(ms)
    let anchor: LabelRows.Anchor =
      percent < Self.edge ? .start : percent > 100 - Self.edge ? .end : .middle
    let tick = Tick(ms: ms, percent: percent, words: words, anchor: anchor)
    let taken = extent(tick)
    guard !ticks.contains(where: { $0.words == words || extent($0).overlaps(taken) }) else {
      return
    }
    ticks.append(tick)
  }

  private func extent(_ tick: Tick) -> Range<Double> {
    // A lone “0” takes less room than the rest of its axis.
    let width = form.room * (tick.words.count == 1 ? 0.25 : 0.75)
    return switch tick.anchor {
    case .start: tick.percent..<tick.percent + width
    case .middle: tick.percent - width / 2..<tick.percent + width / 2
    case .end: tick.percent - width..<tick.percent
    }
  }

  /// `0`, `45 s`, `1 min 30 s`: exact, unlike what is said of a length elsewhere.
  private static func length(_ ms: Int64) -> String {
    let (minutes, rest) = (ms / 60_000 * 60_000, ms % 60_000)
    if ms == 0 { return "0" }
    if minutes == 0 || rest < 1000 || minutes >= 3_600_000 { return Wording.duration(ms) }
    return "\(Wording.duration(minutes)) \(Wording.duration(rest))"
  }

  private func words(_ ms: Int64) -> String {
    let iso = Timestamp.format(ms)
    let year = TimeText.day(iso).year
    switch form {
    case .second: return String(iso.dropFirst(11).prefix(8))
    case .time, .length: return String(iso.dropFirst(11).prefix(5))
    case .day: return "\(TimeText.date(iso)) \(iso.dropFirst(11).prefix(5))"
    case .date:
      // The year stands once, at its first tick.
      let isFirst = !ticks.contains { TimeText.day(Timestamp.format($0.ms)).year == year }
      return isFirst ? "\(TimeText.date(iso)) \(year)" : TimeText.date(iso)
    case .month: return "\(TimeText.date(iso).drop { $0 != " " }.dropFirst()) \(year)"
    case .year: return year
    }
  }
}
