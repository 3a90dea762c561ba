import FleetlogEvents

/// Writes typed links, and keeps those whose other end has not been read yet.
final class LinkLedger {
  private let connection: Connection
  private let pruned: PrunedKeys
  private let usage: UsageLedger
  /// What links wait for, by its key or id, and perhaps more: an event that is not in here need
  /// not be looked up. Nil where it is too much to hold.
  private var awaited: Set<String>? = []
  private static let mostAwaited = 50_000
  /// Of SQLite: another one after another connection has changed the log.
  private var dataVersion: Int64?

  init(_ connection: Connection, pruned: PrunedKeys, usage: UsageLedger) {
    self.connection = connection
    self.pruned = pruned
    self.usage = usage
  }

  /// Looks for waiting links anew where another process may have added some.
  func begin() throws(StoreError) {
    let version = try connection.first("PRAGMA data_version") { $0.int(0) }
    guard version == nil || version != dataVersion else { return }
    let targets = try connection.rows(
      "SELECT DISTINCT target FROM pending_links LIMIT ?", [Value(Self.mostAwaited + 1)]
    ) { $0.text(0) }
    awaited = targets.count > Self.mostAwaited ? nil : Set(targets)
    dataVersion = version
  }

  /// Adds an event's links and returns how many became edges at once.
  func add(_ drafts: [LinkDraft], of event: StoredEvent, now: Int64) throws(StoreError) -> Int {
    var added = 0
    for draft in drafts {
      if let other = try resolve(draft.target, except: event) {
        added += try insert(draft, event.id, other, now: now)
      } else {
        try keepPending(draft, event.id, now: now)
      }
    }
    return added
  }

  private func resolve(
    _ target: LinkDraft.Target, except event: StoredEvent
  ) throws(StoreError) -> Int64? {
    switch target {
    case .eventID(let id):
      return try connection.first("SELECT id FROM events WHERE id = ?", [.int(id)]) { $0.int(0) }
    case .idempotencyKey(let key):
      // A resumed transcript knows its session's earlier facts by names of its own.
      return try connection.first(
        "SELECT id FROM events WHERE idempotency_key = ?1 "
          + "UNION ALL SELECT event_id FROM key_aliases WHERE key = ?1 LIMIT 1", [.text(key)]
      ) { $0.int(0) }
    case .dedupeKey(let key):
      return try connection.first(
        "SELECT id FROM events WHERE dedupe_key = ? AND id <> ? AND ts <= ? "
          + "ORDER BY ts DESC, id DESC LIMIT 1",
        [.text(key), .int(event.id), .int(event.ts)]
      ) { $0.int(0) }
    }
  }

  private func insert(
    _ draft: LinkDraft, _ event: Int64, _ other: Int64, now: Int64
  ) throws(StoreError) -> Int {
    guard event != other else { return 0 }
    let (from, to) = draft.direction == .fromThis ? (event, other) : (other, event)
    return try insert(draft.relation.rawValue, from, to, draft.metadata.text, now: now)
  }

  func insert(
    _ relation: String, _ from: Int64, _ to: Int64, _ metadata: String?, now: Int64
  ) throws(StoreError) -> Int {
    let added = try connection.run(
      """
      INSERT INTO event_links (from_event_id, to_event_id, relation_type, created_at,
        metadata_json) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (from_event_id, to_event_id, relation_type) DO NOTHING
      """, [.int(from), .int(to), .text(relation), .int(now), Value(metadata)])
    if added == 1, relation == RelationType.supersedes.rawValue {
      try usage.uncount(to, supersededBy: from)
    }
    return added
  }

  private func keepPending(_ draft: LinkDraft, _ event: Int64, now: Int64) throws(StoreError) {
    let (kind, target): (String, String) =
      switch draft.target {
      case .eventID(let id): ("id", String(id))
      case .idempotencyKey(let key): ("idempotency_key", key)
      case .dedupeKey(let key): ("dedupe_key", key)
      }
    if kind == "idempotency_key", try pruned.contain(target) { return }
    try connection.run(
      "INSERT OR IGNORE INTO pending_links VALUES (?, ?, ?, ?, ?, ?, ?)",
      [
        .int(event), .text(draft.relation.rawValue),
        .text(draft.direction == .fromThis ? "from_event" : "to_event"), .text(kind),
        .text(target), .int(now), .text(draft.metadata.text),
      ])
    awaited?.insert(target)
  }

  /// Attaches the links that were waiting for this event.
  func attachPending(to event: StoredEvent) throws(StoreError) -> Int {
    if let awaited, awaited.isEmpty { return 0 }
    var attached = try attach("id", String(event.id), to: event)
    if let key = event.idempotencyKey {
      attached += try attach("idempotency_key", key, to: event)
    }
    if let key = event.dedupeKey { attached += try attach("dedupe_key", key, to: event) }
    return attached
  }

  /// Attaches the links that were waiting for a further name of an event.
  func attachPending(named key: String, to event: StoredEvent) throws(StoreError) -> Int {
    try attach("idempotency_key", key, to: event)
  }

  private func attach(
    _ kind: String, _ target: String, to event: StoredEvent
  ) throws(StoreError) -> Int {
    if let awaited, !awaited.contains(target) { return 0 }
    let waiting = try connection.rows(
      """
      SELECT event_id, relation_type, direction, created_at, metadata_json FROM pending_links
      WHERE target_kind = ? AND target = ? AND event_id <> ?
      """, [.text(kind), .text(target), .int(event.id)]
    ) {
      (
        event: $0.int(0), relation: $0.text(1), isFrom: $0.text(2) == "from_event",
        at: $0.int(3), metadata: $0.optionalText(4)
      )
    }
    guard !waiting.isEmpty else { return 0 }
    var attached = 0
    for link in waiting {
      let (from, to) = link.isFrom ? (link.event, event.id) : (event.id, link.event)
      attached += try insert(link.relation, from, to, link.metadata, now: link.at)
    }
    try connection.run(
      "DELETE FROM pending_links WHERE target_kind = ? AND target = ? AND event_id <> ?",
      [.text(kind), .text(target), .int(event.id)])
    return attached
  }

  /// Whether an event is one of several that state one changing fact.
  func hasVersions(_ event: Int64) throws(StoreError) -> Bool {
    try connection.finds(
      """
      SELECT 1 FROM event_links WHERE relation_type = 'supersedes'
        AND (from_event_id = ?1 OR to_event_id = ?1) LIMIT 1
      """, [.int(event)])
  }

  /// Of the events that state one changing fact, links the highest version to the others.
  func supersede(by event: StoredEvent, now: Int64) throws(StoreError) -> Int {
    guard let key = event.dedupeKey else { return 0 }
    let versions = try connection.rows(
      """
      SELECT id, coalesce(json_extract(payload_json, '$._version'), 0) FROM events
      WHERE dedupe_key = ? AND event_type = ?
      """, [.text(key), .text(event.type.rawValue)]
    ) { (id: $0.int(0), version: $0.int(1)) }
    guard versions.count > 1,
      let newest = versions.max(by: { ($0.version, $0.id) < ($1.version, $1.id) })
    else { return 0 }
    var metadata = JSONObject()
    metadata.set("by", "rule")
    metadata.set("rule", "later_version")
    var added = 0
    for older in versions where older.id != newest.id {
      added += try insert(
        RelationType.supersedes.rawValue, newest.id, older.id, metadata.text, now: now)
    }
    return added
  }
}
