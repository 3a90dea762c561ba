import FleetlogEvents

/// A line of a log as text, and where it stood.
struct LogText: Equatable {
  /// Without terminal escapes; of a line that wrote over itself, its last state.
  var text: String
  let offset: Int64
  let length: Int64
  /// The numbers of its first and last line as they were split, from 0.
  let number: Int
  var lastNumber: Int
}

/// Makes text of a log's bytes: UTF-8, else Latin-1 line by line; UTF-16 where the file begins with
/// its mark.
///
/// Lines are split at the byte of a newline, which in UTF-16 is also half of other characters
/// (上 is `4E 0A`), so there a line is put together again from its pieces.
struct LogDecoder: Codable {
  private enum Encoding: String, Codable { case bytes, utf16le, utf16be }

  private var encoding = Encoding.bytes
  /// The beginning of a UTF-16 line of which it is not clear yet where it ends.
  private var open: Open?

  private struct Open: Codable {
    var bytes: [UInt8]
    let offset: Int64
    var end: Int64
    let number: Int
    var lastNumber: Int
  }

  /// The longest text that is made of one line, in bytes; its receipt shows it whole.
  static let lineLimit = 64 << 10
  private static let openLimit = 1 << 20

  /// Whether bytes can be those of a log: hardly any control characters but those of terminals.
  static func isText(_ bytes: some Sequence<UInt8>) -> Bool {
    var count = 0
    var strange = 0
    for byte in bytes.prefix(8192) {
      count += 1
      switch byte {
      case 0x00, 0x07...0x0D, 0x1B: break
      case 0x01..<0x20, 0x7F: strange += 1
      default: break
      }
    }
    return strange * 50 <= count
  }

  var isHolding: Bool { open != nil }

  /// Whether a line holds nothing but what was never written.
  func isHole(_ line: RawLine) -> Bool {
    encoding == .bytes && !line.bytes.isEmpty && line.bytes.allSatisfy { $0 == 0 }
  }

  /// Takes the next line as it was split and returns those that are complete.
  mutating func take(_ line: RawLine) -> [LogText] {
    var bytes = line.bytes[...]
    if line.offset == 0 {
      if bytes.starts(with: [0xFF, 0xFE]) { encoding = .utf16le }
      if bytes.starts(with: [0xFE, 0xFF]) { encoding = .utf16be }
      if encoding != .bytes { bytes = bytes.dropFirst(2) }
    }
    switch encoding {
    case .bytes:
      return [finished(Self.decoded(bytes), line.span, line.number, line.number)].compactMap { $0 }
    case .utf16le: return takeLittleEndian(bytes, line)
    case .utf16be: return takeBigEndian(bytes, line)
    }
  }

  /// What is held back, as far as it goes.
  mutating func finish() -> LogText? {
    guard let held = open else { return nil }
    open = nil
    return text(of: held)
  }

  /// A newline is `0A 00`: whether the `00` follows, only the next line shows.
  private mutating func takeLittleEndian(_ bytes: ArraySlice<UInt8>, _ line: RawLine) -> [LogText] {
    let isAfterNewline = line.offset % 2 == 1 && bytes.first == 0
    if var held = open, held.end + 1 == line.offset, !isAfterNewline,
      held.bytes.count < Self.openLimit
    {
      held.bytes += [0x0A] + bytes
      held.end = end(of: line)
      held.lastNumber = line.number
      open = held
      return []
    }
    let complete = finish()
    open = Open(
      bytes: Array(isAfterNewline ? bytes.dropFirst() : bytes), offset: line.offset,
      end: end(of: line), number: line.number, lastNumber: line.number)
    return [complete].compactMap { $0 }
  }

  /// A newline is `00 0A`: the `00` is the last byte of the line.
  private mutating func takeBigEndian(_ bytes: ArraySlice<UInt8>, _ line: RawLine) -> [LogText] {
    var held =
      open
      ?? Open(
        bytes: [], offset: line.offset, end: line.offset, number: line.number,
        lastNumber: line.number)
    held.bytes += bytes
    held.end = end(of: line)
    held.lastNumber = line.number
    if (held.end % 2 == 1 && bytes.last == 0) || held.bytes.count > Self.openLimit {
      if held.bytes.last == 0 { held.bytes.removeLast() }
      open = nil
      return [text(of: held)].compactMap { $0 }
    }
    held.bytes.append(0x0A)
    open = held
    return []
  }

  private func end(of line: RawLine) -> Int64 { line.offset + Int64(line.bytes.count) }

  private func text(of held: Open) -> LogText? {
    let isLittle = encoding == .utf16le
    var units: [UInt16] = []
    units.reserveCapacity(held.bytes.count / 2)
    var index = 0
    while index + 1 < held.bytes.count {
      let (one, two) = (UInt16(held.bytes[index]), UInt16(held.bytes[index + 1]))
      units.append(isLittle ? two << 8 | one : one << 8 | two)
      index += 2
    }
    let span = SourceSpan(offset: held.offset, length: held.end - held.offset)
    return finished(String(decoding: units, as: UTF16.self), span, held.number, held.lastNumber)
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    // What was cut or never written shows as NULs.
    let bytes = bytes.contains(0) ? bytes.filter { $0 != 0 }[...] : bytes
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var latin = String.UnicodeScalarView()
    for byte in bytes { latin.append(Unicode.Scalar(byte)) }
    return String(latin)
  }

  private func finished(
    _ text: String, _ span: SourceSpan, _ number: Int, _ lastNumber: Int
  ) -> LogText? {
    let text = Self.lastState(of: text)
    guard !text.isEmpty else { return nil }
    return LogText(
      text: text, offset: span.offset, length: span.length, number: number, lastNumber: lastNumber)
  }

  /// What is left to see of a line that goes back to its start, as progress bars do.
  private static func lastState(of text: String) -> String {
    let states = text.utf8.split(separator: 0x0D).reversed()
    for state in states {
      let cut = state.prefix(lineLimit)
      let shown = PlainText.strip(String(decoding: cut, as: UTF8.self))
        .trimmingSuffix { $0.isWhitespace }
      if !shown.isEmpty { return shown }
    }
    return ""
  }
}
