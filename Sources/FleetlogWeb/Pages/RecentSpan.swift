import FleetlogEvents

/// The last hours of a log, a day at most, in whole hours: what the overview draws over time.
struct RecentSpan: Sendable, Equatable {
  /// ms.
  static let hour: Int64 = 3_600_000
  /// A log of a few minutes is not stretched over the whole width.
  private static let fewestHours: Int64 = 3
  private static let mostHours: Int64 = 24
  /// Bars that are still told apart.
  private static let mostBars: Int64 = 96

  /// ms since the Unix epoch, inclusive.
  let since: Int64
  /// ms since the Unix epoch, exclusive.
  let until: Int64

  /// Of the newest event; ms since the Unix epoch.
  private let last: Int64
  /// Whether nothing came for a day: the span is of another day then, and says of which.
  let isPast: Bool

  /// - Parameter now: counts where the log is empty; ms since the Unix epoch.
  init(of overview: LogOverview, now: Int64) {
    last = overview.lastEventAt ?? now
    isPast = now - last >= Self.mostHours * Self.hour
    until = Self.hourBegun(last) + Self.hour
    let first = Self.hourBegun(min(overview.firstEventAt ?? last, last))
    since = max(
      until - Self.mostHours * Self.hour, min(first, until - Self.fewestHours * Self.hour))
  }

  private static func hourBegun(_ ts: Int64) -> Int64 { ts - ((ts % hour) + hour) % hour }

  var hours: Int { Int((until - since) / Self.hour) }

  /// The smallest round width, in ms, of which no more bars fill it than are told apart.
  var barWidth: Int64 {
    let widths: [Int64] = [2, 5, 10, 15].map { $0 * 60_000 }
    return widths.first { (until - since) / $0 <= Self.mostBars } ?? Self.hour
  }

  var words: String { words(hours: hours) }

  private func words(hours: Int) -> String {
    let iso = Timestamp.format(last)
    let date = "\(TimeText.date(iso)) \(TimeText.day(iso).year)"
    return "the log’s last \(hours) h" + (isPast ? ", to \(date)" : "")
  }

  /// The same of a list that takes the whole day, however young the log is.
  var dayWords: String { words(hours: Int(Self.mostHours)) }

  /// The 30 days that end with the span.
  var monthWords: String { isPast ? "in the 30 d to then" : "in the last 30 d" }
}
