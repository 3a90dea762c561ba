import FleetlogEvents

/// The text of an event as the full-text index takes it.
///
/// SQLite's tokenizer sees Chinese, Japanese and Korean text as one long word, so such runs are
/// indexed as overlapping pairs: a word of two characters and more is then a phrase of pairs.
enum SearchText {
  /// The decoded string values of a payload, never its keys or escapes.
  static func payload(_ json: String?) -> String {
    guard let json, let document = try? JSONDocument(json) else { return "" }
    var text = ""
    document.root.forEachString { value in
      if !text.isEmpty { text += "\n" }
      text += value
    }
    return indexed(text)
  }

  /// Text with its ideographic runs written as pairs.
  static func indexed(_ text: String) -> String {
    // Ideographs begin with these bytes; dashes, quotes and arrows of plain prose do not.
    guard text.utf8.contains(where: { $0 >= 0xE3 }) else { return text }
    var output = String.UnicodeScalarView()
    var run: [Unicode.Scalar] = []
    func flush() {
      guard !run.isEmpty else { return }
      output.append(" ")
      output.append(contentsOf: pairs(run).joined(separator: " ").unicodeScalars)
      output.append(" ")
      run.removeAll()
    }
    for scalar in text.unicodeScalars {
      if isIdeograph(scalar) {
        run.append(scalar)
      } else {
        flush()
        output.append(scalar)
      }
    }
    flush()
    return String(output)
  }

  private static func pairs(_ run: [Unicode.Scalar]) -> [String] {
    guard run.count > 1 else { return run.map { String($0) } }
    return zip(run, run.dropFirst()).map { String($0) + String($1) }
  }

  /// The words of a search term, cut as the index cuts them.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var run: [Unicode.Scalar] = []
    func flush() {
      if !word.isEmpty { words.append(word) }
      words += pairs(run)
      word = ""
      run.removeAll()
    }
    for scalar in text.unicodeScalars {
      if isIdeograph(scalar) {
        if !word.isEmpty { flush() }
        run.append(scalar)
      } else if isWordScalar(scalar) {
        if !run.isEmpty { flush() }
        word.unicodeScalars.append(scalar)
      } else {
        flush()
      }
    }
    flush()
    return words
  }

  static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF,
      0x20000...0x3134F:
      true
    default: false
    }
  }

  /// What SQLite's `unicode61` takes for part of a word: letters, numbers, marks, private use.
  static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return (0x30...0x39).contains(scalar.value) || (0x61...0x7A).contains(scalar.value | 0x20)
    }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber, .privateUse, .nonspacingMark, .spacingMark,
      .enclosingMark:
      true
    default: false
    }
  }
}
