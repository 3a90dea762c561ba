import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

/// Everything that a log says, without what depends on when and in which order it was read: the
/// ids of events and runs are replaced by keys. What was inferred is left out: it depends on how far
/// the clock has come, and a replay compares it.
struct LogContent {
  /// Rows by table, each as one text, sorted.
  private(set) var tables: [String: [String]] = [:]

  init(database: String) throws {
    let log = try Connection(path: database, access: .readOnly)
    for (table, sql) in Self.questions {
      tables[table] = try log.rows(sql) { row in
        row.optionalText(0) ?? "NULL"
      }.sorted()
    }
    tables["search"] = try Self.hits(database, log)
  }

  /// SQL over the columns of `events`: neither inferred nor the start of Fleetlog's own run, which
  /// an inference may begin.
  private static let said =
    Replay.raw + " AND idempotency_key IS NOT 'run:fleetlog' AND NOT (\(standIn))"

  /// The start of a run that was made before the real one was read, which supersedes it.
  private static let standIn = """
    event_type = 'process.started' AND json_extract(payload_json, '$.synthesized') AND EXISTS
      (SELECT 1 FROM event_links l WHERE l.to_event_id = events.id AND l.relation_type = 'supersedes')
    """

  /// A key, of a start that was told late that of its run.
  private static func plain(_ key: String) -> String {
    "iif(\(key) LIKE '%:told', substr(\(key), 1, length(\(key)) - 5), \(key))"
  }

  private static let questions: KeyValuePairs = [
    "events": row(
      [
        fixed("ts"), own("instance_id"), own("role"), "source_kind", own("source_ref"), "sink_kind",
        "sink_ref",
        "event_type", "schema_version", "attention_candidate", "operator_action_required",
        "risk_detected", "severity", "confidence",
        ended("summary"), ended(fixed("unpacked(payload_json, payload_packed)")),
        "artifact_refs", "tags", "dedupe_key", plain("idempotency_key"), "expires_at", "provenance",
        fixed("source_length"),
        own("(SELECT key FROM runs WHERE id = run_id)"),
        own("(SELECT key FROM runs WHERE id = parent_run_id)"), key("related_event_id"),
        """
        (SELECT group_concat(s) FROM (SELECT related_session_id AS s UNION
          SELECT session_id FROM session_copies WHERE event_id = events.id ORDER BY s))
        """,
      ], of: "events WHERE \(said)"),
    "event_links": row(
      [key("from_event_id"), key("to_event_id"), "relation_type", "metadata_json"],
      of: """
        event_links WHERE coalesce(json_extract(metadata_json, '$.rule'), '') NOT LIKE '%/%'
          AND coalesce(json_extract(metadata_json, '$.rule'), '') <> 'better_telling'
        """),
    "pending_links": row(
      [key("event_id"), "relation_type", "direction", "target_kind", "target"],
      of: "pending_links"),
    "runs": row(
      [
        "key", "parent_key", "(SELECT p.key FROM runs p WHERE p.id = runs.parent_run_id)",
        "instance_id", "role", "session_id", unshared(began), unshared("last_at"),
        unshared(
          "(SELECT count(*) FROM events WHERE run_id = runs.id AND \(Replay.raw) AND NOT (\(standIn)))"
        ),
      ], of: "runs WHERE key <> 'run:fleetlog'"),
    "sessions": row(
      SessionColumns.names.filter { !["events", "attention"].contains($0) }, of: "sessions"),
    "event_tags": row(["tag", "ts", key("event_id")], of: "event_tags"),
    "event_totals": row(
      ["hour", "event_type", "source_kind", "events", "attention"],
      of: "event_totals WHERE event_type <> 'process.started' AND source_kind <> 'system'"),
    // By agent: which of two sessions a turn is in that both hold, the order of reading decides.
    "contract_turns": row(
      ["agent", "model", "contract_version", "turns", "kept", "refused"],
      of: """
        (SELECT s.agent, c.model, contract_version, sum(c.turns) AS turns, sum(c.kept) AS kept,
          sum(c.refused) AS refused
        FROM contract_turns c LEFT JOIN sessions s ON s.id = session_id GROUP BY 1, 2, 3)
        """),
    "key_aliases": row(["key", key("event_id")], of: "key_aliases"),
  ]

  /// When a run began; where no record tells its start, when what it said did.
  private static let began = """
    iif((SELECT json_extract(e.payload_json, '$.synthesized') FROM events e WHERE e.id = runs.id),
      (SELECT min(e.ts) FROM events e WHERE e.run_id = runs.id AND e.id <> runs.id
        AND \(Replay.raw)), started_at)
    """

  /// A column, but for the starts that no record tells: of a session in several files, whose second
  /// is read first when both are there at once, the start is told by that one's first line.
  private static func fixed(_ column: String) -> String {
    "iif(event_type = 'process.started' AND json_extract(payload_json, '$.synthesized'), NULL, "
      + column + ")"
  }

  /// What is told of a turn's end, but for turns that several sessions show: one of them may be a file
  /// that was cut in the middle of the turn, and tells no more than that it ended. Who is read first
  /// is believed.
  private static func ended(_ column: String) -> String { "iif(\(sharedEnd), NULL, \(column))" }

  private static let sharedEnd =
    "event_type = 'turn.completed' AND id IN (SELECT event_id FROM session_copies)"

  /// A column of an event that only one session shows. What a resumed session repeats belongs to
  /// the session that is read first, and is shown by both.
  private static func own(_ column: String) -> String {
    "iif(id IN (SELECT event_id FROM session_copies), NULL, \(column))"
  }

  /// A column of a run that shares no event with another.
  private static func unshared(_ column: String) -> String {
    """
    iif(session_id IN (SELECT session_id FROM session_copies) OR session_id IN
      (SELECT e.related_session_id FROM session_copies c JOIN events e ON e.id = c.event_id),
      NULL, \(column))
    """
  }

  private static func key(_ column: String) -> String {
    "(SELECT \(plain("e.idempotency_key")) FROM events e WHERE e.id = \(column))"
  }

  private static func row(_ columns: [String], of table: String) -> String {
    "SELECT json_array(" + columns.joined(separator: ", ") + ") FROM \(table)"
  }

  /// Which events the words of the log find.
  private static func hits(_ database: String, _ log: Connection) throws -> [String] {
    let questions = try EventLog(path: database, deadline: 20_000)
    let shared = Set(
      try log.rows("SELECT idempotency_key FROM events WHERE \(sharedEnd)") { $0.text(0) })
    let replaced = Set(
      try log.rows("SELECT id FROM events WHERE \(standIn)") { $0.int(0) })
    let words = try log.rows(
      "SELECT summary FROM events WHERE \(said) AND NOT (\(sharedEnd))"
    ) { $0.text(0) }
    .flatMap { $0.split { !$0.isLetter } }.map { $0.lowercased() }.filter { $0.count > 3 }
    return try Set(words).sorted().prefix(400).map { word in
      var filter = EventFilter()
      filter.text = word
      filter.limit = 500
      var keys: [String] = []
      repeat {
        let page = try questions.events(filter)
        keys += page.rows.filter { !replaced.contains($0.event.id) }
          .map { ($0.event.idempotencyKey ?? "").replacing(":told", with: "") }
          .filter { !Inference.isKey($0) && $0 != "run:fleetlog" && !shared.contains($0) }
        filter.after = page.next
      } while filter.after != nil
      return word + ": " + keys.sorted().joined(separator: " ")
    }
  }

  /// What is here and not there, a line a row; empty where nothing is.
  func rows(notIn other: LogContent) -> [String] {
    tables.sorted { $0.key < $1.key }.flatMap { table, rows in
      var left: [String: Int] = [:]
      for row in other.tables[table] ?? [] { left[row, default: 0] += 1 }
      return rows.filter { row in
        left[row, default: 0] -= 1
        return left[row, default: 0] < 0
      }.map { "\(table): \($0)" }
    }
  }
}
