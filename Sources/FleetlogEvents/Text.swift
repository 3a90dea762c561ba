/// Text at the speed of its bytes. Transcripts are mostly ASCII and all of them pass through here,
/// so the common case looks at bytes and only what is not ASCII at characters.
extension String {
  /// The text without white space at its ends.
  package var trimmed: String {
    let utf8 = self.utf8
    guard let first = utf8.first, let last = utf8.last else { return self }
    if first > 0x20, first < 0x80, last > 0x20, last < 0x80 { return self }
    return String(trimmingPrefix(while: \.isBlank)).trimmingSuffix(while: \.isBlank)
  }

  package func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    var end = endIndex
    while end > startIndex, isTrimmed(self[index(before: end)]) { end = index(before: end) }
    return String(self[..<end])
  }

  /// The lines that are not empty, by the newlines and carriage returns alone.
  package var byteLines: [Substring] {
    utf8.split { $0 == 0x0A || $0 == 0x0D }.map { Substring($0) }
  }

  /// Whether other text stands somewhere in this, byte for byte.
  package func contains(bytesOf other: String) -> Bool {
    firstByteOffset(of: other) != nil
  }

  /// Where other text first stands in this, as an offset in bytes.
  package func firstByteOffset(of other: String) -> Int? {
    var (text, other) = (self, other)
    return text.withUTF8 { text in other.withUTF8 { Self.offset(of: $0, in: text) } }
  }

  private static func offset(
    of other: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    guard let first = other.first else { return 0 }
    var index = 0
    while index + other.count <= text.count {
      if text[index] == first {
        var matched = 1
        while matched < other.count, text[index + matched] == other[matched] { matched += 1 }
        if matched == other.count { return index }
      }
      index += 1
    }
    return nil
  }

  /// The text as one line of at most `limit` characters: runs of white space become one space.
  package func oneLine(limit: Int = 500) -> String {
    var copy = self
    if let line = copy.withUTF8({ Self.plainLine($0, limit: limit) }) { return line }
    return characterLine(limit: limit)
  }

  package var oneLine: String { oneLine() }

  /// The line where it is ASCII, of which every byte is a character; nil where it is not. A
  /// carriage return before a newline is one character with it and white space either way.
  private static func plainLine(_ text: UnsafeBufferPointer<UInt8>, limit: Int) -> String? {
    var line: [UInt8] = []
    line.reserveCapacity(Swift.min(text.count, limit) + 3)
    var pendingSpace = false
    for byte in text {
      if byte >= 0x80 { return nil }
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        pendingSpace = !line.isEmpty
        continue
      }
      if line.count + (pendingSpace ? 1 : 0) >= limit {
        return String(decoding: line, as: UTF8.self) + "…"
      }
      if pendingSpace { line.append(0x20) }
      pendingSpace = false
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }

  private func characterLine(limit: Int) -> String {
    var line = ""
    var pendingSpace = false
    var count = 0
    for character in self {
      if character.isBlank {
        pendingSpace = !line.isEmpty
        continue
      }
      if count + (pendingSpace ? 1 : 0) >= limit { return line + "…" }
      if pendingSpace {
        line.append(" ")
        count += 1
        pendingSpace = false
      }
      line.append(character)
      count += 1
    }
    return line
  }
}

extension Character {
  /// Whether it is white space, as `isWhitespace` tells, without a look into Unicode's tables.
  fileprivate var isBlank: Bool {
    switch unicodeScalars.first?.value ?? 0 {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }
}
