import FleetlogEvents

/// Figures as people read them.
package enum Wording {
  /// `312`, `9,999`, `12 k`, `1.2 M`: three significant digits at most beyond 9,999.
  static func count(_ number: Int) -> String {
    switch number {
    case ..<10_000: grouped(number)
    case ..<1_000_000: scaled(Double(number) / 1000) + " k"
    case ..<1_000_000_000: scaled(Double(number) / 1_000_000) + " M"
    default: scaled(Double(number) / 1_000_000_000) + " G"
    }
  }

  /// Every digit, in groups of three.
  static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return number < 0 ? "−" + text : text
  }

  /// `$7.42`; what is less than half a cent and not nothing is `under $0.01`.
  static func money(_ money: Money) -> String {
    let cents = money.cents
    if cents == 0, money > .zero { return "under $0.01" }
    let rest = Int(cents % 100)
    return "$" + grouped(Int(clamping: cents / 100)) + (rest < 10 ? ".0" : ".") + String(rest)
  }

  static func bytes(_ count: Int64) -> String {
    switch count {
    case ..<1000: "\(count) B"
    case ..<1_000_000: scaled(Double(count) / 1000) + " kB"
    case ..<1_000_000_000: scaled(Double(count) / 1_000_000) + " MB"
    default: scaled(Double(count) / 1_000_000_000) + " GB"
    }
  }

  /// `1 event`, `2 events`.
  package static func plural(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? one : many ?? one + "s")"
  }

  /// A span of ms: `850 ms`, `14.2 s`, `2 min`, `1 h 5 min`, `3 d 4 h`.
  package static func duration(_ ms: Int64) -> String {
    switch ms {
    case ..<1000: "\(max(0, ms)) ms"
    case ..<10_000: "\(tenths(Double(ms) / 1000)) s"
    case ..<60_000: "\(ms / 1000) s"
    case ..<3_600_000: "\(ms / 60_000) min"
    case ..<86_400_000: joined(ms / 3_600_000, "h", ms / 60_000 % 60, "min")
    default: joined(ms / 86_400_000, "d", ms / 3_600_000 % 24, "h")
    }
  }

  /// `0.85`, `0.9` and `1`.
  static func confidence(_ value: Double) -> String {
    let hundredths = Int((min(max(value, 0), 1) * 100).rounded())
    if hundredths.isMultiple(of: 100) { return String(hundredths / 100) }
    let digits = hundredths.isMultiple(of: 10) ? "\(hundredths / 10)" : "\(hundredths)"
    return hundredths < 10 ? "0.0\(digits)" : "0.\(digits)"
  }

  private static func joined(_ big: Int64, _ unit: String, _ small: Int64, _ part: String) -> String
  {
    small == 0 ? "\(big) \(unit)" : "\(big) \(unit) \(small) \(part)"
  }

  private static func scaled(_ value: Double) -> String {
    value < 100 ? tenths(value) : String(Int(value))
  }

  /// One decimal, left out where it is 0.
  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded(.down))
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}
