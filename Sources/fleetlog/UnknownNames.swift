import FleetlogEvents
import FleetlogStore

/// Tells of names in a filter that nothing in the log has: a list without rows looks the same for a
/// name that is mistyped and for one that was quiet.
enum UnknownNames {
  /// What is missing where a name is unknown, and what lists the names, by the filter's parameter.
  private static let lists: [String: (noun: String, lister: String)] = [
    "type": ("event of the type", "fleetlog contract lists those that workers emit"),
    "session": ("session", "fleetlog sessions lists them"),
    "run": ("run", "fleetlog runs lists them"),
    "instance": ("instance", "fleetlog workers --all lists them"),
    "role": ("event of the role", "fleetlog runs lists who ran"),
    "agent": ("session of the agent", "fleetlog sessions lists them"),
    "project": ("session in the project", "fleetlog sessions lists them"),
    "branch": ("session on the branch", "fleetlog sessions lists them"),
    "tag": ("event with the tag", "fleetlog log --tag and workers’ events set them"),
  ]

  /// So many names are shown.
  private static let mostShown = 12

  /// - Parameters:
  ///   - filter: may name more than unknown values; only its lists of names are looked at.
  ///   - isEmpty: whether nothing was found. Where something was, a list of one name is known.
  static func tell(_ filter: EventFilter, in log: EventLog, isEmpty: Bool) throws {
    let named = filter.parameters.filter { lists[$0.name] != nil }
    let counts = Dictionary(named.map { ($0.name, 1) }, uniquingKeysWith: +)
    var told: Set<String> = []
    for (name, value) in named where isEmpty || counts[name] != 1 {
      guard told.insert(name + "\0" + value).inserted, let list = lists[name],
        try isUnknown(name, value, log)
      else { continue }
      let others = try others(than: value, for: name, in: log, else: list.lister)
      Terminal.say(Terminal.safe("the log has no \(list.noun) “\(value)”" + others))
    }
  }

  /// The same for a verb whose own query is no filter of events.
  static func tell(
    _ parameters: [String], of arguments: Arguments, in log: EventLog, isEmpty: Bool
  ) throws {
    let named = try parameters.flatMap { name in
      try arguments.values(name).map {
        (name, name == "session" ? try log.sessionID(beginning: $0) : $0)
      }
    }
    try tell(EventFilter(parameters: named, now: Clock.now()), in: log, isEmpty: isEmpty)
  }

  private static func isUnknown(_ name: String, _ value: String, _ log: EventLog) throws -> Bool {
    var filter = try EventFilter(parameters: [(name, value)], now: Clock.now())
    filter.limit = 1
    let page = try log.events(filter)
    return page.rows.isEmpty && page.partialReason == nil
  }

  private static func others(
    than value: String, for name: String, in log: EventLog, else lister: String
  ) throws -> String {
    let logged = Set(try log.names(for: name))
    let catalogue = name == "type" ? EventTypeCatalogue.entries.map(\.type.rawValue) : []
    // Of a type that there is, no other one was meant.
    if catalogue.contains(value) { return " yet" }
    let near = NearNames.of(value, among: logged.union(catalogue), limit: mostShown)
    if !near.isEmpty { return "; near it: " + list(near) }
    let fits = !logged.isEmpty && logged.count <= mostShown
    return (fits ? "; it has " + list(logged.sorted()) : "") + "; " + lister
  }

  private static func list(_ names: [String]) -> String {
    names.map { $0.oneLine(limit: 80) }.joined(separator: ", ")
  }
}
