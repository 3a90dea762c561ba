import FleetlogEvents
import FleetlogStore
import FleetlogWeb

/// Lists runs in the order of their tree.
enum RunsCommand: Verb {
  static let name = "runs"
  static let help = "Lists runs as a tree: who ran when, inside whom, and how it stands."
  static let options =
    [CommonOptions.database, CommonOptions.json, Reveal.option]
    + [
      Option(
        name: "since", value: "TIME",
        help: "active since: ISO-8601, epoch ms, or back from now: 15m, 2h, 7d"),
      Option(name: "until", value: "TIME", help: "begun before"),
      Option(name: "instance", value: "ID", help: "instance", isRepeatable: true),
      Option(name: "role", value: "ROLE", help: "role", isRepeatable: true),
      Option(name: "agent", value: "NAME", help: "agent", isRepeatable: true),
      Option(name: "project", value: "DIR", help: "project", isRepeatable: true),
      Option(name: "session", value: "ID", help: "session; the beginning of its id will do"),
      Thresholds.option, CommonOptions.prices,
    ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    let now = Clock.now()
    var query = try RunQuery(
      parameters: RunQuery.parameters.flatMap { name in
        arguments.values(name).map { (name, $0) }
      }, now: now)
    let log = try EventLog.open(arguments)
    query.session = try query.session.map(log.sessionID(beginning:))
    let tree = try log.runs(query, now: now, by: Thresholds.rules(arguments))
    try UnknownNames.tell(
      ["instance", "role", "agent", "project", "session"], of: arguments, in: log,
      isEmpty: tree.nodes.isEmpty)
    // Without the dashboard's files there are no prices either, and no cost is told.
    let prices = try Places.prices(arguments, assets: try? Places.assets(arguments))
    if arguments.has("json") {
      Terminal.print(JSONTwin.runs(tree, prices: prices, now: now).bytes)
      return 0
    }
    var table = Table(
      ["run", "what", "started (UTC)", "took", "how it stands", "tokens", "cost"],
      right: [0, 3, 5, 6])
    for node in tree.nodes {
      let tokens = node.usage.total.tokens
      table.add([
        String(node.run.id),
        String(repeating: "  ", count: min(node.depth, 12))
          + [node.name, node.title].compactMap(\.self).joined(separator: ": ").oneLine(limit: 72),
        Table.minute(node.run.startedAt), Wording.duration(node.took(now: now)),
        (node.outcome + (node.oddity.map { " (" + $0.words + ")" } ?? "")).oneLine(limit: 60),
        tokens == 0 ? "" : Wording.grouped(tokens), prices.cost(of: node.usage).words,
      ])
    }
    table.print()
    let reason = tree.partialReason.map { " " + $0 } ?? ""
    Terminal.say("\(Figures.plural(tree.nodes.count, "run")).\(reason)")
    return 0
  }
}
