import FleetlogEvents

/// The moments that are named along a scale: round ones, and where time goes on after a gap.
struct TimeTicks {
  struct Tick: Equatable {
    /// ms since the Unix epoch.
    let ms: Int64
    let percent: Double
  }

  /// How they are written: `second`, `time` or `day`.
  let form: String
  let ticks: [Tick]

  private static let day: Int64 = 86_400_000
  /// Round spans, in ms.
  private static let steps: [Int64] = {
    let sixtieths: [Int64] = [1, 2, 5, 10, 15, 30]
    let hours: [Int64] = [1, 2, 3, 6, 12]
    let days: [Int64] = [1, 2, 7, 14, 28, 91]
    var steps = sixtieths.map { $0 * 1000 }
    steps += sixtieths.map { $0 * 60_000 }
    steps += hours.map { $0 * 3_600_000 }
    return steps + days.map { $0 * day }
  }()

  init(_ scale: TimeScale) {
    let even = scale.pieces.filter { !$0.isGap }
    let time = even.reduce(0.0) { $0 + Double($1.time.count) }
    let room = even.reduce(0.0) { $0 + $1.place.upperBound - $1.place.lowerBound }
    let isLong = scale.end - scale.start > Self.day * 3 / 2
    let distance = isLong ? 13.0 : 9.0
    let needed = Int64(time / max(1, room) * distance)
    let step = Self.steps.first { $0 >= needed } ?? max(needed, Self.day)
    form = isLong ? "day" : step < 60_000 ? "second" : "time"
    var candidates: [Tick] = []
    for piece in even {
      let start = piece.time.lowerBound
      candidates.append(Tick(ms: start, percent: piece.place.lowerBound))
      var ms = start - (start % step + step) % step + step
      while ms < piece.time.upperBound {
        candidates.append(Tick(ms: ms, percent: scale.percent(ms)))
        ms += step
      }
    }
    var ticks: [Tick] = []
    for tick in candidates {
      // The last label ends at the edge and needs its room before it.
      let percent = tick.percent > 100 - distance / 2 ? tick.percent - distance / 2 : tick.percent
      let last = ticks.last.map {
        $0.percent < distance / 2 ? $0.percent + distance / 2 : $0.percent
      }
      if let last, percent - last < distance { continue }
      ticks.append(tick)
    }
    self.ticks = ticks
  }

  func words(_ tick: Tick) -> String {
    let iso = Timestamp.format(tick.ms)
    switch form {
    case "second": return String(iso.dropFirst(11).prefix(8))
    case "day": return "\(TimeText.date(iso)) \(iso.dropFirst(11).prefix(5))"
    default: return String(iso.dropFirst(11).prefix(5))
    }
  }
}
