/// `scheme://user:password@host`: the password.
enum PasswordInAddress {
  /// Longer ones are none.
  private static let limit = 256
  /// What stands there in examples, and gives nothing away.
  private static let placeholders: Set<String> = [
    "password", "passwd", "pass", "pwd", "secret", "token", "user", "xxx", "xxxx", "xxxxx",
  ]

  /// - Parameter index: of the colon behind the scheme.
  static func find(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, seen: inout Int
  ) -> SecretScanner.Finding? {
    guard index > 0, index + 4 < bytes.count, bytes[index] == UInt8(ascii: ":"),
      bytes[index + 1] == UInt8(ascii: "/"), bytes[index + 2] == UInt8(ascii: "/"),
      SecretScanner.isWord(bytes[index - 1])
    else { return nil }
    let start = index + 3
    let end = min(bytes.count, start + limit)
    var at = start
    var colon: Int?
    while at < end {
      let byte = bytes[at]
      if byte == UInt8(ascii: "@") { break }
      if byte == UInt8(ascii: ":"), colon == nil { colon = at }
      if byte <= 0x20 || #"/"'<>`\?#{}$*|"#.utf8.contains(byte) { return nil }
      at += 1
    }
    seen += at - start
    guard at < end, let colon, at - colon > 1 else { return nil }
    let password = String(decoding: bytes[(colon + 1)..<at], as: UTF8.self).lowercased()
    guard !placeholders.contains(password) else { return nil }
    return SecretScanner.Finding(range: (colon + 1)..<at, kind: "password in an address")
  }
}

/// A private key in its armour, also one whose line breaks are spelt `\n`, and one that was cut.
enum KeyBlock {
  private static let begin = Array("-----BEGIN ".utf8)
  private static let name = Array("PRIVATE KEY".utf8)
  private static let dashes = Array("-----".utf8)
  /// Bytes of key without which a header is only talked about.
  private static let least = 24

  static func find(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, seen: inout Int
  ) -> SecretScanner.Finding? {
    guard bytes.holds(begin, at: index) else { return nil }
    // The header: BEGIN, what kind of key, and five dashes again.
    var at = index + begin.count
    let label = at
    while at < bytes.count, at - label < 48, bytes[at] != UInt8(ascii: "-") { at += 1 }
    guard contains(name, in: bytes, from: label, to: at), bytes.holds(dashes, at: at) else {
      return nil
    }
    at += dashes.count
    let body = at
    var length = 0
    while at < bytes.count, let step = step(bytes, at, &length) { at += step }
    seen += at - index
    guard length >= least else { return nil }
    if bytes.holds(Array("-----END ".utf8), at: at) {
      let close = at + 9
      at = close
      while at < bytes.count, at - close < 48, bytes[at] != UInt8(ascii: "-") { at += 1 }
      if bytes.holds(dashes, at: at) { at += dashes.count }
    }
    return at > body ? SecretScanner.Finding(range: index..<at, kind: "private key") : nil
  }

  /// How far to go: over the key's letters, blanks, spelt-out line breaks, and the lines that say
  /// how it is encrypted. nil where the key ends.
  private static func step(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ length: inout Int
  ) -> Int? {
    let byte = bytes[index]
    if SecretScanner.isWord(byte) || "+/=".utf8.contains(byte) {
      length += 1
      return 1
    }
    if SecretScanner.isSpace(byte) || ":,.".utf8.contains(byte) { return 1 }
    if byte == UInt8(ascii: "\\"), index + 1 < bytes.count, "nr".utf8.contains(bytes[index + 1]) {
      return 2
    }
    // The one dash of "Proc-Type" and its like, not those of the end.
    if byte == UInt8(ascii: "-"), index + 1 < bytes.count, bytes[index + 1] != byte { return 1 }
    return nil
  }

  private static func contains(
    _ text: [UInt8], in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int
  ) -> Bool {
    (start...max(start, end)).contains { $0 + text.count <= end && bytes.holds(text, at: $0) }
  }
}
