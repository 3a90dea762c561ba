import FleetlogEvents

/// What becomes of one draft: a new row with all that follows from it, or a meeting with the fact
/// that is in the log already.
extension EventWriter {
  func append(_ draft: EventDraft, _ commit: inout Commit) throws(StoreError) {
    if try pruned.hasForgotten(session: draft.run.sessionID) {
      commit.result.existing += 1
      commit.forgottenDrafts += 1
      if let span = draft.span { commit.refusedSpans.append(span) }
      commit.outcome = .refused(
        code: "forgotten", reason: "the session has been forgotten: nothing of it is taken", id: nil
      )
      return
    }
    var draft = try loggedRuns.resolve(draft)
    if let known = try find(draft) {
      if known.isCertain, let revised = try revised(draft, known.event, &commit) {
        return try append(revised, &commit)
      }
      if let told = try told(draft, over: known.event, &commit) {
        return try append(told, &commit)
      }
      return try meet(known, draft, &commit)
    }
    if try pruned.contain(draft.idempotencyKey, draft.aliasKey) {
      commit.result.existing += 1
      commit.hasRefused = true
      if let span = draft.span { commit.refusedSpans.append(span) }
      commit.outcome = .refused(
        code: "pruned", reason: "the event was in the log and has been removed", id: nil)
      return
    }
    if draft.beginsRun { draft = try loggedRuns.name(draft) }
    let run = try run(for: draft, &commit)
    draft = try loggedRuns.name(draft, in: run)
    let other = try printedMatch(draft)
    if case .known(let event) = other {
      try printed.meet(event, in: draft.run.sessionID)
      try note([draft.idempotencyKey], of: event, &commit)
      return try meet(KnownFact(event: event, isCertain: true), draft, &commit)
    }
    let partner = try turns.partner(of: draft, run: run)
    if let partner, !partner.yields {
      try turns.take(partner.event)
      try note([draft.idempotencyKey], of: partner.event, &commit)
      return try meet(KnownFact(event: partner.event, isCertain: true), draft, &commit)
    }
    let event = try stored(draft, run: run, id: commit.nextID, commit: commit)
    let count = try connection.run(
      EventColumns.insert,
      EventColumns.values(event, payload: payloads.pack(payload: event.payload)))
    guard count == 1 else {
      throw StoreError(
        operation: "append an event", place: connection.path, cause: .sqlite(code: 19),
        detail: "its key \(draft.idempotencyKey ?? "") is taken by a row that can't be found")
    }
    commit.nextID += 1
    commit.result.inserted += 1
    commit.outcome = .logged(
      id: event.id, isNew: true, runID: run.id, instanceID: event.instanceID)
    if draft.type == .validationError { commit.result.validationErrors += 1 }
    try finish(event, draft, run, &commit)
    if let partner {
      try turns.take(partner.event)
      try supersede(partner.event, by: event, &commit)
    }
    try turns.note(event, hasPartner: partner != nil)
    if case .replaces(let printedEvent) = other {
      try supersedePrinted(printedEvent, by: event, &commit)
    } else {
      try printed.note(event, isPrinted: draft.isPrinted)
    }
  }

  private func run(for draft: EventDraft, _ commit: inout Commit) throws(StoreError) -> Run {
    if draft.type == .processStarted, draft.idempotencyKey == draft.run.key {
      return try runs.start(draft, id: commit.nextID)
    }
    if let run = try runs.find(draft.run.key) { return run }
    var started = EventDraft(
      .processStarted, ts: draft.ts, run: draft.run, sourceKind: .system,
      summary: draft.run.instanceID.isEmpty ? "Started" : "\(draft.run.instanceID) started")
    started.idempotencyKey = draft.run.key
    started.payload.set("synthesized", true)
    started.sourceRef = draft.sourceRef
    started.span = draft.span
    started.parentRunKey = draft.parentRunKey
    try append(try loggedRuns.name(started), &commit)
    if let run = try runs.find(draft.run.key) { return run }
    throw StoreError(
      operation: "start the run \(draft.run.key)", place: connection.path,
      cause: .sqlite(code: 19), detail: "its process.started is there but the run is not")
  }

  func stored(
    _ draft: EventDraft, run: Run, id: Int64, commit: Commit
  ) throws(StoreError) -> StoredEvent {
    var payload = draft.payload
    if let version = draft.version, !payload.contains("_version") {
      payload.set("_version", version)
    }
    var related: Int64?
    if let key = draft.relatedKey {
      related = try connection.first(
        "SELECT id FROM events WHERE idempotency_key = ?", [.text(key)]
      ) { $0.int(0) }
    }
    return StoredEvent(
      id: id, ts: draft.ts, recordedAt: commit.now, runID: run.id, parentRunID: run.parentID,
      instanceID: draft.run.instanceID, role: draft.run.role,
      sourceKind: draft.sourceKind.rawValue, sourceRef: draft.sourceRef,
      sinkKind: draft.sinkKind?.rawValue, sinkRef: draft.sinkRef, type: draft.type,
      schemaVersion: draft.schemaVersion, attentionCandidate: draft.attentionCandidate,
      operatorActionRequired: draft.operatorActionRequired, riskDetected: draft.riskDetected,
      severity: draft.severity, confidence: draft.confidence, summary: draft.summary,
      payload: payload.isEmpty ? nil : payload.text,
      artifactRefs: draft.artifacts.isEmpty
        ? nil : JSONObject.array(of: draft.artifacts.map(\.json)),
      tags: draft.tags.isEmpty ? nil : JSONObject.array(of: draft.tags),
      sessionID: draft.run.sessionID, relatedEventID: related, dedupeKey: draft.dedupeKey,
      idempotencyKey: draft.idempotencyKey, expiresAt: draft.expiresAt,
      provenance: draft.provenance, sourceFileID: draft.span == nil ? nil : commit.fileID,
      span: draft.span)
  }

  /// What follows from a new row.
  private func finish(
    _ event: StoredEvent, _ draft: EventDraft, _ run: Run, _ commit: inout Commit
  ) throws(StoreError) {
    try note([draft.aliasKey], of: event, &commit)
    for tag in Set(draft.tags) {
      try connection.run(
        "INSERT OR IGNORE INTO event_tags VALUES (?, ?, ?)",
        [.text(tag), .int(event.ts), .int(event.id)])
    }
    runs.count(event, in: run)
    totals.count(event)
    usage.count(event)
    try sessions.fold(event)
    try tasks?.fold(event)
    contract.count(event)
    try synthesis?.take(event)
    commit.result.links += try links.add(draft.links, of: event, now: commit.now)
    let attached = try links.attachPending(to: event)
    commit.result.links += attached
    if attached > 0 { try synthesis?.takeBlocker(event) }
    if draft.version != nil {
      let superseded = try links.supersede(by: event, now: commit.now)
      commit.result.links += superseded
      if superseded > 0, let session = event.sessionID {
        commit.supersededSessions.insert(session)
      }
    }
  }
}
