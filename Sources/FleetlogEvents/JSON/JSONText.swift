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
      let plain = plainEnd(of: raw, from: index)
      text.append(contentsOf: UnsafeBufferPointer(rebasing: raw[index..<plain]))
      index = plain
      guard index < raw.count else { break }
      if raw[index] == 0 {
        append(0xFFFD, to: &text)
        index += 1
      } else if index + 1 < raw.count {
        index = decodeEscape(raw, at: index, into: &text)
      } else {
        text.append(raw[index])
        index += 1
      }
    }
    return text
  }

  /// Where the next backslash or NUL stands, or the text's end.
  private static func plainEnd(of raw: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    while index < raw.count, raw[index] != UInt8(ascii: "\\"), raw[index] != 0 { index += 1 }
    return index
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
    let isDone: Void? = text.withContiguousStorageIfAvailable { encode($0, into: &output) }
    if isDone == nil { Array(text).withUnsafeBufferPointer { encode($0, into: &output) } }
    output.append(0x22)
  }

  /// Copies runs of what needs no escape at once.
  private static func encode(_ text: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    var index = 0
    while index < text.count {
      let start = index
      while index < text.count, !needsEscape(text[index]) { index += 1 }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
      guard index < text.count else { return }
      encodeEscape(of: text[index], into: &output)
      index += 1
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F
  }

  private static func encodeEscape(of byte: UInt8, into output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x22, 0x5C: output.append(byte)
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    default:
      output.append(contentsOf: "u00".utf8)
      for digit in [byte >> 4, byte & 15] {
        output.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
      }
    }
  }
}
