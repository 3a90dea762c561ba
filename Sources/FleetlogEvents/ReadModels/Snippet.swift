/// A piece of text with the parts of it that matched a search, as ranges of UTF-8 offsets.
package struct Snippet: Sendable, Equatable {
  package let text: String
  package let matches: [Range<Int>]

  package init(text: String, matches: [Range<Int>]) {
    self.text = text
    self.matches = matches
  }

  /// The text cut at its matches, in order.
  package var parts: [(text: String, isMatch: Bool)] {
    let utf8 = Array(text.utf8)
    var parts: [(text: String, isMatch: Bool)] = []
    var end = 0
    func add(_ range: Range<Int>, _ isMatch: Bool) {
      guard !range.isEmpty else { return }
      parts.append((String(decoding: utf8[range], as: UTF8.self), isMatch))
    }
    for match in matches where match.lowerBound >= end && match.upperBound <= utf8.count {
      add(end..<match.lowerBound, false)
      add(match, true)
      end = match.upperBound
    }
    add(end..<utf8.count, false)
    return parts
  }
}
