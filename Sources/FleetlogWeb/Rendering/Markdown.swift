import CCmark
import FleetlogEvents

/// Text of an agent as Markdown (GitHub's), built into elements of our own choice.
///
/// The library only parses: nothing that it would write is taken. Markup in the text is shown as
/// text, links lead to the web only, nothing is ever fetched for an image.
struct Markdown {
  /// Bytes of one text. Longer ones are shown as they are: some hostile texts cost the parser time
  /// that grows with the square of their length.
  static let limit = 32 << 10
  /// Elements inside each other; deeper ones are left out, their text is not.
  private static let deepest = 24

  private var writer: HTMLWriter
  /// What closes each element that is open; empty where none was opened.
  private var open: [StaticString] = []
  private var isInLink = false
  private var isInHead = false

  /// - Returns: nil where the text is too long or can't be parsed.
  static func html(_ text: String) -> SafeHTML? {
    guard text.utf8.count <= limit, let root = parse(text) else { return nil }
    defer { cmark_node_free(root) }
    var markdown = Markdown(writer: HTMLWriter(reservingCapacity: text.utf8.count * 2))
    markdown.walk(root)
    return markdown.writer.finish()
  }

  private init(writer: HTMLWriter) { self.writer = writer }

  /// Registered once: the library's list of extensions is one for the whole process.
  private static let isReady: Bool = {
    cmark_gfm_core_extensions_ensure_registered()
    return true
  }()

  private static func parse(_ text: String) -> OpaquePointer? {
    guard isReady, let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return nil }
    defer { cmark_parser_free(parser) }
    for name in ["table", "strikethrough", "autolink", "tasklist"] {
      guard let found = cmark_find_syntax_extension(name) else { continue }
      cmark_parser_attach_syntax_extension(parser, found)
    }
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        cmark_parser_feed(parser, $0.baseAddress, $0.count)
      }
    }
    return cmark_parser_finish(parser)
  }

  /// By the library's iterator, without recursion: a text may nest as deep as it is long.
  private mutating func walk(_ root: OpaquePointer) {
    guard let iterator = cmark_iter_new(root) else { return }
    defer { cmark_iter_free(iterator) }
    while true {
      let event = cmark_iter_next(iterator)
      guard event != CMARK_EVENT_DONE, let node = cmark_iter_get_node(iterator) else { return }
      if event == CMARK_EVENT_ENTER { enter(node) } else { leave(node) }
    }
  }

  private mutating func enter(_ node: OpaquePointer) {
    switch Self.text(cmark_node_get_type_string(node)) {
    case "text", "html_inline": writer.append(text: Self.text(cmark_node_get_literal(node)))
    case "softbreak", "linebreak": writer.append("<br>")
    case "code":
      writer.append("<code>")
      writer.append(text: Self.text(cmark_node_get_literal(node)))
      writer.append("</code>")
    case "code_block":
      writer.append(#"<pre class="code">"#)
      writer.append(text: Self.text(cmark_node_get_literal(node)).trimmingSuffix { $0.isNewline })
      writer.append("</pre>")
    case "html_block":
      writer.append("<p>")
      writer.append(text: Self.text(cmark_node_get_literal(node)).trimmingSuffix { $0.isNewline })
      writer.append("</p>")
    case "thematic_break": writer.append("<hr>")
    case "emph": begin("<em>", "</em>")
    case "strong": begin("<strong>", "</strong>")
    case "strikethrough": begin("<del>", "</del>")
    case "paragraph": Self.isTight(node) ? begin("", "") : begin("<p>", "</p>")
    // The page's own headings order it; a text's only order the text.
    case "heading": begin(#"<p class="heading">"#, "</p>")
    case "block_quote": begin("<blockquote>", "</blockquote>")
    case "list": beginList(node)
    case "item": begin("<li>", "</li>")
    case "tasklist":
      begin("<li>", "</li>")
      writer.append(
        cmark_gfm_extensions_get_tasklist_item_checked(node)
          ? #"<i class="task done" role="img" aria-label="done"></i>"#
          : #"<i class="task" role="img" aria-label="not done"></i>"#)
    case "table": begin(#"<div class="wide"><table>"#, "</table></div>")
    case "table_header":
      isInHead = true
      begin("<tr>", "</tr>")
    case "table_row": begin("<tr>", "</tr>")
    case "table_cell": isInHead ? begin("<th>", "</th>") : begin("<td>", "</td>")
    case "link": beginLink(Self.text(cmark_node_get_url(node)))
    case "image": beginImage(node)
    default: begin("", "")
    }
  }

  private mutating func leave(_ node: OpaquePointer) {
    switch Self.text(cmark_node_get_type_string(node)) {
    case "link": isInLink = false
    case "image":
      endImage(node)
      return
    case "table_header": isInHead = false
    default: break
    }
    end()
  }

  private mutating func begin(_ opening: StaticString, _ closing: StaticString) {
    let isShown = open.count < Self.deepest
    if isShown { writer.append(opening) }
    open.append(isShown ? closing : "")
  }

  private mutating func end() {
    if let closing = open.popLast() { writer.append(closing) }
  }

  private mutating func beginList(_ node: OpaquePointer) {
    guard cmark_node_get_list_type(node) == CMARK_ORDERED_LIST, open.count < Self.deepest else {
      return begin("<ul>", "</ul>")
    }
    writer.append(#"<ol start=""#)
    writer.append(text: String(cmark_node_get_list_start(node)))
    writer.append(#"">"#)
    open.append("</ol>")
  }

  private mutating func beginLink(_ url: String) {
    guard Self.isWeb(url), !isInLink, open.count < Self.deepest else { return begin("", "") }
    isInLink = true
    writer.append(#"<a rel="noopener noreferrer" href=""#)
    writer.append(url: url)
    writer.append(#"">"#)
    open.append("</a>")
  }

  /// An image shows only what the text itself holds; any other becomes a link, of which the
  /// description is the text.
  private mutating func beginImage(_ node: OpaquePointer) {
    let url = Self.text(cmark_node_get_url(node))
    if Self.isPicture(url), open.count < Self.deepest {
      writer.append(#"<img alt="picture from the text" src=""#)
      writer.append(text: url)
      writer.append(#"">"#)
      begin("<span>", "</span>")
    } else {
      beginLink(url)
      writer.append("image: ")
    }
  }

  private mutating func endImage(_ node: OpaquePointer) {
    let url = Self.text(cmark_node_get_url(node))
    if !Self.isPicture(url) {
      if cmark_node_first_child(node) == nil { writer.append(text: String(url.prefix(200))) }
      if open.last.map({ $0.utf8CodeUnitCount > 0 }) == true { isInLink = false }
    }
    end()
  }

  /// The paragraphs of a list whose items stand close are no paragraphs.
  private static func isTight(_ node: OpaquePointer) -> Bool {
    guard let list = cmark_node_parent(node).flatMap({ cmark_node_parent($0) }) else {
      return false
    }
    return cmark_node_get_list_tight(list) != 0
  }

  static func isWeb(_ url: String) -> Bool {
    let start = url.prefix(8).lowercased()
    return (start.hasPrefix("https://") || start.hasPrefix("http://"))
      && HTMLWriter.mayBeFollowed(url)
  }

  /// Whether an address holds the bytes of a picture itself, of a kind that can hold no script.
  static func isPicture(_ url: String) -> Bool {
    let kinds = ["png", "jpeg", "gif", "webp"].map { "data:image/\($0);base64," }
    // By bytes: to a comparison of characters U+037E is a semicolon, to a browser it is not.
    guard let kind = kinds.first(where: { url.utf8.starts(with: $0.utf8) }) else { return false }
    return url.utf8.dropFirst(kind.utf8.count).allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"),
        UInt8(ascii: "="):
        true
      default: false
      }
    }
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
  }
}
