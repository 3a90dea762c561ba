import FleetlogEvents

/// Brings together what a hook and a transcript tell of the end of one turn, for which they have
/// no name in common.
///
/// Both are the same turn where they are of one run, close in time, of the same `turn_id` if both
/// have one, and no prompt stands between them; each is met once. A transcript's record counts
/// more than the hook's word, and that more than an inference; the lesser one that comes second
/// is the same fact, the lesser one that came first is superseded.
final class TurnMeeting {
  struct Partner {
    let event: StoredEvent
    /// Whether it stood in for the one that is being written.
    let yields: Bool
  }

  /// How much earlier and later than the hook ran the transcript may say that the turn ended, in
  /// ms: before, the model's last words were written; after, further hooks may have run long.
  private static let before: Int64 = 60_000
  private static let after: Int64 = 600_000

  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  /// The other telling of the turn that a draft ends.
  func partner(of draft: EventDraft, run: Run) throws(StoreError) -> Partner? {
    guard draft.type == .turnCompleted else { return nil }
    for event in try candidates(for: draft, run: run) {
      let id = event.payload.flatMap { try? JSONDocument($0).root["turn_id"]?.string }
      let own = (try? JSONDocument(draft.payload.bytes).root)?["turn_id"]?.string
      if let id, let own, id != own { continue }
      guard try !hasPrompt(between: event.ts, and: draft.ts, run: run) else { continue }
      return Partner(event: event, yields: Teller(event.provenance) < Teller(draft.provenance))
    }
    return nil
  }

  /// Tellings that have met none, nearest first.
  private func candidates(for draft: EventDraft, run: Run) throws(StoreError) -> [StoredEvent] {
    let place: [Value]
    let source: String
    if draft.isToldByHook {
      place = [.int(run.id), .int(draft.ts - Self.before), .int(draft.ts + Self.after)]
      source = """
        events e WHERE e.run_id = ?1 AND e.ts BETWEEN ?2 AND ?3
          AND e.event_type = 'turn.completed'
          AND substr(coalesce(e.provenance, ''), 1, 5) <> 'hook:'
          AND (NOT EXISTS (SELECT 1 FROM key_aliases a WHERE a.event_id = e.id
              AND substr(a.key, 1, 8) <> 'printed:')
            OR EXISTS (SELECT 1 FROM key_aliases a WHERE a.event_id = e.id
              AND substr(a.key, 1, 4) = 'met:'))
          AND NOT EXISTS (SELECT 1 FROM event_links l WHERE l.to_event_id = e.id
            AND l.relation_type = 'supersedes')
        """
    } else {
      place = [.int(run.id), .int(draft.ts - Self.after), .int(draft.ts + Self.before)]
      source = """
        hook_turns h JOIN events e ON e.id = h.event_id
          WHERE h.run_id = ?1 AND h.ts BETWEEN ?2 AND ?3
        """
    }
    return try connection.rows(
      "SELECT \(EventColumns.list) FROM \(source) ORDER BY abs(e.ts - ?4), e.id LIMIT 4",
      place + [.int(draft.ts)]
    ) { EventColumns.read($0) }
  }

  private func hasPrompt(
    between one: Int64, and other: Int64, run: Run
  ) throws(StoreError) -> Bool {
    try connection.finds(
      """
      SELECT 1 FROM events WHERE run_id = ? AND ts > ? AND ts < ? AND event_type = 'message.user'
      LIMIT 1
      """, [.int(run.id), .int(min(one, other)), .int(max(one, other))])
  }

  /// Notes a turn's end that was written, for its other telling.
  func note(_ event: StoredEvent, hasPartner: Bool) throws(StoreError) {
    guard event.type == .turnCompleted else { return }
    if event.isToldByHook, !hasPartner {
      try connection.run(
        "INSERT OR IGNORE INTO hook_turns VALUES (?, ?, ?)",
        [.int(event.runID), .int(event.ts), .int(event.id)])
    }
  }

  /// Forgets a hook's telling that has met its turn.
  func take(_ event: StoredEvent) throws(StoreError) {
    try connection.run(
      "DELETE FROM hook_turns WHERE run_id = ? AND ts = ? AND event_id = ?",
      [.int(event.runID), .int(event.ts), .int(event.id)])
  }
}
