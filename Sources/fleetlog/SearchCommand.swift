import FleetlogEvents

/// Searches the full text.
enum SearchCommand: Verb {
  static let name = "search"
  static let operands = "WORDS…"
  static let help =
    "Finds events by their text: words, \"a phrase\", word*, OR, and after -- also -word."
  static let options =
    [CommonOptions.database, CommonOptions.json, Reveal.option]
    + FilterOptions.all.filter { $0.name != "q" }

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard !arguments.positional.isEmpty else {
      throw UsageError("it needs something to search for: fleetlog search WORDS")
    }
    var filter = try FilterOptions.filter(arguments)
    // A shell has taken the quotes away: an argument of several words was a phrase.
    filter.text = arguments.positional.map { word in
      word.contains(" ") && !word.contains("\"") && arguments.positional.count > 1
        ? "\"\(word)\"" : word
    }.joined(separator: " ")
    return try EventsCommand.list(filter, arguments) { suggest(insteadOf: arguments.positional) }
  }

  /// What other searches write as `type:blocked` is an option here.
  private static func suggest(insteadOf words: [String]) {
    for word in words {
      let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2,
        let option = FilterOptions.all.first(where: {
          $0.name == parts[0].replacing("_", with: "-") && $0.value != nil && $0.name != "q"
        })
      else { continue }
      Terminal.say(
        Terminal.safe("“\(word)” was looked for as text: --\(option.name) \(parts[1]) filters"))
    }
  }
}
