import FleetlogEvents
import FleetlogStore

/// `/sessions`: every session, the one last active first.
struct SessionsPage: Page {
  static let template = "sessions"

  let text: String?
  let parameters: [(name: String, value: String)]
  let page: SessionPage
  /// What each session of the page used, by its id.
  let usage: [String: [UsageShare]]
  let prices: PriceTable
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> SessionsPage {
    let query = try query(request)
    let page = try request.found(log.sessions(query))
    return SessionsPage(
      text: query.text,
      parameters: request.parameters.filter { $0.name != "after" && !$0.value.isEmpty },
      page: page, usage: try log.usage(ofSessions: page.sessions.map(\.id)),
      prices: request.kit.prices, now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let page = try request.found(log.sessions(query(request)))
    return JSONTwin.page(
      page, usage: try log.usage(ofSessions: page.sessions.map(\.id)), prices: request.kit.prices)
  }

  private static func query(_ request: PageRequest) throws -> SessionQuery {
    try request.allowOnly("q", "agent", "project", "limit", "after")
    var query = SessionQuery()
    query.text = request.value("q")
    query.agents = request.values("agent")
    query.projects = request.values("project")
    query.limit = try request.integer("limit", in: EventFilter.limits, default: 100)
    query.after = request.value("after")
    return query
  }

  private var here: Location { Location("sessions", query: parameters) }

  var head: PageHead {
    PageHead(title: "Sessions", section: Location("sessions"), twin: here.twin, live: Liveness())
  }

  static let slots: [Slot<SessionsPage>] = [
    .text("total") { Wording.grouped($0.page.total) },
    .text("query", \.text),
    .list("kept") { page in
      page.parameters.filter { $0.name != "q" }.map { HiddenField(name: $0.name, value: $0.value) }
    },
    .list("chips", \.chips),
    .list("rows") { page in
      page.page.sessions.map {
        SessionRow(
          session: $0, cost: CostText(page.prices.cost(of: page.usage[$0.id] ?? [])),
          now: page.now)
      }
    },
    .flag("isFiltered") { !$0.parameters.isEmpty },
    .text("allURL") { _ in Location("sessions").description },
    .text("nextURL") { page in
      page.page.next.map { page.here.adding("after", $0).description }
    },
  ]

  private var chips: [FilterChip] { FilterChip.list(parameters, on: Location("sessions")) }
}

/// One session as a row of a list.
struct SessionRow: TemplateContext {
  let session: SessionSummary
  let cost: CostText
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<SessionRow>] = [
    .text("url") { Location.session($0.session.id).description },
    .text("title", \.session.heading),
    .text("id", \.session.id),
    .text("agent") { $0.session.agent ?? "unknown agent" },
    .text("agentURL") { row in
      row.session.agent.map { Location("sessions", query: [("agent", $0)]).description }
    },
    .text("project") { $0.session.project?.lastPathComponent },
    .text("projectPath", \.session.project),
    .text("projectURL") { row in
      row.session.project.map { Location("sessions", query: [("project", $0)]).description }
    },
    .text("model", \.session.model),
    .part("started") { TimeText($0.session.startedAt, now: $0.now) },
    .part("last") { TimeText($0.session.lastAt, now: $0.now, as: .age) },
    .text("prompts") { Wording.count($0.session.prompts) },
    .text("toolCalls") { Wording.count($0.session.toolCalls) },
    .text("toolErrors") { $0.session.toolErrors > 0 ? Wording.count($0.session.toolErrors) : nil },
    .text("tokens") { Wording.count($0.session.tokens) },
    .part("cost", \.cost),
    .text("attention") { $0.session.attention > 0 ? Wording.count($0.session.attention) : nil },
    .text("subagents") { row in
      row.session.subagents > 0 ? Wording.plural(row.session.subagents, "sub-agent") : nil
    },
  ]
}

extension SessionDetail {
  /// What the session's own lane is called, in few letters.
  var laneName: String { worker?.short ?? session.agent ?? "session" }
}

extension SessionSummary {
  /// What to call the session where it has no title.
  var heading: String {
    title?.withoutMarkup ?? "Session " + String(id.prefix(8))
  }

  /// Everything that went into and came out of the model, caches included.
  var tokens: Int { inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens }
}
