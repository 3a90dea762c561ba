/// Where in the grammar of HTML a template stands: decides how a value must be escaped there, or
/// that none may stand there at all.
///
/// Reads only our own templates, so it takes a strict subset and refuses the rest by name.
struct HTMLContext: Equatable {
  private enum State: Equatable {
    case text, tagOpen, closingTag, declaration, comment, tag
    case tagName(String)
    case attributeName(String)
    case beforeValue(String)
    case value(attribute: String, quote: UInt8, Fill)
    /// Inside `<script>` or `<style>`, whose text no escaping makes safe.
    case rawText(String)
  }

  private enum Fill: Equatable { case empty, literal, slot }

  /// Why a template cannot be taken, as the end of a sentence that begins with its place.
  struct Refusal: Error { let reason: String }

  private var state = State.text
  private var element = ""
  private var recent: [UInt8] = []

  static let start = HTMLContext()

  var isText: Bool { state == .text }

  static func == (left: HTMLContext, right: HTMLContext) -> Bool { left.state == right.state }

  mutating func read(_ markup: some Sequence<UInt8>) throws(Refusal) {
    for byte in markup { try read(byte) }
  }

  /// Reads a value's place.
  mutating func readSlot() throws(Refusal) -> Escape {
    switch state {
    case .text: return .text
    case .value(let attribute, let quote, let fill):
      guard Self.addresses.contains(attribute) else { return .text }
      guard fill == .empty else {
        throw Refusal(reason: "\(attribute) must be one value or none: build the address in code")
      }
      state = .value(attribute: attribute, quote: quote, .slot)
      return .url
    case .beforeValue(let attribute):
      throw Refusal(reason: "the value of \(attribute) needs quotes")
    case .rawText(let element): throw Refusal(reason: "no value may stand inside <\(element)>")
    case .comment: throw Refusal(reason: "no value may stand inside a comment")
    case .tagOpen, .closingTag, .declaration, .tag, .tagName, .attributeName:
      throw Refusal(reason: "a value may stand in text or in a quoted attribute only")
    }
  }

  private static let addresses: Set<String> = [
    "href", "src", "action", "formaction", "cite", "data", "poster", "xlink:href",
  ]

  private mutating func read(_ byte: UInt8) throws(Refusal) {
    switch state {
    case .text:
      if byte == UInt8(ascii: "<") { state = .tagOpen }
    case .tagOpen:
      switch byte {
      case UInt8(ascii: "!"):
        recent = []
        state = .declaration
      case UInt8(ascii: "/"): state = .closingTag
      default: state = .tagName(try Self.letter(byte))
      }
    case .declaration:
      recent.append(byte)
      if recent == Array("--".utf8) {
        state = .comment
      } else if byte == Self.close {
        state = .text
      }
    case .comment:
      recent = recent.suffix(2) + [byte]
      if recent == Array("-->".utf8) { state = .text }
    case .closingTag:
      if byte == Self.close { state = .text }
    case .tagName(let name):
      if byte == Self.close || byte == UInt8(ascii: "/") || Self.isSpace(byte) {
        element = name
        state = .tag
        try readInTag(byte)
      } else {
        state = .tagName(name + (try Self.letter(byte)))
      }
    case .tag: try readInTag(byte)
    case .attributeName(let name):
      if byte == UInt8(ascii: "=") {
        try check(attribute: name)
        state = .beforeValue(name)
      } else if byte == Self.close || Self.isSpace(byte) {
        state = .tag
        try readInTag(byte)
      } else {
        state = .attributeName(name + (try Self.letter(byte)))
      }
    case .beforeValue(let name):
      guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
        throw Refusal(reason: "the value of \(name) needs quotes")
      }
      let fill = Self.addresses.contains(name) ? Fill.empty : .literal
      state = .value(attribute: name, quote: byte, fill)
    case .value(let attribute, let quote, let fill):
      if byte == quote {
        state = .tag
      } else if fill == .slot {
        throw Refusal(reason: "\(attribute) must be one value or none: build the address in code")
      } else {
        state = .value(attribute: attribute, quote: quote, .literal)
      }
    case .rawText(let name):
      recent = recent.suffix(name.utf8.count + 2) + [byte]
      if recent == Array("</\(name)>".utf8) { state = .text }
    }
  }

  private mutating func readInTag(_ byte: UInt8) throws(Refusal) {
    if byte == Self.close {
      recent = []
      state = element == "script" || element == "style" ? .rawText(element) : .text
    } else if byte != UInt8(ascii: "/") && !Self.isSpace(byte) {
      state = .attributeName(try Self.letter(byte))
    }
  }

  /// The content security policy would refuse these in the browser, silently.
  private func check(attribute: String) throws(Refusal) {
    if attribute.hasPrefix("on") || ["style", "srcdoc", "srcset"].contains(attribute) {
      throw Refusal(reason: "the attribute \(attribute) is not allowed")
    }
  }

  private static let close = UInt8(ascii: ">")

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static func letter(_ byte: UInt8) throws(Refusal) -> String {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): return String(Unicode.Scalar(byte | 0x20))
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"):
      return String(Unicode.Scalar(byte))
    default:
      throw Refusal(reason: "a tag cannot hold \"\(String(Unicode.Scalar(byte)))\" here")
    }
  }
}
