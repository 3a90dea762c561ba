package import FleetlogEvents

/// Rebuilds what is derived from a log's raw events in a scratch database, and compares.
///
/// Raw is what sources said: every event that no rule inferred. Inferred events and the links that
/// rules drew are made anew from these; what keeps count of events (sessions, totals, runs) is
/// counted anew over the log itself.
package struct Replay {
  /// One row that differs.
  package struct Difference: Sendable {
    /// What kind of row: `event`, `link`, `worker`, `metrics`, `session`, `totals`, `usage`, `run`,
    /// `task`.
    package let kind: String
    /// The row as the log has it; nil where it lacks it.
    package let stored: String?
    /// The row as the replay has it; nil where it lacks it.
    package let replayed: String?
  }

  package struct Report: Sendable {
    package var rawEvents = 0
    package var inferredEvents = 0
    package var links = 0
    package var sessions = 0
    /// Runs and groups that the log's writer has still to judge: until it has, they differ.
    package var pending = 0
    package var differences: [Difference] = []
  }

  /// - Parameters:
  ///   - path: the log; it is only read.
  ///   - scratch: a database that does not exist yet; the caller removes it.
  ///   - now: ms since the Unix epoch.
  package static func run(
    log path: String, scratch: String, synthesize rules: any SynthesisRules,
    tasks: TaskProjection? = nil, project: @escaping EventWriter.SessionProjection, now: Int64
  ) throws(StoreError) -> Report {
    let log = try Connection(path: path, access: .readOnly)
    try Migrations.refuseNewer(try Migrations.version(of: log), place: path)
    guard try Migrations.version(of: log) == Migrations.current else {
      throw StoreError(
        operation: "replay the log", place: path, cause: .sqlite(code: 1),
        detail: "its schema is older than this program's; run any verb that writes to it first")
    }
    let writer = try EventWriter(
      path: scratch, holdsLock: false, synthesize: rules, project: project)
    let judged = try writer.copyRaw(from: path)
    let last = try writer.lastEventID()
    // One moment of the log, whatever is written meanwhile.
    return try log.reading { () throws(StoreError) in
      var report = Report()
      if let until = judged { _ = try writer.judge(until: until, now: now) }
      report.rawEvents = try log.count("SELECT count(*) FROM events WHERE \(raw)")
      report.sessions = try log.count("SELECT count(*) FROM sessions")
      report.pending = try log.count("SELECT count(*) FROM synthesis_pending")
      let events = try rows(eventSQL, log, upTo: last)
      let links = try rows(linkSQL, log, upTo: last)
      report.inferredEvents = events.count
      report.links = links.count
      report.differences =
        differences("event", events, try rows(eventSQL, writer.connection, upTo: Int64.max))
        + differences("link", links, try rows(linkSQL, writer.connection, upTo: Int64.max))
      if judged != nil {
        let moved = Set(
          try log.rows("SELECT DISTINCT run_id FROM events WHERE id > ?", [.int(last)]) {
            $0.int(0)
          })
        report.differences += differences(
          "worker", try workers(log, without: moved), try workers(writer.connection, without: moved)
        )
        let measured = Set(
          try log.rows("SELECT run_id FROM run_metrics", []) { $0.int(0) }
        ).subtracting(moved)
        report.differences += differences(
          "metrics", try metrics(log, of: measured), try metrics(writer.connection, of: measured))
      }
      report.differences += try counted(log, project)
      if let tasks {
        let (stored, replayed) = try TaskLedger.compare(log, tasks)
        report.differences += differences("task", stored, replayed)
      }
      return report
    }
  }

  /// What was inferred in a log, without what depends on when and in which order it was read: rows
  /// of events and links, sorted.
  package static func inferred(in path: String) throws(StoreError) -> [String] {
    let log = try Connection(path: path, access: .readOnly)
    return try rows(eventSQL, log, upTo: Int64.max) + rows(linkSQL, log, upTo: Int64.max)
  }

  /// SQL over the columns of `events`: what no rule inferred.
  static let raw = "(idempotency_key IS NULL OR idempotency_key NOT GLOB 'inferred:*')"

  // MARK: What was inferred

  private static let withdrawn = """
    SELECT to_event_id FROM event_links WHERE relation_type = 'supersedes'
      AND json_extract(metadata_json, '$.withdrawn') = 1
    """

  /// An event's key, which is the same in both databases; of one without, its id, which a copy
  /// keeps.
  private static func key(_ id: String) -> String {
    "(SELECT coalesce(k.idempotency_key, k.id) FROM events k WHERE k.id = \(id))"
  }

  /// A column that depends on which session was read first, where several show the event.
  private static func own(_ column: String) -> String {
    """
    iif((SELECT count(*) FROM synthesis_claims c WHERE c.key = e.idempotency_key) > 1, NULL,
      \(column))
    """
  }

  private static let eventSQL = """
    SELECT json_array(e.idempotency_key, e.ts, e.event_type, \(own("e.instance_id")),
      \(own("e.role")), e.source_kind, \(own("e.source_ref")), e.sink_kind, e.sink_ref,
      e.schema_version, e.attention_candidate, e.operator_action_required, e.risk_detected,
      e.severity, e.confidence, e.summary,
      json_set(\(EventColumns.payload), '$.evidence', (SELECT json_group_array(\(key("j.value")))
        FROM json_each(e.payload_json, '$.evidence') j)),
      e.artifact_refs, e.tags, \(own("e.related_session_id")), \(key("e.related_event_id")),
      e.dedupe_key, e.expires_at, e.provenance)
    FROM events e WHERE e.idempotency_key GLOB 'inferred:*' AND e.id <= ?1
      AND e.id NOT IN (\(withdrawn))
    """

  private static let linkSQL = """
    SELECT json_array(\(key("l.from_event_id")), l.relation_type, \(key("l.to_event_id")),
      l.metadata_json)
    FROM event_links l WHERE json_extract(l.metadata_json, '$.rule') LIKE '%/%'
      AND json_extract(l.metadata_json, '$.withdrawn') IS NULL
      AND max(l.from_event_id, l.to_event_id) <= ?1
      AND l.from_event_id NOT IN (\(withdrawn)) AND l.to_event_id NOT IN (\(withdrawn))
    """

  /// What is known of workers, those left out of which something was pruned.
  ///
  /// - Parameter moved: runs of which something came later.
  private static func workers(
    _ connection: Connection, without moved: Set<Int64>
  ) throws(StoreError) -> [String] {
    try connection.rows(
      """
      SELECT r.id, json_array(r.key, json(w.facts)) FROM worker_states w
      JOIN runs r ON r.id = w.run_id
      WHERE coalesce(r.session_id, '') NOT IN (SELECT session_id FROM pruned_sessions)
      """
    ) { (run: $0.int(0), row: $0.text(1)) }.filter { !moved.contains($0.run) }.map(\.row).sorted()
  }

  /// What runs came to, those left out of which something was pruned.
  ///
  /// - Parameter measured: the runs that the log has folded since it keeps this.
  private static func metrics(
    _ connection: Connection, of measured: Set<Int64>
  ) throws(StoreError) -> [String] {
    try connection.rows(
      """
      SELECT r.id, json_array(r.key, json(m.metrics), (SELECT json_group_array(json_array(
          t.kind, t.subject, t.ts, t.event_id)) FROM run_traces t WHERE t.run_id = r.id))
      FROM run_metrics m JOIN runs r ON r.id = m.run_id
      WHERE coalesce(r.session_id, '') NOT IN (SELECT session_id FROM pruned_sessions)
      """
    ) { (run: $0.int(0), row: $0.text(1)) }.filter { measured.contains($0.run) }.map(\.row)
      .sorted()
  }

  /// - Parameter last: events that came later are left out.
  private static func rows(
    _ sql: String, _ connection: Connection, upTo last: Int64
  ) throws(StoreError) -> [String] {
    try connection.rows(sql, [.int(last)]) { $0.text(0) }.sorted()
  }

  private static func rows(
    _ sql: String, _ connection: Connection
  ) throws(StoreError) -> [String] {
    try connection.rows(sql) { $0.text(0) }.sorted()
  }

  /// Both sorted; rows with one beginning belong together, so that a changed row shows both forms.
  private static func differences(
    _ kind: String, _ stored: [String], _ replayed: [String]
  ) -> [Difference] {
    let both = Set(stored).intersection(replayed)
    let left = stored.filter { !both.contains($0) }
    var right = replayed.filter { !both.contains($0) }
    var result: [Difference] = []
    for row in left {
      let name = row.prefix { $0 != "," }
      let index = right.firstIndex { $0.prefix { $0 != "," } == name }
      result.append(
        Difference(kind: kind, stored: row, replayed: index.map { right.remove(at: $0) }))
    }
    return result + right.map { Difference(kind: kind, stored: nil, replayed: $0) }
  }

  // MARK: What counts events

  private static func counted(
    _ log: Connection, _ project: @escaping EventWriter.SessionProjection
  ) throws(StoreError) -> [Difference] {
    var result: [Difference] = []
    let ledger = SessionLedger(log, usage: UsageLedger(log), project: project)
    let sessions = try log.rows(
      "SELECT id FROM sessions WHERE id NOT IN (SELECT session_id FROM pruned_sessions) ORDER BY id"
    ) { $0.text(0) }
    for session in sessions {
      if let (stored, recounted) = try ledger.difference(of: session) {
        result.append(Difference(kind: "session", stored: stored, replayed: recounted))
      }
    }
    for totals in [TotalsLedger.hours, TotalsLedger.days] {
      let (unit, width) = (totals.unit, totals.width)
      result += differences(
        "totals",
        try rows(
          "SELECT json_array(\(unit), event_type, source_kind, events, attention) FROM "
            + totals.name, log),
        try rows(
          """
          SELECT json_array(\(unit), event_type, source_kind, count(*), sum(attention_candidate))
          FROM (SELECT (ts - ((ts % \(width)) + \(width)) % \(width)) / \(width) AS \(unit),
            event_type, source_kind, attention_candidate FROM events)
          GROUP BY \(unit), event_type, source_kind
          """, log))
    }
    result += try usage(log)
    result += differences(
      "run", try rows("SELECT json_array(key, events) FROM runs", log),
      try rows(
        """
        SELECT json_array(r.key, (SELECT count(*) FROM events e WHERE e.run_id = r.id)) FROM runs r
        """, log))
    return result
  }

  private static func usage(_ log: Connection) throws(StoreError) -> [Difference] {
    func listed(
      _ table: String, _ key: String, _ sql: String, _ values: [Value] = []
    ) throws(StoreError) -> [Difference] {
      let columns = "\(key), \(UsageLedger.columns)"
      let condition = values.isEmpty ? "" : " WHERE session_id = ?1"
      return differences(
        "usage",
        try log.rows("SELECT json_array(\(columns)) FROM \(table)\(condition)", values) {
          $0.text(0)
        }.sorted(),
        try log.rows(
          "WITH counted(\(columns)) AS (\(sql)) SELECT json_array(\(columns)) FROM counted", values
        ) { $0.text(0) }.sorted())
    }
    let runs = try listed("usage_runs", "run_id, day, model, band", UsageLedger.ofRuns)
    var result = runs + (try listed("usage_hours", "hour, model, band", UsageLedger.ofHours))
    let sessions = try log.rows("SELECT id FROM sessions ORDER BY id") { $0.text(0) }
    for session in sessions {
      result += try listed(
        "usage_sessions", "session_id, day, model, band, is_subagent", UsageLedger.shown,
        [.text(session)])
    }
    return result
  }
}

extension EventWriter {
  /// Copies a log's raw events into this empty one, under their own ids, with what else sources
  /// said; every run waits to be folded.
  ///
  /// - Returns: the moment up to which the log is judged; nil where nothing was judged yet.
  fileprivate func copyRaw(from path: String) throws(StoreError) -> Int64? {
    let uri =
      "file:"
      + path.utf8.map { byte in
        let isPlain =
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
          || "/-_.".utf8.contains(byte)
        let hex = String(byte, radix: 16)
        return isPlain
          ? String(UnicodeScalar(byte)) : "%" + (hex.count < 2 ? "0" + hex : hex)
      }.joined() + "?mode=ro"
    try connection.run("ATTACH ? AS log", [.text(uri)])
    let columns = EventColumns.names.joined(separator: ", ")
    let judged = try connection.transaction { () throws(StoreError) in
      for sql in [
        "INSERT INTO main.events (\(columns)) SELECT \(columns) FROM log.events WHERE \(Replay.raw)",
        "INSERT INTO main.runs SELECT * FROM log.runs",
        """
        INSERT INTO main.session_copies SELECT * FROM log.session_copies
        WHERE event_id IN (SELECT id FROM main.events)
        """,
        "INSERT INTO main.run_copies SELECT * FROM log.run_copies",
        "INSERT INTO main.pruned_sessions SELECT * FROM log.pruned_sessions",
        """
        -- Not by IN: SQLite then tries every pair of events.
        INSERT INTO main.event_links SELECT * FROM log.event_links l
        WHERE EXISTS (SELECT 1 FROM main.events WHERE id = l.from_event_id)
          AND EXISTS (SELECT 1 FROM main.events WHERE id = l.to_event_id)
          AND coalesce(json_extract(metadata_json, '$.rule'), '') NOT LIKE '%/%'
        """,
        "UPDATE sqlite_sequence SET seq = (SELECT seq FROM log.sqlite_sequence "
          + "WHERE name = 'events') WHERE name = 'events'",
      ] {
        try connection.run(sql)
      }
      return try connection.first("SELECT judged_until FROM log.synthesis_clock") { $0.int(0) }
    }
    try connection.run("DETACH log")
    return judged
  }
}
