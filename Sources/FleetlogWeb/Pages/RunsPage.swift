import FleetlogEvents
import FleetlogStore

/// `/runs`: who ran when, inside whom, how it ended and what it used; drawn and as a table.
struct RunsPage: Page {
  static let template = "runs"
  private static let day: Int64 = 86_400_000

  let query: RunQuery
  let parameters: [(name: String, value: String)]
  let tree: RunTree
  /// Whether the time is not asked for, but the log's last day.
  let isLastDay: Bool
  /// The log's last hours.
  let span: RecentSpan
  let prices: PriceTable
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> RunsPage {
    let (query, isLastDay) = try query(request, log)
    return RunsPage(
      query: query, parameters: request.parameters.filter { !$0.value.isEmpty },
      tree: try log.runs(query, now: request.now, by: request.kit.rules), isLastDay: isLastDay,
      span: RecentSpan(of: try log.overview(), now: request.now), prices: request.kit.prices,
      now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let query = try query(request, log).query
    return JSONTwin.runs(
      try log.runs(query, now: request.now, by: request.kit.rules), prices: request.kit.prices,
      now: request.now)
  }

  /// Nothing narrows it: the last day of the log, which may be long ago.
  private static func query(
    _ request: PageRequest, _ log: EventLog
  ) throws -> (query: RunQuery, isLastDay: Bool) {
    try request.allowOnly(RunQuery.parameters)
    var query = try RunQuery(parameters: request.parameters, now: request.now)
    guard query.since == nil, query.until == nil, query.session == nil,
      let last = try log.overview().lastEventAt
    else { return (query, false) }
    query.since = last - day
    return (query, true)
  }

  private var here: Location { Location("runs", query: parameters) }

  var head: PageHead {
    PageHead(title: "Runs", section: Location("runs"), twin: here.twin, live: Liveness())
  }

  static let slots: [Slot<RunsPage>] = [
    .text("count") { page in
      let words = Wording.plural(page.tree.nodes.count, "run")
      return page.isLastDay ? "\(words) of \(page.span.dayWords)" : words
    },
    .text("wholeURL") { page in
      page.isLastDay
        ? Location("runs", query: page.parameters + [("since", Timestamp.format(0))]).description
        : nil
    },
    .text("since") { FilterForm.typed("since", $0.parameters) },
    .text("until") { FilterForm.typed("until", $0.parameters) },
    .list("kept") { page in
      page.parameters.filter { !["since", "until"].contains($0.name) }
        .map { HiddenField(name: $0.name, value: $0.value) }
    },
    .list("chips") { FilterChip.list($0.parameters, on: Location("runs")) },
    .flag("isFiltered") { !$0.parameters.isEmpty },
    .text("allURL") { _ in Location("runs").description },
    .text("partialReason", \.tree.partialReason),
    .flag("isEmpty") { $0.tree.nodes.isEmpty },
    .part("tree") {
      $0.tree.nodes.isEmpty ? nil : RunTreeView(tree: $0.tree, prices: $0.prices, now: $0.now)
    },
  ]
}
