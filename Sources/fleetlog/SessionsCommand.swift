import FleetlogEvents
import FleetlogStore
import FleetlogWeb

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
      throw UsageError("it takes one text: put several words into quotes")
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
        Table.minute(session.lastAt), session.agent ?? "", session.id,
        Wording.grouped(session.prompts), Wording.grouped(session.toolCalls),
        Wording.grouped(session.toolErrors), Wording.grouped(session.outputTokens),
        prices.cost(of: usage[session.id] ?? []).words,
        (session.title?.withoutMarkup ?? "").oneLine(limit: 80),
      ])
    }
    table.print()
    Terminal.say("\(page.sessions.count) of \(page.total) sessions")
    if let next = page.next { Terminal.say("more with --after \(next)") }
    return 0
  }
}
