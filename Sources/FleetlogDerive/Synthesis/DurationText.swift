/// How long something took, in the words of rules and states.
enum DurationText {
  /// "30 s", "30 min", "2 h"; ms.
  static func rough(_ ms: Int64) -> String {
    switch ms {
    case ..<60_000: "\(ms / 1000) s"
    case ..<7_200_000: "\(ms / 60_000) min"
    default: "\(ms / 3_600_000) h"
    }
  }

  /// "41 min", "2 h 5 min"; ms.
  static func span(_ ms: Int64) -> String {
    let minutes = ms / 60_000
    switch ms {
    case ..<60_000: return "\(ms / 1000) s"
    case ..<3_600_000: return "\(minutes) min"
    case ..<86_400_000:
      return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    default: return "\(ms / 86_400_000) d \(ms / 3_600_000 % 24) h"
    }
  }
}
