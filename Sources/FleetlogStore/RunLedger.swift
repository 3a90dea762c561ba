import FleetlogEvents

/// A run as the writer needs it.
struct Run {
  let id: Int64
  var parentID: Int64?
  let instanceID: String
  let role: String
}

/// Which runs there are, by the keys that transcripts know them by.
final class RunLedger {
  private let connection: Connection
  private var cache: [String: Run] = [:]
  private var touched: [Int64: (count: Int, first: Int64, last: Int64)] = [:]
  /// How many events of a late-attached run get their parent in one transaction.
  private static let backfillStep = 2000

  init(_ connection: Connection) { self.connection = connection }

  func find(_ key: String) throws(StoreError) -> Run? {
    if let run = cache[key] { return run }
    let run = try connection.first(
      "SELECT id, parent_run_id, instance_id, role FROM runs WHERE key = ?", [.text(key)]
    ) {
      Run(
        id: $0.int(0), parentID: $0.optionalInt(1), instanceID: $0.text(2), role: $0.text(3))
    }
    if let run { cache[key] = run }
    return run
  }

  /// Registers the run that a `process.started` with this id begins, and attaches the runs that
  /// were waiting for it.
  func start(_ draft: EventDraft, id: Int64) throws(StoreError) -> Run {
    let parentKey = draft.parentRunKey == draft.run.key ? nil : draft.parentRunKey
    let parent = try parentKey.flatMap { (key) throws(StoreError) in try find(key) }
    let run = Run(
      id: id, parentID: parent?.id, instanceID: draft.run.instanceID, role: draft.run.role)
    try connection.run(
      """
      INSERT INTO runs (id, key, parent_run_id, parent_key, instance_id, role, session_id,
        started_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .int(id), .text(draft.run.key), Value(parent?.id), Value(draft.parentRunKey),
        .text(draft.run.instanceID), .text(draft.run.role), Value(draft.run.sessionID),
        .int(draft.ts), .int(draft.ts),
      ])
    cache[draft.run.key] = run
    try attachOrphans(of: draft.run.key, id: id)
    return run
  }

  /// Gives a run that began without its `process.started` the parent that the latter names.
  func attach(_ draft: EventDraft) throws(StoreError) {
    guard let parentKey = draft.parentRunKey, parentKey != draft.run.key,
      let run = try find(draft.run.key), run.parentID == nil
    else { return }
    try connection.run(
      "UPDATE runs SET parent_key = ? WHERE id = ?", [.text(parentKey), .int(run.id)])
    if let parent = try find(parentKey) { try setParent(parent.id, of: run.id) }
  }

  private func attachOrphans(of key: String, id: Int64) throws(StoreError) {
    let orphans = try connection.rows(
      "SELECT id FROM runs WHERE parent_key = ? AND parent_run_id IS NULL AND id <> ?",
      [.text(key), .int(id)]
    ) { $0.int(0) }
    for orphan in orphans { try setParent(id, of: orphan) }
  }

  private func setParent(_ parent: Int64, of run: Int64) throws(StoreError) {
    try connection.run(
      "UPDATE runs SET parent_run_id = ? WHERE id = ?", [.int(parent), .int(run)])
    try connection.run(
      "INSERT OR REPLACE INTO parent_backfills VALUES (?, ?)", [.int(run), .int(parent)])
    for (key, known) in cache where known.id == run { cache[key]?.parentID = parent }
  }

  /// Fills the parent of events that were written before it was known, a few at a time.
  func backfillParents() throws(StoreError) {
    let open = try connection.first(
      "SELECT run_id, parent_run_id FROM parent_backfills LIMIT 1"
    ) { (run: $0.int(0), parent: $0.int(1)) }
    guard let open else { return }
    let filled = try connection.run(
      """
      UPDATE events SET parent_run_id = ?1 WHERE id IN
        (SELECT id FROM events WHERE run_id = ?2 AND parent_run_id IS NULL LIMIT ?3)
      """, [.int(open.parent), .int(open.run), .int(Int64(Self.backfillStep))])
    if filled < Self.backfillStep {
      try connection.run("DELETE FROM parent_backfills WHERE run_id = ?", [.int(open.run)])
    }
  }

  func count(_ event: StoredEvent, in run: Run) {
    // Neutral under min and max, since an inference is no activity.
    var entry = touched[run.id] ?? (0, Int64.max, Int64.min)
    entry.count += 1
    touched[run.id] = entry
    if Inference.isKey(event.idempotencyKey) { return }
    entry.first = min(entry.first, event.ts)
    entry.last = max(entry.last, event.ts)
    touched[run.id] = entry
  }

  func save() throws(StoreError) {
    for (id, entry) in touched {
      try connection.run(
        """
        UPDATE runs SET events = events + ?, started_at = min(started_at, ?),
          last_at = max(last_at, ?) WHERE id = ?
        """, [Value(entry.count), .int(entry.first), .int(entry.last), .int(id)])
    }
  }

  func forget() {
    touched.removeAll(keepingCapacity: true)
    cache.removeAll(keepingCapacity: true)
  }
}
