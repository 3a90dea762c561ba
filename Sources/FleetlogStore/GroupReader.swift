import FleetlogEvents

/// Reads the events that are judged together, in the order of their time.
final class GroupReader {
  private let connection: Connection
  private var roots: [Int64: Int64] = [:]

  /// Of one subject the newest so many are judged: a condition that is repeated for ever must not
  /// cost ever more.
  private static let limit = 1000

  init(_ connection: Connection) { self.connection = connection }

  /// SQL over `e`: not what was inferred and withdrawn.
  private static let stands = """
    NOT EXISTS (SELECT 1 FROM event_links l WHERE l.to_event_id = e.id
      AND l.relation_type = 'supersedes' AND json_extract(l.metadata_json, '$.withdrawn') = 1)
    """

  func members(_ group: JudgedGroup, _ subject: String) throws(StoreError) -> [GroupMember] {
    let source =
      group == .condition
      ? "events e WHERE e.dedupe_key = ?1 AND ?2 IS NOT NULL"
      : """
      synthesis_subjects s JOIN events e ON e.id = s.event_id
      WHERE s.kind = ?2 AND s.subject = ?1
      """
    let events = try connection.rows(
      """
      SELECT \(EventColumns.list) FROM \(source) AND \(Self.stands)
      ORDER BY e.ts DESC, e.idempotency_key DESC LIMIT ?3
      """, [.text(subject), .text(group.rawValue), Value(Self.limit)]
    ) { EventColumns.read($0) }
    return try events.reversed().map { (event) throws(StoreError) in try member(event) }
  }

  /// The candidates for attention around a time, as far as no pause is longer than the window.
  func flood(
    around time: Int64, window: Int64
  ) throws(StoreError) -> (members: [GroupMember], range: ClosedRange<Int64>) {
    let candidates = "events WHERE attention_candidate = 1 AND event_type <> 'alarm_flood' AND ts"
    var start = time
    var end = time + window
    while let earlier = try connection.first(
      "SELECT min(ts) FROM \(candidates) >= ? AND ts < ?", [.int(start - window), .int(start)],
      { $0.optionalInt(0) }
    ).flatMap({ $0 }) {
      start = earlier
    }
    while let later = try connection.first(
      "SELECT max(ts) FROM \(candidates) > ? AND ts <= ?", [.int(end), .int(end + window)],
      { $0.optionalInt(0) }
    ).flatMap({ $0 }) {
      end = later
    }
    let events = try connection.rows(
      """
      SELECT \(EventColumns.list) FROM events e WHERE e.attention_candidate = 1
        AND e.event_type <> 'alarm_flood' AND e.ts BETWEEN ? AND ? AND \(Self.stands)
      ORDER BY e.ts, e.idempotency_key
      """, [.int(start), .int(end)]
    ) { EventColumns.read($0) }
    return (try events.map { (event) throws(StoreError) in try member(event) }, start...end)
  }

  private func member(_ event: StoredEvent) throws(StoreError) -> GroupMember {
    let copies = try connection.rows(
      "SELECT session_id FROM session_copies WHERE event_id = ?", [.int(event.id)]
    ) { $0.text(0) }
    var blocker: Int64?
    if event.type == .blocked {
      blocker = try connection.first(
        """
        SELECT to_event_id FROM event_links WHERE from_event_id = ? AND relation_type = 'blocked_by'
          AND json_extract(metadata_json, '$.by') = 'worker' ORDER BY id LIMIT 1
        """, [.int(event.id)]
      ) { $0.int(0) }
    }
    return GroupMember(
      event: event, sessions: Set(copies + [event.sessionID].compactMap { $0 }),
      rootRun: try root(of: event.runID), namedBlocker: blocker)
  }

  /// The run at the top; of a circle of runs, the one with the lowest id.
  private func root(of run: Int64) throws(StoreError) -> Int64 {
    if let root = roots[run] { return root }
    var seen: Set<Int64> = []
    var top = run
    while seen.insert(top).inserted {
      let parent = try connection.first(
        "SELECT parent_run_id FROM runs WHERE id = ?", [.int(top)]
      ) { $0.optionalInt(0) }
      guard let parent, let parent else { break }
      if seen.contains(parent) {
        top = seen.min() ?? parent
        break
      }
      top = parent
    }
    roots[run] = top
    return top
  }
}
