import FleetlogEvents

/// Keeps the tokens by model: of each run and hour, every response once, and of each session what
/// it shows.
final class UsageLedger {
  private struct Key<Owner: Hashable>: Hashable {
    let owner: Owner
    let unit: Int64
    let model: String
    let band: Int
    let isSubagent: Bool
  }

  private let connection: Connection
  private var runs: [Key<Int64>: TokenUsage] = [:]
  private var hours: [Key<Int64>: TokenUsage] = [:]
  private var sessions: [Key<String>: TokenUsage] = [:]
  /// Sessions that are counted anew, since they show several versions of one response.
  private var stale: Set<String> = []
  /// What the last event came to, which is asked for by whom it is of and by who shows it.
  private var last: (event: Int64, call: ModelCall?) = (0, nil)

  static let hour: Int64 = 3_600_000
  static let day = 24 * hour

  init(_ connection: Connection) { self.connection = connection }

  /// Counts a new event, if it is a model call.
  func count(_ event: StoredEvent) {
    guard let call = call(event) else { return }
    add(call, call.usage, run: event.runID)
  }

  private func call(_ event: StoredEvent) -> ModelCall? {
    if last.event != event.id { last = (event.id, ModelCall(event)) }
    return last.call
  }

  /// Takes a call out again whose response another one states better, the first time that happens.
  func uncount(_ id: Int64, supersededBy newer: Int64) throws(StoreError) {
    let types = try connection.first(
      """
      SELECT (SELECT event_type FROM events WHERE id = ?1),
        (SELECT event_type FROM events WHERE id = ?2)
      """, [.int(id), .int(newer)]
    ) { ($0.text(0), $0.text(1)) }
    let call = EventType.llmCallCompleted.rawValue
    guard types?.0 == call, types?.1 == call else { return }
    let successors = try connection.first(
      """
      SELECT count(*) FROM event_links l JOIN events n ON n.id = l.from_event_id
      WHERE l.to_event_id = ? AND l.relation_type = 'supersedes' AND n.event_type = ?
      """, [.int(id), .text(call)]
    ) { $0.int(0) }
    guard successors == 1 else { return }
    guard let event = try connection.event(id), let old = ModelCall(event) else { return }
    add(old, -old.usage, run: event.runID)
  }

  private func add(_ call: ModelCall, _ usage: TokenUsage, run: Int64) {
    func key(_ owner: Int64, _ width: Int64) -> Key<Int64> {
      Key(
        owner: owner, unit: floor(call.ts, width), model: call.model, band: call.band,
        isSubagent: false)
    }
    runs[key(run, Self.day), default: TokenUsage()] += usage
    hours[key(0, Self.hour), default: TokenUsage()] += usage
  }

  /// Counts an event that a session shows, if it is a model call.
  func count(_ event: StoredEvent, shownIn session: String) {
    guard let call = call(event) else { return }
    let key = Key(
      owner: session, unit: floor(call.ts, Self.day), model: call.model, band: call.band,
      isSubagent: event.role == "subagent")
    sessions[key, default: TokenUsage()] += call.usage
  }

  /// Has a session counted anew.
  func recount(_ session: String) { stale.insert(session) }

  func save() throws(StoreError) {
    for (key, usage) in runs where !usage.isZero {
      try save(
        usage, "usage_runs", "run_id, day, model, band",
        [.int(key.owner), .int(key.unit), .text(key.model), .int(Int64(key.band))])
    }
    for (key, usage) in hours where !usage.isZero {
      try save(
        usage, "usage_hours", "hour, model, band",
        [.int(key.unit), .text(key.model), .int(Int64(key.band))])
    }
    for (key, usage) in sessions where !stale.contains(key.owner) {
      try save(
        usage, "usage_sessions", "session_id, day, model, band, is_subagent",
        [
          .text(key.owner), .int(key.unit), .text(key.model), .int(Int64(key.band)),
          Value(key.isSubagent),
        ])
    }
    for session in stale {
      try connection.run("DELETE FROM usage_sessions WHERE session_id = ?", [.text(session)])
      try connection.run("INSERT INTO usage_sessions \(Self.shown)", [.text(session)])
    }
  }

  /// - Parameter key: the columns of the table's primary key.
  private func save(
    _ usage: TokenUsage, _ table: String, _ key: String, _ values: [Value]
  ) throws(StoreError) {
    let marks = (values + Self.figures.map { _ in .int(0) }).map { _ in "?" }
    let sums = Self.figures.map { "\($0) = \($0) + excluded.\($0)" }.joined(separator: ", ")
    try connection.run(
      """
      INSERT INTO \(table) (\(key), \(Self.columns)) VALUES (\(marks.joined(separator: ", ")))
      ON CONFLICT DO UPDATE SET \(sums)
      """,
      values + [
        Value(usage.calls), Value(usage.input), Value(usage.output), Value(usage.cacheRead),
        Value(usage.cacheWrite), Value(usage.cacheWriteHour),
      ])
    guard usage.calls <= 0 else { return }
    let place = key.split(separator: ", ").map { "\($0) = ?" }.joined(separator: " AND ")
    try connection.run("DELETE FROM \(table) WHERE \(place) AND calls = 0", values)
  }

  func forget() {
    last = (0, nil)
    runs.removeAll(keepingCapacity: true)
    hours.removeAll(keepingCapacity: true)
    sessions.removeAll(keepingCapacity: true)
    stale.removeAll(keepingCapacity: true)
  }

  // MARK: The same, counted anew

  private static let figures = [
    "calls", "input", "output", "cache_read", "cache_write", "cache_write_1h",
  ]
  static let columns = figures.joined(separator: ", ")
  /// SQL over one of the tables: what its rows come to.
  static let sums = figures.map { "sum(\($0))" }.joined(separator: ", ")
  /// SQL over `model_calls` as `c`.
  private static let counts =
    "count(*), " + figures.dropFirst().map { "sum(c.\($0))" }.joined(separator: ", ")

  private static func isLast(_ isShown: String) -> String {
    """
    NOT EXISTS (SELECT 1 FROM event_links l
      JOIN events n ON n.id = l.from_event_id AND n.event_type = 'llm_call.completed'
      WHERE l.to_event_id = c.event_id AND l.relation_type = 'supersedes' AND \(isShown))
    """
  }

  /// What a session, ?1, shows.
  static let shown = """
    SELECT ?1, c.day, c.model, c.band, c.is_subagent, \(counts)
    FROM (SELECT id FROM events WHERE related_session_id = ?1
        AND event_type = 'llm_call.completed'
      UNION SELECT event_id FROM session_copies WHERE session_id = ?1) s
    CROSS JOIN model_calls c ON c.event_id = s.id
    WHERE \(isLast("""
      (n.related_session_id = ?1 OR EXISTS (SELECT 1 FROM session_copies k
        WHERE k.event_id = n.id AND k.session_id = ?1))
      """)) GROUP BY 2, 3, 4, 5
    """

  static let ofRuns = """
    SELECT c.run_id, c.day, c.model, c.band, \(counts) FROM model_calls c
    WHERE \(isLast("1")) GROUP BY 1, 2, 3, 4
    """

  static let ofHours = """
    SELECT c.hour, c.model, c.band, \(counts) FROM model_calls c
    WHERE \(isLast("1")) GROUP BY 1, 2, 3
    """
}
