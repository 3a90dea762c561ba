import FleetlogEvents
import FleetlogStore

/// `/tasks/issue:N`: the life of one task, event by event, each with its receipt.
struct SingleTaskPage: Page {
  static let template = "task"

  let detail: TaskDetail
  var names = WorkerNames()
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> SingleTaskPage {
    let detail = try detail(request, log)
    return SingleTaskPage(
      detail: detail, names: try log.workerNames(of: detail.events), now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    JSONTwin.task(try detail(request, log))
  }

  private static func detail(_ request: PageRequest, _ log: EventLog) throws -> TaskDetail {
    try request.allowOnly([])
    guard let detail = try log.task(request.id) else {
      throw NotFound(
        message: "No event names the task \(request.id.prefix(60)); /tasks lists those there are.")
    }
    return detail
  }

  private var task: TaskSummary { detail.task }

  var head: PageHead {
    PageHead(
      title: task.name, section: Location("tasks"), twin: Location.task(task.id).twin,
      live: Liveness())
  }

  static let slots: [Slot<SingleTaskPage>] = [
    .text("name", \.task.name),
    .text("title", \.task.title?.withoutMarkup),
    .text("id", \.task.id),
    .text("status", \.task.status.words),
    .text("tone", \.task.status.tone.rawValue),
    .flag("isInferred") { $0.task.status == .merging },
    .text("terminal", \.task.terminal),
    .part("pr") { $0.task.pullRequest.map(ReviewHandle.init) },
    .list("figures", \.figures),
    .html("life") { TaskDrawing(task: $0.task, width: 720).draw() },
    .part("first") { TimeText($0.task.firstAt, now: $0.now) },
    .part("last") { TimeText($0.task.lastAt, now: $0.now) },
    .text("eventsURL") { page in
      Location("events", query: [("tag", page.task.id)]).description
    },
    .flag("isCut", \.detail.isCut),
    .list("rows") { page in
      page.detail.events.map { EventRow(event: $0, now: page.now, worker: page.names[$0]) }
    },
  ]

  private var figures: [TaskFigure] {
    var figures = [TaskFigure(label: "events", value: Wording.count(task.events))]
    if task.attempts > 0 {
      figures.append(TaskFigure(label: "attempts", value: Wording.count(task.attempts)))
    }
    if !task.ticks.isEmpty {
      let ticks = task.ticks.suffix(6).map(String.init).joined(separator: ", ")
      figures.append(
        TaskFigure(label: task.ticks.count == 1 ? "tick" : "ticks", value: ticks))
    }
    figures.append(TaskFigure(label: "long", value: Wording.duration(task.lastAt - task.firstAt)))
    if !task.workers.isEmpty {
      figures.append(
        TaskFigure(
          label: task.shortWorkers.count == 1 ? "worker" : "workers", value: task.workerNames))
    }
    return figures
  }
}

struct TaskFigure: TemplateContext {
  let label: String
  let value: String

  static let slots: [Slot<TaskFigure>] = [.text("label", \.label), .text("value", \.value)]
}
