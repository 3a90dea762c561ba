import FleetlogEvents
import FleetlogStore

/// `/tasks`: every task that a runner gave to workers, the one last active first.
struct TasksPage: Page {
  static let template = "tasks"

  let query: TaskQuery
  let parameters: [(name: String, value: String)]
  let page: TaskPage
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> TasksPage {
    let query = try query(request)
    return TasksPage(
      query: query,
      parameters: request.parameters.filter { $0.name != "after" && !$0.value.isEmpty },
      page: try request.found(log.tasks(query)), now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    JSONTwin.page(try request.found(log.tasks(query(request))))
  }

  private static func query(_ request: PageRequest) throws -> TaskQuery {
    try request.allowOnly("q", "status", "limit", "after")
    return try TaskQuery(
      text: request.value("q"), statuses: request.values("status"),
      limit: request.integer("limit", in: EventFilter.limits, default: 100),
      after: request.value("after"))
  }

  private var here: Location { Location("tasks", query: parameters) }

  var head: PageHead {
    PageHead(title: "Tasks", section: Location("tasks"), twin: here.twin, live: Liveness())
  }

  static let slots: [Slot<TasksPage>] = [
    .text("total") { Wording.grouped($0.page.total) },
    .text("query", \.query.text),
    .list("statuses", \.statuses),
    .list("chips", \.chips),
    .list("rows") { page in page.page.tasks.map { TaskRow(task: $0, now: page.now) } },
    .flag("isFiltered") { !$0.parameters.isEmpty },
    .text("allURL") { _ in Location("tasks").description },
    .text("nextURL") { page in
      page.page.next.map { page.here.adding("after", $0).description }
    },
  ]

  private var statuses: [Choice] {
    [Choice(value: "", label: "any status", isChosen: query.statuses.isEmpty)]
      + TaskSummary.Status.allCases.filter { $0 != .unknown }.map {
        Choice(value: $0.rawValue, label: $0.words, isChosen: query.statuses.contains($0))
      }
  }

  private var chips: [FilterChip] {
    parameters.indices.map { index in
      var rest = parameters
      let removed = rest.remove(at: index)
      return FilterChip(
        name: FilterForm.words(removed.name), value: removed.value,
        removeURL: Location("tasks", query: rest).description)
    }
  }
}

/// One task as a row of a list.
struct TaskRow: TemplateContext {
  let task: TaskSummary
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<TaskRow>] = [
    .text("url") { Location.task($0.task.id).description },
    .text("name", \.task.name),
    .text("title", \.task.title?.withoutMarkup),
    .text("status", \.task.status.words),
    .text("tone", \.task.status.tone.rawValue),
    .flag("isInferred") { $0.task.status == .merging },
    .html("life") { TaskDrawing(task: $0.task).draw() },
    .text("span") { row in
      row.task.lastAt > row.task.firstAt
        ? Wording.duration(row.task.lastAt - row.task.firstAt) : nil
    },
    .part("pr") { $0.task.pullRequest.map(ReviewHandle.init) },
    .text("attempts") { $0.task.attempts > 0 ? Wording.count($0.task.attempts) : nil },
    .text("workers", \.task.workerNames),
    .text("workersWhole") { $0.task.workers.joined(separator: ", ") },
    .part("last") { TimeText($0.task.lastAt, now: $0.now, as: .age) },
    .text("lastSummary", \.task.lastSummary),
  ]
}

extension TaskSummary {
  /// `Issue 167`.
  var name: String { issue.map { "Issue \($0)" } ?? id }

  var pullRequest: ArtifactReference? {
    prURL.map {
      let isAddress = $0.contains("://")
      return ArtifactReference(
        kind: "github_pr", url: isAddress ? $0 : nil, ref: isAddress ? nil : $0,
        source: "external")
    }
  }

  /// Workers by the last part of their name, which may be a path; one that was told by its path and
  /// by its name is one.
  var shortWorkers: [String] {
    workers.map { $0.lastPathComponent }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  var workerNames: String {
    let names = shortWorkers
    return names.prefix(3).joined(separator: ", ")
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }
}

extension Location {
  static func task(_ id: String) -> Location { Location("tasks", id) }
}
