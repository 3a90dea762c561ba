import FleetlogEvents

/// What an agent wrote, as Markdown: short texts whole, long ones as their beginning with the rest
/// folded.
struct Prose: TemplateContext {
  let head: SafeHTML
  let rest: SafeHTML?
  /// The whole text's length in words for people.
  let length: String

  private static let lines = 30
  private static let bytes = 2800

  static let slots: [Slot<Prose>] = [
    .html("head", \.head), .html("rest", \.rest), .text("length", \.length),
  ]

  /// nil where a text is better shown as it is.
  init?(_ text: String) {
    guard text.utf8.count <= Markdown.limit else { return nil }
    let all = Excerpt.splitLines(text)
    length = Excerpt.size(text, all.count)
    guard all.count > Self.lines + 8 || text.utf8.count > Self.bytes + 800 else {
      guard let html = Markdown.html(text) else { return nil }
      head = html
      rest = nil
      return
    }
    let cut = Self.cut(all)
    guard let head = Markdown.html(all[..<cut].joined(separator: "\n")),
      let rest = Markdown.html(all[cut...].joined(separator: "\n"))
    else { return nil }
    self.head = head
    self.rest = rest
  }

  /// Where the beginning ends: before the last blank line that splits no block of code, else where
  /// the room ends.
  private static func cut(_ lines: [Substring]) -> Int {
    var (best, isFenced, bytes) = (0, false, 0)
    var last = 1
    for (index, line) in lines.prefix(Self.lines).enumerated() {
      bytes += line.utf8.count + 1
      if bytes > Self.bytes, index > 0 { break }
      let start = line.drop { $0 == " " }
      if start.hasPrefix("```") || start.hasPrefix("~~~") { isFenced.toggle() }
      if start.isEmpty, !isFenced { best = index }
      last = index + 1
    }
    return best > 2 ? best : last
  }
}
