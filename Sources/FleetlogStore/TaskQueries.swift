package import FleetlogEvents

/// Which tasks a list shows, newest activity first.
package struct TaskQuery: Sendable {
  package var statuses: [TaskSummary.Status] = []
  /// Part of the title or the id.
  package var text: String?
  /// 1–500.
  package var limit = 100
  /// What the page before gave as `next`.
  package var after: String?

  package init() {}

  /// - Throws: the parameter that can't be taken.
  package init(
    text: String?, statuses: [String], limit: Int, after: String?
  ) throws(EventFilter.ParameterError) {
    self.text = text
    self.limit = limit
    self.after = after
    for name in statuses {
      guard let status = TaskSummary.Status(rawValue: name) else {
        throw EventFilter.ParameterError(
          parameter: "status", value: name,
          takes: TaskSummary.Status.allCases.map(\.rawValue).joined(separator: ", "))
      }
      self.statuses.append(status)
    }
  }
}

/// A task with its events, oldest first.
package struct TaskDetail: Sendable {
  package let task: TaskSummary
  package let events: [StoredEvent]
  /// Whether there are more events than are given.
  package let isCut: Bool

  package init(task: TaskSummary, events: [StoredEvent], isCut: Bool) {
    self.task = task
    self.events = events
    self.isCut = isCut
  }
}

extension EventLog {
  /// - Returns: nil where `after` is not a cursor of this list.
  package func tasks(_ query: TaskQuery) throws(StoreError) -> TaskPage? {
    var conditions: [String] = []
    var values: [Value] = []
    if !query.statuses.isEmpty {
      conditions.append("status IN (\(query.statuses.map { _ in "?" }.joined(separator: ", ")))")
      values += query.statuses.map { .text($0.rawValue) }
    }
    if let text = query.text, !text.isEmpty {
      conditions.append(
        "instr(lower(coalesce(json_extract(facts, '$.title'), '') || ' ' || id), lower(?)) > 0")
      values.append(.text(text))
    }
    let filter = (where: Self.clause(conditions), values: values)
    if let after = query.after {
      guard let mark = after.firstIndex(of: "_"), let lastAt = Int64(after[..<mark]) else {
        return nil
      }
      conditions.append("(last_at, id) < (?, ?)")
      values += [.int(lastAt), .text(String(after[after.index(after: mark)...]))]
    }
    return try pool.withConnection { (connection) throws(StoreError) in
      let total = try connection.count("SELECT count(*) FROM tasks" + filter.where, filter.values)
      let rows = try connection.rows(
        "SELECT facts FROM tasks\(Self.clause(conditions)) ORDER BY last_at DESC, id DESC LIMIT ?",
        values + [Value(query.limit + 1)]
      ) { TaskSummary(json: $0.text(0)) }.compactMap(\.self)
      let shown = Array(rows.prefix(query.limit))
      let next = rows.count > query.limit ? shown.last.map { "\($0.lastAt)_\($0.id)" } : nil
      return TaskPage(tasks: shown, next: next, total: total)
    }
  }

  private static func clause(_ conditions: [String]) -> String {
    conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
  }

  /// Events of one task that a page shows; the newest of a longer life.
  static let mostTaskEvents = 1000

  /// - Returns: nil where no event names the task.
  package func task(_ id: String) throws(StoreError) -> TaskDetail? {
    try pool.withConnection { (connection) throws(StoreError) in
      let found = try connection.first("SELECT facts FROM tasks WHERE id = ?", [.text(id)]) {
        $0.text(0)
      }
      guard let task = found.flatMap({ TaskSummary(json: $0) }) else { return nil }
      let events = try connection.rows(
        """
        SELECT \(EventColumns.list) FROM task_events t CROSS JOIN events e ON e.id = t.event_id
        WHERE t.task_id = ? ORDER BY t.event_id DESC LIMIT ?
        """, [.text(id), Value(Self.mostTaskEvents + 1)]
      ) { EventColumns.read($0) }
      let shown = events.prefix(Self.mostTaskEvents).sorted { ($0.ts, $0.id) < ($1.ts, $1.id) }
      return TaskDetail(task: task, events: shown, isCut: events.count > shown.count)
    }
  }
}
