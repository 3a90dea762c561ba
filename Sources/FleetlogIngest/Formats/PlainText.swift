import FleetlogEvents

/// Untrusted text made fit for a summary: one line, without terminal escapes, control characters
/// or marks that change the direction of what follows.
package enum PlainText {
  /// The longest summary, in characters.
  package static let limit = 300

  /// Bytes of a text that are looked at for one line of it.
  private static let window = 4096

  /// The text as one line of at most `limit` characters.
  package static func line(_ text: String, limit: Int = PlainText.limit) -> String {
    strip(head(text)).oneLine(limit: max(limit - 2, 1))
  }

  /// What a message begins with, as a person would quote it: its first meaningful line, and the
  /// ones below while they fit into a short sentence; Markdown marks removed.
  package static func gist(_ text: String, limit: Int = PlainText.limit) -> String? {
    var gist = ""
    forEachLine(of: head(text)) { line in
      let line = withoutMarks(line)
      guard hasWord(line) else { return true }
      if gist.isEmpty {
        gist = line
      } else {
        gist += (gist.last?.isPunctuation ?? false) ? " " + line : " · " + line
      }
      return gist.utf8.count < 60
    }
    return gist.isEmpty ? nil : self.line(gist, limit: limit)
  }

  /// What a reply says to people, event blocks left out.
  ///
  /// - Parameter isInsideBlock: whether the piece before ended inside an event block.
  package static func gist(ofReply text: String, isInsideBlock: Bool = false) -> String {
    var prose = text
    if isInsideBlock || text.contains(bytesOf: EventBlock.begin)
      || text.contains(bytesOf: EventBlock.carrier)
    {
      prose = ""
      var rest = Substring(text)
      if isInsideBlock {
        rest = rest.firstRange(of: EventBlock.end).map { rest[$0.upperBound...] } ?? ""
      }
      while let begin = rest.firstRange(of: EventBlock.begin) {
        prose += rest[..<begin.lowerBound]
        let end = rest[begin.upperBound...].firstRange(of: EventBlock.end)
        rest = end.map { rest[$0.upperBound...] } ?? ""
      }
      prose = (prose + rest).split(whereSeparator: \.isNewline)
        .filter { !$0.hasPrefix(EventBlock.carrier) }.joined(separator: "\n")
    }
    return gist(prose) ?? (prose.isEmpty ? "Reported events" : line(prose))
  }

  /// The lines of a text that are not blank, escapes removed; a carriage return ends a line too,
  /// so that each state of a progress bar is one.
  package static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    forEachLine(of: text) { line in
      lines.append(line)
      return true
    }
    return lines
  }

  /// The first of ``lines(_:)`` that a test takes; the others are not looked at.
  package static func firstLine(of text: String, where isWanted: (String) -> Bool) -> String? {
    var found: String?
    forEachLine(of: text) { line in
      if isWanted(line) { found = line }
      return found == nil
    }
    return found
  }

  /// Calls back with each line until the answer is false.
  private static func forEachLine(of text: String, _ body: (String) -> Bool) {
    var text = strip(text)
    text.withUTF8 { bytes in
      var start = 0
      while start < bytes.count {
        let end = lineEnd(in: bytes, from: start)
        let line = String(
          decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self
        )
        .trimmed
        if !line.isEmpty, !body(line) { return }
        start = end + newlineLength(in: bytes, at: end)
      }
    }
  }

  private static func lineEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, newlineLength(in: bytes, at: index) == 0 { index += 1 }
    return index
  }

  /// Bytes of the newline at a place: LF to CR, NEL, or the separators of lines and paragraphs.
  private static func newlineLength(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    guard index < bytes.count else { return 0 }
    switch bytes[index] {
    case 0x0A...0x0D: return 1
    case 0xC2: return index + 1 < bytes.count && bytes[index + 1] == 0x85 ? 2 : 0
    case 0xE2:
      let isSeparator =
        index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] | 1 == 0xA9
      return isSeparator ? 3 : 0
    default: return 0
    }
  }

  /// As much of a text's beginning as a summary can need.
  package static func head(_ text: String) -> String { cut(text, text.utf8.prefix(window)) }

  /// As much of a text's end as a summary can need.
  package static func tail(_ text: String) -> String { cut(text, text.utf8.suffix(window)) }

  private static func cut(_ text: String, _ part: Substring.UTF8View) -> String {
    part.count == text.utf8.count ? text : String(decoding: part, as: UTF8.self)
  }

  /// Removes terminal escape sequences, control characters other than white space, and
  /// bidirectional overrides.
  package static func strip(_ text: String) -> String {
    guard mayHoldUnwanted(text), text.unicodeScalars.contains(where: isUnwanted) else {
      return text
    }
    var output = String.UnicodeScalarView()
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      if scalar == "\u{1B}" {
        skipEscape(&scalars)
      } else if scalar == "\u{9B}" {
        skipControlSequence(&scalars)
      } else if !isUnwanted(scalar) {
        output.append(scalar)
      }
    }
    return String(output)
  }

  /// A look at the bytes alone: control characters, or the lead bytes of what else is unwanted.
  private static func mayHoldUnwanted(_ text: String) -> Bool {
    text.utf8.contains { byte in
      switch byte {
      case 0x09, 0x0A, 0x0D: false
      case 0x00..<0x20, 0x7F, 0xC2, 0xE2, 0xEF: true
      default: false
      }
    }
  }

  private static func isUnwanted(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case 0x00..<0x20, 0x7F...0x9F, 0xFEFF: true
    case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private static func skipEscape(_ scalars: inout String.UnicodeScalarView.Iterator) {
    switch scalars.next() {
    case "[": skipControlSequence(&scalars)
    case "]", "P", "X", "^", "_": skipControlString(&scalars)
    case "(", ")", "*", "+", "#", "%": _ = scalars.next()
    default: break
    }
  }

  private static func skipControlSequence(_ scalars: inout String.UnicodeScalarView.Iterator) {
    while let scalar = scalars.next() {
      if (0x40...0x7E).contains(scalar.value) { return }
    }
  }

  /// Ends at BEL, at ST (`ESC \`) or with the text.
  private static func skipControlString(_ scalars: inout String.UnicodeScalarView.Iterator) {
    while let scalar = scalars.next() {
      if scalar == "\u{07}" || scalar == "\u{9C}" { return }
      if scalar == "\u{1B}" {
        _ = scalars.next()
        return
      }
    }
  }

  private static func hasWord(_ line: String) -> Bool {
    line.utf8.contains { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) }
      || line.contains { $0.isLetter || $0.isNumber }
  }

  private static func withoutMarks(_ line: String) -> String {
    var line = Substring(line)
    if line.hasPrefix("```") || line.hasPrefix("~~~") { return "" }
    while let mark = ["### ", "## ", "# ", "> ", "- ", "* "].first(where: line.hasPrefix) {
      line = line.dropFirst(mark.count)
    }
    while line.hasPrefix("#") { line = line.dropFirst() }
    let text = String(line)
    guard text.utf8.contains(where: { $0 == 0x2A || $0 == 0x60 }) else { return text.trimmed }
    return text.replacing("**", with: "").replacing("`", with: "").trimmed
  }
}
