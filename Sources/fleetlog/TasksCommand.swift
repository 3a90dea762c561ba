import FleetlogEvents
import FleetlogStore
import FleetlogWeb

/// Lists tasks, or tells the life of one.
enum TasksCommand: Verb {
  static let name = "tasks"
  static let operands = "[issue:N]"
  static let help =
    "Lists the tasks that runners gave to workers, newest activity first; or one's timeline."
  static let options = [
    CommonOptions.database, CommonOptions.json, Reveal.option,
    Option(name: "q", value: "TEXT", help: "part of the title or id"),
    Option(
      name: "status", value: "STATUS",
      help: TaskSummary.Status.allCases.map(\.rawValue).joined(separator: ", "),
      isRepeatable: true, choices: TaskSummary.Status.allCases.map(\.rawValue)),
    Option(name: "limit", value: "N", help: "1–500 (default 100)"),
    Option(name: "after", value: "CURSOR", help: "what the page before gave as next"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    guard arguments.positional.count <= 1 else {
      throw UsageError("it takes one task: fleetlog tasks issue:N")
    }
    let query = try TaskQuery(
      text: arguments.value("q"), statuses: arguments.values("status"),
      limit: try arguments.int("limit", in: EventFilter.limits) ?? 100,
      after: arguments.value("after"))
    if let id = arguments.positional.first { return try show(id, arguments) }
    guard let page = try EventLog.open(arguments).tasks(query) else {
      throw UsageError("--after takes the cursor that the page before gave as next")
    }
    if arguments.has("json") {
      Terminal.print(JSONTwin.page(page).bytes)
      return 0
    }
    var table = Table(
      ["last (UTC)", "task", "status", "attempts", "pull request", "workers", "title"],
      right: [3])
    for task in page.tasks {
      table.add([
        Table.minute(task.lastAt), task.id, task.status.rawValue, String(task.attempts),
        (task.prURL ?? "").oneLine(limit: 80),
        task.workers.joined(separator: ", ").oneLine(limit: 60),
        (task.title?.withoutMarkup ?? task.lastSummary).oneLine(limit: 80),
      ])
    }
    table.print()
    Terminal.say("\(page.tasks.count) of \(page.total) tasks")
    if let next = page.next { Terminal.say("more with --after \(next)") }
    return 0
  }

  private static func show(_ id: String, _ arguments: Arguments) throws -> Int32 {
    guard let detail = try EventLog.open(arguments).task(id) else {
      throw Failure("no event names the task \(id); fleetlog tasks lists those there are")
    }
    if arguments.has("json") {
      Terminal.print(JSONTwin.task(detail).bytes)
      return 0
    }
    var table = Table(["time (UTC)", "type", "event", "what"], right: [2])
    for event in detail.events {
      table.add([
        Table.second(event.ts), event.type.rawValue, String(event.id),
        event.summary.oneLine(limit: 120),
      ])
    }
    table.print()
    Terminal.say("\(detail.task.id): \(detail.task.status.rawValue)")
    return 0
  }
}
