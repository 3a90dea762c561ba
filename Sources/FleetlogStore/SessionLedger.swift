import FleetlogEvents

/// Keeps the `sessions` projection and which further sessions repeat an event.
final class SessionLedger {
  private let connection: Connection
  private let usage: UsageLedger
  private let project: EventWriter.SessionProjection
  private var open: [String: SessionSummary] = [:]

  init(
    _ connection: Connection, usage: UsageLedger, project: @escaping EventWriter.SessionProjection
  ) {
    self.connection = connection
    self.usage = usage
    self.project = project
  }

  /// Folds a new event into its own session.
  func fold(_ event: StoredEvent) throws(StoreError) {
    guard let session = event.sessionID else { return }
    try fold(event, into: session)
  }

  /// Notes that another session shows an event that is in the log already.
  ///
  /// - Returns: whether the session did not show it before.
  func showCopy(of event: StoredEvent, in session: String?) throws(StoreError) -> Bool {
    guard let session, session != event.sessionID else { return false }
    let added = try connection.run(
      "INSERT OR IGNORE INTO session_copies VALUES (?, ?, ?)",
      [.text(session), .int(event.ts), .int(event.id)])
    if added == 1 { try fold(event, into: session) }
    return added == 1
  }

  private func fold(_ event: StoredEvent, into session: String) throws(StoreError) {
    let new = SessionSummary(id: session, startedAt: event.ts, lastAt: event.ts)
    if open[session] == nil, let known = try stored(session) { open[session] = known }
    // In place: a copy would be made of it for every event.
    project(event, &open[session, default: new])
    usage.count(event, shownIn: session)
  }

  func save() throws(StoreError) {
    for summary in open.values {
      try connection.run(SessionColumns.upsert, SessionColumns.values(summary))
    }
  }

  func forget() { open.removeAll(keepingCapacity: true) }

  private func find(_ id: String) throws(StoreError) -> SessionSummary? {
    if let summary = open[id] { return summary }
    return try stored(id)
  }

  private func stored(_ id: String) throws(StoreError) -> SessionSummary? {
    try connection.first(
      "SELECT \(SessionColumns.list) FROM sessions s WHERE s.id = ?", [.text(id)]
    ) { SessionColumns.read($0) }
  }

  /// Counts a session anew from its events, those left out that a newer parser's, or a better
  /// telling of the same, superseded. Of a session that was pruned only the rows can be counted; its other figures stay.
  func recount(_ session: String) throws(StoreError) {
    let isPruned = try connection.finds(
      "SELECT 1 FROM pruned_sessions WHERE session_id = ?", [.text(session)])
    let rows = try connection.rows(
      """
      SELECT \(EventColumns.list), EXISTS (SELECT 1 FROM event_links l WHERE l.to_event_id = e.id
          AND l.relation_type = 'supersedes'
          AND json_extract(l.metadata_json, '$.rule')
            IN ('\(EventWriter.newerParser)', '\(EventWriter.betterTelling)'))
      FROM events e WHERE e.related_session_id = ?1 OR e.id IN
        (SELECT event_id FROM session_copies WHERE session_id = ?1) ORDER BY e.id
      """, [.text(session)]
    ) {
      (event: EventColumns.read($0), isReplaced: $0.bool(EventColumns.count))
    }
    guard let first = rows.first?.event else { return }
    if isPruned {
      guard var summary = try stored(session) else { return }
      summary.events = rows.count
      open[session] = summary
      return
    }
    var summary = SessionSummary(id: session, startedAt: first.ts, lastAt: first.ts)
    for row in rows where !row.isReplaced { project(row.event, &summary) }
    summary.events = rows.count
    open[session] = summary
    try recountTokens(of: session)
  }

  /// A session's row beside what its events come to, where the two differ.
  func difference(of session: String) throws(StoreError) -> (stored: String, recounted: String)? {
    defer { forget() }
    try recount(session)
    guard let stored = try stored(session), let recounted = open[session], stored != recounted
    else { return nil }
    func text(_ summary: SessionSummary) -> String {
      JSONObject.array(of: SessionColumns.values(summary).map { "\($0)" })
    }
    return (text(stored), text(recounted))
  }

  private static func sum(_ key: String) -> String {
    "sum(min(max(CAST(coalesce(json_extract(payload_json, '$.\(key)'), 0) AS INTEGER), 0), ?3))"
  }

  /// Counts a session's responses anew, those that a later version superseded left out.
  func recountTokens(of session: String) throws(StoreError) {
    guard var summary = try find(session) else { return }
    usage.recount(session)
    let sums = try connection.first(
      """
      WITH shown AS (
        SELECT id FROM events WHERE related_session_id = ?1 AND event_type = ?2
        UNION SELECT c.event_id FROM session_copies c JOIN events e ON e.id = c.event_id
          WHERE c.session_id = ?1 AND e.event_type = ?2)
      SELECT count(*), \(Self.sum("input_tokens")), \(Self.sum("output_tokens")),
        \(Self.sum("cache_read_tokens")), \(Self.sum("cache_write_tokens"))
      FROM events WHERE id IN shown AND NOT EXISTS (SELECT 1 FROM event_links l
        WHERE l.to_event_id = events.id AND l.relation_type = 'supersedes'
          AND l.from_event_id IN shown)
      """,
      [
        .text(session), .text(EventType.llmCallCompleted.rawValue),
        Value(ModelCall.mostTokens),
      ]
    ) { row in (0..<5).map { Int(row.int(Int32($0))) } }
    guard let sums else { return }
    // A count of what the session shows itself: in a resumed one the later version may be missing.
    summary.responses = sums[0]
    summary.inputTokens = sums[1]
    summary.outputTokens = sums[2]
    summary.cacheReadTokens = sums[3]
    summary.cacheWriteTokens = sums[4]
    open[session] = summary
  }
}

/// The columns of `sessions`.
enum SessionColumns {
  static let names = [
    "id", "agent", "agent_version", "title", "title_rank", "title_at", "project", "branch",
    "model", "model_at", "parent_session_id", "started_at", "last_at", "events", "prompts",
    "turns", "tool_calls", "tool_errors", "responses", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "attention", "validation_errors", "subagents",
    "times_are_borrowed",
  ]

  static let list = names.map { "s." + $0 }.joined(separator: ", ")

  /// No REPLACE, which would write every index anew and go past the triggers.
  static let upsert =
    "INSERT INTO sessions (" + names.joined(separator: ", ") + ") VALUES ("
    + names.map { _ in "?" }.joined(separator: ", ") + ") ON CONFLICT (id) DO UPDATE SET "
    + names.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")

  static func values(_ session: SessionSummary) -> [Value] {
    [
      .text(session.id), Value(session.agent), Value(session.agentVersion), Value(session.title),
      Value(session.titleRank), .int(session.titleAt), Value(session.project),
      Value(session.branch), Value(session.model), .int(session.modelAt),
      Value(session.parentSessionID), .int(session.startedAt), .int(session.lastAt),
      Value(session.events), Value(session.prompts), Value(session.turns),
      Value(session.toolCalls), Value(session.toolErrors), Value(session.responses),
      Value(session.inputTokens), Value(session.outputTokens), Value(session.cacheReadTokens),
      Value(session.cacheWriteTokens), Value(session.attention),
      Value(session.validationErrors), Value(session.subagents),
      Value(session.timesAreBorrowed),
    ]
  }

  static func read(_ row: Statement) -> SessionSummary {
    var session = SessionSummary(id: row.text(0), startedAt: row.int(11), lastAt: row.int(12))
    session.agent = row.optionalText(1)
    session.agentVersion = row.optionalText(2)
    session.title = row.optionalText(3)
    session.titleRank = Int(row.int(4))
    session.titleAt = row.int(5)
    session.project = row.optionalText(6)
    session.branch = row.optionalText(7)
    session.model = row.optionalText(8)
    session.modelAt = row.int(9)
    session.parentSessionID = row.optionalText(10)
    session.events = Int(row.int(13))
    session.prompts = Int(row.int(14))
    session.turns = Int(row.int(15))
    session.toolCalls = Int(row.int(16))
    session.toolErrors = Int(row.int(17))
    session.responses = Int(row.int(18))
    session.inputTokens = Int(row.int(19))
    session.outputTokens = Int(row.int(20))
    session.cacheReadTokens = Int(row.int(21))
    session.cacheWriteTokens = Int(row.int(22))
    session.attention = Int(row.int(23))
    session.validationErrors = Int(row.int(24))
    session.subagents = Int(row.int(25))
    session.timesAreBorrowed = row.bool(26)
    return session
  }
}
