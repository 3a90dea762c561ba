import FleetlogEvents

/// The time that a line of a log begins with, in the usual shapes: ISO-8601 and its relatives
/// (`2026-01-31 12:00:00,123`, `2026/01/31 12:00:00`, with or without brackets and a zone), and
/// seconds or milliseconds since the Unix epoch. Without a zone it counts as UTC.
enum LogStamp {
  /// - Returns: ms since the Unix epoch, and the line behind the stamp; nil where it has none.
  static func leading(_ text: String) -> (ms: Int64, rest: String)? {
    let bytes = Array(text.utf8.prefix(64))
    var start = 0
    while start < bytes.count, [0x20, 0x09].contains(bytes[start]) { start += 1 }
    let isBracketed = start < bytes.count && (bytes[start] == 0x5B || bytes[start] == 0x28)
    if isBracketed { start += 1 }
    guard let (ms, length) = civil(bytes[start...]) ?? epoch(bytes[start...]) else { return nil }
    var end = start + length
    if isBracketed {
      guard end < bytes.count, bytes[end] == 0x5D || bytes[end] == 0x29 else { return nil }
      end += 1
    } else if end < bytes.count, ![0x20, 0x09, 0x3A, 0x5D, 0x7C, 0x2C].contains(bytes[end]) {
      return nil
    }
    let rest = text.utf8.dropFirst(end).drop { [0x20, 0x09, 0x3A, 0x7C, 0x2D].contains($0) }
    return (ms, String(Substring(rest)))
  }

  /// - Returns: the time and how many bytes tell it.
  private static func civil(_ bytes: ArraySlice<UInt8>) -> (Int64, Int)? {
    let bytes = Array(bytes)
    guard bytes.count >= 16, bytes[..<4].allSatisfy(isDigit) else { return nil }
    let isSlashed = bytes[4] == 0x2F && bytes[7] == 0x2F
    guard isSlashed || (bytes[4] == 0x2D && bytes[7] == 0x2D),
      [0x54, 0x74, 0x20].contains(bytes[10])
    else { return nil }
    var end = 11
    while end < bytes.count, isDigit(bytes[end]) || bytes[end] == 0x3A { end += 1 }
    // A fraction, not the comma or full stop behind the time.
    if end + 1 < bytes.count, [0x2E, 0x2C].contains(bytes[end]), isDigit(bytes[end + 1]) {
      end += 1
      while end < bytes.count, isDigit(bytes[end]) { end += 1 }
    }
    let (zone, length) = zone(bytes[end...])
    var stamp = Array(bytes[..<end])
    if stamp.last == 0x3A {
      stamp.removeLast()
      end -= 1
      guard zone.isEmpty else { return nil }
    }
    if isSlashed { (stamp[4], stamp[7]) = (0x2D, 0x2D) }
    let text = String(decoding: stamp, as: UTF8.self) + zone
    return Timestamp.parse(text).map { ($0, end + length) }
  }

  /// A zone as ``Timestamp`` takes it, and how many bytes tell it.
  private static func zone(_ bytes: ArraySlice<UInt8>) -> (String, Int) {
    let text = String(decoding: bytes.prefix(7), as: UTF8.self)
    for name in [" UTC", " GMT", "Z", "z"] where text.hasPrefix(name) {
      return ("Z", name.utf8.count)
    }
    let isSpaced = text.hasPrefix(" ")
    let rest = isSpaced ? text.dropFirst() : text[...]
    guard let sign = rest.first, sign == "+" || sign == "-" else { return ("", 0) }
    let offset = rest.dropFirst().prefix { $0.isASCII && ($0.isNumber || $0 == ":") }
    guard offset.count == 4 || offset.count == 5,
      Timestamp.parse("2000-01-01T00:00:00\(sign)\(offset)") != nil
    else { return ("", 0) }
    return ("\(sign)\(offset)", (isSpaced ? 2 : 1) + offset.utf8.count)
  }

  /// Seconds, with or without a fraction, or milliseconds, of this century.
  private static func epoch(_ bytes: ArraySlice<UInt8>) -> (Int64, Int)? {
    let digits = bytes.prefix(while: isDigit)
    guard digits.count == 10 || digits.count == 13,
      let number = Int64(String(decoding: digits, as: UTF8.self))
    else { return nil }
    var ms = digits.count == 13 ? number : number * 1000
    var length = digits.count
    let rest = bytes.dropFirst(length)
    if digits.count == 10, rest.first == 0x2E {
      let fraction = rest.dropFirst().prefix(while: isDigit)
      guard !fraction.isEmpty else { return nil }
      let thousandths = (String(decoding: fraction.prefix(3), as: UTF8.self) + "00").prefix(3)
      ms += Int64(thousandths) ?? 0
      length += 1 + fraction.count
    }
    return century.contains(ms) ? (ms, length) : nil
  }

  /// A time that a JSON log gives a record.
  static func of(_ value: JSONValue?) -> Int64? {
    guard let value else { return nil }
    if let text = value.string {
      if let ms = Timestamp.parse(text) { return ms }
      return leading(text).flatMap { $0.rest.isEmpty ? $0.ms : nil }
    }
    guard let number = value.double, number > 0 else { return nil }
    for scale in [1000, 1, 1e-3, 1e-6] where number * scale < 1e14 {
      let ms = Int64(number * scale)
      if century.contains(ms) { return ms }
    }
    return nil
  }

  /// 2001 to 2100 in ms: other numbers are other things.
  private static let century: Range<Int64> = 978_307_200_000..<4_133_980_800_000

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
