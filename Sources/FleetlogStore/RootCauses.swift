package import FleetlogEvents

/// From a symptom to its cause, and back.
extension EventLog {
  /// Events that a walk looks at; links may form circles and long chains.
  private static let walkLimit = 500

  /// SQL over a link `l`: an edge that leads to a cause. That a result belongs to its call is none.
  private static let leadsToCause = """
    (l.relation_type = 'blocked_by' OR (l.relation_type = 'caused_by'
      AND (json_extract(l.metadata_json, '$.by') = 'worker'
        OR json_extract(l.metadata_json, '$.rule') LIKE '%/%')))
    """

  /// What is at the bottom of an event: the last event that a walk along `blocked_by` and
  /// `caused_by` comes to; of several, and within a circle, the earliest. The event itself where
  /// nothing leads further; nil where there is no such event.
  package func rootCause(of id: Int64) throws(StoreError) -> StoredEvent? {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.first(
        """
        WITH RECURSIVE walk(id) AS (SELECT ?1 UNION
          SELECT l.to_event_id FROM walk w JOIN event_links l ON l.from_event_id = w.id
          WHERE \(Self.leadsToCause) LIMIT \(Self.walkLimit))
        SELECT \(EventColumns.list) FROM walk w JOIN events e ON e.id = w.id
        ORDER BY EXISTS (SELECT 1 FROM event_links l WHERE l.from_event_id = e.id
          AND l.to_event_id <> e.id AND \(Self.leadsToCause)), e.ts, e.id LIMIT 1
        """, [.int(id)]
      ) { EventColumns.read($0) }
    }
  }

  /// The events that are blocked by a root, directly or through others, earliest first.
  package func symptoms(of root: Int64) throws(StoreError) -> [StoredEvent] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        WITH RECURSIVE walk(id) AS (SELECT ?1 UNION
          SELECT l.from_event_id FROM walk w JOIN event_links l ON l.to_event_id = w.id
          WHERE l.relation_type = 'blocked_by' LIMIT \(Self.walkLimit))
        SELECT \(EventColumns.list) FROM walk w JOIN events e ON e.id = w.id WHERE e.id <> ?1
        ORDER BY e.ts, e.id
        """, [.int(root)]
      ) { EventColumns.read($0) }
    }
  }
}
