extension EventLog {
  /// Nobody looks through more.
  private static let mostNames = 10_000

  /// What the log has for one of a filter's lists, such as every `type` of its events; nothing for a
  /// parameter that is no list of names.
  package func names(for parameter: String) throws(StoreError) -> [String] {
    guard let sql = Self.nameQueries[parameter] else { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows("\(sql) LIMIT \(Self.mostNames)") { $0.text(0) }
    }
  }

  private static let nameQueries = [
    "type": "SELECT DISTINCT event_type FROM \(TotalsLedger.days.name) WHERE events > 0",
    "session": "SELECT id FROM sessions ORDER BY last_at DESC",
    "instance": "SELECT DISTINCT instance_id FROM runs",
    "role": "SELECT role FROM run_roles WHERE events > 0",
    "agent": facts("agent"), "project": facts("project"), "branch": facts("branch"),
    // From each tag to the next: there are far more events with tags than tags.
    "tag": """
    WITH RECURSIVE tags(tag) AS (SELECT min(tag) FROM event_tags
      UNION ALL SELECT (SELECT min(g.tag) FROM event_tags g WHERE g.tag > t.tag) FROM tags t
        WHERE t.tag IS NOT NULL)
    SELECT tag FROM tags WHERE tag IS NOT NULL
    """,
  ]

  private static func facts(_ column: String) -> String {
    "SELECT DISTINCT \(column) FROM session_groups WHERE events > 0 AND \(column) <> ''"
  }
}
