import FleetlogEvents

/// A text for people: short ones whole, long ones as their meaningful lines with the rest folded.
struct Excerpt: TemplateContext {
  /// Shown at once.
  let head: String
  /// The whole, or as much as a page carries; nil where `head` is all there is.
  let folded: String?
  /// The whole text's length in words for people: `84 lines, 12 kB`.
  let length: String
  /// True where even the folded text was cut.
  let isCut: Bool

  static let slots: [Slot<Excerpt>] = [
    .text("head", \.head),
    .text("folded", \.folded),
    .text("length", \.length),
    .flag("isCut", \.isCut),
  ]

  /// - Parameters:
  ///   - lines: how many lines are shown at once.
  ///   - bytes: how many bytes are shown at once.
  ///   - limit: how many bytes the page carries in all.
  static func prose(
    _ text: String, lines: Int = 24, bytes: Int = 2400, limit: Int = 64 << 10
  ) -> Excerpt {
    let all = splitLines(text)
    if all.count <= lines + 2, text.utf8.count <= bytes + 400 {
      return Excerpt(head: text, folded: nil, length: size(text, all.count), isCut: false)
    }
    return folding(text, all, head: cut(all.prefix(lines).joined(separator: "\n"), bytes), limit)
  }

  /// A program's output: where it is long, the lines that tell how it went and its last ones.
  ///
  /// - Parameters:
  ///   - isContent: what was read or found rather than done: its length says enough.
  ///   - isError: whether the program failed; elsewhere "error" is often just a word of a source.
  static func output(
    _ text: String, isContent: Bool, isError: Bool, limit: Int = 32 << 10
  ) -> Excerpt {
    let all = splitLines(text)
    if all.count <= 4, text.utf8.count <= 600 {
      return Excerpt(head: text, folded: nil, length: size(text, all.count), isCut: false)
    }
    if isContent { return folding(text, all, head: "", limit) }
    let body = all[..<(all.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0)]
    let last = body.suffix(3).filter(saysSomething)
    let telling = body.dropLast(3).filter { tells($0, isError: isError) }.prefix(4)
    let gap: [Substring] = telling.isEmpty ? [] : ["…"]
    let lines = (Array(telling) + gap + Array(last)).map { cut(String($0), 240) }
    return folding(text, all, head: lines.joined(separator: "\n"), limit)
  }

  private static func folding(
    _ text: String, _ lines: [Substring], head: String, _ limit: Int
  ) -> Excerpt {
    let folded = cut(text, limit)
    return Excerpt(
      head: head, folded: folded, length: size(text, lines.count),
      isCut: folded.utf8.count < text.utf8.count)
  }

  /// By bytes: to look for the ends of characters in a long output would cost more than all else.
  static func splitLines(_ text: String) -> [Substring] {
    text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      Substring($0.last == 0x0D ? $0.dropLast() : $0)
    }
  }

  static func size(_ text: String, _ lines: Int) -> String {
    (lines > 1 ? "\(Wording.grouped(lines)) lines, " : "") + Wording.bytes(Int64(text.utf8.count))
  }

  /// At most `limit` bytes, cut between characters.
  static func cut(_ text: String, _ limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: limit)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
      end = text.utf8.index(before: end)
    }
    return text[..<end] + "…"
  }

  private static func tells(_ line: Substring, isError: Bool) -> Bool {
    guard line.utf8.count < 2000 else { return false }
    let lower = line.lowercased().drop { $0 == " " || $0 == "\t" }
    return ["error", "fail", "fatal", "exception", "panic", "denied", "refused", "✘", "not ok"]
      .contains { isError ? lower.contains($0) : lower.hasPrefix($0) }
  }

  /// Closing brackets and rules do not.
  private static func saysSomething(_ line: Substring) -> Bool {
    line.lazy.filter { $0.isLetter || $0.isNumber }.prefix(4).count == 4
  }
}

/// A text that is folded at first, whatever its length.
struct Fold: TemplateContext {
  /// Bytes that a page carries of one such text.
  private static let limit = 64 << 10

  let title: String
  let text: String

  static let slots: [Slot<Fold>] = [
    .text("title", \.title),
    .text("text") { Excerpt.cut($0.text, limit) },
    .text("length") { Excerpt.size($0.text, Excerpt.splitLines($0.text).count) },
  ]
}
