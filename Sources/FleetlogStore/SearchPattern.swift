/// What a person typed into the search box, as an FTS5 expression that can't fail.
///
/// Words mean AND; `"a phrase"`; `word*` for a beginning; `-word` for without; `OR` between two
/// terms. Anything else is literal.
package struct SearchPattern: Sendable, Equatable {
  /// One thing searched for: the words it consists of, in order.
  package struct Term: Sendable, Equatable {
    package let words: [String]
    package let isPrefix: Bool
    /// As typed, for highlighting.
    package let text: String
  }

  /// Each group is an alternative set; all groups must match.
  package private(set) var groups: [[Term]] = []
  package private(set) var excluded: [Term] = []

  package init(_ text: String) {
    var joinsPrevious = false
    for token in Self.tokens(of: text) {
      if token.text == "OR", !token.isQuoted, !token.isNegated {
        joinsPrevious = !groups.isEmpty
        continue
      }
      guard let term = Self.term(token) else { continue }
      if token.isNegated {
        excluded.append(term)
      } else if joinsPrevious {
        groups[groups.count - 1].append(term)
      } else {
        groups.append([term])
      }
      joinsPrevious = false
    }
  }

  /// Nothing in the text can be searched for.
  package var isEmpty: Bool { groups.isEmpty && excluded.isEmpty }

  /// The terms whose places a snippet shows.
  package var shownTerms: [Term] { groups.flatMap { $0 } }

  /// The FTS5 expression for what must match; nil where there are exclusions only.
  var included: String? {
    guard !groups.isEmpty else { return nil }
    let all = groups.map { group in
      "(" + group.map(Self.expression).joined(separator: " OR ") + ")"
    }.joined(separator: " AND ")
    return excludedExpression.map { "(\(all)) NOT (\($0))" } ?? all
  }

  /// The FTS5 expression for what must not match.
  var excludedExpression: String? {
    guard !excluded.isEmpty else { return nil }
    return excluded.map(Self.expression).joined(separator: " OR ")
  }

  private static func expression(_ term: Term) -> String {
    "\"" + term.words.joined(separator: " ") + "\"" + (term.isPrefix ? "*" : "")
  }

  private struct Token {
    var text: String
    var isQuoted: Bool
    var isNegated: Bool
  }

  private static func tokens(of text: String) -> [Token] {
    var tokens: [Token] = []
    var rest = text.prefix(2000)[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
        continue
      }
      var isNegated = false
      if first == "-", let next = rest.dropFirst().first, !next.isWhitespace {
        isNegated = true
        rest.removeFirst()
      }
      if rest.first == "\"" {
        rest.removeFirst()
        let end = rest.firstIndex(of: "\"") ?? rest.endIndex
        tokens.append(
          Token(text: String(rest[..<end]), isQuoted: true, isNegated: isNegated))
        rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
        if rest.first == "*", let last = tokens.indices.last {
          tokens[last].text += "*"
          rest.removeFirst()
        }
      } else {
        let end = rest.firstIndex { $0.isWhitespace || $0 == "\"" } ?? rest.endIndex
        tokens.append(
          Token(text: String(rest[..<end]), isQuoted: false, isNegated: isNegated))
        rest = rest[end...]
      }
    }
    return Array(tokens.prefix(40))
  }

  private static func term(_ token: Token) -> Term? {
    let isPrefix = token.text.hasSuffix("*")
    var words = SearchText.words(token.text)
    guard !words.isEmpty else { return nil }
    var matchesPrefix = isPrefix
    if words.count == 1, let only = words[0].unicodeScalars.first,
      words[0].unicodeScalars.count == 1, SearchText.isIdeograph(only)
    {
      // One character of a text that is indexed in pairs is the beginning of a pair.
      matchesPrefix = true
    }
    if words.count > 30 { words = Array(words.prefix(30)) }
    let text = isPrefix ? String(token.text.dropLast()) : token.text
    return Term(words: words, isPrefix: matchesPrefix, text: text)
  }
}
