import FleetlogEvents

/// Facts that are in the log already, and what it means to be told one again.
extension EventWriter {
  /// A fact that is in the log already.
  struct KnownFact {
    let event: StoredEvent
    /// Found by what Fleetlog derived from the record, so it is the same fact without a doubt.
    let isCertain: Bool
  }

  func find(_ draft: EventDraft) throws(StoreError) -> KnownFact? {
    guard let key = draft.idempotencyKey else { return nil }
    if let alias = draft.aliasKey, let event = try find(alias: alias) {
      return KnownFact(event: event, isCertain: true)
    }
    let stored = try connection.first(Self.byKey, [.text(key)]) { EventColumns.read($0) }
    if let stored { return KnownFact(event: stored, isCertain: draft.aliasKey == nil) }
    // A fact may be in the log under the name of its other telling.
    var hasOtherNames = draft.aliasKey != nil || draft.type == .turnCompleted || draft.isPrinted
    if !hasOtherNames { hasOtherNames = try printed.isInvolved(draft.run.sessionID) }
    guard hasOtherNames else { return nil }
    return try find(alias: key).map { KnownFact(event: $0, isCertain: draft.aliasKey == nil) }
  }

  private func find(alias: String) throws(StoreError) -> StoredEvent? {
    try connection.first(Self.byAlias, [.text(alias)]) { EventColumns.read($0) }
  }

  private static let byKey =
    "SELECT \(EventColumns.list) FROM events e WHERE e.idempotency_key = ?"
  private static let byAlias =
    "SELECT \(EventColumns.list) FROM key_aliases a JOIN events e ON e.id = a.event_id "
    + "WHERE a.key = ?"

  /// Whether the very event that a draft would become is in the log, under its own key.
  func isStored(_ draft: EventDraft) throws(StoreError) -> Bool {
    try connection.finds(
      "SELECT 1 FROM events WHERE idempotency_key = ?", [Value(draft.idempotencyKey)])
  }

  /// Notes sessions of which an event no longer counts: they are counted anew.
  func note(revised sessions: [String?], _ commit: inout Commit) {
    commit.revisedSessions.formUnion(sessions.compactMap(\.self))
  }

  /// Gives a fact further names. A worker's own key is one too, since it begins with the session:
  /// in a copy of the transcript the same fact has another.
  func note(
    _ names: [String?], of event: StoredEvent, _ commit: inout Commit
  ) throws(StoreError) {
    for name in names {
      guard let name, name != event.idempotencyKey else { continue }
      let added = try connection.run(
        "INSERT OR IGNORE INTO key_aliases VALUES (?, ?)", [.text(name), .int(event.id)])
      guard added == 1 else { continue }
      let attached = try links.attachPending(named: name, to: event)
      commit.result.links += attached
      if attached > 0 { try synthesis?.takeBlocker(event) }
    }
  }

  /// The fact is in the log: another session may show it too, and a worker's own key may have
  /// been used for something else.
  func meet(
    _ known: KnownFact, _ draft: EventDraft, _ commit: inout Commit
  ) throws(StoreError) {
    let existing = known.event
    if !known.isCertain,
      let conflict = KeyConflict(existing: existing, draft: draft).validationError
    {
      try append(conflict, &commit)
      commit.outcome = .refused(
        code: "key_used", reason: "the idempotency_key was used for another event, \(existing.id)",
        id: nil)
      return
    }
    commit.result.existing += 1
    commit.outcome = .logged(
      id: existing.id, isNew: false, runID: existing.runID, instanceID: existing.instanceID)
    if draft.aliasKey != nil {
      try note([draft.aliasKey, draft.idempotencyKey], of: existing, &commit)
    }
    if draft.type == .processStarted { try runs.attach(draft) }
    let isNew = try sessions.showCopy(of: existing, in: draft.run.sessionID)
    if isNew, let run = try runs.find(draft.run.key) {
      try synthesis?.takeCopy(
        of: existing, in: run.id, file: commit.fileID, after: commit.nextID - 1)
    }
    if isNew, draft.version != nil, let session = draft.run.sessionID,
      try links.hasVersions(existing.id)
    {
      commit.supersededSessions.insert(session)
    }
    // A dedupe key means the event that bore it when the link was first read; by now there may
    // be others.
    let links = draft.links.filter { link in
      if case .dedupeKey = link.target { false } else { true }
    }
    commit.result.links += try self.links.add(links, of: existing, now: commit.now)
  }
}
