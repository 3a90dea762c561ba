/// Bytes of transcript in the making. A fleet has gigabytes, so records are put together from
/// pieces of JSON and not from values.
struct RecordBytes {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// JSON as it stands.
  mutating func put(_ json: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount))
  }

  mutating func put(_ json: [UInt8]) { bytes += json }

  mutating func put(_ number: Int) { Digits.append(number, to: &bytes) }

  /// Text, quoted and escaped.
  mutating func put(text: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for (index, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
      bytes += text[start..<index]
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte == 0x0A ? UInt8(ascii: "n") : byte == 0x09 ? UInt8(ascii: "t") : byte)
      start = index + 1
    }
    bytes += text[start...]
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func put(text: String) { put(text: Array(text.utf8)) }

  mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}

enum Digits {
  static let base64 = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let hexadecimal = Array("0123456789abcdef".utf8)

  static func append(_ number: Int, to bytes: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &bytes) }
    bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  /// The lowest so many digits.
  static func appendHex(_ number: UInt64, digits: Int, to bytes: inout [UInt8]) {
    for digit in stride(from: digits - 1, through: 0, by: -1) {
      bytes.append(hexadecimal[Int(number >> UInt64(digit * 4) & 15)])
    }
  }

  /// A UUID of version 4, or of version 7 where its time is given in ms since the Unix epoch.
  static func uuid(_ random: inout DemoRandom, at time: Int64? = nil) -> [UInt8] {
    var high = random.next()
    let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    if let time { high = UInt64(truncatingIfNeeded: time) << 16 | high & 0xFFF | 0x7000 }
    if time == nil { high = high & ~0xF000 | 0x4000 }
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (part, digits) in [
      (high >> 32, 8), (high >> 16, 4), (high, 4), (low >> 48, 4), (low, 12),
    ] {
      if !text.isEmpty { text.append(UInt8(ascii: "-")) }
      appendHex(part, digits: digits, to: &text)
    }
    return text
  }

  /// An identifier such as `toolu_01…`.
  static func name(_ prefix: StaticString, _ length: Int, _ random: inout DemoRandom) -> [UInt8] {
    var text = Array(
      UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
    for _ in 0..<length { text.append(base64[Int(random.next() & 63 % 62)]) }
    return text
  }
}
