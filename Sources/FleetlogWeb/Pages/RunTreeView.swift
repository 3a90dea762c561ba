package import FleetlogEvents

/// A tree of runs as a picture with a table under it.
struct RunTreeView: TemplateContext {
  let tree: RunTree
  let prices: PriceTable
  /// ms since the Unix epoch.
  let now: Int64
  /// The run that the page is about.
  var marked: Int64?

  /// Rows of the picture; the table has them all.
  private static let mostDrawn = 150

  private var drawn: [RunTree.Node] { Array(tree.nodes.prefix(Self.mostDrawn)) }

  static let slots: [Slot<RunTreeView>] = [
    .list("names") { view in view.drawn.map(view.row) },
    .html("drawing") { RunDrawing(nodes: $0.drawn, now: $0.now, marked: $0.marked).draw() },
    .text("left") { view in
      let left = view.tree.nodes.count - view.drawn.count
      return left > 0 ? Wording.plural(left, "run") : nil
    },
    .list("rows") { view in view.tree.nodes.map(view.row) },
  ]

  private func row(_ node: RunTree.Node) -> RunRow {
    RunRow(node: node, prices: prices, now: now, isMarked: node.run.id == marked)
  }
}

/// One run as a row.
struct RunRow: TemplateContext {
  let node: RunTree.Node
  let prices: PriceTable
  /// ms since the Unix epoch.
  let now: Int64
  var isMarked = false

  /// Deeper rows stand no further to the right.
  private static let deepest = 8

  static let slots: [Slot<RunRow>] = [
    .text("url") { Location.run($0.node.run.id).description },
    .text("name", \.node.name),
    .text("title", \.node.title),
    .text("fullName", \.node.worker.name.full),
    .text("depth") { String(min($0.node.depth, deepest)) },
    .flag("isMarked", \.isMarked),
    .text("about") { row in
      let run = row.node.run
      return run.role == row.node.name ? run.instanceID : "\(run.role) \(run.instanceID)"
    },
    .text("tone", \.node.worker.state.inferred.status.tone.rawValue),
    .flag("isInferred") { !$0.node.worker.state.isSaidOrSeen },
    .text("outcome", \.node.outcome),
    .text("outcomeURL") { row in
      let state = row.node.worker.state
      let id = state.facts.exit?.mark.id ?? state.inferred.evidence.first
      return id.map { Location.event($0).description }
    },
    .part("started") { TimeText($0.node.run.startedAt, now: $0.now) },
    .text("took") { Wording.duration($0.node.took(now: $0.now)) },
    .flag("isOpen") { $0.node.isOpen(now: $0.now) },
    .text("tokens") { row in
      let tokens = row.node.usage.total.tokens
      return tokens == 0 ? nil : Wording.count(tokens)
    },
    .part("cost") { CostText($0.prices.cost(of: $0.node.usage)) },
    .flag("isSum") { $0.node.children > 0 },
    .text("events") { Wording.count($0.node.run.events) },
    .text("eventsURL") { row in
      Location("events", query: [("run", String(row.node.run.id))]).description
    },
    .text("oddity", \.node.oddity?.words),
  ]
}

extension RunTree.Oddity {
  package var words: String {
    switch self {
    case .missingParent(let key): "its parent has not been seen: \(key)"
    case .ownParent: "names itself as its parent"
    case .circle: "is its own parent, through others"
    }
  }
}
