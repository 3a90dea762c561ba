import FleetlogEvents

/// Removing old events for good, a few at a time, beside a writer that goes on appending.
///
/// What follows the rows: totals per hour, the counts of runs, a session's `events`, `attention`
/// and `validation_errors`, tags, copies, links, full text. What a session came to (prompts, tool
/// calls, tokens, title, times) stays as it was, and `pruned_sessions` says how much of it can no
/// longer be looked up. A receipt goes with the last event that came from it.
extension EventWriter {
  /// Events per transaction: some ms, so that others wait little.
  private static let pruneStep = 500
  /// Events per read while receipts are looked through.
  private static let sweepWindow: Int64 = 20_000

  /// What would go, found on this writer's own connection, so that ``prune(_:index:now:progress:)``
  /// can take it.
  package func plan(_ rules: PruneRules, now: Int64) throws(StoreError) -> PrunePlan {
    try PrunePlan(connection, rules: rules, now: now)
  }

  /// Removes what a plan of this writer found. Whatever moment it is cut short at, the log is
  /// sound and the next prune goes on; the mark comes first, so no event is gone without one.
  ///
  /// - Parameters:
  ///   - now: ms since the Unix epoch.
  ///   - progress: told how many events are gone.
  /// - Returns: how many events went. Fewer than planned where some were linked meanwhile.
  package func prune(
    _ plan: PrunePlan, index: SearchIndex, now: Int64, progress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> Int {
    guard plan.summary.events > 0 else {
      try sweepReceipts()
      return 0
    }
    _ = try commit(EventBatch(drafts: [Self.mark(plan, now: now)]), now: now)
    try connection.script(
      "CREATE TEMP TABLE IF NOT EXISTS step (id INTEGER PRIMARY KEY)",
      operation: "prepare to prune")
    var gone = 0
    var last: Int64 = 0
    while true {
      let ids = try plan.leaving(after: last, limit: Self.pruneStep)
      guard let newest = ids.last else { break }
      // The index forgets first: it needs the text that goes with the rows. Cut short in between,
      // the log holds a few events that can't be found by their text until they are pruned.
      try index.remove(ids)
      gone += try remove(ids, plan)
      last = newest
      progress(gone)
      try? writeAheadLog.afterCommit()
    }
    try index.compact()
    try sweepReceipts()
    try rest()
    return gone
  }

  /// The event that says what went. It belongs to Fleetlog's own run.
  private static func mark(_ plan: PrunePlan, now: Int64) -> EventDraft {
    let summary = plan.summary
    var draft = EventDraft(
      .logPruned, ts: now, run: .fleetlog, sourceKind: .system,
      summary: "Pruned \(summary.events) events from before \(Timestamp.format(plan.rules.before))",
      provenance: EventDraft.provenance(inferredFrom: "fleetlog prune"))
    draft.payload.set("events", summary.events)
    draft.payload.set("before", plan.rules.before)
    draft.payload.set("oldest", summary.oldest)
    draft.payload.set("newest", summary.newest)
    draft.payload.set("keep", plan.rules.keep.map(\.rawValue).sorted())
    var types = JSONObject()
    for count in summary.byType { types.set(count.name, count.events) }
    draft.payload.set("by_type", types)
    return draft
  }

  private func remove(_ ids: [Int64], _ plan: PrunePlan) throws(StoreError) -> Int {
    try connection.transaction { () throws(StoreError) in
      try connection.run("DELETE FROM step")
      for id in ids { try connection.run("INSERT INTO step VALUES (?)", [.int(id)]) }
      // Another prune may have been here, and the live writer may have linked some.
      try connection.run("DELETE FROM step WHERE id NOT IN (SELECT id FROM events)")
      _ = try plan.linkedMeanwhile("step")
      try uncount()
      for sql in Self.removal { try connection.run(sql) }
      return try connection.run("DELETE FROM events WHERE id IN (SELECT id FROM step)")
    }
  }

  private static let removal = [
    "INSERT OR IGNORE INTO pruned_keys SELECT e.idempotency_key FROM step JOIN events e USING (id) "
      + "WHERE e.idempotency_key IS NOT NULL ORDER BY 1",
    "INSERT OR IGNORE INTO pruned_keys SELECT a.key FROM step JOIN key_aliases a "
      + "ON a.event_id = step.id ORDER BY 1",
    "DELETE FROM key_aliases WHERE event_id IN (SELECT id FROM step)",
    """
    INSERT OR IGNORE INTO receipt_sweep
      SELECT e.source_file_id, (\(chunk)) AS place FROM step JOIN events e USING (id)
      WHERE e.source_file_id IS NOT NULL AND place IS NOT NULL
    """,
    """
    DELETE FROM event_tags WHERE (tag, ts, event_id) IN
      (SELECT t.value, e.ts, e.id FROM step JOIN events e USING (id), json_each(e.tags) t)
    """,
    "DELETE FROM session_copies WHERE event_id IN (SELECT id FROM step)",
    "DELETE FROM task_events WHERE event_id IN (SELECT id FROM step)",
    "DELETE FROM tasks WHERE id NOT IN (SELECT task_id FROM task_events)",
    "DELETE FROM hook_turns WHERE event_id IN (SELECT id FROM step)",
    "DELETE FROM pending_links WHERE event_id IN (SELECT id FROM step)",
    "DELETE FROM event_links WHERE from_event_id IN (SELECT id FROM step)",
    "DELETE FROM event_links WHERE to_event_id IN (SELECT id FROM step)",
  ]

  /// SQL over `e`: where the receipt begins that holds an event's bytes.
  private static let chunk = """
    SELECT max(c.source_offset) FROM transcript_chunks c
    WHERE c.file_id = e.source_file_id AND c.source_offset <= e.source_offset
    """

  /// Lowers the counts that say how many rows there are.
  private func uncount() throws(StoreError) {
    for sql in TotalsLedger.uncount { try connection.run(sql) }
    try connection.run(
      """
      WITH gone AS (SELECT e.run_id AS run, count(*) AS n FROM step JOIN events e USING (id)
        GROUP BY 1)
      UPDATE runs SET events = max(0, runs.events - gone.n) FROM gone WHERE runs.id = gone.run
      """)
    let shown = """
      WITH shown AS (SELECT related_session_id AS session, id FROM step JOIN events USING (id)
          WHERE related_session_id IS NOT NULL
        UNION ALL SELECT c.session_id, c.event_id FROM step JOIN session_copies c
          ON c.event_id = step.id),
      gone AS (SELECT shown.session, count(*) AS n, sum(e.attention_candidate) AS a,
          sum(e.event_type = '\(EventType.validationError)') AS v
        FROM shown JOIN events e USING (id) GROUP BY 1)
      """
    try connection.run(
      """
      \(shown) UPDATE sessions SET events = max(0, events - n), attention = max(0, attention - a),
        validation_errors = max(0, validation_errors - v)
      FROM gone WHERE sessions.id = gone.session
      """)
    try connection.run(
      """
      \(shown) INSERT INTO pruned_sessions SELECT session, n FROM gone WHERE 1
      ON CONFLICT DO UPDATE SET events = pruned_sessions.events + excluded.events
      """)
  }

  /// Drops the receipts from which no event is left. The list of those to look at is in the log,
  /// so a sweep that was cut short is finished by the next prune.
  private func sweepReceipts() throws(StoreError) {
    var start: Int64 = 0
    let last = try lastEventID()
    while start < last {
      guard try connection.finds("SELECT 1 FROM receipt_sweep LIMIT 1") else { return }
      try keepReceipts(after: start, upTo: start + Self.sweepWindow)
      start += Self.sweepWindow
    }
    try connection.transaction { () throws(StoreError) in
      // What was appended since may have come from them too; a parser that holds something back
      // may be about to.
      try keepReceipts(after: last, upTo: .max)
      try connection.run(
        "DELETE FROM transcript_chunks WHERE (file_id, source_offset) IN (SELECT file_id, "
          + "source_offset FROM receipt_sweep) AND file_id NOT IN "
          + "(SELECT id FROM files WHERE is_holding = 1)")
      try connection.run("DELETE FROM receipt_sweep")
    }
  }

  private func keepReceipts(after first: Int64, upTo last: Int64) throws(StoreError) {
    try connection.run(
      """
      DELETE FROM receipt_sweep WHERE (file_id, source_offset) IN
        (SELECT e.source_file_id, (\(Self.chunk)) FROM events e
          WHERE e.id > ? AND e.id <= ? AND e.source_file_id IS NOT NULL)
      """, [.int(first), .int(last)])
  }
}
