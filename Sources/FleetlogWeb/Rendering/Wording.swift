import FleetlogEvents

/// Figures as people read them.
package enum Wording {
  /// `312`, `9,999`, `12 k`, `1.2 M`: to the nearest of three significant digits beyond 9,999.
  static func count(_ number: Int) -> String {
    number < 10_000 ? grouped(number) : scaled(Double(number), ["k", "M", "G"])
  }

  /// A share in percent with one decimal at most. What is not all is never 100, and what is not
  /// nothing never 0.
  static func percent(_ part: Int, of whole: Int) -> String {
    let exact = Double(part) / Double(max(1, whole)) * 1000
    var permille = Int(exact.rounded())
    if permille == 0, part > 0 { permille = 1 }
    if permille >= 1000, part < whole { permille = 999 }
    return tenths(permille) + " %"
  }

  /// Every digit, in groups of three.
  package static func grouped(_ number: Int) -> String {
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
    count < 1000 ? "\(count) B" : scaled(Double(count), ["kB", "MB", "GB"])
  }

  /// `1 event`, `2 events`.
  package static func plural(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count(number)) \(number == 1 ? one : many ?? one + "s")"
  }

  /// A span of ms, of which only what has passed whole counts, as on a clock: `850 ms`, `14.2 s`, `2 min`, `1 h 5 min`, `3 d 4 h`.
  package static func duration(_ ms: Int64) -> String {
    switch ms {
    case ..<1000: "\(max(0, ms)) ms"
    case ..<10_000: "\(tenths(Int(ms / 100))) s"
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

  /// To the nearest, in the first unit in which that is less than a thousand.
  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var value = value
    for unit in units {
      value /= 1000
      let tenths = Int((value * 10).rounded())
      if tenths < 1000 { return "\(Self.tenths(tenths)) \(unit)" }
      let whole = value.rounded()
      if whole < 1000 || unit == units.last { return "\(Int(whole)) \(unit)" }
    }
    return ""
  }

  /// So many tenths with one decimal, left out where it is 0.
  private static func tenths(_ tenths: Int) -> String {
    tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}
