package import FleetlogEvents
package import FleetlogStore

// Tasks and their timelines.
extension JSONTwin {
  package static func page(_ page: TaskPage) -> JSONObject {
    var object = JSONObject()
    object.set("tasks", page.tasks.map(task))
    object.setOrNull("next", page.next)
    object.set("matched", page.total)
    object.set("matched_is_exact", true)
    return object
  }

  package static func task(_ task: TaskSummary) -> JSONObject {
    var object = JSONObject()
    object.set("id", task.id)
    object.setOrNull("issue", task.issue.map(Int64.init))
    object.setOrNull("title", task.title)
    object.set("status", task.status.rawValue)
    object.set("planned", task.isPlanned)
    object.set("dispatched", task.isDispatched)
    object.setOrNull("terminal", task.terminal)
    object.setOrNull("pr_url", task.prURL)
    object.set("ticks", json: "[" + task.ticks.map(String.init).joined(separator: ",") + "]")
    object.set("attempts", task.attempts)
    object.set("workers", task.workers)
    object.setOrNull("planned_at", task.first(.planned))
    object.setOrNull("dispatched_at", task.first(.dispatched))
    object.setOrNull("pr_opened_at", task.first(.pr))
    object.setOrNull("merged_at", task.first(.merged))
    object.setOrNull("ended_at", task.end?.ts)
    object.set("first_at", task.firstAt)
    object.set("last_at", task.lastAt)
    object.set("last_sequence", task.lastSequence)
    object.set("last_summary", task.lastSummary)
    object.set("events", task.events)
    object.set("marks", task.marks.map(\.json))
    return object
  }

  package static func task(_ detail: TaskDetail) -> JSONObject {
    var object = JSONObject()
    object.set("task", task(detail.task))
    object.set("events", detail.events.map(event))
    object.set("is_cut", detail.isCut)
    return object
  }
}
