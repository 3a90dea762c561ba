package import FleetlogEvents

/// Taking sessions out of the log for good: their rows in one transaction, then their bytes.
///
/// What follows the rows is all that was kept or inferred of them. What others are linked with leaves
/// a place without text. A forgetting that is cut short left the log as it was, or its rows are gone
/// and ``finishForgetting(index:progress:)`` is still due, which the next one does.
extension EventWriter {
  /// Whether rows are gone whose bytes may still be there.
  package func isForgetting() throws(StoreError) -> Bool { try ForgetPlan.isUnfinished(connection) }

  /// Takes the rows of sessions away.
  ///
  /// - Parameters:
  ///   - word: a session or project, as for ``ForgetSummary/of(_:inDatabase:)``.
  ///   - now: ms since the Unix epoch.
  /// - Returns: what went, with texts of it to look for in the files afterwards; nil where there is no
  ///   such session or project.
  package func forget(
    _ word: String, now: Int64
  ) throws(StoreError) -> (summary: ForgetSummary, traces: ForgottenTraces)? {
    let sessions = try ForgetPlan.sessions(named: word, connection)
    guard !sessions.isEmpty else { return nil }
    // What is deleted is overwritten at once, should the machine die before the rest is done.
    try connection.script("PRAGMA secure_delete = ON", operation: "prepare to forget")
    let done = try committing { () throws(StoreError) in
      try ForgetPlan.list(sessions, connection)
      let summary = try ForgetPlan.summary(sessions, connection)
      let traces = try ForgottenTraces(connection)
      try connection.run("INSERT OR IGNORE INTO forgetting VALUES (1, ?)", [.int(now)])
      let mark = try markForgotten(summary, now: now)
      let shared = try connection.rows(
        """
        SELECT DISTINCT session_id FROM session_copies WHERE event_id IN (SELECT id FROM gone)
          AND session_id NOT IN (SELECT id FROM gone_sessions)
        """
      ) { $0.text(0) }
      try remember(sessions)
      try judgeAnew(cause: mark)
      let files = try connection.rows(ForgetPlan.files) { $0.int(0) }
      let tasks = try connection.rows(
        "SELECT DISTINCT task_id FROM task_events WHERE event_id IN (SELECT id FROM gone)"
      ) { $0.text(0) }
      try connection.script(
        """
        CREATE TEMP TABLE IF NOT EXISTS step (id INTEGER PRIMARY KEY);
        DELETE FROM step;
        INSERT INTO step SELECT id FROM gone;
        """, operation: "count what goes")
      for sql in TotalsLedger.uncount { try connection.run(sql) }
      for sql in Self.removal { try connection.run(sql) }
      try bury(now: now)
      try connection.run(
        "DELETE FROM events WHERE id IN (SELECT id FROM gone) AND id NOT IN (SELECT id FROM tombs)")
      for file in files { try forgetReceipts(of: file) }
      try recount(sessions: shared, tasks: tasks, now: now)
      return (summary, traces)
    }
    synthesis?.reset()
    try synthesis?.findNextDue()
    return done
  }

  /// The event that says so. It names nothing of what was forgotten.
  private func markForgotten(_ summary: ForgetSummary, now: Int64) throws(StoreError) -> Int64 {
    var draft = EventDraft(
      .logForgotten, ts: now, run: .fleetlog, sourceKind: .system,
      summary: "Forgot \(summary.sessions.count) sessions with \(summary.events) events",
      provenance: EventDraft.provenance(inferredFrom: "fleetlog forget"))
    draft.payload.set("sessions", summary.sessions.count)
    draft.payload.set("events", summary.events)
    draft.payload.set("tombstones", summary.tombstones)
    var commit = try begin(now: now, fileID: nil, revision: nil)
    try append(draft, &commit)
    try derive(&commit)
    // Saved, and what follows saves again.
    forget()
    return commit.nextID - 1
  }

  /// Keeps the hashes by which sessions and facts are known again. Not those of inferences, which may
  /// hold again of what is left, nor of runs, which their session stands for.
  private func remember(_ sessions: [String]) throws(StoreError) {
    for session in sessions { try pruned.forget(KeyDigest.of(session: session)) }
    let keys = try connection.rows(
      """
      SELECT e.idempotency_key FROM gone JOIN events e USING (id)
        WHERE e.idempotency_key NOT GLOB 'inferred:*' AND e.event_type <> 'process.started'
      UNION SELECT a.key FROM gone JOIN key_aliases a ON a.event_id = gone.id
      """
    ) { $0.text(0) }
    for key in keys { try pruned.forget(KeyDigest.of(key: key)) }
  }

  /// Has everything judged anew that shared something with what goes.
  private func judgeAnew(cause: Int64) throws(StoreError) {
    guard let synthesis else { return }
    let subjects = try connection.rows(
      """
      SELECT DISTINCT s.kind, s.subject FROM synthesis_subjects s
      WHERE s.event_id IN (SELECT id FROM gone) AND EXISTS (SELECT 1 FROM synthesis_subjects o
        WHERE o.kind = s.kind AND o.subject = s.subject AND o.event_id NOT IN (SELECT id FROM gone))
      UNION
      SELECT DISTINCT '\(JudgedGroup.condition.rawValue)', e.dedupe_key FROM gone JOIN events e USING (id)
      WHERE e.dedupe_key IS NOT NULL AND EXISTS (SELECT 1 FROM events o
        WHERE o.dedupe_key = e.dedupe_key AND o.id NOT IN (SELECT id FROM gone))
      """
    ) { ($0.text(0), $0.text(1)) }
    for (kind, subject) in subjects { try synthesis.pend(kind, subject, cause: cause) }
    let alarms = try connection.rows(
      "SELECT e.ts FROM gone JOIN events e USING (id) WHERE e.attention_candidate = 1"
    ) { $0.int(0) }
    for bucket in Set(alarms.map { $0 - mod($0, synthesis.rules.floodWindow) }) {
      try synthesis.pend(JudgedGroup.attention.rawValue, String(bucket), cause: cause)
    }
    let runs = try connection.rows(
      """
      SELECT DISTINCT e.run_id FROM gone JOIN events e USING (id)
      UNION SELECT run_id FROM run_copies WHERE event_id IN (SELECT id FROM gone)
      UNION SELECT run_id FROM run_traces WHERE event_id IN (SELECT id FROM gone)
      UNION SELECT o.run_id FROM gone JOIN event_links l ON l.from_event_id = gone.id
        JOIN events o ON o.id = l.to_event_id
      UNION SELECT o.run_id FROM gone JOIN event_links l ON l.to_event_id = gone.id
        JOIN events o ON o.id = l.from_event_id
      EXCEPT SELECT id FROM gone_runs
      """
    ) { $0.int(0) }
    for run in runs { try synthesis.pend("run", String(run), cause: cause) }
  }

  private static let goneRuns = "IN (SELECT id FROM gone_runs)"
  private static let goneEvents = "IN (SELECT id FROM gone)"
  private static let goneSessions = "IN (SELECT id FROM gone_sessions)"

  private static let removal = [
    """
    DELETE FROM synthesis_claims WHERE key IN
      (SELECT e.idempotency_key FROM gone JOIN events e USING (id)
        WHERE e.idempotency_key GLOB 'inferred:*')
    """,
    """
    DELETE FROM synthesis_claims WHERE key IN
      (SELECT 'link:' || relation_type || ':' || from_event_id || ':' || to_event_id
        FROM event_links WHERE from_event_id \(goneEvents) OR to_event_id \(goneEvents))
    """,
    "DELETE FROM synthesis_claims WHERE owner IN (SELECT 'run:' || id FROM gone_runs)",
    "DELETE FROM synthesis_questions WHERE run_id \(goneRuns)",
    """
    DELETE FROM synthesis_pending WHERE kind IN ('run', 'timed')
      AND subject IN (SELECT CAST(id AS TEXT) FROM gone_runs)
    """,
    """
    DELETE FROM synthesis_pending WHERE kind IN ('condition', 'artifact', 'file')
      AND kind || ':' || subject IN (SELECT s.kind || ':' || s.subject FROM synthesis_subjects s
        WHERE s.event_id \(goneEvents))
      AND NOT EXISTS (SELECT 1 FROM synthesis_subjects o WHERE o.kind = synthesis_pending.kind
        AND o.subject = synthesis_pending.subject AND o.event_id NOT \(goneEvents))
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.dedupe_key = synthesis_pending.subject
        AND e.id NOT \(goneEvents))
    """,
    "DELETE FROM synthesis_subjects WHERE event_id \(goneEvents)",
    "DELETE FROM run_copies WHERE run_id \(goneRuns) OR event_id \(goneEvents)",
    "DELETE FROM worker_states WHERE run_id \(goneRuns)",
    "DELETE FROM run_metrics WHERE run_id \(goneRuns)",
    "DELETE FROM run_traces WHERE run_id \(goneRuns) OR event_id \(goneEvents)",
    "DELETE FROM parent_backfills WHERE run_id \(goneRuns) OR parent_run_id \(goneRuns)",
    "DELETE FROM usage_runs WHERE run_id \(goneRuns)",
    "DELETE FROM usage_sessions WHERE session_id \(goneSessions)",
    "DELETE FROM contract_turns WHERE session_id \(goneSessions)",
    "DELETE FROM pruned_sessions WHERE session_id \(goneSessions)",
    "DELETE FROM task_events WHERE event_id \(goneEvents)",
    "DELETE FROM tasks WHERE id NOT IN (SELECT task_id FROM task_events)",
    "DELETE FROM hook_turns WHERE run_id \(goneRuns) OR event_id \(goneEvents)",
    "DELETE FROM pending_links WHERE event_id \(goneEvents)",
    "DELETE FROM key_aliases WHERE event_id \(goneEvents)",
    """
    DELETE FROM event_tags WHERE (tag, ts, event_id) IN
      (SELECT t.value, e.ts, e.id FROM gone JOIN events e USING (id), json_each(e.tags) t)
    """,
    "DELETE FROM session_copies WHERE event_id \(goneEvents) OR session_id \(goneSessions)",
    // Between what stays and a place that stays, what was said of the link has text of both.
    """
    DELETE FROM event_links AS l WHERE (from_event_id \(goneEvents) OR to_event_id \(goneEvents))
      AND NOT (\(ForgetPlan.isSaid) AND (from_event_id NOT \(goneEvents) OR from_event_id IN
        (SELECT id FROM tombs)) AND (to_event_id NOT \(goneEvents) OR to_event_id IN
        (SELECT id FROM tombs)) AND (from_event_id NOT \(goneEvents) OR to_event_id NOT \(goneEvents)))
    """,
    """
    UPDATE event_links SET metadata_json = '{"by":"rule","rule":"forgotten"}'
      WHERE from_event_id \(goneEvents) OR to_event_id \(goneEvents)
    """,
    "UPDATE events SET related_event_id = NULL WHERE related_event_id \(goneEvents)",
    "UPDATE events SET parent_run_id = NULL WHERE parent_run_id \(goneRuns)",
    """
    UPDATE runs SET parent_run_id = NULL, parent_key = NULL WHERE parent_run_id \(goneRuns)
      OR parent_key IN (SELECT r.key FROM gone_runs JOIN runs r USING (id))
    """,
    "UPDATE sessions SET parent_session_id = NULL WHERE parent_session_id \(goneSessions)",
    "DELETE FROM sessions WHERE id \(goneSessions)",
    """
    UPDATE runs SET events = max(0, runs.events - n) FROM
      (SELECT e.run_id AS run, count(*) AS n FROM gone JOIN events e USING (id) GROUP BY 1)
      WHERE runs.id = run
    """,
    "DELETE FROM runs WHERE id \(goneRuns)",
  ]

  /// Leaves of an event that others are linked with nothing but its place, as one of Fleetlog's own.
  private func bury(now: Int64) throws(StoreError) {
    guard let run = try runs.find(RunIdentity.fleetlog.key) else { return }
    let buried = try connection.run(
      """
      UPDATE events SET run_id = ?1, parent_run_id = NULL, instance_id = ?2, role = ?3,
        source_kind = 'system', source_ref = NULL, sink_kind = NULL, sink_ref = NULL,
        event_type = ?4, attention_candidate = 0, operator_action_required = 0, risk_detected = 0,
        severity = 1, confidence = NULL, summary = 'Forgotten', payload_json = NULL,
        payload_packed = NULL,
        artifact_refs = NULL, tags = NULL, related_session_id = NULL, related_event_id = NULL,
        dedupe_key = NULL, idempotency_key = NULL, expires_at = NULL, provenance = ?5,
        source_file_id = NULL, source_offset = NULL, source_length = NULL
      WHERE id IN (SELECT id FROM tombs)
      """,
      [
        .int(run.id), .text(RunIdentity.fleetlog.instanceID), .text(RunIdentity.fleetlog.role),
        .text(EventType.eventForgotten.rawValue),
        .text(EventDraft.provenance(inferredFrom: "fleetlog forget")),
      ])
    guard buried > 0 else { return }
    try connection.run(
      "UPDATE runs SET events = events + ? WHERE id = ?", [Value(buried), .int(run.id)])
    let stones = try connection.rows(
      "SELECT \(EventColumns.list) FROM tombs JOIN events e USING (id)"
    ) { EventColumns.read($0) }
    let totals = TotalsLedger(connection)
    for stone in stones { totals.count(stone) }
    try totals.save()
  }

  /// Takes out of a file's kept parts what no event that stays came from, and has the file read from
  /// its beginning when it is met again, since what its parser remembers may quote what goes.
  private func forgetReceipts(of file: Int64) throws(StoreError) {
    let spans = try connection.rows(
      """
      SELECT source_offset, source_length FROM events WHERE source_file_id = ?
        AND source_offset IS NOT NULL ORDER BY source_offset
      """, [.int(file)]
    ) { SourceSpan(offset: $0.int(0), length: $0.int(1)) }
    let chunks = try connection.rows(
      "SELECT id FROM transcript_chunks WHERE file_id = ?", [.int(file)]
    ) { $0.int(0) }
    for chunk in chunks { try archive.blank(chunk, keeping: spans) }
    try connection.run("DELETE FROM file_problems WHERE file_id = ?", [.int(file)])
    try connection.run(
      """
      UPDATE files SET cursor = NULL, parser_state = NULL, parser_state_packed = NULL, read_offset = 0, is_holding = 0,
        last_error = NULL, lines = 0, skipped_lines = 0, mended_lines = 0,
        events = (SELECT count(*) FROM events WHERE source_file_id = ?1) WHERE id = ?1
      """, [.int(file)])
  }

  /// Counts anew what shared something with what went.
  private func recount(
    sessions shared: [String], tasks: [String], now: Int64
  ) throws(StoreError) {
    for session in shared {
      try connection.run("DELETE FROM usage_sessions WHERE session_id = ?", [.text(session)])
      try sessions.recount(session)
      try sessions.recountTokens(of: session)
    }
    for task in tasks { self.tasks?.revise(task: task) }
    try connection.run("DELETE FROM usage_hours")
    try connection.run(
      "INSERT INTO usage_hours (hour, model, band, \(UsageLedger.columns)) \(UsageLedger.ofHours)"
    )
    try saveProjections(upTo: try lastEventID(), now: now)
    try connection.run(
      """
      DELETE FROM sessions WHERE events > 0 AND id NOT IN (SELECT related_session_id FROM events
        WHERE related_session_id IS NOT NULL) AND id NOT IN (SELECT session_id FROM session_copies)
        AND id NOT IN (SELECT session_id FROM pruned_sessions)
      """)
  }

  /// Takes the bytes away too: the full text is built anew, and both files are rewritten.
  ///
  /// - Throws: where another process keeps old pages in use.
  package func finishForgetting(
    index: SearchIndex, progress: (String) -> Void = { _ in }
  ) throws(StoreError) {
    progress("building the full text anew …")
    try index.rebuild()
    progress("rewriting the files …")
    try index.rewrite()
    // Gone with the pages it stands on, so that it is there until they are.
    try writeAheadLog.rewrite()
    try connection.run("DELETE FROM forgetting")
    try writeAheadLog.empty()
  }
}

extension EventType {
  /// Says that sessions were forgotten: how many, and no more.
  package static let logForgotten = EventType(rawValue: "log.forgotten")
  /// The place of a forgotten event with which others are linked.
  package static let eventForgotten = EventType(rawValue: "event.forgotten")
}
