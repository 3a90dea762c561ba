import FleetlogEvents

extension EventLog {
  /// Contradictions that still stand, by each event that is a side of one.
  package func contradictions(
    of events: [Int64]
  ) throws(StoreError) -> [Int64: Int64] {
    guard !events.isEmpty else { return [:] }
    return try pool.withConnection { (connection) throws(StoreError) in
      var sides: [Int64: Int64] = [:]
      // One statement for any number of events keeps it prepared.
      for event in Set(events) {
        sides[event] = try connection.first(
          """
          SELECT e.id FROM event_links l JOIN events e ON e.id = l.from_event_id
          WHERE l.to_event_id = ?1 AND l.relation_type = 'caused_by'
            AND e.event_type = '\(EventType.contradiction.rawValue)'
            AND NOT EXISTS (SELECT 1 FROM event_links o WHERE o.to_event_id = e.id
              AND o.relation_type IN ('supersedes', 'resolves'))
          ORDER BY e.id LIMIT 1
          """, [.int(event)]
        ) { $0.int(0) }
      }
      return sides
    }
  }
}
