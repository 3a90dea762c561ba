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
  private let count: Int

  init(_ shapes: [SecretShape]) {
    var matchers = [[Matcher]](repeating: [], count: 256)
    for (number, shape) in shapes.enumerated() {
      guard case .pattern(let text, let isMixed) = shape.form,
        let pattern = SecretPattern(text, isMixed: isMixed)
      else { continue }
      for byte in pattern.firstBytes {
        matchers[Int(byte)].append(Matcher(pattern: pattern, kind: shape.kind, number: number))
      }
    }
    self.matchers = matchers
    count = shapes.count
  }

  /// What is found, in order, without overlap.
  ///
  /// - Parameter seen: rises by the bytes that were looked at more than once.
  func findings(in bytes: UnsafeBufferPointer<UInt8>, seen: inout Int) -> [Finding] {
    var findings: [Finding] = []
    /// For each pattern, before where it can't begin.
    var dead = [Int](repeating: 0, count: count)
    /// Before where no value of a name is looked at again.
    var namedFrom = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      var found: Finding?
      switch byte {
      case UInt8(ascii: "="), UInt8(ascii: ":"):
        found = PasswordInAddress.find(in: bytes, at: index, seen: &seen)
        if found == nil, index >= namedFrom {
          switch NamedSecret.find(in: bytes, at: index, seen: &seen) {
          case .found(let range): found = Finding(range: range, kind: SecretShapes.named)
          case .none(let before): namedFrom = before
          }
          // What it is by its own looks says more.
          if let start = found?.range.lowerBound,
            let better = pattern(in: bytes, at: start, &dead, &seen)
          {
            found = better
          }
        }
      case UInt8(ascii: "-"): found = KeyBlock.find(in: bytes, at: index, seen: &seen)
      default: break
      }
      found = found ?? pattern(in: bytes, at: index, &dead, &seen)
      if let found {
        findings.append(found)
        index = max(index + 1, found.range.upperBound)
      } else {
        index += 1
      }
    }
    return findings
  }

  @inline(__always)
  private func pattern(
    in bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ dead: inout [Int], _ seen: inout Int
  ) -> Finding? {
    let candidates = matchers[Int(bytes[index])]
    guard !candidates.isEmpty, index == 0 || !Self.isWord(bytes[index - 1]) else { return nil }
    for matcher in candidates where index >= dead[matcher.number] {
      switch matcher.pattern.match(bytes, at: index, seen: &seen) {
      case .found(let end): return Finding(range: index..<end, kind: matcher.kind)
      case .none(let before): dead[matcher.number] = before
      }
    }
    return nil
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
