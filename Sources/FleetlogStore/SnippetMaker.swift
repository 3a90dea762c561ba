import FleetlogEvents

/// Finds where a search matched in an event, since a contentless index can't say.
struct SnippetMaker {
  /// A term as it is looked for: its words, folded.
  private struct Needle {
    let words: [FoldedWord]
    let isPrefix: Bool
  }

  private let needles: [Needle]
  /// Characters shown before the first match, and in all.
  private static let lead = 60
  private static let length = 240
  private static let mostMatches = 50

  init?(_ pattern: SearchPattern?) {
    guard let pattern else { return nil }
    needles = pattern.shownTerms.map { term in
      var words: [FoldedWord] = []
      FoldedWord.each(in: term.text) { word in
        words.append(word)
        return true
      }
      return Needle(words: words, isPrefix: term.isPrefix)
    }
  }

  func snippet(of event: StoredEvent) -> Snippet {
    if let snippet = snippet(in: event.summary, isSummary: true) { return snippet }
    var found: Snippet?
    if let payload = event.payload, let document = try? JSONDocument(payload) {
      document.root.forEachString { text in
        if found == nil { found = snippet(in: text, isSummary: false) }
      }
    }
    return found ?? Snippet(text: event.summary, matches: [])
  }

  private func snippet(in text: String, isSummary: Bool) -> Snippet? {
    guard let first = matches(in: text, atMost: 1).first else { return nil }
    let place = text.utf8.index(text.startIndex, offsetBy: first.lowerBound)
    let start =
      isSummary
      ? text.startIndex
      : text.index(place, offsetBy: -Self.lead, limitedBy: text.startIndex) ?? text.startIndex
    let end =
      text.index(start, offsetBy: Self.length, limitedBy: text.endIndex) ?? text.endIndex
    var line = String(text[start..<end].map { $0.isNewline || $0 == "\t" ? " " : $0 })
    if start > text.startIndex { line = "…" + line }
    if end < text.endIndex { line += "…" }
    return Snippet(text: line, matches: matches(in: line, atMost: Self.mostMatches))
  }

  /// Where terms stand in a text, in order and without overlaps, as ranges of UTF-8 offsets.
  private func matches(in text: String, atMost limit: Int) -> [Range<Int>] {
    let longest = needles.map(\.words.count).max() ?? 0
    var recent: [FoldedWord] = []
    var found: [Range<Int>] = []
    guard longest > 0, let start = firstPlace(in: text) else { return found }
    FoldedWord.each(in: text, from: start) { word in
      if recent.count == longest { recent.removeFirst() }
      recent.append(word)
      for needle in needles {
        guard let range = match(needle, recent) else { continue }
        if let last = found.last, range.lowerBound < last.upperBound {
          let lower = min(last.lowerBound, range.lowerBound)
          found[found.count - 1] = lower..<max(last.upperBound, range.upperBound)
        } else {
          found.append(range)
        }
      }
      return found.count < limit
    }
    return found
  }

  /// From which byte on a term can stand in a text: of plain text the beginning of the first word that
  /// holds one's first word, which is found far sooner than words are folded; nil where none does.
  private func firstPlace(in text: String) -> Int? {
    var text = text
    return text.withUTF8 { text in
      guard text.allSatisfy({ $0 < 0x80 }) else { return 0 }
      let places = needles.compactMap { needle in
        needle.words.first.flatMap { word in
          Array(word.text.utf8).withUnsafeBufferPointer { Self.offset(of: $0, in: text) }
        }
      }
      guard var place = places.min() else { return nil }
      while place > 0, SearchText.isWordScalar(Unicode.Scalar(text[place - 1])) { place -= 1 }
      return place
    }
  }

  /// Where lower-case bytes first stand in a text, its letters of either case.
  private static func offset(
    of word: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    guard let first = word.first, text.count >= word.count else { return nil }
    for start in 0...text.count - word.count where lower(text[start]) == first {
      if (1..<word.count).allSatisfy({ lower(text[start + $0]) == word[$0] }) { return start }
    }
    return nil
  }

  /// The place of a term that ends with the last of these words.
  private func match(_ needle: Needle, _ words: [FoldedWord]) -> Range<Int>? {
    let candidate = words.suffix(needle.words.count)
    guard candidate.count == needle.words.count, let first = candidate.first,
      let last = candidate.last, let end = needle.words.last
    else { return nil }
    for (word, wanted) in zip(candidate.dropLast(), needle.words) where word.text != wanted.text {
      return nil
    }
    guard last.text == end.text || (needle.isPrefix && last.text.hasPrefix(end.text)) else {
      return nil
    }
    // Ideographs are one word only where nothing stands between them.
    for (word, next) in zip(candidate, candidate.dropFirst())
    where word.isIdeograph && next.isIdeograph && word.range.upperBound != next.range.lowerBound {
      return nil
    }
    let upper =
      last.text == end.text
      ? last.range.upperBound : last.lengthOfPrefix(end) + last.range.lowerBound
    return first.range.lowerBound..<upper
  }
}

/// A word of a text as the full-text index sees it, case and accents aside. Each ideograph is a
/// word of its own.
private struct FoldedWord {
  let text: String
  /// UTF-8 offsets.
  let range: Range<Int>
  let isIdeograph: Bool

  /// Calls back for each word in order, until it says false.
  ///
  /// - Parameter from: the byte from which on words are wanted, where none goes on.
  static func each(in text: String, from first: Int = 0, _ body: (FoldedWord) -> Bool) {
    var start: Int?
    var offset = first
    var isPlain = true
    /// Ends the word that is open; returns whether to go on.
    func finish() -> Bool {
      guard let first = start else { return true }
      start = nil
      let lower = text.utf8.index(text.startIndex, offsetBy: first)
      let upper = text.utf8.index(text.startIndex, offsetBy: offset)
      let folded = fold(text[lower..<upper], isPlain: isPlain)
      isPlain = true
      return body(FoldedWord(text: folded, range: first..<offset, isIdeograph: false))
    }
    let begin = text.utf8.index(text.startIndex, offsetBy: first)
    for scalar in text.unicodeScalars[begin...] {
      let width = UTF8.width(scalar)
      if SearchText.isIdeograph(scalar) {
        let word = FoldedWord(
          text: String(scalar), range: offset..<offset + width, isIdeograph: true)
        guard finish(), body(word) else { return }
      } else if SearchText.isWordScalar(scalar) {
        if start == nil { start = offset }
        if !scalar.isASCII { isPlain = false }
      } else if !finish() {
        return
      }
      offset += width
    }
    _ = finish()
  }

  private static func fold(_ word: Substring, isPlain: Bool) -> String {
    isPlain
      ? word.lowercased()
      : word.lowercased().withoutAccents
  }

  /// How many bytes of the word as it was written a matching beginning covers.
  func lengthOfPrefix(_ beginning: FoldedWord) -> Int {
    // Folding may have changed lengths; then the whole word is shown as matched.
    text.utf8.count == range.count ? beginning.text.utf8.count : range.count
  }
}
