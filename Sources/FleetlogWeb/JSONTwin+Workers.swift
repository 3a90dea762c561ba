package import FleetlogEvents
import FleetlogStore

// Workers and their states.
extension JSONTwin {
  package static func workers(_ list: WorkerList, at moment: Int64) -> JSONObject {
    var object = JSONObject()
    object.set("at", moment)
    object.set("time", Timestamp.format(moment))
    object.set("workers", list.workers.map(worker))
    object.set("matched", list.workers.count)
    object.set("known", list.known)
    object.set("partial_reason", list.partialReason)
    return object
  }

  static func worker(_ worker: Worker) -> JSONObject {
    let state = worker.state
    var object = JSONObject()
    object.set("run_id", worker.run.id)
    object.set("instance_id", worker.run.instanceID)
    object.set("role", worker.run.role)
    object.setOrNull("session_id", worker.run.sessionID)
    object.setOrNull("agent", worker.agent)
    object.setOrNull("title", worker.title ?? worker.subject)
    object.setOrNull("project", worker.project)
    object.setOrNull("branch", worker.branch)
    object.set("worker_reported_state", view(state.reported))
    object.set("hub_observed_state", view(state.observed))
    object.set("overseer_inferred_state", view(state.inferred))
    object.setOrNull("need", state.need?.name)
    object.setOrNull("waits_for", state.waitsFor)
    object.setOrNull("task", state.facts.prompt?.words)
    object.setOrNull("task_event_id", state.facts.prompt?.mark.id)
    object.setOrNull("last_output_at", state.lastOutput?.ts)
    object.setOrNull("last_output_event_id", state.lastOutput?.id)
    object.set(
      "open_calls",
      state.facts.openCalls.map { call in
        var object = JSONObject()
        object.set("event_id", call.mark.id)
        object.set("ts", call.mark.ts)
        object.set("label", call.label)
        return object
      })
    object.set(
      "reasons",
      state.reasons.map { reason in
        var object = JSONObject()
        object.set("words", reason.words)
        object.setOrNull("event_id", reason.event)
        object.set("is_inferred", reason.isInferred)
        return object
      })
    object.setOrNull("contradiction_event_id", state.contradiction)
    object.set("review", json: worker.review?.json.text ?? "null")
    object.set("children", worker.children.map(Self.worker))
    return object
  }

  static func need(_ group: NeedGroup) -> JSONObject {
    var object = JSONObject()
    object.set("need", group.need.name)
    object.set("root", event(group.root))
    object.set("is_shared", group.isShared)
    object.set("symptoms", json: ids(group.symptoms.map(\.id)))
    object.set("others", json: ids(group.others.map(\.id)))
    object.set("caused_by", json: ids(group.causes.map(\.id)))
    return object
  }

  static func graph(_ graph: LinkGraph) -> JSONObject {
    var object = JSONObject()
    object.set(
      "nodes",
      graph.nodes.map { node in
        var object = event(node.event)
        object.set("is_over", node.isOver)
        object.setOrNull("project", node.worker.project)
        return object
      })
    object.set(
      "edges",
      graph.edges.map { edge in
        var object = JSONObject()
        object.set("id", edge.id)
        object.set("from_event_id", edge.from)
        object.set("to_event_id", edge.to)
        object.set("relation_type", edge.relation.rawValue)
        object.set("metadata_json", json: edge.metadata ?? "null")
        return object
      })
    object.set("partial_reason", graph.partialReason)
    return object
  }

  private static func ids(_ ids: [Int64]) -> String {
    "[" + ids.map(String.init).joined(separator: ",") + "]"
  }

  private static func view(_ view: WorkerView) -> JSONObject {
    var object = JSONObject()
    object.set("state", view.status.rawValue)
    object.setOrNull("since", view.since)
    object.setOrNull("reason", view.reason)
    object.set("evidence", json: ids(view.evidence))
    object.set("confidence", view.confidence)
    return object
  }
}
