import FleetlogEvents

/// Facts that an agent's program prints and its transcript tells as well.
///
/// The two have no key in common: what is printed mostly has no time and not the final figures.
/// They are the same fact where they are of one session and bear the same name: a call and its
/// result by the call's id, a response by the message's, text by its words, an emitted event by
/// what it says, a turn by its place. Each is met once, so that what was said twice stays twice.
extension EventWriter {
  enum PrintedMatch {
    /// The log has the fact by its other telling.
    case known(StoredEvent)
    /// The log has it as it was printed, and this telling is better.
    case replaces(StoredEvent)
  }

  /// How far apart the times of two tellings may lie, in ms: what is printed has the time of its
  /// arrival, which in an archive is that of the whole file.
  private static let printedDelay: Int64 = 60_000

  /// The other telling of a draft's fact.
  func printedMatch(_ draft: EventDraft) throws(StoreError) -> PrintedMatch? {
    guard let other = try printed.partner(of: draft) else { return nil }
    if draft.isPrinted { return .known(other) }
    let isClose = abs(other.ts - draft.ts) <= Self.printedDelay
    let isFinal = draft.type != .llmCallCompleted
    return isClose && isFinal ? .known(other) : .replaces(other)
  }

  /// Links a response's final figures to those that were printed while it was under way, which
  /// costs no more than a sum; whatever else is told better makes the session be counted anew.
  func supersedePrinted(
    _ event: StoredEvent, by better: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) {
    try printed.meet(event, in: event.sessionID)
    try printed.meet(better, in: event.sessionID)
    guard event.type == .llmCallCompleted, let session = event.sessionID else {
      return try supersede(event, by: better, &commit)
    }
    let link = LinkDraft.byRule("later_version", .supersedes, .eventID(event.id))
    commit.result.links += try links.add([link], of: better, now: commit.now)
    commit.supersededSessions.insert(session)
  }
}

/// Which facts of a session were printed, and which were told by its transcript, as long as they
/// have not met. Kept in memory only for sessions of which something was printed.
final class PrintedLedger {
  private struct Names {
    var printed: [String: [Int64]] = [:]
    var told: [String: [Int64]] = [:]
  }

  private let connection: Connection
  private var sessions: [String: Names] = [:]
  /// Whether something of a session was ever printed, as far as one transaction has asked.
  private var involved: [String: Bool] = [:]
  private static let mostSessions = 32

  init(_ connection: Connection) { self.connection = connection }

  /// Forgets what was asked in one transaction.
  func forget() { involved.removeAll(keepingCapacity: true) }

  /// Forgets all, since what was noted last is not in the log.
  func reset() {
    sessions = [:]
    forget()
  }

  /// Whether keys of the session's facts may stand for facts told otherwise.
  func isInvolved(_ session: String?) throws(StoreError) -> Bool {
    guard let session else { return false }
    if let known = involved[session] { return known }
    var found = try !ids("met", session, limit: 1).isEmpty
    if !found { found = try !ids("printed", session, limit: 1).isEmpty }
    involved[session] = found
    return found
  }

  func partner(of draft: EventDraft) throws(StoreError) -> StoredEvent? {
    guard let session = draft.run.sessionID else { return nil }
    if !draft.isPrinted, try !isInvolved(session) { return nil }
    let name = Self.name(
      draft.type, draft.provenance, summary: draft.summary, payload: draft.payload.text)
    guard let name else { return nil }
    let names = try names(of: session)
    guard let id = (draft.isPrinted ? names.told : names.printed)[name]?.first else { return nil }
    return try connection.event(id)
  }

  /// Notes a fact that was written and has met none.
  func note(_ event: StoredEvent, isPrinted: Bool) throws(StoreError) {
    guard let session = event.sessionID, isPrinted || sessions[session] != nil,
      let name = Self.name(
        event.type, event.provenance, summary: event.summary, payload: event.payload)
    else { return }
    if isPrinted {
      _ = try names(of: session)
      try connection.run(
        "INSERT OR IGNORE INTO key_aliases VALUES (?, ?)",
        [.text(Self.key("printed", session, event.id)), .int(event.id)])
      involved[session] = true
      sessions[session]?.printed.append(event.id, to: name)
    } else {
      sessions[session]?.told.append(event.id, to: name)
    }
  }

  /// Notes that a fact has met its other telling.
  func meet(_ event: StoredEvent, in session: String?) throws(StoreError) {
    guard let session else { return }
    try connection.run(
      "DELETE FROM key_aliases WHERE key = ?", [.text(Self.key("printed", session, event.id))])
    try connection.run(
      "INSERT OR IGNORE INTO key_aliases VALUES (?, ?)",
      [.text(Self.key("met", session, event.id)), .int(event.id)])
    involved[session] = true
    guard
      let name = Self.name(
        event.type, event.provenance, summary: event.summary, payload: event.payload)
    else { return }
    sessions[session]?.printed[name]?.removeAll { $0 == event.id }
    sessions[session]?.told[name]?.removeAll { $0 == event.id }
  }

  private func names(of session: String) throws(StoreError) -> Names {
    if let known = sessions[session] { return known }
    let printed = Set(try ids("printed", session, limit: Int.max))
    let met = Set(try ids("met", session, limit: Int.max))
    let rows = try connection.rows(
      """
      SELECT id, event_type, provenance, summary, \(EventColumns.payload) FROM events e
      WHERE related_session_id = ? AND (provenance = 'worker' OR event_type IN
        ('tool_call', 'tool_result', 'message.assistant', 'message.user', 'message.reasoning',
          'llm_call.completed', 'turn.completed'))
      ORDER BY id
      """, [.text(session)]
    ) { row in
      (
        id: row.int(0),
        name: Self.name(
          EventType(rawValue: row.text(1)), row.optionalText(2), summary: row.text(3),
          payload: row.optionalText(4))
      )
    }
    var names = Names()
    for row in rows where !met.contains(row.id) {
      guard let name = row.name else { continue }
      if printed.contains(row.id) {
        names.printed.append(row.id, to: name)
      } else {
        names.told.append(row.id, to: name)
      }
    }
    if sessions.count >= Self.mostSessions { sessions = [:] }
    sessions[session] = names
    return names
  }

  /// The further names of facts that say how they stand: `printed:SESSION:ID`, `met:SESSION:ID`.
  private static func key(_ kind: String, _ session: String, _ id: Int64) -> String {
    "\(kind):\(session):\(id)"
  }

  private func ids(_ kind: String, _ session: String, limit: Int) throws(StoreError) -> [Int64] {
    let start = "\(kind):\(session):"
    return try connection.rows(
      "SELECT key, event_id FROM key_aliases WHERE key > ? AND key < ? LIMIT ?",
      [.text(start), .text("\(kind):\(session);"), Value(limit)]
    ) { row in row.text(0) == start + String(row.int(1)) ? row.int(1) : nil }
    .compactMap { $0 }
  }

  /// What a fact is called within its session, whoever tells it; nil where it has no such name.
  private static func name(
    _ type: EventType, _ provenance: String?, summary: String, payload: String?
  ) -> String? {
    let isInferred = provenance?.hasPrefix(EventDraft.inferredProvenance) ?? false
    if isInferred || provenance?.hasPrefix(EventDraft.hookProvenance) == true { return nil }
    let value = payload.flatMap { try? JSONDocument($0).root }
    var words: String?
    switch type {
    case .toolCall, .toolResult: words = value?["tool_use_id"]?.string
    case .llmCallCompleted: words = value?["message_id"]?.string
    case .messageAssistant, .messageUser, .messageReasoning: words = value?["text"]?.source
    case .turnCompleted: words = ""
    default: words = provenance == "worker" ? summary + "\n" + (payload ?? "{}") : nil
    }
    return words.map { "\(type.rawValue) \($0.utf8.count) \(fingerprint($0))" }
  }

  /// FNV-1a: who could aim at a collision writes the session anyway.
  private static func fingerprint(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}

extension [String: [Int64]] {
  fileprivate mutating func append(_ id: Int64, to name: String) {
    self[name, default: []].append(id)
  }
}
