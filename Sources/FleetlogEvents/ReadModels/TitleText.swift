extension String {
  /// A title, made of what somebody wrote, without what machines put into it: event blocks, and the
  /// elements in which an editor tells what is open, whose words stay. Nil where nothing is left.
  package var withoutMarkup: String? {
    guard contains("<") else { return isEmpty ? nil : self }
    var rest = Substring(self)
    var text = ""
    while let begin = rest.firstRange(of: EventBlock.begin) {
      text += rest[..<begin.lowerBound]
      // A title may end inside a block: it is cut.
      let end = rest[begin.upperBound...].firstRange(of: EventBlock.end)
      rest = end.map { rest[$0.upperBound...] } ?? ""
    }
    text += rest
    for name in ["ide_opened_file", "ide_selection", "ide_diagnostics"] {
      for tag in ["<\(name)>", "</\(name)>"] { text = text.replacing(tag, with: " ") }
    }
    let words = text.split(separator: " ")
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
