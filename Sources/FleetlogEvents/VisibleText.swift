extension String {
  /// The text with what is not seen, and steers whatever shows it, made visible: control characters
  /// but for line breaks and tabs become their pictures, those of the second block and what turns
  /// the direction of writing around are spelt out.
  package var visible: String {
    guard utf8.contains(where: Self.mayBegin) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A: text.append(scalar)
      // Before a line feed it is a part of the line's end; alone it would write the line over.
      case 0x0D: text.append("\u{240D}")
      case 0x00..<0x20: text.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case 0x7F: text.append("\u{2421}")
      case 0x80...0x9F, 0x202A...0x202E, 0x2066...0x2069:
        text.append(contentsOf: "‹U+\(Self.digits(scalar))›".unicodeScalars)
      default: text.append(scalar)
      }
    }
    return String(text)
  }

  private static func mayBegin(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09, 0x0A: false
    case 0x00..<0x20, 0x7F, 0xC2, 0xE2: true
    default: false
    }
  }

  private static func digits(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension [UInt8] {
  /// JSON text with the invisible characters that steer a terminal escaped, as JSON may have every
  /// character: the same document, safe to be looked at. Those below U+0020 are escaped in any JSON.
  package var visibleJSON: [UInt8] {
    guard contains(where: { $0 == 0xC2 || $0 == 0xE2 }) else { return self }
    var text: [UInt8] = []
    text.reserveCapacity(count + 64)
    var index = startIndex
    while index < endIndex {
      if let (code, length) = steering(at: index) {
        text += "\\u\(code)".utf8
        index += length
      } else {
        text.append(self[index])
        index += 1
      }
    }
    return text
  }

  /// The four digits of a character that steers, and its bytes; nil where none begins.
  private func steering(at index: Int) -> (code: String, length: Int)? {
    func byte(_ offset: Int) -> UInt8 { index + offset < endIndex ? self[index + offset] : 0 }
    func hex(_ byte: UInt8) -> String { String(byte, radix: 16) }
    switch (byte(0), byte(1), byte(2)) {
    case (0xC2, 0x80...0x9F, _): return ("00" + hex(byte(1)), 2)
    case (0xE2, 0x80, 0xA8...0xAE): return ("20" + hex(byte(2) - 0x80), 3)
    case (0xE2, 0x81, 0xA6...0xA9): return ("20" + hex(byte(2) - 0x40), 3)
    default: return nil
    }
  }
}
