/// As much of TOML as it takes to find a file's top-level statements and what they hold.
enum TOMLStatements {
  /// `key = value`, before the first table.
  struct Statement: Equatable {
    let key: String
    /// Bytes of the value.
    let value: Range<Int>
    /// Bytes of the statement's lines, newline included.
    let line: Range<Int>
  }

  /// The statements before the first table.
  ///
  /// - Throws: the line that can't be told from others.
  static func topLevel(of bytes: [UInt8]) throws(CodexNotify.Refusal) -> [Statement] {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw .unreadable("it is not UTF-8")
    }
    var scanner = TOMLScanner(bytes)
    return try scanner.statements()
  }

  /// The elements of an array of strings, the only shape of it that is needed.
  static func strings(_ array: String) -> [String]? {
    var scanner = TOMLScanner(Array(array.utf8))
    return scanner.strings()
  }

  /// A text as a basic string.
  static func literal(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": literal += "\\\""
      case "\\": literal += "\\\\"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      case "\t": literal += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }
}

/// A pass over TOML's text.
private struct TOMLScanner {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

  private func refusal(_ reason: String) -> CodexNotify.Refusal {
    let line = bytes[..<min(index, bytes.count)].count { $0 == 0x0A } + 1
    return .unreadable("its line \(line) is not understood: \(reason)")
  }

  mutating func statements() throws(CodexNotify.Refusal) -> [TOMLStatements.Statement] {
    var statements: [TOMLStatements.Statement] = []
    while index < bytes.count {
      let line = index
      skipBlanks()
      switch byte {
      case nil: break
      case UInt8(ascii: "["): return statements
      case UInt8(ascii: "#"), 0x0A, 0x0D: skipLine()
      default:
        let key = try readKey()
        let start = index
        try skipValue()
        let end = index
        skipBlanks()
        guard byte == nil || byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: "#") else {
          throw refusal("something follows a value")
        }
        skipLine()
        statements.append(
          TOMLStatements.Statement(key: key, value: start..<end, line: line..<index))
      }
    }
    return statements
  }

  private mutating func skipBlanks() {
    while byte == 0x20 || byte == 0x09 { index += 1 }
  }

  private mutating func skipLine() {
    index = bytes[index...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
  }

  /// White space, newlines and comments, as they may stand inside an array.
  private mutating func skipSpace() {
    while let byte {
      if byte == UInt8(ascii: "#") {
        skipLine()
      } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        index += 1
      } else {
        return
      }
    }
  }

  /// A key, dotted or quoted, up to the value behind its equals sign.
  private mutating func readKey() throws(CodexNotify.Refusal) -> String {
    var key = ""
    while let byte, byte != UInt8(ascii: "=") {
      if byte == 0x0A { throw refusal("a line without “=”") }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        let start = index
        try skipString()
        key += String(decoding: bytes[(start + 1)..<(index - 1)], as: UTF8.self)
      } else {
        key += String(decoding: [byte], as: UTF8.self)
        index += 1
      }
    }
    guard byte != nil else { throw refusal("a line without “=”") }
    index += 1
    skipBlanks()
    return String(key.filter { $0 != " " && $0 != "\t" })
  }

  private mutating func skipValue() throws(CodexNotify.Refusal) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try skipString()
    case UInt8(ascii: "["): try skipList(closing: UInt8(ascii: "]"))
    case UInt8(ascii: "{"): try skipList(closing: UInt8(ascii: "}"))
    default:
      let start = index
      index = bytes[index...].firstIndex(where: Self.ends.contains) ?? bytes.count
      while index > start, bytes[index - 1] == 0x20 || bytes[index - 1] == 0x09 { index -= 1 }
      guard index > start else { throw refusal("a key without a value") }
    }
  }

  private static let ends = Set("\n\r#,]}=".utf8)

  private mutating func skipList(closing: UInt8) throws(CodexNotify.Refusal) {
    index += 1
    var depth = [closing]
    while let open = depth.last {
      skipSpace()
      guard let byte else { throw refusal("a bracket that is not closed") }
      switch byte {
      case open:
        depth.removeLast()
        index += 1
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        guard depth.count < 100 else { throw refusal("brackets too deep") }
        depth.append(byte == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: "}"))
        index += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): throw refusal("the wrong bracket closes")
      case UInt8(ascii: "\""), UInt8(ascii: "'"): try skipString()
      default: index += 1
      }
    }
  }

  private mutating func skipString() throws(CodexNotify.Refusal) {
    guard let quote = byte else { return }
    let isLong = bytes[index...].starts(with: [quote, quote, quote])
    let hasEscapes = quote == UInt8(ascii: "\"")
    index += isLong ? 3 : 1
    while let byte {
      if byte == UInt8(ascii: "\\"), hasEscapes {
        index += 2
      } else if byte == quote, !isLong {
        index += 1
        return
      } else if byte == quote, bytes[index...].starts(with: [quote, quote, quote]) {
        index += 3
        // A quote or two may stand right before the closing ones.
        while self.byte == quote { index += 1 }
        return
      } else if byte == 0x0A, !isLong {
        throw refusal("a string that is not closed")
      } else {
        index += 1
      }
    }
    throw refusal("a string that is not closed")
  }

  /// nil where the text is anything but an array of one-line strings.
  mutating func strings() -> [String]? {
    guard byte == UInt8(ascii: "[") else { return nil }
    index += 1
    var strings: [String] = []
    while true {
      skipSpace()
      if byte == UInt8(ascii: "]") { return strings }
      guard let text = string() else { return nil }
      strings.append(text)
      skipSpace()
      if byte == UInt8(ascii: ",") { index += 1 } else if byte != UInt8(ascii: "]") { return nil }
    }
  }

  private mutating func string() -> String? {
    guard let quote = byte, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
      !bytes[index...].starts(with: [quote, quote, quote])
    else { return nil }
    let start = index
    guard (try? skipString()) != nil else { return nil }
    let inner = bytes[(start + 1)..<(index - 1)]
    guard quote == UInt8(ascii: "\"") else { return String(decoding: inner, as: UTF8.self) }
    return Self.unescaped(inner)
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String? {
    let simple: [Character: Character] = [
      "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{C}", "r": "\r", "\"": "\"", "\\": "\\",
      "e": "\u{1B}",
    ]
    var rest = Substring(String(decoding: bytes, as: UTF8.self))
    var text = ""
    while let character = rest.popFirst() {
      guard character == "\\" else {
        text.append(character)
        continue
      }
      guard let mark = rest.popFirst() else { return nil }
      if let plain = simple[mark] {
        text.append(plain)
      } else {
        let length = mark == "u" ? 4 : mark == "U" ? 8 : 0
        guard length > 0, rest.count >= length,
          let scalar = UInt32(rest.prefix(length), radix: 16).flatMap(Unicode.Scalar.init)
        else { return nil }
        text.unicodeScalars.append(scalar)
        rest.removeFirst(length)
      }
    }
    return text
  }
}
