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
    for line in lines(head(text)) {
      let line = withoutMarks(line)
      guard line.contains(where: { $0.isLetter || $0.isNumber }) else { continue }
      if gist.isEmpty {
        gist = line
      } else {
        gist += (gist.last?.isPunctuation ?? false) ? " " + line : " · " + line
      }
      if gist.count >= 60 { break }
    }
    return gist.isEmpty ? nil : self.line(gist, limit: limit)
  }

  /// What a reply says to people, event blocks left out.
  ///
  /// - Parameter isInsideBlock: whether the piece before ended inside an event block.
  package static func gist(ofReply text: String, isInsideBlock: Bool = false) -> String {
    var prose = text
    if isInsideBlock || text.contains(EventBlock.begin) || text.contains(EventBlock.carrier) {
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
    strip(text).split(whereSeparator: \.isNewline).map { String($0).trimmed }
      .filter { !$0.isEmpty }
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
    guard text.unicodeScalars.contains(where: isUnwanted) else { return text }
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

  private static func withoutMarks(_ line: String) -> String {
    var line = Substring(line)
    if line.hasPrefix("```") || line.hasPrefix("~~~") { return "" }
    while let mark = ["### ", "## ", "# ", "> ", "- ", "* "].first(where: line.hasPrefix) {
      line = line.dropFirst(mark.count)
    }
    while line.hasPrefix("#") { line = line.dropFirst() }
    return String(line).replacing("**", with: "").replacing("`", with: "").trimmed
  }
}
