import FleetlogEvents

/// What a call is to change in files, read from its input by the names that agents' tools use.
struct CallChange {
  let lines: [LineDifference.Line]
  /// Where the input or its difference was longer than a page carries.
  let isCut: Bool

  /// Pairs of lines that one change may cost, and lines that a page carries of it.
  private static let pairs = 40_000
  private static let mostLines = 600
  /// Bytes of a text that is compared.
  private static let mostBytes = 128 << 10

  private static let replacements = [
    ("old_string", "new_string"), ("old_str", "new_str"), ("oldString", "newString"),
  ]

  /// nil where the call changes no file, or doesn't say how.
  init?(input: JSONValue?) {
    guard let input else { return nil }
    guard let lines = Self.lines(input), !lines.isEmpty else { return nil }
    isCut = lines.count > Self.mostLines
    self.lines = Array(lines.prefix(Self.mostLines))
  }

  var added: Int { lines.count { $0.sign == .added } }
  var removed: Int { lines.count { $0.sign == .removed } }

  private static func lines(_ input: JSONValue) -> [LineDifference.Line]? {
    if let patch = patch(input) { return patch }
    if input["edits"]?.isArray == true {
      let parts = input["edits"]?.elements.prefix(100).compactMap(replacement) ?? []
      return Array(parts.joined(separator: [LineDifference.Line(.gap, "")]))
    }
    return replacement(input) ?? newFile(input)
  }

  private static func replacement(_ input: JSONValue) -> [LineDifference.Line]? {
    for (old, new) in replacements {
      guard let becomes = input[new], input[old] != nil || new == "new_string" else { continue }
      let was = input[old].map(PayloadText.text) ?? ""
      return difference(was, PayloadText.text(becomes))
    }
    return nil
  }

  private static func newFile(_ input: JSONValue) -> [LineDifference.Line]? {
    guard ["file_path", "filePath", "path"].contains(where: { input[$0]?.string != nil }),
      let content = input["content"] ?? input["file_text"], !content.isArray
    else { return nil }
    return difference("", PayloadText.text(content))
  }

  private static func difference(_ old: String, _ new: String) -> [LineDifference.Line] {
    LineDifference.lines(
      from: Excerpt.cut(old, mostBytes), to: Excerpt.cut(new, mostBytes), pairs: pairs)
  }

  /// A patch says itself what is added and removed.
  private static func patch(_ input: JSONValue) -> [LineDifference.Line]? {
    let texts =
      [input, input["input"], input["patch"], input["diff"], input["command"], input["cmd"]]
      .compactMap { $0?.string } + (input["command"]?.elements.compactMap(\.string) ?? [])
    guard let text = texts.first(where: { $0.contains(bytesOf: "*** Begin Patch") }) else {
      return nil
    }
    let body = Excerpt.cut(text, mostBytes)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .drop { !$0.hasPrefix("*** Begin Patch") }.dropFirst().prefix {
        !$0.hasPrefix("*** End Patch")
      }
    return body.map { line in
      switch line.first {
      case "+": LineDifference.Line(.added, String(line.dropFirst()))
      case "-": LineDifference.Line(.removed, String(line.dropFirst()))
      case "@": LineDifference.Line(.gap, line.drop { $0 == "@" || $0 == " " }.description)
      case "*": LineDifference.Line(.gap, line.drop { $0 == "*" || $0 == " " }.description)
      case " ": LineDifference.Line(.same, String(line.dropFirst()))
      default: LineDifference.Line(.same, String(line))
      }
    }
  }
}

/// A change as it stands in the transcript: short ones whole, of long ones the beginning.
struct ChangeView: TemplateContext {
  let change: CallChange

  private static let shown = 14

  static let slots: [Slot<ChangeView>] = [
    .text("size") { view in
      let removed = view.change.removed
      return "+\(Wording.grouped(view.change.added))"
        + (removed > 0 ? " −\(Wording.grouped(removed))" : "")
    },
    .html("head") { view in
      html(view.isLong ? view.change.lines.prefix(shown) : view.change.lines[...])
    },
    .html("rest") { view in view.isLong ? html(view.change.lines.dropFirst(shown)) : nil },
    .text("length") { view in
      view.isLong ? Wording.plural(view.change.lines.count - shown, "more line") : nil
    },
    .flag("isCut", \.change.isCut),
  ]

  private var isLong: Bool { change.lines.count > Self.shown + 6 }

  private static func html(_ lines: ArraySlice<LineDifference.Line>) -> SafeHTML {
    var writer = HTMLWriter(reservingCapacity: 80 * lines.count)
    for line in lines {
      switch line.sign {
      case .added: writer.append(#"<span class="added">+ "#)
      case .removed: writer.append(#"<span class="removed">- "#)
      case .same: writer.append("<span>  ")
      case .gap: writer.append(#"<span class="gap">… "#)
      }
      writer.append(text: line.text)
      writer.append("\n</span>")
    }
    return writer.finish()
  }
}
