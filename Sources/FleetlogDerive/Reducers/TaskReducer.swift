package import FleetlogEvents

/// Folds events into the task that they are about. Pure; the result does not depend on the order in
/// which a task's events are recorded, so replaying a log from its beginning gives the same.
package enum TaskReducer {
  package static let projection = TaskProjection(
    task: { task(of: $0) }, apply: { apply($0, to: &$1) })

  /// The task that an event names: in a tag, else in the payload of a type that is about tasks.
  package static func task(of event: StoredEvent) -> String? {
    if let tags = event.tags, tags.contains(bytesOf: TaskSummary.prefix),
      let root = try? JSONDocument(tags).root
    {
      let names = root.elements.compactMap(\.string)
      if let id = names.first(where: { TaskSummary.isID($0) }) { return id }
    }
    guard isAboutTasks(event.type), let payload = payload(event) else { return nil }
    if let id = payload["task_id"]?.string { return TaskSummary.isID(id) ? id : nil }
    return payload["issue"].flatMap(whole).flatMap { $0 >= 0 ? TaskSummary.id(ofIssue: $0) : nil }
  }

  private static func isAboutTasks(_ type: EventType) -> Bool {
    ["task.", "pr.", "merge.", "critique."].contains { type.rawValue.hasPrefix($0) }
  }

  package static func apply(_ event: StoredEvent, to task: inout TaskSummary) {
    let payload = payload(event)
    if task.events == 0 || (event.ts, event.summary) >= (task.lastAt, task.lastSummary) {
      task.lastSummary = event.summary
    }
    task.events += 1
    task.firstAt = min(task.firstAt, event.ts)
    task.lastAt = max(task.lastAt, event.ts)
    task.lastSequence = max(task.lastSequence, event.id)
    if let tick = payload?["tick"].flatMap(whole), !task.ticks.contains(tick) {
      insert(tick, into: &task.ticks)
    }
    if let worker = payload?["worker"]?.string?.oneLine(limit: 120), !worker.isEmpty,
      !task.workers.contains(worker)
    {
      insert(worker, into: &task.workers)
    }
    if let attempt = payload?["attempt"].flatMap(whole) {
      task.numberedAttempts = min(max(task.numberedAttempts, attempt), 1_000_000)
    }
    if let title = payload?["title"]?.string?.oneLine(limit: 200), !title.isEmpty {
      task.title = max(task.title ?? "", title)
    }
    notePR(event, payload, in: &task)
    if let kind = mark(event, payload) {
      add(TaskSummary.Mark(kind: kind, ts: event.ts, event: event.id), payload, to: &task)
    }
  }

  private static func insert<Element: Comparable>(_ new: Element, into list: inout [Element]) {
    list.insert(new, at: list.firstIndex { $0 > new } ?? list.endIndex)
    if list.count > TaskSummary.most { list.removeLast() }
  }

  private static func notePR(
    _ event: StoredEvent, _ payload: JSONValue?, in task: inout TaskSummary
  ) {
    let named = payload?["pr_url"]?.string
    let referenced = ArtifactReference.list(event.artifactRefs)
      .first { $0.kind == "github_pr" }.flatMap { $0.url ?? $0.ref }
    guard let pr = named ?? referenced, !pr.isEmpty,
      (event.ts, pr) >= (task.prAt, task.prURL ?? "")
    else { return }
    task.prURL = pr
    task.prAt = event.ts
  }

  /// What an event is on the picture of a task's life.
  private static func mark(_ event: StoredEvent, _ payload: JSONValue?) -> TaskSummary.Mark.Kind? {
    switch event.type.rawValue {
    case "task.planned": .planned
    // What a worker at work passes through is no new dispatch.
    case "task.dispatched":
      isDispatch(payload) ? .dispatched : nil
    case "task.claimed": .dispatched
    case "pr.opened", "pr_opened": .pr
    case "pr.merged": (event.confidence ?? 1) < 0.9 ? .merging : .merged
    case "merge.blocked", "blocked": .blocked
    case "critique.issued": .critique
    case "stale": .stuck
    case "worker.crashed": .crashed
    case "task.completed", "task.done": .completed
    case "task.failed": .failed
    case "task.compensated": .compensated
    default: nil
    }
  }

  private static func isDispatch(_ payload: JSONValue?) -> Bool {
    guard let state = payload?["new_state"]?.string else { return true }
    return state == "dispatched"
  }

  private static func add(
    _ mark: TaskSummary.Mark, _ payload: JSONValue?, to task: inout TaskSummary
  ) {
    let place = task.marks.firstIndex { order($0) > order(mark) } ?? task.marks.endIndex
    task.marks.insert(mark, at: place)
    // The first and the last stay, whatever the order in which they come.
    if task.marks.count > TaskSummary.most { task.marks.remove(at: TaskSummary.most / 2) }
    let ends: [TaskSummary.Mark.Kind] = [.completed, .failed, .compensated]
    if ends.contains(mark.kind), task.marks.last(where: { ends.contains($0.kind) }) == mark {
      task.terminal = payload?["status"]?.string?.oneLine(limit: 60) ?? mark.kind.rawValue
    }
  }

  private static func order(_ mark: TaskSummary.Mark) -> (Int64, Int64) { (mark.ts, mark.event) }

  private static func payload(_ event: StoredEvent) -> JSONValue? {
    event.payload.flatMap { try? JSONDocument($0).root }
  }

  /// A whole number, also one that arrives as a string.
  private static func whole(_ value: JSONValue) -> Int? {
    value.int ?? value.string.flatMap { Int($0) }
  }
}
