package import FleetlogEvents

extension EventLog {
  /// What the workers are called that these events are of.
  package func workerNames(
    of events: some Sequence<StoredEvent>
  ) throws(StoreError) -> WorkerNames {
    let runs = Set(events.map(\.runID))
    guard !runs.isEmpty else { return WorkerNames() }
    return try pool.withConnection { (connection) throws(StoreError) in
      var names: [Int64: WorkerName] = [:]
      // One statement for any number of runs keeps it prepared.
      for run in runs {
        names[run] = try connection.first(
          """
          SELECT r.instance_id, r.role, s.project, \(Self.purpose)
          FROM runs r LEFT JOIN sessions s ON s.id = r.session_id WHERE r.id = ?
          """, [.int(run)]
        ) {
          WorkerName(
            instance: $0.text(0), role: $0.text(1), project: $0.optionalText(2),
            purpose: Self.purpose($0, 3))
        }
      }
      return WorkerNames(names)
    }
  }

  /// SQL over `runs r`: what a run was started for. A program that was run, or says so itself, is told
  /// by its command; any other run as the call that spawned it says.
  static let purpose = """
    coalesce(CASE WHEN r.key GLOB '\(LoggedEvent.startedRun)*' THEN
        (SELECT group_concat(w.value, ' ') FROM events p, json_each(p.payload_json, '$.argv') w
          WHERE p.id = r.id) END,
      (SELECT c.summary FROM event_links l JOIN events c ON c.id = l.from_event_id
      WHERE l.to_event_id = r.id AND l.relation_type = 'spawned' ORDER BY l.id LIMIT 1), '')
    """

  /// Reads it as a line for people; a command can be of any length.
  static func purpose(_ row: Statement, _ column: Int32) -> String {
    row.text(column).oneLine(limit: 200)
  }
}
