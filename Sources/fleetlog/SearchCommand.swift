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
      throw UsageError("search needs something to search for: fleetlog search WORDS")
    }
    var filter = try FilterOptions.filter(arguments)
    // A shell has taken the quotes away: an argument of several words was a phrase.
    filter.text = arguments.positional.map { word in
      word.contains(" ") && !word.contains("\"") && arguments.positional.count > 1
        ? "\"\(word)\"" : word
    }.joined(separator: " ")
    return try EventsCommand.list(filter, arguments)
  }
}
