import FleetlogEvents
import FleetlogStore
import FleetlogWeb

/// Lists events.
enum EventsCommand: Verb {
  static let name = "events"
  static let operands = "[options]"
  static let help = "Lists events, with the filters of the viewer."
  static let options =
    [CommonOptions.database, CommonOptions.json, Reveal.option] + FilterOptions.all

  static func run(_ arguments: Arguments) throws -> Int32 {
    if let word = arguments.positional.first {
      let isType = EventTypeCatalogue.entry(for: EventType(rawValue: word)) != nil
      throw UsageError(
        "it takes options and no “\(word)”: fleetlog search \(word) looks for the word"
          + (isType ? ", fleetlog events --type \(word) lists the events of that type" : ""))
    }
    return try list(FilterOptions.filter(arguments), arguments)
  }

  /// - Parameter suggest: called where nothing was found.
  static func list(
    _ filter: EventFilter, _ arguments: Arguments, suggest: () -> Void = {}
  ) throws -> Int32 {
    let log = try EventLog.open(arguments)
    var filter = filter
    filter.sessions = try filter.sessions.map(log.sessionID(beginning:))
    let page = try log.events(filter)
    try UnknownNames.tell(filter, in: log, isEmpty: page.rows.isEmpty)
    if page.rows.isEmpty { suggest() }
    if arguments.has("json") {
      Terminal.print(JSONTwin.page(page).bytes)
      return 0
    }
    var table = Table(["time (UTC)", "type", "instance", "event", "summary"], right: [3])
    for row in page.rows {
      table.add([
        Table.second(row.event.ts),
        row.event.type.rawValue, row.event.instanceID, String(row.event.id),
        (row.snippet?.text ?? row.event.summary).oneLine(limit: 120),
      ])
    }
    table.print()
    let matched = page.matchedIsExact ? "\(page.matched)" : "at least \(page.matched)"
    let reason = page.partialReason.map { ". " + $0 } ?? ""
    Terminal.say("\(page.rows.count) of \(matched) events\(reason)")
    if let next = page.next { Terminal.say("more with --after \(next)") }
    return 0
  }
}
