import FleetlogEvents
import FleetlogStore
import FleetlogWeb
import Foundation

/// The filters of `/events` as options.
enum FilterOptions {
  static let all: [Option] = [
    Option(name: "q", value: "TEXT", help: "full text"),
    Option(name: "type", value: "TYPE", help: "event type", isRepeatable: true),
    Option(name: "session", value: "ID", help: "session", isRepeatable: true),
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
        (name: option.name.replacingOccurrences(of: "-", with: "_"), value: $0)
      }
    }
    return try EventFilter(parameters: parameters, now: Clock.now())
  }
}

/// Lists events.
enum EventsCommand: Verb {
  static let name = "events"
  static let help = "Lists events, with the filters of the viewer."
  static let options =
    [CommonOptions.database, CommonOptions.json, Reveal.option] + FilterOptions.all

  static func run(_ arguments: Arguments) throws -> Int32 {
    return try list(FilterOptions.filter(arguments), arguments)
  }

  static func list(_ filter: EventFilter, _ arguments: Arguments) throws -> Int32 {
    let log = try EventLog.open(arguments)
    let page = try log.events(filter)
    try UnknownNames.tell(filter, in: log, isEmpty: page.rows.isEmpty)
    if arguments.has("json") {
      Terminal.print(JSONTwin.page(page).bytes)
      return 0
    }
    var table = Table(["time (UTC)", "type", "instance", "event", "summary"], right: [3])
    for row in page.rows {
      table.add([
        String(Timestamp.format(row.event.ts).prefix(19)).replacingOccurrences(of: "T", with: " "),
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

/// Lists sessions.
enum SessionsCommand: Verb {
  static let name = "sessions"
  static let operands = "[TEXT]"
  static let help = "Lists sessions, newest activity first."
  static let options = [
    CommonOptions.database, CommonOptions.json, Reveal.option,
    Option(name: "q", value: "TEXT", help: "part of the title, project or id"),
    Option(name: "agent", value: "NAME", help: "agent", isRepeatable: true),
    Option(name: "project", value: "DIR", help: "project", isRepeatable: true),
    Option(name: "limit", value: "N", help: "1–500 (default 100)"),
    Option(name: "after", value: "CURSOR", help: "what the page before gave as next"),
    CommonOptions.prices,
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard arguments.positional.count <= 1 else {
      throw UsageError("sessions takes one text: put several words into quotes")
    }
    var query = SessionQuery()
    query.text = arguments.value("q") ?? arguments.positional.first
    query.agents = arguments.values("agent")
    query.projects = arguments.values("project")
    query.limit = try arguments.int("limit", in: EventFilter.limits) ?? query.limit
    query.after = arguments.value("after")
    let log = try EventLog.open(arguments)
    guard let page = try log.sessions(query) else {
      throw UsageError("--after takes the cursor that the page before gave as next")
    }
    try UnknownNames.tell(
      ["agent", "project"], of: arguments, in: log, isEmpty: page.sessions.isEmpty)
    let usage = try log.usage(ofSessions: page.sessions.map(\.id))
    // Without the dashboard's files there are no prices either, and no cost is told.
    let prices = try Places.prices(arguments, assets: try? Places.assets(arguments))
    if arguments.has("json") {
      Terminal.print(JSONTwin.page(page, usage: usage, prices: prices).bytes)
      return 0
    }
    var table = Table(
      [
        "last (UTC)", "agent", "session", "prompts", "calls", "errors", "tokens out", "cost",
        "title",
      ],
      right: [3, 4, 5, 6, 7])
    for session in page.sessions {
      table.add([
        String(Timestamp.format(session.lastAt).prefix(16)).replacingOccurrences(
          of: "T", with: " "), session.agent ?? "", session.id, String(session.prompts),
        String(session.toolCalls), String(session.toolErrors), String(session.outputTokens),
        prices.cost(of: usage[session.id] ?? []).words,
        (session.title ?? "").oneLine(limit: 80),
      ])
    }
    table.print()
    Terminal.say("\(page.sessions.count) of \(page.total) sessions")
    if let next = page.next { Terminal.say("more with --after \(next)") }
    return 0
  }
}

extension EventLog {
  /// ms. A script that asks can't see that a busy machine gave it a part only; a page says so and
  /// must be quick.
  private static let commandDeadline: UInt64 = 10_000

  /// The log that the arguments name.
  static func open(_ arguments: Arguments) throws -> EventLog {
    try EventLog(
      path: try CommonOptions.existingDatabase(arguments), deadline: commandDeadline,
      revealsSecrets: Reveal.isAsked(arguments))
  }
}
