import FleetlogEvents

/// Whether a text ends in a question to the operator.
enum Question {
  static func isAsked(_ event: StoredEvent) -> Bool { text(of: event).map(isAsked) ?? false }

  /// - Returns: nil also for a text without a question mark.
  static func text(of event: StoredEvent) -> String? {
    guard let payload = event.payload,
      payload.contains(bytesOf: "?") || payload.contains(bytesOf: "？")
    else { return nil }
    let text = Fact.text(Fact.payload(event)?["text"])
    return text.isEmpty ? nil : text
  }

  /// The last sentence decides: a question that the text itself goes on to answer is none.
  static func isAsked(_ text: String) -> Bool { asked(in: text) != nil }

  /// The question itself; nil where the text ends in none, or only offers more help.
  static func asked(in text: String) -> String? {
    var prose = text
    if let block = text.firstByteOffset(of: EventBlock.begin) {
      prose = String(text.utf8.prefix(block)) ?? text
    }
    let lines = prose.byteLines.map { String($0).trimmed }.filter { !$0.isEmpty }
    guard let last = lines.last,
      let sentence = question(endOf: last) ?? question(aboveListIn: lines)
    else { return nil }
    let words = sentence.lowercased()
    return offers.contains(where: words.contains) ? nil : sentence
  }

  private static func question(endOf line: some StringProtocol) -> String? {
    let line = String(line).trimmingSuffix(while: isMarkup)
    guard line.hasSuffix("?") || line.hasSuffix("？") else { return nil }
    return String(line[startOfLastSentence(in: line.dropLast())...].trimmingPrefix(while: isMarkup))
      .trimmed
  }

  /// The question above a list of its answers, or of what a go would set off. It must be put to
  /// the operator: prose, too, asks and answers itself with a list.
  private static func question(aboveListIn lines: [String]) -> String? {
    guard let index = lines.lastIndex(where: { !isItem($0) }), index < lines.count - 1 else {
      return nil
    }
    let lead = lines[index].trimmingSuffix(while: isMarkup)
    guard lead.hasSuffix(":") else { return question(endOf: lead).flatMap(put) }
    let body = lead.dropLast()
    let start = startOfLastSentence(in: body)
    let opening = String(body[start...].trimmingPrefix(while: isMarkup)).trimmed
    return put(opening).map { $0 + " …?" } ?? question(endOf: body[..<start]).flatMap(put)
  }

  private static func startOfLastSentence(in body: Substring) -> Substring.Index {
    body.lastIndex { ".!?:。！".contains($0) }.map { body.index(after: $0) } ?? body.startIndex
  }

  private static func isMarkup(_ character: Character) -> Bool {
    "*_`\"'#>-)] ".contains(character)
  }

  /// The same sentence where it asks the operator for something; else nil.
  private static func put(_ sentence: String) -> String? {
    let words = sentence.lowercased()
    return addresses.contains(where: words.contains) ? sentence : nil
  }

  private static let addresses = [
    "would you ", "do you ", "can you ", "could you ", "should i ", "shall i ", "can i ", "may i ",
    "should we ", "shall we ",
  ]

  /// Whether a line is an item of a list: `- x`, `2. x`, `**B) x**`.
  private static func isItem(_ line: String) -> Bool {
    if ["- ", "* ", "+ ", "• "].contains(where: line.hasPrefix) { return true }
    let words = line.drop { "*_".contains($0) }
    let mark = words.prefix { $0.isLetter || $0.isNumber }
    guard mark.count == 1 || (mark.count == 2 && mark.allSatisfy(\.isNumber)) else { return false }
    let rest = words.dropFirst(mark.count)
    return [". ", ") "].contains(where: rest.hasPrefix)
  }

  /// Courtesies at the end of finished work, which wait for nothing.
  private static let offers = [
    "anything else", "any questions", "what else", "something else", "how can i help",
    "what would you like to work on", "how may i",
  ]
}
