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
    var prose = Substring(text)
    if let block = prose.firstRange(of: EventBlock.begin) { prose = prose[..<block.lowerBound] }
    let lines = prose.split(whereSeparator: \.isNewline).map { String($0).trimmed }
    guard let last = lines.last(where: { !$0.isEmpty }) else { return nil }
    let line = last.trimmingSuffix { "*_`\"')] ".contains($0) }
    guard line.hasSuffix("?") || line.hasSuffix("？") else { return nil }
    let body = line.dropLast()
    let start = body.lastIndex { ".!?:。！".contains($0) }.map { body.index(after: $0) }
    let sentence = String(
      line[(start ?? line.startIndex)...].trimmingPrefix { "*_`\"'#>- ".contains($0) }
    ).trimmed
    let words = sentence.lowercased()
    return offers.contains(where: words.contains) ? nil : sentence
  }

  /// Courtesies at the end of finished work, which wait for nothing.
  private static let offers = [
    "anything else", "any questions", "what else", "something else", "how can i help",
    "what would you like to work on", "how may i",
  ]
}
