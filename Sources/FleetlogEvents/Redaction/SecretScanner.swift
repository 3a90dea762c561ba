/// Finds secrets in bytes of UTF-8. One pass: the time grows with the text and with nothing that
/// the text holds.
struct SecretScanner: Sendable {
  struct Finding: Equatable {
    /// What is to be replaced.
    let range: Range<Int>
    let kind: String
  }

  /// The shapes of ``SecretShapes``.
  static let standard = SecretScanner(SecretShapes.all)

  private struct Matcher: Sendable {
    let pattern: SecretPattern
    let kind: String
    let number: Int
  }

  /// The patterns that can begin with a byte.
  private let matchers: [[Matcher]]
  /// One bit for each two bytes at which something is to be looked for: most text holds few of them.
  private let beginnings: [UInt64]
  private let count: Int

  init(_ shapes: [SecretShape]) {
    var matchers = [[Matcher]](repeating: [], count: 256)
    var beginnings = [UInt64](repeating: 0, count: 1024)
    func add(_ pair: (UInt8, UInt8)) {
      let place = Int(pair.0) << 8 | Int(pair.1)
      beginnings[place >> 6] |= 1 << UInt64(place & 63)
    }
    for (number, shape) in shapes.enumerated() {
      guard case .pattern(let text, let isMixed) = shape.form,
        let pattern = SecretPattern(text, isMixed: isMixed)
      else { continue }
      for byte in pattern.firstBytes {
        matchers[Int(byte)].append(Matcher(pattern: pattern, kind: shape.kind, number: number))
      }
      for pair in pattern.firstPairs { add(pair) }
    }
    self.matchers = matchers
    for second in UInt8.min...UInt8.max {
      add((UInt8(ascii: "="), second))
      add((UInt8(ascii: ":"), second))
    }
    add((UInt8(ascii: "-"), UInt8(ascii: "-")))
    self.beginnings = beginnings
    count = shapes.count
  }

  /// What is found, in order, without overlap.
  ///
  /// - Parameter seen: rises by the bytes that were looked at more than once.
  func findings(in bytes: UnsafeBufferPointer<UInt8>, seen: inout Int) -> [Finding] {
    var findings: [Finding] = []
    /// For each pattern, before where it can't begin.
    var dead: [Int] = []
    /// Before where no value of a name is looked at again.
    var namedFrom = 0
    beginnings.withUnsafeBufferPointer { beginnings in
      var index = 0
      while true {
        // This loop is all that most text costs.
        while index + 1 < bytes.count {
          let pair = Int(bytes[index]) << 8 | Int(bytes[index + 1])
          if beginnings[pair >> 6] >> UInt64(pair & 63) & 1 == 1 { break }
          index += 1
        }
        guard index + 1 < bytes.count else { break }
        let found: Finding? =
          switch bytes[index] {
          case UInt8(ascii: "="), UInt8(ascii: ":"):
            assigned(in: bytes, at: index, &namedFrom, &dead, &seen)
          case UInt8(ascii: "-"): KeyBlock.find(in: bytes, at: index, seen: &seen)
          default: pattern(in: bytes, at: index, &dead, &seen)
          }
        if let found {
          findings.append(found)
          index = max(index + 1, found.range.upperBound)
        } else {
          index += 1
        }
      }
    }
    return findings
  }

  /// What stands behind a `=` or `:`.
  private func assigned(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ namedFrom: inout Int,
    _ dead: inout [Int], _ seen: inout Int
  ) -> Finding? {
    if let password = PasswordInAddress.find(in: bytes, at: index, seen: &seen) { return password }
    guard index >= namedFrom else { return nil }
    switch NamedSecret.find(in: bytes, at: index, seen: &seen) {
    case .none(let before):
      namedFrom = before
      return nil
    case .found(let range):
      // What it is by its own looks says more.
      return pattern(in: bytes, at: range.lowerBound, &dead, &seen)
        ?? Finding(range: range, kind: SecretShapes.named)
    }
  }

  @inline(__always)
  private func pattern(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ dead: inout [Int], _ seen: inout Int
  ) -> Finding? {
    let candidates = matchers[Int(bytes[index])]
    guard !candidates.isEmpty, !Self.isWithinWord(bytes, at: index) else { return nil }
    if dead.isEmpty { dead = [Int](repeating: 0, count: count) }
    for matcher in candidates where index >= dead[matcher.number] {
      switch matcher.pattern.match(bytes, at: index, seen: &seen) {
      case .found(let end): return Finding(range: index..<end, kind: matcher.kind)
      case .none(let before): dead[matcher.number] = before
      }
    }
    return nil
  }

  /// Whether the word began before: the letter of a `\n` in JSON is no part of one.
  static func isWithinWord(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    index > 0 && isWord(bytes[index - 1]) && !isEscape(bytes, at: index - 1)
  }

  /// Whether a letter stands for a line break, a tab or the like.
  static func isEscape(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    index > 0 && bytes[index - 1] == UInt8(ascii: "\\") && "nrtfb".utf8.contains(bytes[index])
  }

  static func isWord(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte == 0x5F }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  /// Whether letters and digits are both there.
  static func isMixed(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    bytes.contains(where: isDigit) && bytes.contains(where: isLetter)
  }

  /// Whether text was cut here: `…` stands for the rest.
  static func isEllipsis(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    index + 2 < bytes.count && bytes[index] == 0xE2 && bytes[index + 1] == 0x80
      && bytes[index + 2] == 0xA6
  }
}
