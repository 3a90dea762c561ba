import FleetlogEvents

// What is asked of a few events that a page shows, one statement for any number of them.
extension EventLog {
  /// Those among some events that another one replaces.
  package func superseded(of events: [Int64]) throws(StoreError) -> Set<Int64> {
    guard !events.isEmpty else { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      var replaced: Set<Int64> = []
      for event in Set(events) {
        let isReplaced = try connection.finds(
          """
          SELECT 1 FROM event_links WHERE to_event_id = ?1 AND relation_type = 'supersedes' LIMIT 1
          """, [.int(event)])
        if isReplaced { replaced.insert(event) }
      }
      return replaced
    }
  }
}
