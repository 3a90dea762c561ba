package import FleetlogEvents

/// Which sessions a list shows, newest activity first.
package struct SessionQuery: Sendable {
  /// Part of the title, project or id.
  package var text: String?
  package var agents: [String] = []
  package var projects: [String] = []
  /// 1–500.
  package var limit = 100
  /// What the page before gave as `next`.
  package var after: String?

  package init() {}
}

package struct SessionPage: Sendable {
  package let sessions: [SessionSummary]
  package let next: String?
  package let total: Int

  package init(sessions: [SessionSummary], next: String?, total: Int) {
    self.sessions = sessions
    self.next = next
    self.total = total
  }
}

extension EventLog {
  /// - Returns: nil where `after` is not a cursor of this list.
  package func sessions(_ query: SessionQuery) throws(StoreError) -> SessionPage? {
    var conditions: [String] = []
    var values: [Value] = []
    if let text = query.text, !text.isEmpty {
      conditions.append(
        "(instr(lower(coalesce(s.title, '') || ' ' || coalesce(s.project, '') "
          + "|| ' ' || s.id), lower(?)) > 0)")
      values.append(.text(text))
    }
    let facts = [SessionFact("agent", query.agents), SessionFact("project", query.projects)]
    for fact in facts where !fact.isEmpty {
      conditions.append(fact.condition("s."))
      values += fact.values
    }
    let total = (clause(conditions), values)
    if let after = query.after {
      guard let mark = after.firstIndex(of: "_"), let lastAt = Int64(after[..<mark]) else {
        return nil
      }
      conditions.append("(s.last_at, s.id) < (?, ?)")
      values += [.int(lastAt), .text(String(after[after.index(after: mark)...]))]
    }
    return try pool.withConnection { (connection) throws(StoreError) in
      let count = try connection.count("SELECT count(*) FROM sessions s" + total.0, total.1)
      let rows = try connection.rows(
        "SELECT \(SessionColumns.list) FROM sessions s\(clause(conditions)) "
          + "ORDER BY s.last_at DESC, s.id DESC LIMIT ?", values + [Value(query.limit + 1)]
      ) { SessionColumns.read($0) }
      let shown = Array(rows.prefix(query.limit))
      let next = rows.count > query.limit ? shown.last.map { "\($0.lastAt)_\($0.id)" } : nil
      return SessionPage(sessions: shown, next: next, total: count)
    }
  }

  private func clause(_ conditions: [String]) -> String {
    conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
  }

  /// The sessions of these ids that the log has, without their runs.
  package func summaries(
    of ids: some Sequence<String>
  ) throws(StoreError) -> [String: SessionSummary] {
    try pool.withConnection { (connection) throws(StoreError) in
      var summaries: [String: SessionSummary] = [:]
      for id in Set(ids) {
        summaries[id] = try connection.first(
          "SELECT \(SessionColumns.list) FROM sessions s WHERE s.id = ?", [.text(id)]
        ) { SessionColumns.read($0) }
      }
      return summaries
    }
  }

  /// The ids of sessions that begin so, in their order, and no more than two of them: one alone is
  /// meant.
  package func sessions(beginning text: String) throws(StoreError) -> [String] {
    guard !text.isEmpty else { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT id FROM sessions WHERE id >= ?1 AND id < ?1 || char(0x10FFFF)
          AND substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2
        """,
        [.text(text)]
      ) { $0.text(0) }
    }
  }

  package func session(_ id: String) throws(StoreError) -> SessionDetail? {
    try pool.withConnection { (connection) throws(StoreError) in
      let found = try connection.first(
        "SELECT \(SessionColumns.list) FROM sessions s WHERE s.id = ?", [.text(id)]
      ) { SessionColumns.read($0) }
      guard let session = found else { return nil }
      // UNION, not UNION ALL: a cycle of parents ends when nothing new is found.
      let runs = try connection.rows(
        """
        WITH RECURSIVE family(id) AS (
          SELECT id FROM runs WHERE session_id = ?1
          UNION
          SELECT r.id FROM family f JOIN runs r ON r.parent_run_id = f.id LIMIT 1000)
        SELECT r.id, r.key, r.parent_run_id, r.instance_id, r.role, r.session_id, r.started_at,
          r.last_at, r.events, coalesce((SELECT c.summary FROM event_links l JOIN events c
            ON c.id = l.from_event_id WHERE l.to_event_id = r.id AND l.relation_type = 'spawned'
            ORDER BY l.id LIMIT 1), e.summary)
        FROM family f JOIN runs r ON r.id = f.id LEFT JOIN events e ON e.id = r.id
        ORDER BY (r.session_id IS NOT ?1), (r.role = 'subagent'), r.started_at, r.id
        """, [.text(id)]
      ) {
        RunSummary(
          id: $0.int(0), key: $0.text(1), parentID: $0.optionalInt(2), instanceID: $0.text(3),
          role: $0.text(4), sessionID: $0.optionalText(5), startedAt: $0.int(6),
          lastAt: $0.int(7), events: Int($0.int(8)), summary: $0.text(9))
      }
      let shared = try connection.rows(
        """
        SELECT DISTINCT session_id FROM (
          SELECT c.session_id FROM session_copies c JOIN events e ON e.id = c.event_id
            WHERE e.related_session_id = ?1
          UNION SELECT e.related_session_id FROM session_copies c JOIN events e
            ON e.id = c.event_id WHERE c.session_id = ?1
          UNION SELECT d.session_id FROM session_copies c JOIN session_copies d
            ON d.event_id = c.event_id WHERE c.session_id = ?1)
        WHERE session_id <> ?1 ORDER BY session_id LIMIT 50
        """, [.text(id)]
      ) { $0.text(0) }
      return SessionDetail(session: session, runs: runs, sharedWith: shared)
    }
  }
}
