package import FleetlogEvents

// What model calls used: by session, by run and over time.
extension EventLog {
  /// What each of some sessions shows. A resumed or forked session shows also what it repeats of
  /// another, so these are not to be summed over sessions.
  package func usage(
    ofSessions ids: some Sequence<String>
  ) throws(StoreError) -> [String: [UsageShare]] {
    try pool.withConnection { (connection) throws(StoreError) in
      var found: [String: [UsageShare]] = [:]
      for id in Set(ids) {
        let shares = try connection.rows(
          """
          SELECT day, model, band, is_subagent, \(UsageLedger.columns) FROM usage_sessions
          WHERE session_id = ? ORDER BY day, model, band
          """, [.text(id)]
        ) { Self.share($0, isSubagent: $0.bool(3), from: 4) }
        if !shares.isEmpty { found[id] = shares }
      }
      return found
    }
  }

  /// What each of some runs used, without those that it spawned: each response once over all runs.
  package func usage(
    ofRuns ids: some Sequence<Int64>
  ) throws(StoreError) -> [Int64: [UsageShare]] {
    try pool.withConnection { (connection) throws(StoreError) in
      var found: [Int64: [UsageShare]] = [:]
      for id in Set(ids) {
        let shares = try connection.rows(
          """
          SELECT day, model, band, \(UsageLedger.columns) FROM usage_runs
          WHERE run_id = ? ORDER BY day, model, band
          """, [.int(id)]
        ) { Self.share($0, from: 3) }
        if !shares.isEmpty { found[id] = shares }
      }
      return found
    }
  }

  /// What a run and everything below it used together; a run that is met twice counts once.
  package func usage(below run: Int64) throws(StoreError) -> [UsageShare] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        WITH RECURSIVE family(id) AS (SELECT ?1
          UNION SELECT r.id FROM family f JOIN runs r ON r.parent_run_id = f.id)
        SELECT day, model, band, \(UsageLedger.sums) FROM family f
        CROSS JOIN usage_runs u ON u.run_id = f.id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """, [.int(run)]
      ) { Self.share($0, from: 3) }
    }
  }

  /// What the sub-agents of a session used that have sessions of their own, at any depth.
  package func usage(ofChildSessions session: String) throws(StoreError) -> [UsageShare] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        WITH RECURSIVE family(id) AS (SELECT id FROM runs WHERE session_id = ?1
          UNION SELECT r.id FROM family f JOIN runs r ON r.parent_run_id = f.id)
        SELECT day, model, band, \(UsageLedger.sums) FROM family f
        CROSS JOIN runs r ON r.id = f.id AND r.session_id IS NOT ?1
        CROSS JOIN usage_runs u ON u.run_id = f.id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """, [.text(session)]
      ) { Self.share($0, isSubagent: true, from: 3) }
    }
  }

  /// What the whole log used over a span of time, by hours.
  ///
  /// - Parameters:
  ///   - since: ms since the Unix epoch, rounded down to its hour; likewise `until`, exclusive.
  /// - Returns: each hour's beginning in ms, and its shares.
  package func usage(
    since: Int64, until: Int64
  ) throws(StoreError) -> [(hour: Int64, share: UsageShare)] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT hour, model, band, \(UsageLedger.columns) FROM usage_hours
        WHERE hour >= ? AND hour < ? ORDER BY hour, model, band
        """, [.int(floor(since, UsageLedger.hour)), .int(floor(until, UsageLedger.hour))]
      ) { row in
        let hour = row.int(0)
        return (
          hour * UsageLedger.hour,
          Self.share(row, day: floor(hour, UsageLedger.day / UsageLedger.hour), from: 3)
        )
      }
    }
  }

  /// - Parameters:
  ///   - day: where the first column does not hold it.
  ///   - column: where the figures begin.
  private static func share(
    _ row: Statement, day: Int64? = nil, isSubagent: Bool = false, from column: Int32
  ) -> UsageShare {
    func figure(_ offset: Int32) -> Int { Int(row.int(column + offset)) }
    return UsageShare(
      day: day ?? row.int(0), model: row.text(1), band: Int(row.int(2)), isSubagent: isSubagent,
      usage: TokenUsage(
        calls: figure(0), input: figure(1), output: figure(2), cacheRead: figure(3),
        cacheWrite: figure(4), cacheWriteHour: figure(5)))
  }
}
