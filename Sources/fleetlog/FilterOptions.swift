import FleetlogEvents

/// The filters of `/events` as options.
enum FilterOptions {
  static let all: [Option] = [
    Option(name: "q", value: "TEXT", help: "full text"),
    Option(name: "type", value: "TYPE", help: "event type", isRepeatable: true),
    Option(
      name: "session", value: "ID", help: "session; the beginning of its id will do",
      isRepeatable: true),
    Option(name: "run", value: "ID", help: "run", isRepeatable: true),
    Option(name: "instance", value: "NAME", help: "instance", isRepeatable: true),
    Option(name: "role", value: "ROLE", help: "role", isRepeatable: true),
    Option(
      name: "source-kind", value: "KIND", help: "worker, operator, system, overseer or channel",
      isRepeatable: true, choices: SourceKind.allCases.map(\.rawValue)),
    Option(name: "agent", value: "NAME", help: "agent of the session", isRepeatable: true),
    Option(name: "project", value: "DIR", help: "project of the session", isRepeatable: true),
    Option(name: "branch", value: "NAME", help: "branch of the session", isRepeatable: true),
    Option(name: "tag", value: "TAG", help: "tag", isRepeatable: true),
    Option(name: "min-severity", value: "1–5", help: "at least so severe"),
    Option(name: "attention", value: nil, help: "only what may ask for attention"),
    Option(name: "action-required", value: nil, help: "only what needs the operator to act"),
    Option(name: "risk", value: nil, help: "only risks"),
    Option(name: "since", value: "TIME", help: "ISO-8601, epoch ms, or back from now: 15m, 2h, 7d"),
    Option(name: "until", value: "TIME", help: "likewise, exclusive"),
    Option(
      name: "sort", value: "ORDER", help: "newest (default), oldest or rank",
      choices: EventFilter.Sort.allCases.map(\.rawValue)),
    Option(name: "limit", value: "N", help: "1–500 (default 100)"),
    Option(name: "after", value: "CURSOR", help: "what the page before gave as next"),
  ]

  static func filter(_ arguments: Arguments) throws -> EventFilter {
    let parameters = all.flatMap { option in
      arguments.values(option.name).map {
        (name: option.name.replacing("-", with: "_"), value: $0)
      }
    }
    return try EventFilter(parameters: parameters, now: Clock.now())
  }
}
