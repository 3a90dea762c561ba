/// Civil time in UTC without a calendar library: the log reads and writes millions of stamps.
package enum Timestamp {
  /// The end of the year 9999 in ms since the Unix epoch: no stamp is later.
  package static let latest: Int64 = 253_402_300_799_999

  /// Reads RFC 3339 / ISO-8601 with a date, a time and an optional zone (UTC where it is missing).
  ///
  /// - Returns: ms since the Unix epoch, nil where the text is not such a stamp.
  package static func parse(_ text: some StringProtocol) -> Int64? {
    var reader = StampReader(bytes: Array(text.utf8))
    return reader.read()
  }

  /// Writes RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
  package static func format(_ ms: Int64) -> String {
    let (days, rest) = ms.quotientFloor(86_400_000)
    let (year, month, day) = civil(days)
    let seconds = rest / 1000
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(seconds / 3600, 2)
      + ":" + pad(seconds / 60 % 60, 2) + ":" + pad(seconds % 60, 2) + "." + pad(rest % 1000, 3)
      + "Z"
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// Days since the epoch of a proleptic Gregorian date.
  package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shifted.quotientFloor(400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  package static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).quotientFloor(146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func quotientFloor(_ divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

/// The fields of one stamp, read left to right.
private struct StampReader {
  let bytes: [UInt8]
  var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func read() -> Int64? {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"),
      let day = digits(2), (1...12).contains(month), day >= 1, day <= daysIn(month, of: year)
    else { return nil }
    let date = Timestamp.days(year: year, month: month, day: day) * 86_400_000
    if index == bytes.count { return date }
    guard take("T") || take("t") || take(" "), let hour = digits(2), take(":"),
      let minute = digits(2), hour < 24, minute < 60
    else { return nil }
    var ms: Int64 = 0
    if take(":") {
      guard let second = digits(2), second <= 60 else { return nil }
      ms = second * 1000
      if take(".") || take(",") {
        guard let fraction = fraction() else { return nil }
        ms += fraction
      }
    }
    guard let offset = zone(), index == bytes.count else { return nil }
    return date + hour * 3_600_000 + minute * 60_000 + ms - offset
  }

  private func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private mutating func digits(_ count: Int) -> Int64? {
    guard index + count <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[index..<index + count] {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - 0x30)
    }
    index += count
    return value
  }

  private mutating func take(_ character: Character) -> Bool {
    guard index < bytes.count, bytes[index] == character.asciiValue else { return false }
    index += 1
    return true
  }

  /// Any number of digits, as ms, the rest cut off.
  private mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var scale: Int64 = 100
    let start = index
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
      value += Int64(bytes[index] - 0x30) * scale
      scale /= 10
      index += 1
    }
    return index > start ? value : nil
  }

  /// The zone's offset in ms; 0 where none is given.
  private mutating func zone() -> Int64? {
    if index == bytes.count || take("Z") || take("z") { return 0 }
    let sign: Int64
    if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
    guard let hours = digits(2), hours < 24 else { return nil }
    let hasColon = take(":")
    if !hasColon, index == bytes.count { return sign * hours * 3_600_000 }
    guard let minutes = digits(2), minutes < 60 else { return nil }
    return sign * (hours * 3_600_000 + minutes * 60_000)
  }
}

/// A time as a person gives it to a filter.
package enum TimeExpression {
  package static let takes =
    "a time such as 2026-01-31T12:00:00Z, ms since the Unix epoch, or a span back from now such "
    + "as 15m, 2h or 7d"

  /// - Parameter now: ms since the Unix epoch.
  package static func parse(_ text: String, now: Int64) -> Int64? {
    if let ms = Int64(text) {
      return (0...Timestamp.latest).contains(ms) ? ms : nil
    }
    return span(text).map { now - $0 } ?? Timestamp.parse(text)
  }

  /// A span of time such as `45s` or `30m`, in ms.
  package static func span(_ text: String) -> Int64? {
    guard let unit = text.last, let scale = units[unit], let count = Int64(text.dropLast()),
      (0...1_000_000).contains(count)
    else { return nil }
    return count * scale
  }

  private static let units: [Character: Int64] = [
    "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
  ]
}
