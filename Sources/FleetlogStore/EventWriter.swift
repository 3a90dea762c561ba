package import FleetlogEvents

/// The one writer of a log. Everything that a batch brings lands in one transaction: events,
/// links, projections, receipts, and the cursor that says how far its file was read.
///
/// Not Sendable: whoever opens it keeps it on one thread.
package final class EventWriter {
  /// Folds an event into its session; pure, handed in by the composition root.
  package typealias SessionProjection = (StoredEvent, inout SessionSummary) -> Void

  let connection: Connection
  /// The log's file.
  package var path: String { connection.path }
  private let lock: WriterLock?
  let runs: RunLedger
  let links: LinkLedger
  let sessions: SessionLedger
  private let totals: TotalsLedger
  private let usage: UsageLedger
  /// Nil for a writer that leaves tasks to the next one.
  let tasks: TaskLedger?
  let contract: ContractLedger
  private let turns: TurnMeeting
  let printed: PrintedLedger
  let archive: TranscriptArchive
  let pruned: PrunedKeys
  private let loggedRuns: LoggedRuns
  let writeAheadLog: WriteAheadLog
  package let transactionTimes = TransactionTimes()
  /// What is inferred from what is appended; nil where nothing is to be inferred.
  let synthesis: SynthesisLedger?
  /// Whether commits are synced to the disk behind the writer's back.
  private var isSyncedAside = false
  /// The sources of the log: which file stands where.
  package let sources: SourceLedger
  /// Tells this log from every other.
  package var logID: String { loggedRuns.logID }

  /// Opens the log for writing, creating or migrating it.
  ///
  /// - Parameters:
  ///   - holdsLock: true for a long-lived writer, of which there is one.
  ///   - synthesize: what is to be inferred; nil for a writer that leaves it to the next one.
  ///   - tasks: how events come to tasks; likewise.
  package init(
    path: String, holdsLock: Bool = true, synthesize: (any SynthesisRules)? = nil,
    tasks: TaskProjection? = nil, project: @escaping SessionProjection
  ) throws(StoreError) {
    try Self.refuseNewer(path)
    lock = holdsLock ? try WriterLock(database: path) : nil
    connection = try Connection(path: path, access: .readWrite)
    try connection.script(
      """
      PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;
      PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;
      """, operation: "set the database up")
    try Migrations.apply(to: connection)
    runs = RunLedger(connection)
    loggedRuns = try LoggedRuns(connection, runs: runs)
    pruned = PrunedKeys(connection)
    usage = UsageLedger(connection)
    links = LinkLedger(connection, pruned: pruned, usage: usage)
    sessions = SessionLedger(connection, usage: usage, project: project)
    totals = TotalsLedger(connection)
    self.tasks = tasks.map { [connection] in TaskLedger(connection, projection: $0) }
    contract = ContractLedger(connection)
    turns = TurnMeeting(connection)
    printed = PrintedLedger(connection)
    archive = TranscriptArchive(connection)
    sources = SourceLedger(connection)
    writeAheadLog = WriteAheadLog(connection)
    if let synthesize {
      synthesis = try SynthesisLedger(connection, rules: synthesize)
    } else {
      synthesis = nil
    }
    try self.tasks?.catchUp()
    connection.transactionTimes = transactionTimes
  }

  /// Whether a log is there that this program can write to as it stands.
  ///
  /// - Throws: `.newer` for a log of a later Fleetlog.
  package static func isCurrent(_ path: String) throws(StoreError) -> Bool {
    guard let reader = try? Connection(path: path, access: .readOnly),
      let version = try? Migrations.version(of: reader)
    else { return false }
    try Migrations.refuseNewer(version, place: path)
    return version == Migrations.current
  }

  private static func refuseNewer(_ path: String) throws(StoreError) {
    guard let reader = try? Connection(path: path, access: .readOnly) else { return }
    try Migrations.refuseNewer(try Migrations.version(of: reader), place: path)
  }

  /// Leaves syncing and checkpoints to other threads: for a writer of what is read from files. A
  /// power cut may then take the last moments' commits back, each whole with its file's cursor, and
  /// they are read again. What is of no file is synced as ever.
  package func syncAside() {
    guard !isSyncedAside, setSync("NORMAL") else { return }
    writeAheadLog.checkpointAside()
    isSyncedAside = true
  }

  /// - Returns: false where it stays as it was, as within a transaction.
  private func setSync(_ level: String) -> Bool {
    (try? connection.script("PRAGMA synchronous = \(level)", operation: "set syncing up")) != nil
  }

  /// Runs `body`; what it commits is on the disk before this returns.
  func synced<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    guard isSyncedAside, !connection.isInTransaction else { return try body() }
    try connection.script("PRAGMA synchronous = FULL", operation: "have a commit synced")
    defer { _ = setSync("NORMAL") }
    return try body()
  }

  /// Runs `body` with all that it commits in one transaction.
  package func group<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let result = try committing(body)
    trimWriteAheadLog()
    return result
  }

  /// Writes a batch.
  ///
  /// - Parameter now: ms since the Unix epoch, for `recorded_at`.
  package func commit(_ batch: EventBatch, now: Int64) throws(StoreError) -> Appended {
    if batch.source == nil, batch.revision == nil {
      return try synced { () throws(StoreError) in try write(batch, now: now) }
    }
    return try write(batch, now: now)
  }

  private func write(_ batch: EventBatch, now: Int64) throws(StoreError) -> Appended {
    let appended = try committing { () throws(StoreError) in
      var commit = try begin(
        now: now, fileID: batch.source?.fileID ?? batch.revision?.fileID, revision: batch.revision)
      let firstID = commit.nextID
      for draft in batch.drafts { try append(draft, &commit) }
      try derive(&commit)
      if let source = batch.source, commit.forgottenDrafts > 0,
        commit.forgottenDrafts == batch.drafts.count
      {
        // Whatever else it holds is of no other session: it is left alone from now on.
        try sources.exclude(source.fileID, reason: SourceStatus.forgotten)
        return commit.result
      }
      let isMixed = commit.forgottenDrafts > 0 || commit.hasRefused
      if let source = batch.source {
        let noted = try sources.note(batch.problems, file: source.fileID, now: now)
        try sources.update(source, events: commit.result.inserted, problems: noted, now: now)
        // What a parser holds back becomes an event later, of lines that are read now.
        if commit.result.inserted > 0 || source.isHolding || source.isUnrolled {
          if isMixed {
            try archive.keep(
              archive.blanked(
                archive.packed(batch.lines) + batch.chunks,
                keeping: try spans(of: source.fileID, after: firstID, but: commit.refusedSpans)),
              file: source.fileID)
          } else {
            try archive.keep(batch.lines, file: source.fileID)
            try archive.keep(batch.chunks, file: source.fileID)
          }
        }
      }
      if let revision = batch.revision {
        try sources.revise(
          revision, problems: batch.problems, events: commit.result.inserted, now: now)
        if commit.result.inserted > 0 {
          try archive.keepMissing(batch.lines, file: revision.fileID)
        }
      }
      commit.result.revision = commit.nextID - 1
      return commit.result
    }
    trimWriteAheadLog()
    return appended
  }

  /// Where the events of a file stand that were written from an id on, but for lines of which
  /// something was refused.
  private func spans(
    of file: Int64, after first: Int64, but refused: [SourceSpan]
  ) throws(StoreError) -> [SourceSpan] {
    let refused = Set(refused.map(\.offset))
    return try connection.rows(
      """
      SELECT source_offset, source_length FROM events WHERE id >= ? AND source_file_id = ?
        AND source_offset IS NOT NULL
      """, [.int(first), .int(file)]
    ) { SourceSpan(offset: $0.int(0), length: $0.int(1)) }
    .filter { !refused.contains($0.offset) }
  }

  func begin(
    now: Int64, fileID: Int64?, revision: EventBatch.Revision?
  ) throws(StoreError) -> Commit {
    try pruned.begin()
    try links.begin()
    var commit = Commit(now: now, fileID: fileID, revision: revision)
    commit.nextID = try lastEventID() + 1
    try synthesis?.begin(lastID: commit.nextID - 1)
    return commit
  }

  /// What follows from the events of a commit.
  func derive(_ commit: inout Commit) throws(StoreError) {
    try synthesize(&commit)
    for session in commit.revisedSessions { try sessions.recount(session) }
    for session in commit.supersededSessions { try sessions.recountTokens(of: session) }
    try saveProjections(upTo: commit.nextID - 1, now: commit.now)
    try runs.backfillParents()
  }

  /// One transaction, with what was cached for it forgotten: it may have been rolled back.
  func committing<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    defer { forget() }
    do throws(StoreError) {
      return try connection.transaction(body)
    } catch {
      synthesis?.reset()
      printed.reset()
      throw error
    }
  }

  func saveProjections(upTo last: Int64, now: Int64) throws(StoreError) {
    try tasks?.save(upTo: last, now: now)
    try sessions.save()
    try runs.save()
    try totals.save()
    try usage.save()
    try contract.save()
  }

  func trimWriteAheadLog() {
    // What was committed stays so, even where its log could not be trimmed.
    try? writeAheadLog.afterCommit()
  }

  /// To be called when there is nothing to write for now: gives back the room of the
  /// write-ahead log.
  package func rest() throws(StoreError) { try writeAheadLog.whenIdle() }

  /// Forgets what was cached for one transaction, which may have been rolled back.
  func forget() {
    sessions.forget()
    tasks?.forget()
    runs.forget()
    totals.forget()
    usage.forget()
    contract.forget()
    printed.forget()
  }

  package func lastEventID() throws(StoreError) -> Int64 {
    try connection.first("SELECT seq FROM sqlite_sequence WHERE name = 'events'") { $0.int(0) }
      ?? 0
  }

  /// What is known while one transaction runs.
  struct Commit {
    let now: Int64
    let fileID: Int64?
    let revision: EventBatch.Revision?
    var nextID: Int64 = 0
    var result = Appended()
    /// Sessions of which an event was superseded by what a newer parser reads.
    var revisedSessions: Set<String> = []
    /// Sessions that show several versions of one response, of which only the last counts.
    var supersededSessions: Set<String> = []
    /// Drafts of sessions that were forgotten.
    var forgottenDrafts = 0
    /// Whether some fact was refused that had been removed: its bytes are not to be kept either.
    var hasRefused = false
    var refusedSpans: [SourceSpan] = []
    /// What became of the draft that was appended last.
    var outcome: LogAnswer?

    init(now: Int64, fileID: Int64?, revision: EventBatch.Revision?) {
      self.now = now
      self.fileID = fileID
      self.revision = revision
    }
  }

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
    let count = try connection.run(EventColumns.insert, EventColumns.values(event))
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

  /// A fact that is in the log already.
  private struct KnownFact {
    let event: StoredEvent
    /// Found by what Fleetlog derived from the record, so it is the same fact without a doubt.
    let isCertain: Bool
  }

  private func find(_ draft: EventDraft) throws(StoreError) -> KnownFact? {
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

  /// Gives a fact further names. A worker's own key is one too, since it begins with the session:
  /// in a copy of the transcript the same fact has another.
  private func note(
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
  private func meet(
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
