/// A text pattern that is matched in one pass, without ever going back.
///
/// It holds literal characters, classes as in `[A-Za-z0-9_-]`, each with how many there must be
/// (`{36}`, `{20,}`, `{36,255}`; one where nothing is said), and `(live|test)` for alternatives. A
/// class takes as many as there are: what follows it must not begin with one of its own.
struct SecretPattern: Sendable {
  private enum Part: Sendable {
    case oneOf([[UInt8]])
    case run(Alphabet, ClosedRange<Int>)
  }

  /// A set of ASCII characters.
  struct Alphabet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    mutating func insert(_ byte: UInt8) {
      if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
      byte < 128 && ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }
  }

  private let parts: [Part]
  private let isMixed: Bool

  /// nil where the text is no pattern that can be matched in one pass.
  init?(_ text: String, isMixed: Bool = false) {
    self.isMixed = isMixed
    var parts: [Part] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "["):
        guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let alphabet = Self.alphabet(rest[..<end])
        rest = rest[(end + 1)...]
        guard let count = Self.count(&rest) else { return nil }
        parts.append(.run(alphabet, count))
      case UInt8(ascii: "("):
        guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else { return nil }
        parts.append(.oneOf(rest[..<end].split(separator: UInt8(ascii: "|")).map(Array.init)))
        rest = rest[(end + 1)...]
      default:
        if case .oneOf(let texts)? = parts.last, texts.count == 1 {
          parts[parts.count - 1] = .oneOf([texts[0] + [byte]])
        } else {
          parts.append(.oneOf([[byte]]))
        }
      }
    }
    self.parts = parts
    guard isOnePass else { return nil }
  }

  private static func alphabet(_ text: ArraySlice<UInt8>) -> Alphabet {
    var alphabet = Alphabet()
    var rest = text
    while let byte = rest.popFirst() {
      if rest.count >= 2, rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first {
        for member in byte...max(byte, last) { alphabet.insert(member) }
        rest = rest.dropFirst(2)
      } else {
        alphabet.insert(byte)
      }
    }
    return alphabet
  }

  /// What stands in braces; one where there are none.
  private static func count(_ rest: inout ArraySlice<UInt8>) -> ClosedRange<Int>? {
    guard rest.first == UInt8(ascii: "{") else { return 1...1 }
    guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
    let words = String(decoding: rest[..<end].dropFirst(), as: UTF8.self)
      .split(separator: ",", omittingEmptySubsequences: false)
    rest = rest[(end + 1)...]
    guard let least = words.first.flatMap({ Int($0) }) else { return nil }
    guard words.count == 2 else { return least...least }
    return least...max(least, Int(words[1]) ?? Int.max)
  }

  /// Whether no run can swallow what must follow it. One of a certain length can't.
  private var isOnePass: Bool {
    for (part, next) in zip(parts, parts.dropFirst()) {
      guard case .run(let alphabet, let count) = part, count.lowerBound != count.upperBound else {
        continue
      }
      switch next {
      case .oneOf(let texts):
        if texts.contains(where: { $0.first.map(alphabet.contains) ?? true }) { return false }
      case .run(let other, _):
        if (UInt8(0)..<128).contains(where: { alphabet.contains($0) && other.contains($0) }) {
          return false
        }
      }
    }
    return !parts.isEmpty
  }

  /// The bytes that a match can begin with.
  var firstBytes: [UInt8] { Set(firstPairs.map(\.0)).sorted() }

  /// The two bytes that a match can begin with.
  var firstPairs: [(UInt8, UInt8)] {
    func starts(_ part: Part?) -> [UInt8] {
      switch part {
      case .oneOf(let texts): texts.compactMap(\.first)
      case .run(let alphabet, _): (0..<128).filter { alphabet.contains($0) }
      case nil: []
      }
    }
    let next = starts(parts.dropFirst().first)
    switch parts.first {
    case .oneOf(let texts):
      return texts.flatMap { text -> [(UInt8, UInt8)] in
        guard let first = text.first else { return [] }
        return text.count > 1 ? [(first, text[1])] : next.map { (first, $0) }
      }
    case .run(_, let count):
      let own = starts(parts.first)
      let seconds = (count.upperBound > 1 ? own : []) + (count.lowerBound < 2 ? next : [])
      return own.flatMap { first in seconds.map { (first, $0) } }
    case nil: return []
    }
  }

  enum Match {
    /// It ends before this index.
    case found(Int)
    /// It can begin nowhere before this index either.
    case none(before: Int)
  }

  /// Looks for a match that begins at an index.
  ///
  /// - Parameter seen: rises by the bytes that were looked at.
  func match(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, seen: inout Int) -> Match {
    var index = start
    /// Where the first run of any length ended: from every start within it the same is found there.
    var dead: Int?
    for (number, part) in parts.enumerated() {
      switch part {
      case .oneOf(let texts):
        guard let text = texts.first(where: { bytes.holds($0, at: index) }) else {
          seen += 1
          return .none(before: dead ?? start + 1)
        }
        index += text.count
      case .run(let alphabet, let count):
        let first = index
        // One more than there may be shows that it is longer. Before the last part a run of a
        // certain length ends with that: what follows is of the same kind.
        let isLast = number == parts.count - 1
        let most =
          isLast || count.lowerBound != count.upperBound
          ? (count.upperBound == Int.max ? bytes.count : first + count.upperBound + 1)
          : first + count.upperBound
        let end = min(bytes.count, most)
        while index < end, alphabet.contains(bytes[index]) { index += 1 }
        seen += index - first
        let length = index - first
        // A text that was cut off in the middle of a secret still shows its beginning.
        let isCut = isLast && length >= 6 && SecretScanner.isEllipsis(bytes, at: index)
        if !isCut, !count.contains(length) { return .none(before: dead ?? start + 1) }
        if count.upperBound == Int.max { dead = dead ?? index }
      }
    }
    seen += index - start
    if isMixed, !SecretScanner.isMixed(bytes[start..<index]) { return .none(before: start + 1) }
    return .found(index)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether a text stands at a place.
  func holds(_ text: [UInt8], at index: Int) -> Bool {
    guard index + text.count <= count else { return false }
    for offset in text.indices where self[index + offset] != text[offset] { return false }
    return true
  }
}
