/// A value whose name says that it is secret: `DEPLOY_TOKEN=…`, `password: "…"`, `"apiKey": "…"`.
///
/// What code does with such names (`token = next()`, `password: string`) is no secret, and neither
/// is what an example puts in their place.
enum NamedSecret {
  enum Outcome {
    case found(Range<Int>)
    /// No name need be looked at before this index.
    case none(before: Int)
  }

  private static let longestName = 64
  private static let shortest = 8

  /// - Parameter index: of the `=` or `:` between name and value.
  static func find(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, seen: inout Int
  ) -> Outcome {
    guard mayBeNamed(bytes, before: index), let name = name(in: bytes, before: index, seen: &seen),
      isSecret(name.text)
    else {
      return .none(before: index + 1)
    }
    var start = index + 1
    // `:=` and `=>` assign as well.
    if start < bytes.count, bytes[start] == 0x3D || bytes[start] == 0x3E { start += 1 }
    let blank = start
    while start < bytes.count, start - blank < 2, bytes[start] == 0x20 { start += 1 }
    let isSpaced = start > blank || name.isSpaced
    var quote: UInt8?
    if start < bytes.count, bytes[start] == UInt8(ascii: "\\") { start += 1 }
    if start < bytes.count, #""'`"#.utf8.contains(bytes[start]) {
      quote = bytes[start]
      start += 1
    }
    var end = start
    while end < bytes.count, !ends(bytes[end], quote) { end += 1 }
    seen += end - index
    let value = bytes[start..<end]
    let isEnvironment = bytes[index] == 0x3D && !isSpaced && name.isCapitals
    let isCut = SecretScanner.isEllipsis(bytes, at: end)
    guard value.count >= (isCut ? 4 : shortest), !isExample(value),
      quote == nil || isCut || closes(bytes, at: end, quote),
      isEnvironment || SecretScanner.isMixed(value),
      quote != nil || isEnvironment || value.count >= 12,
      // In code, what is assigned without quotes is no constant.
      quote != nil || !isSpaced || bytes[index] == UInt8(ascii: ":")
    else { return .none(before: max(index + 1, end)) }
    return .found(start..<end)
  }

  /// Whether the letters before the sign end a name that could say so: most end none.
  private static func mayBeNamed(_ bytes: UnsafeBufferPointer<UInt8>, before index: Int) -> Bool {
    var at = index - 1
    while at >= 2, index - at < 4 {
      switch bytes[at] {
      case UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): at -= 1
      default: return endings.contains(ending(bytes[at - 2], bytes[at - 1], bytes[at]))
      }
    }
    return false
  }

  /// The last three letters of ``secretWords`` and of “key”; a list, since it is short.
  private static let endings: [UInt32] = secretWords.union(["key"]).reduce(into: []) { list, word in
    let last = Array(word.utf8.suffix(3))
    let ending = ending(last[0], last[1], last[2])
    if !list.contains(ending) { list.append(ending) }
  }

  @inline(__always)
  private static func ending(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> UInt32 {
    UInt32(first | 0x20) << 16 | UInt32(second | 0x20) << 8 | UInt32(third | 0x20)
  }

  /// Whether a key of a JSON object says that its value is secret, and the value looks like one.
  static func isSecret(_ value: String, named name: String) -> Bool {
    guard name.utf8.count <= longestName, isSecret(name) else { return false }
    var copy = value
    return copy.withUTF8 { bytes in
      let all = bytes[bytes.startIndex..<bytes.endIndex]
      return all.count >= shortest && all.count <= 4096 && !isExample(all)
        && SecretScanner.isMixed(all) && !all.contains(where: SecretScanner.isSpace)
    }
  }

  private struct Name {
    let text: String
    /// Whether it is written as the environment's names are.
    let isCapitals: Bool
    /// Whether a blank stands between it and the sign.
    let isSpaced: Bool
  }

  private static func name(
    in bytes: UnsafeBufferPointer<UInt8>, before index: Int, seen: inout Int
  ) -> Name? {
    var end = index
    if end > 0, bytes[end - 1] == 0x20 { end -= 1 }
    let isSpaced = end < index
    if end > 0, bytes[end - 1] == 0x22 || bytes[end - 1] == 0x27 { end -= 1 }
    if end > 0, bytes[end - 1] == UInt8(ascii: "\\") { end -= 1 }
    var start = end
    while start > 0, end - start < longestName,
      SecretScanner.isWord(bytes[start - 1]) || bytes[start - 1] == UInt8(ascii: "-")
    {
      start -= 1
    }
    seen += end - start
    if start < end, SecretScanner.isEscape(bytes, at: start) { start += 1 }
    guard end - start >= 5, end - start < longestName else { return nil }
    let word = bytes[start..<end]
    return Name(
      text: String(decoding: word, as: UTF8.self),
      isCapitals: !word.contains { $0 >= 0x61 && $0 <= 0x7A }, isSpaced: isSpaced)
  }

  private static let secretWords: Set<String> = [
    "secret", "password", "passwd", "passphrase", "token", "apikey", "credential", "credentials",
  ]
  private static let keyWords: Set<String> = [
    "api", "access", "secret", "private", "signing", "encryption", "auth", "account", "master",
    "service", "deploy", "license",
  ]
  /// Tokens of another kind: places in a list, marks of a language model's alphabet.
  private static let harmless: Set<String> = [
    "page", "next", "prev", "continuation", "cancellation", "stop", "start", "end", "bos", "eos",
    "pad", "unk", "sep", "cls", "mask", "special", "max", "min", "num", "total", "per", "sync",
    "resume", "cursor", "first", "last", "input", "output",
  ]

  /// The last words of a name say what it is: `aws_secret_access_key`, `clientSecret`.
  static func isSecret(_ name: String) -> Bool {
    let words = words(of: name)
    guard let last = words.last else { return false }
    let before = words.dropLast().last
    if secretWords.contains(last) { return before.map { !harmless.contains($0) } ?? true }
    return last == "key" && before.map(keyWords.contains) ?? false
  }

  /// The words of a name in any style, in small letters.
  private static func words(of name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var wasSmall = false
    for byte in name.utf8 {
      let isCapital = byte >= 0x41 && byte <= 0x5A
      if byte == 0x5F || byte == 0x2D || isCapital && wasSmall {
        words.append(word)
        word = ""
      }
      if byte != 0x5F, byte != 0x2D {
        word.unicodeScalars.append(Unicode.Scalar(isCapital ? byte | 0x20 : byte))
      }
      wasSmall = byte >= 0x61 && byte <= 0x7A || SecretScanner.isDigit(byte)
    }
    return (words + [word]).filter { !$0.isEmpty }
  }

  private static func ends(_ byte: UInt8, _ quote: UInt8?) -> Bool {
    if byte <= 0x20 || byte == 0x22 || byte == 0x27 || byte == 0x60 || byte == 0x5C { return true }
    // A value in UTF-8 beyond ASCII is prose, and the sign that text was cut.
    if byte >= 0x80 { return true }
    return quote == nil && ",;&|<>)]}".utf8.contains(byte)
  }

  /// Whether the quote stands here, as it is or escaped.
  private static func closes(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ quote: UInt8?
  ) -> Bool {
    guard index < bytes.count else { return false }
    if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
      return bytes[index + 1] == quote
    }
    return bytes[index] == quote
  }

  private static let examples = [
    "your", "my-", "my_", "xxx", "example", "changeme", "change-me", "change_me", "placeholder",
    "redacted", "[redacted", "null", "none", "undefined", "string", "process.", "os.", "env.",
    "secrets.", "self.", "this.", "var.", "config.", "args.", "options.", "req.", "insert", "todo",
    "dummy", "fake", "test-", "test_", "...",
  ]

  private static func isExample(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard let first = value.first else { return true }
    if "$<{[(*%./~!".utf8.contains(first) { return true }
    // Calls, subscripts and interpolations are code.
    if value.contains(where: { "([{$".utf8.contains($0) }) { return true }
    if value.allSatisfy({ $0 == first }) { return true }
    let start = String(decoding: value.prefix(12), as: UTF8.self).lowercased()
    return examples.contains { start.hasPrefix($0) }
  }
}
