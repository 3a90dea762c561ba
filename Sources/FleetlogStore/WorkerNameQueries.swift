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
            purpose: $0.text(3))
        }
      }
      return WorkerNames(names)
    }
  }

  /// SQL over `runs r`: what a run was started for, as the call that spawned it says.
  static let purpose = """
    coalesce((SELECT c.summary FROM event_links l JOIN events c ON c.id = l.from_event_id
      WHERE l.to_event_id = r.id AND l.relation_type = 'spawned' ORDER BY l.id LIMIT 1), '')
    """
}
