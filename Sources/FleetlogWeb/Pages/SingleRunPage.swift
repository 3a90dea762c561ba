import FleetlogEvents
import FleetlogStore

/// `/runs/ID`: one run, in the tree it stands in, with what its process told of itself.
struct SingleRunPage: Page {
  static let template = "run"

  let tree: RunTree
  let node: RunTree.Node
  let start: StoredEvent?
  let exit: StoredEvent?
  let prices: PriceTable
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> SingleRunPage {
    let (tree, node) = try find(request, from: log)
    return SingleRunPage(
      tree: tree, node: node, start: try log.event(node.run.id)?.event,
      exit: try node.worker.state.facts.exit.flatMap { try log.event($0.mark.id)?.event },
      prices: request.kit.prices, now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let (tree, node) = try find(request, from: log)
    var object = JSONTwin.run(node, prices: request.kit.prices, now: request.now)
    object.set("started", try log.event(node.run.id).map { JSONTwin.event($0.event) })
    object.set(
      "exited",
      try node.worker.state.facts.exit.flatMap { try log.event($0.mark.id) }.map {
        JSONTwin.event($0.event)
      })
    object.set("tree", json: JSONTwin.runs(tree, prices: request.kit.prices, now: request.now).text)
    return object
  }

  private static func find(
    _ request: PageRequest, from log: EventLog
  ) throws -> (RunTree, RunTree.Node) {
    try request.allowOnly()
    guard let id = Int64(request.id),
      let tree = try log.tree(of: id, now: request.now, by: request.kit.rules),
      let node = tree.nodes.first(where: { $0.run.id == id })
    else {
      throw NotFound(
        message: "The log has no run \(request.id.prefix(40)): a run is called by the number of "
          + "the event that began it; see /runs.")
    }
    return (tree, node)
  }

  private var run: RunSummary { node.run }

  var head: PageHead {
    PageHead(
      title: "Run \(run.id): \(node.name)", section: Location("runs"),
      twin: Location.run(run.id).twin)
  }

  static let slots: [Slot<SingleRunPage>] = [
    .part("row") { RunRow(node: $0.node, prices: $0.prices, now: $0.now) },
    .part("tree") { RunTreeView(tree: $0.tree, prices: $0.prices, now: $0.now, marked: $0.run.id) },
    .flag("isAlone") { $0.tree.nodes.count == 1 },
    .text("partialReason", \.tree.partialReason),
    .list("facts", \.facts),
    .list("reasons") { $0.node.worker.state.reasons.map(ReasonView.init) },
    .text("command", \.command),
    .list("models", \.models),
  ]

  private func payload(_ event: StoredEvent?) -> JSONValue? {
    event?.payload.flatMap { try? JSONDocument($0).root }
  }

  /// What was started, as a shell would show it.
  private var command: String? {
    guard let words = payload(start)?["argv"]?.elements.compactMap(\.string), !words.isEmpty else {
      return nil
    }
    return words.map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:@%+,".contains($0) } && !word.isEmpty
        ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }

  private var models: [NamedValue] {
    Dictionary(grouping: node.usage, by: \.model).map { model, shares in
      (
        model: model, tokens: shares.total.tokens, calls: shares.total.calls,
        cost: CostText(prices.cost(of: shares)).text
      )
    }.filter { $0.tokens > 0 }.sorted { ($1.tokens, $0.model) < ($0.tokens, $1.model) }.map {
      NamedValue(
        $0.model.isEmpty ? "model not named" : $0.model,
        "\(Wording.count($0.tokens)) tokens, \(Wording.plural($0.calls, "response")), \($0.cost)")
    }
  }

  private var facts: [NamedValue] {
    var facts: [NamedValue] = []
    func add(_ name: String, _ value: String?, _ target: Location? = nil) {
      if let value, !value.isEmpty { facts.append(NamedValue(name, value, target)) }
    }
    let (began, ended) = (payload(start), payload(exit))
    add("run", String(run.id), .event(run.id))
    add("instance", run.instanceID, Location("events", query: [("instance", run.instanceID)]))
    add("role", run.role)
    if let parent = run.parentID { add("spawned by", "run \(parent)", .run(parent)) }
    if let session = run.sessionID { add("session", session, .session(session)) }
    add("events", Wording.grouped(run.events), Location("events", query: [("run", String(run.id))]))
    add("agent", node.worker.agent)
    add("version", began?["version"]?.string)
    add("process", began?["pid"]?.int.map { String($0) })
    add("host", began?["host"]?.string)
    add("folder", began?["cwd"]?.string ?? node.worker.project)
    add("branch", node.worker.branch)
    add("exit code", ended?["exit_code"]?.int.map { String($0) }, exit.map { .event($0.id) })
    add(
      "signal", ended?["signal"].flatMap { $0.isNull ? nil : $0.string ?? $0.source },
      exit.map { .event($0.id) })
    add("took", ended?["duration_ms"]?.int.map { Wording.duration(Int64($0)) })
    add("peak memory", ended?["peak_memory_bytes"]?.int.map { Wording.bytes(Int64($0)) })
    return facts
  }
}
