import FleetlogEvents

/// Facts that an agent's hook tells as well as its transcript.
extension EventWriter {
  /// The rule in the metadata of the `supersedes` link from the fuller telling of a fact to the
  /// one that stood in for it.
  static let betterTelling = "better_telling"

  /// The start of a run as somebody tells it who is believed more than the teller so far: the event
  /// that is there stays the run's own, since its id is the run's, and this one supersedes it.
  ///
  /// - Returns: nil where there is no better telling.
  func told(
    _ draft: EventDraft, over known: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) -> EventDraft? {
    guard draft.type == .processStarted, known.type == .processStarted,
      Teller(known.provenance) < Teller(draft.provenance)
    else { return nil }
    try runs.attach(draft)
    // Links from and to a run's start are those of the event that bears its id.
    commit.result.links += try links.add(draft.links, of: known, now: commit.now)
    var told = draft
    told.idempotencyKey = draft.run.key + ":told"
    told.links = []
    if try !isStored(told) {
      told.links = [.byRule(Self.betterTelling, .supersedes, .eventID(known.id))]
      note(revised: [draft.run.sessionID], &commit)
      try synthesis?.takeRevision(of: known.runID, cause: commit.nextID)
    }
    return told
  }

  private func isStored(_ draft: EventDraft) throws(StoreError) -> Bool {
    try connection.first(
      "SELECT 1 FROM events WHERE idempotency_key = ?", [Value(draft.idempotencyKey)],
      { _ in true }) ?? false
  }

  private func note(revised sessions: [String?], _ commit: inout Commit) {
    for case let session? in sessions { commit.revisedSessions.insert(session) }
  }

  /// Links the better of two tellings of a turn's end to the other, which no longer counts.
  func supersede(
    _ event: StoredEvent, by better: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) {
    let link = LinkDraft.byRule(Self.betterTelling, .supersedes, .eventID(event.id))
    commit.result.links += try links.add([link], of: better, now: commit.now)
    contract.uncount(event)
    note(revised: [event.sessionID], &commit)
    try synthesis?.takeRevision(of: event.runID, cause: better.id)
  }
}

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
    try connection.first(
      """
      SELECT 1 FROM events WHERE run_id = ? AND ts > ? AND ts < ? AND event_type = 'message.user'
      LIMIT 1
      """, [.int(run.id), .int(min(one, other)), .int(max(one, other))], { _ in true }) ?? false
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

/// Who tells of a fact that others tell of too, whoever is believed least first.
enum Teller: Comparable {
  case inference
  case hook
  /// A record, or what stands in for one where it was not read yet.
  case transcript
  /// The process itself, which logged it.
  case worker

  init(_ provenance: String?) {
    self =
      switch provenance {
      case nil, "worker": .worker
      case let text? where text.hasPrefix(EventDraft.hookProvenance): .hook
      case let text? where text.hasPrefix("hub-inferred:"): .inference
      default: .transcript
      }
  }
}
