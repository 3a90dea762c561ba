/// A piece of a template's own text.
struct TemplateMarkup: Sendable, Equatable {
  let bytes: [UInt8]

  fileprivate init(bytes: [UInt8]) { self.bytes = bytes }
}

/// Why the templates cannot be used, with the place that must be mended.
package struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  package let line: Int
  package let reason: String

  package var description: String { "Templates/\(file).mustache:\(line): \(reason)" }
}

/// A template taken apart, its partials put in, not yet bound to a context.
indirect enum TemplateNode: Sendable, Equatable {
  case markup(TemplateMarkup)
  case value(name: String, Escape, TemplatePlace)
  case section(name: String, isInverted: Bool, [TemplateNode], TemplatePlace)
}

struct TemplatePlace: Sendable, Equatable {
  let file: String
  var line: Int

  func error(_ reason: String) -> TemplateError {
    TemplateError(file: file, line: line, reason: reason)
  }
}

/// Reads the subset of Mustache that the pages need: `{{value}}`, `{{{html}}}`, `{{#section}}`,
/// `{{^inverted}}`, `{{> partial}}` and `{{! comment }}`.
struct TemplateParser {
  /// The text of a template by its name, nil where there is none.
  let load: (String) -> [UInt8]?

  func parse(_ file: String) throws(TemplateError) -> [TemplateNode] {
    var context = HTMLContext.start
    let nodes = try parse(file, from: nil, including: [], &context)
    guard context.isText else {
      throw TemplateError(file: file, line: 1, reason: "ends inside a tag, script or comment")
    }
    return nodes
  }

  private func parse(
    _ file: String, from place: TemplatePlace?, including parents: [String],
    _ context: inout HTMLContext
  ) throws(TemplateError) -> [TemplateNode] {
    guard let source = load(file) else {
      throw place?.error("there is no partial \"\(file)\"")
        ?? TemplateError(file: file, line: 1, reason: "the file is missing or cannot be read")
    }
    guard !parents.contains(file), let tokens = TemplateScanner.tokens(of: source) else {
      let error = TemplatePlace(file: file, line: 1)
      throw error.error(parents.contains(file) ? "includes itself" : "a {{ is not closed")
    }
    var reader = Reader(file: file, tokens: tokens[...])
    return try read(&reader, until: nil, parents + [file], &context)
  }

  private struct Reader {
    let file: String
    var tokens: ArraySlice<TemplateScanner.Token>
  }

  private func read(
    _ reader: inout Reader, until section: (name: String, place: TemplatePlace)?,
    _ parents: [String], _ context: inout HTMLContext
  ) throws(TemplateError) -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    while let token = reader.tokens.popFirst() {
      let place = TemplatePlace(file: reader.file, line: token.line)
      do throws(HTMLContext.Refusal) {
        switch token.kind {
        case .markup(let bytes):
          try context.read(bytes)
          nodes.append(.markup(TemplateMarkup(bytes: bytes)))
          continue
        case .value(let name):
          nodes.append(.value(name: name, try context.readSlot(), place))
          continue
        case .html, .open, .close, .partial, .comment: break
        }
      } catch {
        throw place.error(error.reason)
      }
      switch token.kind {
      case .html(let name):
        guard context.isText else { throw place.error("{{{\(name)}}} may stand in text only") }
        nodes.append(.value(name: name, .none, place))
      case .open(let name, let isInverted):
        let before = context
        let body = try read(&reader, until: (name, place), parents, &context)
        guard context == before else {
          throw place.error("the section \(name) ends in another part of the markup than it began")
        }
        nodes.append(.section(name: name, isInverted: isInverted, body, place))
      case .close(let name):
        guard let section, section.name == name else {
          throw place.error("{{/\(name)}} closes nothing")
        }
        return nodes
      case .partial(let name):
        nodes += try parse(name, from: place, including: parents, &context)
      case .markup, .value, .comment: break
      }
    }
    if let section { throw section.place.error("the section \(section.name) is not closed") }
    return nodes
  }
}

/// Splits a template at its tags.
private enum TemplateScanner {
  struct Token {
    enum Kind {
      case markup([UInt8])
      case value(String)
      case html(String)
      case open(String, isInverted: Bool)
      case close(String)
      case partial(String)
      case comment
    }

    let kind: Kind
    let line: Int

    /// Tags that leave no text of their own: a line with nothing else on it vanishes whole.
    var mayStandAlone: Bool {
      switch kind {
      case .open, .close, .partial, .comment: true
      case .markup, .value, .html: false
      }
    }
  }

  /// - Returns: nil where a tag is not closed.
  static func tokens(of source: [UInt8]) -> [Token]? {
    var tokens: [Token] = []
    var line = 1
    var rest = source[...]
    while let open = find("{{", in: rest) {
      var before = rest[..<open]
      let isHTML = rest[open...].starts(with: Array("{{{".utf8))
      let opening = isHTML ? 3 : 2
      guard let close = find(isHTML ? "}}}" : "}}", in: rest[(open + opening)...]) else {
        return nil
      }
      let tagLine = line + before.count { $0 == 0x0A }
      let tag = Token(kind: kind(rest[(open + opening)..<close], isHTML), line: tagLine)
      var end = close + opening
      if tag.mayStandAlone, let alone = standsAlone(open, end, in: source) {
        before = before[..<max(before.startIndex, alone.lowerBound)]
        end = alone.upperBound
      }
      if !before.isEmpty { tokens.append(Token(kind: .markup(Array(before)), line: line)) }
      tokens.append(tag)
      line += rest[..<end].count { $0 == 0x0A }
      rest = rest[end...]
    }
    if !rest.isEmpty { tokens.append(Token(kind: .markup(Array(rest)), line: line)) }
    return tokens
  }

  private static func kind(_ bytes: ArraySlice<UInt8>, _ isHTML: Bool) -> Token.Kind {
    let text = String(decoding: bytes, as: UTF8.self)
    func name(_ text: some StringProtocol) -> String { String(text.filter { !$0.isWhitespace }) }
    if isHTML { return .html(name(text)) }
    let argument = name(text.dropFirst())
    switch text.first {
    case "#": return .open(argument, isInverted: false)
    case "^": return .open(argument, isInverted: true)
    case "/": return .close(argument)
    case ">": return .partial(argument)
    case "!": return .comment
    default: return .value(name(text))
    }
  }

  private static func find(_ text: String, in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.firstRange(of: Array(text.utf8))?.lowerBound
  }

  /// The whole line of a tag that has it for itself, newline included.
  private static func standsAlone(_ open: Int, _ end: Int, in source: [UInt8]) -> Range<Int>? {
    var start = open
    while start > 0, source[start - 1] == 0x20 || source[start - 1] == 0x09 { start -= 1 }
    guard start == 0 || source[start - 1] == 0x0A else { return nil }
    var stop = end
    while stop < source.count, source[stop] == 0x20 || source[stop] == 0x09 { stop += 1 }
    guard stop < source.count else { return start..<stop }
    return source[stop] == 0x0A ? start..<(stop + 1) : nil
  }
}
