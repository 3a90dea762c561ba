/// What forgetting some sessions would take away.
package struct ForgetSummary: Sendable, Equatable {
  package var sessions: [String] = []
  package var events = 0
  package var runs = 0
  package var links = 0
  /// Kept parts of transcripts in which something of the sessions stands.
  package var receipts = 0
  /// Of events that other sessions are linked with, a place without text stays.
  package var tombstones = 0
  /// Bytes of the texts, as they stand in the log.
  package var textBytes: Int64 = 0
  /// Bytes of transcript in the receipts.
  package var receiptBytes: Int64 = 0

  package init() {}
}

/// Finds what belongs to sessions. What a transcript says of a session goes with all that was inferred
/// from it, in whatever session that stands.
enum ForgetPlan {
  /// The sessions that a word names: an id, the beginning of one only, or a project by its path or
  /// the last part of that.
  static func sessions(
    named word: String, _ connection: Connection
  ) throws(StoreError) -> [String] {
    let exact = try connection.rows("SELECT id FROM sessions WHERE id = ?", [.text(word)]) {
      $0.text(0)
    }
    if !exact.isEmpty { return exact }
    let path = word.count > 1 && word.hasSuffix("/") ? String(word.dropLast()) : word
    let project = try connection.rows(
      """
      SELECT id FROM sessions WHERE project = ?1
        OR (instr(?1, '/') = 0 AND length(project) > length(?1)
          AND substr(project, -length(?1) - 1) = '/' || ?1) ORDER BY id
      """, [.text(path)]
    ) { $0.text(0) }
    if !project.isEmpty { return project }
    let begun = try connection.rows(
      "SELECT id FROM sessions WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", [.text(word)]
    ) { $0.text(0) }
    return begun.count == 1 ? begun : []
  }

  /// Whether rows are gone whose bytes may still be there.
  static func isUnfinished(_ connection: Connection) throws(StoreError) -> Bool {
    try connection.finds("SELECT 1 FROM forgetting")
  }

  /// Lists the events of sessions in temporary tables: `gone` for all that is to go, `tombs` for
  /// those of which a place must stay, `gone_runs`, `gone_sessions`.
  static func list(_ sessions: [String], _ connection: Connection) throws(StoreError) {
    try connection.script(
      """
      DROP TABLE IF EXISTS temp.gone_sessions;
      DROP TABLE IF EXISTS temp.gone_runs;
      DROP TABLE IF EXISTS temp.gone;
      DROP TABLE IF EXISTS temp.tombs;
      CREATE TEMP TABLE gone_sessions (id TEXT PRIMARY KEY);
      CREATE TEMP TABLE gone_runs (id INTEGER PRIMARY KEY);
      CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY);
      CREATE TEMP TABLE tombs (id INTEGER PRIMARY KEY);
      """, operation: "prepare to forget")
    for session in sessions {
      try connection.run("INSERT OR IGNORE INTO gone_sessions VALUES (?)", [.text(session)])
    }
    for sql in [
      "INSERT INTO gone_runs SELECT id FROM main.runs WHERE session_id IN (SELECT id FROM gone_sessions)",
      """
      INSERT OR IGNORE INTO gone SELECT id FROM main.events
        WHERE related_session_id IN (SELECT id FROM gone_sessions)
      """,
      "INSERT OR IGNORE INTO gone SELECT e.id FROM gone_runs r JOIN main.events e ON e.run_id = r.id",
    ] {
      try connection.run(sql)
    }
    // What was inferred from what goes may quote it, and what was inferred from that in turn.
    while try connection.run(
      """
      INSERT OR IGNORE INTO gone SELECT l.from_event_id FROM gone g
        JOIN main.event_links l ON l.to_event_id = g.id AND l.relation_type = 'caused_by'
        JOIN main.events e ON e.id = l.from_event_id
        WHERE e.idempotency_key GLOB 'inferred:*' AND e.id NOT IN (SELECT id FROM gone)
      """) > 0
    {}
    try connection.run(
      """
      INSERT OR IGNORE INTO tombs SELECT g.id FROM gone g JOIN main.events e ON e.id = g.id
        WHERE coalesce(e.idempotency_key, '') NOT GLOB 'inferred:*' AND (
          EXISTS (SELECT 1 FROM main.event_links l WHERE l.from_event_id = g.id AND \(isSaid)
            AND l.to_event_id NOT IN (SELECT id FROM gone))
          OR EXISTS (SELECT 1 FROM main.event_links l WHERE l.to_event_id = g.id AND \(isSaid)
            AND l.from_event_id NOT IN (SELECT id FROM gone)))
      """)
  }

  /// SQL over `event_links l`: not drawn by a rule of the synthesis, which draws its links anew.
  static let isSaid = "coalesce(json_extract(l.metadata_json, '$.rule'), '') NOT LIKE '%/%'"

  static func summary(
    _ sessions: [String], _ connection: Connection
  ) throws(StoreError) -> ForgetSummary {
    var summary = ForgetSummary()
    summary.sessions = sessions
    summary.events = try connection.count("SELECT count(*) FROM gone")
    summary.runs = try connection.count("SELECT count(*) FROM gone_runs")
    summary.tombstones = try connection.count("SELECT count(*) FROM tombs")
    summary.links = try connection.count(
      """
      SELECT count(*) FROM main.event_links WHERE from_event_id IN (SELECT id FROM gone)
        OR to_event_id IN (SELECT id FROM gone)
      """)
    summary.textBytes = Int64(
      try connection.count(
        """
        SELECT coalesce(sum(length(CAST(summary AS BLOB))
          + coalesce(length(CAST(payload_json AS BLOB)), 0)
          + coalesce(length(payload_packed), 0)), 0)
        FROM gone g JOIN main.events e ON e.id = g.id
        """))
    let receipts = try connection.first(
      """
      SELECT count(*), coalesce(sum(source_length), 0) FROM main.transcript_chunks
      WHERE file_id IN (\(files))
      """
    ) { (Int($0.int(0)), $0.int(1)) }
    (summary.receipts, summary.receiptBytes) = receipts ?? (0, 0)
    return summary
  }

  /// SQL: the files in which something of what goes stands.
  static let files = """
    SELECT DISTINCT e.source_file_id FROM gone g JOIN main.events e ON e.id = g.id
      WHERE e.source_file_id IS NOT NULL
    """
}

extension ForgetSummary {
  /// What would go, found without changing the log; nil where the log has no such session or project.
  package static func of(
    _ word: String, inDatabase path: String
  ) throws(StoreError) -> ForgetSummary? {
    let connection = try Connection(path: path, access: .readOnly)
    try Migrations.refuseNewer(try Migrations.version(of: connection), place: path)
    let sessions = try ForgetPlan.sessions(named: word, connection)
    guard !sessions.isEmpty else { return nil }
    try ForgetPlan.list(sessions, connection)
    return try ForgetPlan.summary(sessions, connection)
  }
}

extension EventLog {
  /// Whether a forgetting was cut short: what it removed may still stand in the files' bytes.
  package func isForgetting() throws(StoreError) -> Bool {
    try pool.withConnection { (connection) throws(StoreError) in
      try ForgetPlan.isUnfinished(connection)
    }
  }
}
