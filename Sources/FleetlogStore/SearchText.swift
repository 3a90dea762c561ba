import FleetlogEvents

/// The text of an event as the full-text index takes it.
///
/// SQLite's tokenizer sees Chinese, Japanese and Korean text as one long word, so such runs are
/// indexed as overlapping pairs: a word of two characters and more is then a phrase of pairs.
enum SearchText {
  /// The decoded string values of JSON text, never its keys or escapes.
  ///
  /// One pass over the bytes, since all that agents and tools say goes through here. What is no
  /// JSON gives some text, and the same each time.
  static func strings(of json: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(json.count)
    json.withUnsafeBufferPointer { json in
      var index = 0
      while index < json.count {
        guard json[index] == quote else {
          index += 1
          continue
        }
        let length = text.count
        index = appendString(json, from: index + 1, to: &text)
        while index < json.count, json[index] <= 0x20 { index += 1 }
        // What a colon follows was a key.
        if index < json.count, json[index] == UInt8(ascii: ":") {
          text.removeSubrange(length...)
        } else {
          text.append(0x0A)
        }
      }
    }
    return indexed(text)
  }

  private static let quote = UInt8(ascii: "\"")
  private static let escape = UInt8(ascii: "\\")

  /// Appends what a string says whose first byte is at `start`.
  ///
  /// - Returns: the place behind its closing quote.
  private static func appendString(
    _ json: UnsafeBufferPointer<UInt8>, from start: Int, to text: inout [UInt8]
  ) -> Int {
    var index = start
    var plain = start
    while index < json.count, json[index] != quote {
      guard json[index] == escape else {
        index += 1
        continue
      }
      text.append(contentsOf: UnsafeBufferPointer(rebasing: json[plain..<index]))
      index = appendEscape(json, at: index, to: &text)
      plain = index
    }
    text.append(contentsOf: UnsafeBufferPointer(rebasing: json[plain..<max(plain, index)]))
    return index + 1
  }

  /// Only letters are written as they are: to the index all that stands between words is one.
  ///
  /// - Returns: the place behind the escape, at most the end of the text.
  private static func appendEscape(
    _ json: UnsafeBufferPointer<UInt8>, at start: Int, to text: inout [UInt8]
  ) -> Int {
    guard start + 1 < json.count, json[start + 1] == UInt8(ascii: "u"),
      let unit = hexUnit(json, at: start + 2)
    else {
      text.append(0x20)
      return min(start + 2, json.count)
    }
    var (value, end) = (unit, start + 6)
    if (0xD800...0xDBFF).contains(unit), end + 1 < json.count, json[end] == escape,
      json[end + 1] == UInt8(ascii: "u"), let low = hexUnit(json, at: end + 2),
      (0xDC00...0xDFFF).contains(low)
    {
      (value, end) = (0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), end + 6)
    }
    let scalar = Unicode.Scalar(value == 0 ? 0xFFFD : value) ?? "\u{FFFD}"
    text.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
    return end
  }

  private static func hexUnit(_ json: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32? {
    guard start + 4 <= json.count else { return nil }
    var unit: UInt32 = 0
    for byte in json[start..<start + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  /// Text in UTF-8 with its ideographic runs written as pairs.
  static func indexed(_ text: [UInt8]) -> [UInt8] {
    // Ideographs begin with these bytes; letters, dashes, quotes and arrows of plain prose do not.
    guard text.contains(where: { $0 >= 0xE3 }) else { return text }
    var output: [UInt8] = []
    output.reserveCapacity(text.count * 2)
    var run: [ArraySlice<UInt8>] = []
    func flush() {
      guard let first = run.first else { return }
      output.append(0x20)
      if run.count == 1 { output += first }
      for (left, right) in zip(run, run.dropFirst()) {
        output += left
        output += right
        output.append(0x20)
      }
      output.append(0x20)
      run.removeAll(keepingCapacity: true)
    }
    var index = 0
    while index < text.count {
      if text[index] >= 0xE3, let length = ideograph(text, at: index) {
        run.append(text[index..<index + length])
        index += length
      } else {
        flush()
        output.append(text[index])
        index += 1
      }
    }
    flush()
    return output
  }

  /// The bytes of the ideograph that begins at a place; nil where there is none.
  private static func ideograph(_ text: [UInt8], at start: Int) -> Int? {
    let length = text[start] >= 0xF0 ? 4 : 3
    guard start + length <= text.count else { return nil }
    var value = UInt32(text[start] & (length == 4 ? 0x07 : 0x0F))
    for byte in text[start + 1..<start + length] { value = value << 6 | UInt32(byte & 0x3F) }
    guard let scalar = Unicode.Scalar(value), isIdeograph(scalar) else { return nil }
    return length
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
