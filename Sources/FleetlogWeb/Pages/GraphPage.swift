import FleetlogEvents
import FleetlogStore

/// `/graph`: which events hang together and how, drawn and as a table.
struct GraphPage: Page {
  static let template = "graph"
  private static let day: Int64 = 86_400_000
  static let parameters = ["relation", "session", "root", "since", "until"]

  let query: GraphQuery
  let parameters: [(name: String, value: String)]
  let graph: LinkGraph
  let contradictions: [Int64: Int64]
  let sketch: GraphSketch
  let outcome: GraphLayouter.Outcome
  /// Whether the time is not asked for, but the log's last day.
  let isLastDay: Bool
  /// The log's last hours.
  let span: RecentSpan
  /// Whether something is linked, but not in the log's last day.
  let hasEarlier: Bool
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> GraphPage {
    let (query, isLastDay) = try query(request, log)
    let graph = try log.graph(query)
    let overview = try log.overview()
    let sketch = GraphSketch(graph, root: query.root)
    return GraphPage(
      query: query, parameters: request.parameters.filter { !$0.value.isEmpty }, graph: graph,
      contradictions: try log.contradictions(of: graph.nodes.map(\.event.id)), sketch: sketch,
      outcome: sketch.boxes.isEmpty
        ? .layout(GraphLayout()) : sketch.layout(by: request.kit.graphs),
      isLastDay: isLastDay, span: RecentSpan(of: overview, now: request.now),
      hasEarlier: try isLastDay && graph.nodes.isEmpty && log.hasLinks(), now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    JSONTwin.graph(try log.graph(try query(request, log).query))
  }

  /// The drawing alone.
  static func drawing(_ request: PageRequest, from log: EventLog) throws -> SafeHTML {
    let page = try read(request, from: log)
    guard case .layout(let layout) = page.outcome else {
      throw Unavailable(message: page.hint ?? "The graph can't be drawn now.")
    }
    return GraphDrawing(sketch: page.sketch, layout: layout, now: page.now).draw(isAlone: true)
  }

  /// Nothing narrows it: the last day of the log, which may be long ago.
  private static func query(
    _ request: PageRequest, _ log: EventLog
  ) throws -> (query: GraphQuery, isLastDay: Bool) {
    try request.allowOnly(parameters)
    var query = try GraphQuery(parameters: request.parameters, now: request.now)
    if let root = query.root, try log.event(root) == nil {
      throw NotFound(message: "There is no event \(root) that a graph could begin at.")
    }
    guard query.since == nil, query.until == nil, query.root == nil, query.session == nil,
      let last = try log.overview().lastEventAt
    else { return (query, false) }
    query.since = last - day
    return (query, true)
  }

  private var here: Location { Location("graph", query: parameters) }

  var head: PageHead {
    PageHead(
      title: "Graph", section: Location("graph"), twin: here.twin, script: .graphScript)
  }

  static let slots: [Slot<GraphPage>] = [
    .text("count", \.count),
    .list("relations", \.relations),
    .text("since") { FilterForm.typed("since", $0.parameters) },
    .text("until") { FilterForm.typed("until", $0.parameters) },
    .text("rootID") { $0.query.root.map { String($0) } },
    .text("sessionID", \.query.session),
    .list("chips", \.chips),
    .flag("isFiltered") { !$0.parameters.isEmpty },
    .text("allURL") { _ in Location("graph").description },
    .text("span", \.span.dayWords),
    .flag("hasEarlier", \.hasEarlier),
    .text("wholeURL") { _ in
      Location("graph", query: [("since", Timestamp.format(0))]).description
    },
    .flag("isWide") { $0.query.root == nil && $0.query.session == nil },
    .text("partialReason", \.graph.partialReason),
    .html("drawing", \.drawn),
    .text("hint", \.hint),
    .text("drawingURL") { page in Location("graph.svg", query: page.parameters).description },
    .text("left") { page in
      page.sketch.left > 0 ? Wording.plural(page.sketch.left, "event") : nil
    },
    .list("legend") { _ in
      RelationType.allCases.map { NamedValue($0.rawValue.replacing("_", with: "-"), $0.words) }
    },
    .list("rows", \.rows),
    .flag("isEmpty") { $0.graph.nodes.isEmpty },
  ]

  private var count: String {
    let words =
      Wording.plural(graph.nodes.count, "event") + ", "
      + Wording.plural(graph.edges.count, "link")
    return isLastDay ? "\(words) of \(span.dayWords)" : words
  }

  private var relations: [Choice] {
    RelationType.allCases.map {
      Choice(value: $0.rawValue, label: $0.words, isChosen: query.relations.contains($0))
    }
  }

  private var chips: [FilterChip] { FilterChip.list(parameters, on: Location("graph")) }

  private var drawn: SafeHTML {
    guard case .layout(let layout) = outcome, !sketch.boxes.isEmpty else { return .empty }
    return GraphDrawing(sketch: sketch, layout: layout, now: now).draw()
  }

  /// Why there is no drawing.
  private var hint: String? {
    switch outcome {
    case .layout: nil
    case .missing:
      "Graphviz places the boxes of the drawing and is not installed: apt-get install graphviz, "
        + "or make setup. The table below says the same."
    case .late:
      "Placing the boxes took too long; narrow the time or begin at one event. The table below "
        + "says the same."
    case .failed(let why): "The graph can’t be drawn: \(why). The table below says the same."
    }
  }

  private var rows: [LinkRow] {
    let nodes = Dictionary(graph.nodes.map { ($0.event.id, $0) }, uniquingKeysWith: { $1 })
    return graph.edges.compactMap { edge in
      guard let from = nodes[edge.from], let to = nodes[edge.to] else { return nil }
      func row(_ node: LinkGraph.Node) -> EventRow {
        EventRow(
          event: node.event, now: now, contradiction: contradictions[node.event.id],
          worker: node.worker)
      }
      return LinkRow(edge: edge, from: row(from), to: row(to))
    }
  }
}

/// What is asked for can't be given now, and can be later.
struct Unavailable: Error {
  /// A sentence for people.
  let message: String
}

/// A link as a row of a table, read as a sentence.
struct LinkRow: TemplateContext {
  let edge: LinkGraph.Edge
  let from: EventRow
  let to: EventRow

  static let slots: [Slot<LinkRow>] = [
    .part("from", \.from),
    .part("to", \.to),
    .text("words", \.edge.relation.words),
    .flag("isByRule", \.edge.isInferred),
    .text("how") { LinkSentence.how($0.edge.metadata) },
  ]
}
