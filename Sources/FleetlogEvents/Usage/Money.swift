/// US dollars, exactly: a whole number of trillionths, so that sums of prices of single tokens come
/// out to the cent.
package struct Money: Sendable, Hashable, Comparable {
  /// Trillionths of a dollar.
  package let picodollars: Int128

  package static let zero = Money(picodollars: 0)
  private static let perCent: Int128 = 10_000_000_000
  private static let perDollar: Int128 = 100 * perCent

  package init(picodollars: Int128) { self.picodollars = picodollars }

  package static func + (left: Money, right: Money) -> Money {
    Money(picodollars: left.picodollars + right.picodollars)
  }

  package static func += (left: inout Money, right: Money) { left = left + right }

  package static func < (left: Money, right: Money) -> Bool {
    left.picodollars < right.picodollars
  }

  /// Half a cent rounds up.
  package var cents: Int128 { (picodollars + Self.perCent / 2) / Self.perCent }

  /// Dollars as a decimal number with every digit that counts: `0.0123`.
  package var decimal: String {
    let digits = String(picodollars.magnitude % Self.perDollar.magnitude)
    let padded = String(repeating: "0", count: 12 - digits.count) + digits
    let fraction = String(padded.reversed().drop { $0 == "0" }.reversed())
    let whole = String(picodollars.magnitude / Self.perDollar.magnitude)
    return (picodollars < 0 ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
  }
}
