import FleetlogEvents

/// Keeps the `tasks` projection, and which events are about which task.
final class TaskLedger {
  private let connection: Connection
  private let projection: TaskProjection
  private var open: [String: TaskSummary] = [:]
  /// Tasks that are to be folded anew, since one of their events was replaced.
  private var revised: Set<String> = []

  /// The projection's name among the cursors.
  static let cursor = "tasks"

  init(_ connection: Connection, projection: TaskProjection) {
    self.connection = connection
    self.projection = projection
  }

  /// Folds a new event into its task.
  func fold(_ event: StoredEvent) throws(StoreError) {
    guard let id = projection.task(event) else { return }
    try connection.run(
      "INSERT OR IGNORE INTO task_events VALUES (?, ?)", [.text(id), .int(event.id)])
    if open[id] == nil { open[id] = try stored(id) }
    projection.apply(event, &open[id, default: TaskSummary(id: id, at: event.ts)])
  }

  /// Notes that a newer parser's event has replaced one.
  func revise(_ event: StoredEvent) { if let id = projection.task(event) { revised.insert(id) } }

  /// Notes that some of a task's events are gone.
  func revise(task id: String) { revised.insert(id) }

  private func stored(_ id: String) throws(StoreError) -> TaskSummary? {
    try connection.first("SELECT facts FROM tasks WHERE id = ?", [.text(id)]) { $0.text(0) }
      .flatMap { TaskSummary(json: $0) }
  }

  func save(upTo last: Int64, now: Int64) throws(StoreError) {
    for id in revised { open[id] = try refolded(id) }
    for (id, task) in open {
      try connection.run(
        "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?)",
        [.text(id), .int(task.lastAt), .text(task.status.rawValue), .text(task.json.text)])
    }
    try connection.run(
      """
      INSERT INTO projection_cursors VALUES (?1, ?2, ?3)
      ON CONFLICT (name) DO UPDATE SET last_event_id = ?2, updated_at = ?3
        WHERE last_event_id < ?2
      """, [.text(Self.cursor), .int(last), .int(now)])
  }

  func forget() {
    open.removeAll(keepingCapacity: true)
    revised.removeAll(keepingCapacity: true)
  }

  /// A task from its events, in the order of the log; nil where none is left.
  private func refolded(_ id: String) throws(StoreError) -> TaskSummary? {
    try Self.fold(
      try connection.rows(
        """
        SELECT \(EventColumns.list) FROM task_events t JOIN events e ON e.id = t.event_id
        WHERE t.task_id = ? AND \(Self.isCurrent) ORDER BY e.id
        """, [.text(id)]
      ) { EventColumns.read($0) }, projection)[id]
  }

  /// SQL over `events e`: what no newer parser reads otherwise.
  private static let isCurrent = """
    NOT EXISTS (SELECT 1 FROM event_links l WHERE l.to_event_id = e.id
      AND l.relation_type = 'supersedes'
      AND json_extract(l.metadata_json, '$.rule') = '\(EventWriter.newerParser)')
    """

  private static func fold(
    _ events: [StoredEvent], _ projection: TaskProjection
  ) throws(StoreError) -> [String: TaskSummary] {
    var tasks: [String: TaskSummary] = [:]
    for event in events {
      guard let id = projection.task(event) else { continue }
      projection.apply(event, &tasks[id, default: TaskSummary(id: id, at: event.ts)])
    }
    return tasks
  }

  // MARK: From the beginning

  /// SQL over `events e`: what may be about a task.
  private static let mayBeTask = """
    (e.event_type GLOB 'task.*' OR e.event_type GLOB 'pr.*' OR e.event_type GLOB 'merge.*'
      OR e.event_type GLOB 'critique.*' OR instr(e.tags, '\(TaskSummary.prefix)') > 0)
    """

  /// Takes in what was written before the projection was kept, or by a writer that kept none.
  func catchUp() throws(StoreError) {
    let last = try connection.lastEventID()
    let done = try connection.first(
      "SELECT last_event_id FROM projection_cursors WHERE name = ?", [.text(Self.cursor)]
    ) { $0.int(0) }
    guard done != last else { return }
    defer { forget() }
    try connection.transaction { () throws(StoreError) in
      let missed = try connection.rows(
        "SELECT \(EventColumns.list) FROM events e WHERE e.id > ? AND \(Self.mayBeTask) "
          + "ORDER BY e.id", [.int(done ?? 0)]
      ) { EventColumns.read($0) }
      for event in missed { try fold(event) }
      try save(upTo: last, now: 0)
    }
  }

  /// Every task of a log folded anew from its first event, as text, sorted; and as it is kept.
  static func compare(
    _ connection: Connection, _ projection: TaskProjection
  ) throws(StoreError) -> (stored: [String], replayed: [String]) {
    let tasks = try fold(
      try connection.rows(
        """
        SELECT \(EventColumns.list) FROM events e
        WHERE \(mayBeTask) AND \(isCurrent) ORDER BY e.id
        """
      ) { EventColumns.read($0) }, projection)
    let stored = try connection.rows("SELECT id, facts FROM tasks") { ($0.text(0), $0.text(1)) }
    let isPruned = try connection.finds("SELECT 1 FROM pruned_keys LIMIT 1")
    // Of a task that was pruned only what is left can be folded.
    let whole = stored.filter { id, facts in
      !isPruned || TaskSummary(json: facts).map { $0.events == tasks[id]?.events } ?? true
    }
    let names = Set(whole.map(\.0)).union(Set(tasks.keys).subtracting(stored.map(\.0)))
    return (
      whole.map(\.1).sorted(),
      tasks.filter { names.contains($0.key) }.map { $0.value.json.text }.sorted()
    )
  }
}
