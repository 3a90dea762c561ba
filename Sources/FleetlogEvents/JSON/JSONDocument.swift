/// One parsed JSON text: the bytes and a flat list of the values in them.
///
/// Fleetlog reads JSON that other programs are still writing, so this parser is strict about
/// structure and lenient about text: invalid UTF-8, lone surrogate escapes and raw control
/// characters inside strings are mended to U+FFFD and reported in ``wasMended``, because they
/// should cost a character, not the record. Every value keeps its place in the source, so a part
/// of a record can be hashed or copied without being written anew.
package final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [Node]

  /// True where some text could not be taken as it stood; see the type's description.
  package let wasMended: Bool

  /// One value. Children of a container follow it directly; `next` is the index behind them.
  struct Node {
    enum Kind: UInt8 { case null, bool, number, string, array, object }
    let kind: Kind
    /// For a string: it holds a backslash, or something that must be mended when decoded.
    var isPlain: Bool
    var needsMending: Bool
    let start: UInt32
    var end: UInt32
    var next: UInt32
  }

  /// Parses one JSON text. White space around it and a leading byte order mark are passed over.
  ///
  /// - Throws: ``JSONError`` with the byte offset of what could not be read.
  package init(_ source: [UInt8]) throws(JSONError) {
    var bytes = source
    var mended = false
    if !JSONDocument.isUTF8(bytes) {
      bytes = Array(String(decoding: bytes, as: UTF8.self).utf8)
      mended = true
    }
    guard bytes.count < Int(UInt32.max) else {
      throw JSONError(reason: "a JSON text of 4 GiB or more", offset: 0)
    }
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONScanner, JSONError> in
      var scanner = JSONScanner(buffer)
      do throws(JSONError) {
        try scanner.scanText()
        return .success(scanner)
      } catch {
        return .failure(error)
      }
    }
    let scanner = try result.get()
    self.bytes = bytes
    self.nodes = scanner.nodes
    self.wasMended = mended || scanner.mended
  }

  package convenience init(_ text: String) throws(JSONError) {
    try self.init(Array(text.utf8))
  }

  package var root: JSONValue { JSONValue(document: self, index: 0) }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { buffer in
      var index = 0
      while index + 8 <= buffer.count {
        let word = UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + index)
          .loadUnaligned(as: UInt64.self)
        if word & 0x8080_8080_8080_8080 != 0 { break }
        index += 8
      }
      let rest = UnsafeBufferPointer(rebasing: buffer[index...])
      if rest.count < 8, !rest.contains(where: { $0 >= 0x80 }) { return true }
      return (try? UTF8Span(validating: rest.span)) != nil
    }
  }
}

/// Why a text is not JSON.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package let reason: String
  /// Bytes from the start of the text.
  package let offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

/// The single pass over the bytes that fills a ``JSONDocument``.
struct JSONScanner {
  /// Deeper nesting than this is refused: no transcript needs it and readers recurse over values.
  static let maximumDepth = 512

  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private(set) var nodes: [JSONDocument.Node] = []
  private(set) var mended = false

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    nodes.reserveCapacity(bytes.count / 64 + 8)
  }

  mutating func scanText() throws(JSONError) {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { index = 3 }
    skipSpace()
    try scanValue(depth: 0)
    skipSpace()
    if index < bytes.count { throw failure("text after the end of the value") }
  }

  private func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: index) }

  private mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  private mutating func scanValue(depth: Int) throws(JSONError) {
    guard index < bytes.count else { throw failure("the value ends too early") }
    switch bytes[index] {
    case UInt8(ascii: "{"): try scanObject(depth: depth + 1)
    case UInt8(ascii: "["): try scanArray(depth: depth + 1)
    case UInt8(ascii: "\""): try scanString()
    case UInt8(ascii: "t"): try scanWord("true", .bool)
    case UInt8(ascii: "f"): try scanWord("false", .bool)
    case UInt8(ascii: "n"): try scanWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
    default: throw failure("no JSON value begins like this")
    }
  }

  private mutating func open(_ kind: JSONDocument.Node.Kind, depth: Int) throws(JSONError) -> Int {
    guard depth <= Self.maximumDepth else {
      throw failure("nested deeper than \(Self.maximumDepth) levels")
    }
    append(kind, from: index)
    index += 1
    skipSpace()
    return nodes.count - 1
  }

  private mutating func close(_ node: Int) {
    index += 1
    nodes[node].end = UInt32(truncatingIfNeeded: index)
    nodes[node].next = UInt32(truncatingIfNeeded: nodes.count)
  }

  private mutating func scanObject(depth: Int) throws(JSONError) {
    let node = try open(.object, depth: depth)
    if peek() == UInt8(ascii: "}") { return close(node) }
    repeat {
      guard peek() == UInt8(ascii: "\"") else { throw failure("an object key is missing") }
      try scanString()
      skipSpace()
      guard peek() == UInt8(ascii: ":") else { throw failure("a colon is missing") }
      index += 1
      skipSpace()
      try scanValue(depth: depth)
    } while try hasMore(before: UInt8(ascii: "}"), of: "object")
    close(node)
  }

  private mutating func scanArray(depth: Int) throws(JSONError) {
    let node = try open(.array, depth: depth)
    if peek() == UInt8(ascii: "]") { return close(node) }
    repeat { try scanValue(depth: depth) } while try hasMore(before: UInt8(ascii: "]"), of: "array")
    close(node)
  }

  /// Goes on to the next member or element.
  @inline(__always)
  private mutating func hasMore(
    before end: UInt8, of container: StaticString
  ) throws(JSONError) -> Bool {
    skipSpace()
    switch peek() {
    case UInt8(ascii: ","):
      index += 1
      skipSpace()
      return true
    case end: return false
    default: throw failure("the \(container) is not closed")
    }
  }

  private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func append(_ kind: JSONDocument.Node.Kind, from start: Int) {
    nodes.append(
      JSONDocument.Node(
        kind: kind, isPlain: true, needsMending: false, start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: index), next: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  private mutating func scanWord(_ word: StaticString, _ kind: JSONDocument.Node.Kind)
    throws(JSONError)
  {
    let start = index
    guard index + word.utf8CodeUnitCount <= bytes.count else { throw failure("a word is cut off") }
    for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] {
      throw failure("no JSON value begins like this")
    }
    index += word.utf8CodeUnitCount
    append(kind, from: start)
  }

  private mutating func scanNumber() throws(JSONError) {
    let start = index
    if peek() == UInt8(ascii: "-") { index += 1 }
    let leading = peek()
    let integerDigits = scanDigits()
    if integerDigits == 0 || (integerDigits > 1 && leading == UInt8(ascii: "0")) {
      throw failure("not a number")
    }
    if peek() == UInt8(ascii: ".") {
      index += 1
      if scanDigits() == 0 { throw failure("a number without digits behind its point") }
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      index += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
      if scanDigits() == 0 { throw failure("a number without digits in its exponent") }
    }
    append(.number, from: start)
  }

  private mutating func scanDigits() -> Int {
    let start = index
    while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
    return index - start
  }

  private mutating func scanString() throws(JSONError) {
    index += 1
    let start = index
    var plain = true
    var mend = false
    while true {
      skipPlainText()
      guard index < bytes.count else { throw failure("a string is not closed") }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        append(.string, from: start)
        nodes[nodes.count - 1].isPlain = plain
        nodes[nodes.count - 1].needsMending = mend
        if mend { mended = true }
        index += 1
        return
      case UInt8(ascii: "\\"):
        plain = false
        if try !scanEscape() { mend = true }
      default:
        plain = false
        mend = true
        index += 1
      }
    }
  }

  /// Skips eight bytes at a time over what is neither a quote, a backslash nor a control character.
  private mutating func skipPlainText() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while index + 8 <= bytes.count {
      let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + index)
        .loadUnaligned(as: UInt64.self)
      let quote = word ^ (ones &* 0x22)
      let slash = word ^ (ones &* 0x5C)
      let hit =
        ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- ones &* 0x20) & ~word)
      if hit & highs != 0 { break }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { return }
      index += 1
    }
  }

  /// Returns whether the escape stands for a character as it is: a lone surrogate does not, and
  /// neither does NUL, which SQLite and terminals would take for the end of the text.
  private mutating func scanEscape() throws(JSONError) -> Bool {
    guard index + 1 < bytes.count else { throw failure("a string is not closed") }
    switch bytes[index + 1] {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
      index += 2
      return true
    case UInt8(ascii: "u"):
      guard let unit = JSONText.hexUnit(bytes, at: index + 2) else {
        throw failure("an unfinished \\u escape")
      }
      index += 6
      if unit == 0 || (0xDC00...0xDFFF).contains(unit) { return false }
      guard (0xD800...0xDBFF).contains(unit) else { return true }
      if index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == UInt8(ascii: "u"),
        let low = JSONText.hexUnit(bytes, at: index + 2), (0xDC00...0xDFFF).contains(low)
      {
        index += 6
        return true
      }
      return false
    default:
      throw failure("an escape that JSON does not know")
    }
  }
}
