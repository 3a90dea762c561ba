import FleetlogEvents
import Foundation

/// Finds where a search matched in an event, since a contentless index can't say.
struct SnippetMaker {
  private let terms: [SearchPattern.Term]
  /// Characters shown before the first match, and in all.
  private static let lead = 60
  private static let length = 240

  init?(_ pattern: SearchPattern?) {
    guard let pattern else { return nil }
    terms = pattern.shownTerms
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
    guard let first = terms.compactMap({ firstMatch(of: $0, in: text) }).min(by: {
      $0.lowerBound < $1.lowerBound
    }) else { return nil }
    let start =
      isSummary
      ? text.startIndex
      : text.index(first.lowerBound, offsetBy: -Self.lead, limitedBy: text.startIndex)
        ?? text.startIndex
    let end =
      text.index(start, offsetBy: Self.length, limitedBy: text.endIndex) ?? text.endIndex
    var line = text[start..<end].map { $0.isNewline || $0 == "\t" ? " " : $0 }.reduce(into: "") {
      $0.append($1)
    }
    if start > text.startIndex { line = "…" + line }
    if end < text.endIndex { line += "…" }
    return Snippet(text: line, matches: matches(in: line))
  }

  private func matches(in line: String) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for term in terms {
      var rest = line.startIndex..<line.endIndex
      while ranges.count < 50, let match = firstMatch(of: term, in: line, range: rest) {
        let lower = line.utf8.distance(from: line.startIndex, to: match.lowerBound)
        let upper = line.utf8.distance(from: line.startIndex, to: match.upperBound)
        ranges.append(lower..<upper)
        rest = match.upperBound..<line.endIndex
      }
    }
    return ranges.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
      .reduce(into: []) { merged, range in
        if let last = merged.last, range.lowerBound < last.upperBound {
          merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        } else {
          merged.append(range)
        }
      }
  }

  /// The first place where a term stands as whole words, case and accents aside.
  private func firstMatch(
    of term: SearchPattern.Term, in text: String, range: Range<String.Index>? = nil
  ) -> Range<String.Index>? {
    var rest = range ?? text.startIndex..<text.endIndex
    let needle = term.text
    while !rest.isEmpty,
      let match = text.range(
        of: needle, options: [.caseInsensitive, .diacriticInsensitive], range: rest)
    {
      if match.isEmpty { return nil }
      if startsWord(match.lowerBound, in: text), term.isPrefix || endsWord(match.upperBound, in: text)
      {
        return match
      }
      rest = text.index(after: match.lowerBound)..<rest.upperBound
    }
    return nil
  }

  private func startsWord(_ index: String.Index, in text: String) -> Bool {
    guard index > text.startIndex else { return true }
    return isBoundary(text[text.index(before: index)], text[index])
  }

  private func endsWord(_ index: String.Index, in text: String) -> Bool {
    guard index < text.endIndex else { return true }
    return isBoundary(text[text.index(before: index)], text[index])
  }

  private func isBoundary(_ left: Character, _ right: Character) -> Bool {
    func isWord(_ character: Character) -> Bool {
      guard let scalar = character.unicodeScalars.first else { return false }
      return SearchText.isWordScalar(scalar) && !SearchText.isIdeograph(scalar)
    }
    return !(isWord(left) && isWord(right))
  }
}
