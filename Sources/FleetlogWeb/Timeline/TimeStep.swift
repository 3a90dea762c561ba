import FleetlogEvents

/// A round span of time, from one tick of an axis to the next.
enum TimeStep: Equatable {
  /// ms.
  case even(Int64)
  /// Weeks, which begin on Mondays.
  case weeks(Int64)
  case months(Int64)

  private static let minute: Int64 = 60_000
  private static let hour = 60 * minute
  private static let day = 24 * hour

  /// All of them, shortest first.
  static let all: [TimeStep] = {
    let sixtieths: [Int64] = [1, 2, 5, 10, 15, 30]
    let hours: [Int64] = [1, 2, 3, 6, 12]
    let years: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
    var steps: [TimeStep] =
      sixtieths.map { .even($0 * 1000) } + sixtieths.map { .even($0 * minute) }
    steps += hours.map { .even($0 * hour) } + [.even(day), .even(2 * day), .weeks(1), .weeks(2)]
    steps += [1, 2, 3, 6].map { .months($0) } + years.map { .months(12 * $0) }
    return steps
  }()

  /// In ms; of months the shortest.
  var least: Int64 {
    switch self {
    case .even(let ms): ms
    case .weeks(let count): 7 * count * Self.day
    case .months(let count): count * 365 * Self.day / 12 - (count < 12 ? 2 * Self.day : 0)
    }
  }

  /// The round moments of a span, its end included; ms since the Unix epoch.
  ///
  /// - Parameter origin: where counting begins, for steps below a week; ms since the Unix epoch.
  func moments(in span: ClosedRange<Int64>, from origin: Int64 = 0) -> [Int64] {
    switch self {
    case .even(let ms): Self.multiples(of: ms, from: origin, span)
    case .weeks(let count): Self.multiples(of: 7 * count * Self.day, from: 4 * Self.day, span)
    case .months(let count):
      Self.multiples(of: count, from: 0, Self.month(span.lowerBound)...Self.month(span.upperBound))
        .map(Self.beginning(ofMonth:)).filter(span.contains)
    }
  }

  private static func multiples(
    of step: Int64, from origin: Int64, _ span: ClosedRange<Int64>
  ) -> [Int64] {
    let rest = (span.lowerBound - origin) % step
    let first = span.lowerBound - rest + (rest > 0 ? step : 0)
    return first > span.upperBound
      ? [] : Array(stride(from: first, through: span.upperBound, by: Int(step)))
  }

  /// Months since the year 0.
  private static func month(_ ms: Int64) -> Int64 {
    let date = Timestamp.civil(ms / day - (ms % day < 0 ? 1 : 0))
    return 12 * date.year + date.month - 1
  }

  private static func beginning(ofMonth month: Int64) -> Int64 {
    let year = month / 12 - (month % 12 < 0 ? 1 : 0)
    return Timestamp.days(year: year, month: month - 12 * year + 1, day: 1) * day
  }
}
