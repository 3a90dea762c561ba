package import FleetlogEvents

/// What an event says of a process that may still be there.
package struct ProcessNote: Sendable {
  /// The event that says it.
  package let event: Int64
  package let run: RunIdentity
  /// What names the process, a JSON object.
  package let mark: String
}

/// Which runs are processes, so that one that vanishes is noticed.
extension EventWriter {
  /// What events after one, and not older than a time, say of the processes of runs that have not
  /// ended since, oldest first.
  ///
  /// - Parameter since: ms since the Unix epoch.
  package func processes(
    after id: Int64, since: Int64
  ) throws(StoreError) -> [ProcessNote] {
    try connection.rows(
      """
      SELECT e.id, r.key, r.instance_id, r.role, r.session_id,
        json_extract(e.payload_json, '$.process')
      FROM events e JOIN runs r ON r.id = e.run_id
      WHERE \(id == 0 ? "e" : "+e").event_type IN ('process.started', 'observation.recorded')
        AND e.ts >= ? AND e.id > ? AND instr(e.payload_json, '"process":{') > 0
      ORDER BY e.id
      """, [.int(since), .int(id)]
    ) { row in
      row.optionalText(5).map {
        ProcessNote(
          event: row.int(0),
          run: RunIdentity(
            key: row.text(1), instanceID: row.text(2), role: row.text(3),
            sessionID: row.optionalText(4)),
          mark: $0)
      }
    }.compactMap { $0 }
  }

  /// Whether the end of a run was told after an event that says which process it is.
  package func hasEnded(_ note: ProcessNote) throws(StoreError) -> Bool {
    try connection.finds(
      """
      SELECT 1 FROM events WHERE run_id = (SELECT id FROM runs WHERE key = ?) AND id > ?
        AND event_type = 'process.exited' LIMIT 1
      """, [.text(note.run.key), .int(note.event)])
  }
}
