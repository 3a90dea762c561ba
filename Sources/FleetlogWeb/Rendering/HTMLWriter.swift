/// Markup that needs no more escaping.
///
/// Only ``HTMLWriter`` makes it, and that takes nothing unescaped but the text of templates and
/// of string literals: text from a transcript cannot become one of these.
struct SafeHTML: Sendable, Equatable {
  let bytes: [UInt8]

  fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

  static let empty = SafeHTML(bytes: [])

  var isEmpty: Bool { bytes.isEmpty }
}

/// How a value is made harmless for the place it is written to.
enum Escape: Sendable, Equatable {
  /// Element text and quoted attribute values.
  case text
  /// The whole value of an attribute that holds an address; see ``HTMLWriter/append(url:)``.
  case url
  /// Already ``SafeHTML``.
  case none
}

/// What the addresses of this dashboard become.
enum LinkStyle: Sendable {
  /// They lead to its pages.
  case served
  /// They lead to places in the one file that is written: an event to its own, all others nowhere.
  case inFile
}

/// Builds HTML or SVG as bytes.
struct HTMLWriter {
  private var bytes: [UInt8] = []
  private let links: LinkStyle

  init(reservingCapacity capacity: Int = 0, links: LinkStyle = .served) {
    self.links = links
    bytes.reserveCapacity(capacity)
  }

  consuming func finish() -> SafeHTML { SafeHTML(bytes: bytes) }

  /// Markup written in this program's own source.
  mutating func append(_ markup: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: markup.utf8Start, count: markup.utf8CodeUnitCount))
  }

  /// Markup of a template file.
  mutating func append(template: TemplateMarkup) { bytes.append(contentsOf: template.bytes) }

  /// A style or script of this dashboard's own, which holds no end tag.
  mutating func append(file: Assets.Content) { bytes.append(contentsOf: file.bytes) }

  mutating func append(html: SafeHTML) { bytes.append(contentsOf: html.bytes) }

  /// Text, harmless in an element and in a quoted attribute alike.
  ///
  /// Control characters become their visible pictures, and what would turn the direction of
  /// writing around is spelt out: a command must not read differently from what it does.
  mutating func append(text: String) {
    var text = text
    text.withUTF8 { utf8 in
      var start = 0
      for index in utf8.indices {
        let byte = utf8[index]
        if byte == 0xE2, let name = Self.directionControl(utf8[index...].prefix(3)) {
          bytes.append(contentsOf: utf8[start..<index])
          bytes.append(contentsOf: Array("‹\(name)›".utf8))
          start = index + 3
        } else if byte == 0xC2, index + 1 < utf8.count, utf8[index + 1] < 0xA0 {
          // To a terminal, to which a file may be shown, these are the beginnings of commands.
          bytes.append(contentsOf: utf8[start..<index])
          bytes.append(
            contentsOf: Array("‹U+00\(String(utf8[index + 1], radix: 16, uppercase: true))›".utf8))
          start = index + 2
        } else if let replacement = Self.replacement(for: byte) {
          bytes.append(contentsOf: utf8[start..<index])
          bytes.append(contentsOf: replacement)
          start = index + 1
        }
      }
      bytes.append(contentsOf: utf8[start...])
    }
  }

  /// The name of U+202A to U+202E and U+2066 to U+2069, by their UTF-8.
  private static func directionControl(_ utf8: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    guard utf8.count == 3, let last = utf8.last else { return nil }
    switch (utf8[utf8.startIndex + 1], last) {
    case (0x80, 0xAA...0xAE): return "U+20" + String(last - 0x80, radix: 16, uppercase: true)
    case (0x81, 0xA6...0xA9): return "U+20" + String(last - 0x40, radix: 16, uppercase: true)
    default: return nil
    }
  }

  /// An address, where it is one that may be followed: http, https, a path of this server, a
  /// query or a fragment. Anything else becomes `#refused-address`.
  mutating func append(url: String) {
    guard Self.mayBeFollowed(url) else { return append(text: "#refused-address") }
    guard links == .inFile, url.hasPrefix("/") else { return append(text: url) }
    let event =
      url.hasPrefix("/events/") ? url.dropFirst(8).prefix { $0.isASCII && $0.isNumber } : ""
    append(text: event.isEmpty ? "#not-in-this-file" : "#e\(event)")
  }

  static func mayBeFollowed(_ url: String) -> Bool {
    // Browsers drop tabs and newlines inside an address: "/\t/host" would lead to another host.
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
      return false
    }
    if url.hasPrefix("/") { return !url.hasPrefix("//") }
    if url.hasPrefix("#") || url.hasPrefix("?") { return true }
    let start = url.prefix(8).lowercased()
    return start.hasPrefix("https://") || start.hasPrefix("http://")
  }

  private static func replacement(for byte: UInt8) -> [UInt8]? {
    byte > 0x3E && byte != 0x7F ? nil : replacements[Int(byte)]
  }

  private static let replacements: [[UInt8]?] = (UInt8(0)...0x7F).map { byte in
    switch byte {
    case UInt8(ascii: "&"): Array("&amp;".utf8)
    case UInt8(ascii: "<"): Array("&lt;".utf8)
    case UInt8(ascii: ">"): Array("&gt;".utf8)
    case UInt8(ascii: "\""): Array("&quot;".utf8)
    case UInt8(ascii: "'"): Array("&#39;".utf8)
    case 0x09, 0x0A, 0x0D: nil
    case 0x00..<0x20: Array(String(Unicode.Scalar(0x2400 + UInt32(byte)) ?? "\u{FFFD}").utf8)
    case 0x7F: Array("\u{2421}".utf8)
    default: nil
    }
  }
}
