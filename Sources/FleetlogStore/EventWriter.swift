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
  let totals: TotalsLedger
  let usage: UsageLedger
  /// Nil for a writer that leaves tasks to the next one.
  let tasks: TaskLedger?
  let contract: ContractLedger
  let turns: TurnMeeting
  let printed: PrintedLedger
  let archive: TranscriptArchive
  let payloads = TextPacker()
  let pruned: PrunedKeys
  let loggedRuns: LoggedRuns
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
  package convenience init(
    path: String, holdsLock: Bool = true, synthesize: (any SynthesisRules)? = nil,
    tasks: TaskProjection? = nil, project: @escaping SessionProjection
  ) throws(StoreError) {
    try Self.refuseNewer(path)
    let lock = holdsLock ? try WriterLock(database: path) : nil
    try self.init(
      try Connection(path: path, access: .readWrite), lock: lock, synthesize: synthesize,
      tasks: tasks, project: project)
  }

  /// What both ways of opening share.
  init(
    _ connection: Connection, lock: WriterLock?, synthesize: (any SynthesisRules)? = nil,
    tasks: TaskProjection? = nil, project: @escaping SessionProjection
  ) throws(StoreError) {
    self.lock = lock
    self.connection = connection
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
          try archive.keepMissing(
            isMixed
              ? try only(batch.lines, of: revision.fileID, after: firstID, commit) : batch.lines,
            file: revision.fileID)
        }
      }
      commit.result.revision = commit.nextID - 1
      return commit.result
    }
    trimWriteAheadLog()
    return appended
  }

  /// The lines of which events were written from an id on, but for those of which something was
  /// refused.
  private func only(
    _ lines: [EventBatch.Line], of file: Int64, after first: Int64, _ commit: Commit
  ) throws(StoreError) -> [EventBatch.Line] {
    let taken = try spans(of: file, after: first, but: commit.refusedSpans)
    let places = Set(taken.map(\.offset))
    return lines.filter { places.contains($0.offset) }
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

  package func lastEventID() throws(StoreError) -> Int64 { try connection.lastEventID() }

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
}
