/// Turning the inside of JSON strings into text and back.
enum JSONText {
  /// The code unit of four hexadecimal digits, nil where they are not all there.
  static func hexUnit(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32? {
    guard start + 4 <= bytes.count else { return nil }
    var unit: UInt32 = 0
    for index in start..<start + 4 {
      let digit: UInt8
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
      default: return nil
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  /// Decodes what stands between the quotes of an already scanned string.
  static func decode(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      let byte = raw[index]
      if byte == UInt8(ascii: "\\"), index + 1 < raw.count {
        index = decodeEscape(raw, at: index, into: &text)
      } else if byte == 0 {
        append(0xFFFD, to: &text)
        index += 1
      } else {
        text.append(byte)
        index += 1
      }
    }
    return text
  }

  private static func decodeEscape(
    _ raw: UnsafeBufferPointer<UInt8>, at start: Int, into text: inout [UInt8]
  ) -> Int {
    switch raw[start + 1] {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "u"):
      guard let unit = hexUnit(raw, at: start + 2) else { break }
      if (0xD800...0xDBFF).contains(unit), start + 7 < raw.count,
        raw[start + 6] == UInt8(ascii: "\\"), raw[start + 7] == UInt8(ascii: "u"),
        let low = hexUnit(raw, at: start + 8), (0xDC00...0xDFFF).contains(low)
      {
        append(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), to: &text)
        return start + 12
      }
      append(unit == 0 ? 0xFFFD : unit, to: &text)
      return start + 6
    default: text.append(raw[start + 1])
    }
    return start + 2
  }

  private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
    let scalar = Unicode.Scalar(scalar) ?? "\u{FFFD}"
    text.append(contentsOf: Array(String(scalar).utf8))
  }

  /// Appends text as a JSON string with its quotes.
  static func encode(_ text: some Sequence<UInt8>, into output: inout [UInt8]) {
    output.append(0x22)
    for byte in text {
      switch byte {
      case 0x22: output.append(contentsOf: [0x5C, 0x22])
      case 0x5C: output.append(contentsOf: [0x5C, 0x5C])
      case 0x0A: output.append(contentsOf: [0x5C, UInt8(ascii: "n")])
      case 0x0D: output.append(contentsOf: [0x5C, UInt8(ascii: "r")])
      case 0x09: output.append(contentsOf: [0x5C, UInt8(ascii: "t")])
      case 0x00..<0x20, 0x7F:
        let digits = Array("0123456789abcdef".utf8)
        output.append(contentsOf: Array("\\u00".utf8))
        output.append(digits[Int(byte >> 4)])
        output.append(digits[Int(byte & 15)])
      default: output.append(byte)
      }
    }
    output.append(0x22)
  }
}
