import FleetlogEvents
import FleetlogStore

/// Tells of names in a filter that nothing in the log has.
enum UnknownNames {
  /// What lists the names there are, by the filter's parameter.
  private static let listers = [
    "type": "fleetlog contract lists those that workers emit",
    "session": "fleetlog sessions lists them", "run": "fleetlog runs lists them",
    "instance": "fleetlog workers --all lists them", "role": "fleetlog runs lists who ran",
    "agent": "fleetlog sessions lists them", "project": "fleetlog sessions lists them",
    "branch": "fleetlog sessions lists them",
    "tag": "fleetlog log --tag and workers’ events set them",
  ]

  /// - Parameters:
  ///   - filter: may name more than unknown values; only its lists of names are looked at.
  ///   - isEmpty: whether nothing was found. Where something was, a list of one name is known.
  static func tell(_ filter: EventFilter, in log: EventLog, isEmpty: Bool) throws {
    for name in try log.unknownNames(in: filter, isEmpty: isEmpty) {
      Terminal.say(
        Terminal.safe("the log has no \(name.noun) “\(name.value)”" + others(than: name)))
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

  private static func others(than name: UnknownName) -> String {
    if name.isAwaited { return " yet" }
    if !name.near.isEmpty { return "; near it: " + list(name.near) }
    return (name.others.isEmpty ? "" : "; it has " + list(name.others))
      + (listers[name.parameter].map { "; " + $0 } ?? "")
  }

  private static func list(_ names: [String]) -> String {
    names.map { $0.oneLine(limit: 80) }.joined(separator: ", ")
  }
}
