package import FleetlogEvents
import FleetlogStore

// Runs and their tree.
extension JSONTwin {
  /// The runs in the order of their tree, each before what it spawned.
  package static func runs(
    _ tree: RunTree, prices: PriceTable, now: Int64
  ) -> JSONObject {
    var object = JSONObject()
    object.set("runs", tree.nodes.map { run($0, prices: prices, now: now) })
    object.set("matched", tree.nodes.count)
    object.set("partial_reason", tree.partialReason)
    return object
  }

  static func run(_ node: RunTree.Node, prices: PriceTable, now: Int64) -> JSONObject {
    let state = node.worker.state
    var object = JSONObject()
    object.set("run_id", node.run.id)
    object.setOrNull("parent_run_id", node.run.parentID)
    object.set("depth", node.depth)
    object.set("instance_id", node.run.instanceID)
    object.set("role", node.run.role)
    object.setOrNull("session_id", node.run.sessionID)
    object.set("name", node.name)
    object.setOrNull("title", node.title)
    object.set("outcome", node.outcome)
    object.setOrNull("agent", node.worker.agent)
    object.setOrNull("project", node.worker.project)
    object.set("started_at", node.run.startedAt)
    object.set("last_at", node.run.lastAt)
    object.setOrNull("exited_at", state.facts.exit?.mark.ts)
    object.setOrNull("exit_event_id", state.facts.exit?.mark.id)
    object.setOrNull("exit", state.facts.exit?.words)
    object.set("took_ms", node.took(now: now))
    object.set("is_open", node.isOpen(now: now))
    object.set("state", state.inferred.status.rawValue)
    object.set("confidence", state.inferred.confidence)
    object.set("events", node.run.events)
    object.set("children", node.children)
    let usage = node.usage.total
    object.set("input_tokens", usage.input)
    object.set("output_tokens", usage.output)
    object.set("cache_read_tokens", usage.cacheRead)
    object.set("cache_write_tokens", usage.cacheWrite)
    set(prices.cost(of: node.usage), in: &object)
    switch node.oddity {
    case .missingParent(let key):
      object.set("oddity", "missing_parent")
      object.set("parent_key", key)
    case .ownParent: object.set("oddity", "own_parent")
    case .circle: object.set("oddity", "circle")
    case nil: object.set("oddity", json: "null")
    }
    return object
  }
}
