import FleetlogEvents

/// What of synthesis has to survive, and the views of runs that are folded as their events come.
///
/// Within the writer's transaction every new event goes to its run's view, as long as the view is
/// at hand and the event comes behind all that came before; else the run is noted, and folded anew
/// once nothing is left to read.
final class SynthesisLedger {
  /// What a run or group found, to be written by the writer.
  struct Found {
    let owner: Owner
    var findings = Findings()
  }

  /// Who stands by an inference: a run, or a group of events that are judged together.
  enum Owner {
    case run(Int64)
    case group(JudgedGroup, String)

    var text: String {
      switch self {
      case .run(let id): "run:\(id)"
      case .group(.attention, _): "attention"
      case .group(let group, let subject): "\(group.rawValue):\(subject)"
      }
    }
  }

  let connection: Connection
  let rules: any SynthesisRules
  private var views: RunViews
  /// The events of the present commit, in order.
  private var taken: [Taken] = []
  /// The id of the first event of the present commit: a run with a higher one is new.
  private var firstID: Int64 = 0
  /// The last event that was seen; nil before the first commit.
  private var watermark: Int64?
  /// Whether something may be pending or due, to spare a look when nothing is.
  private(set) var mayHavePending = true
  /// When the next question is due, in ms; nil for never.
  private(set) var nextDue: Int64?

  private static let cursor = "synthesis"
  private static let mostViews = 512

  private struct Taken {
    let event: StoredEvent
    let run: Int64
    let file: Int64?
  }

  init(_ connection: Connection, rules: any SynthesisRules) throws(StoreError) {
    self.connection = connection
    self.rules = rules
    views = RunViews(limit: Self.mostViews)
    try findNextDue()
  }

  // MARK: In the writer's transaction

  /// - Parameter lastID: the last event that is in the log.
  func begin(lastID: Int64) throws(StoreError) {
    firstID = lastID + 1
    taken.removeAll(keepingCapacity: true)
    if watermark != lastID { try catchUp(to: lastID) }
  }

  /// Notes the runs of events that another process wrote, or an earlier version.
  private func catchUp(to lastID: Int64) throws(StoreError) {
    let known =
      try connection.first(
        "SELECT last_event_id FROM projection_cursors WHERE name = ?", [.text(Self.cursor)]
      ) { $0.int(0) } ?? 0
    if known < lastID {
      let runs = try connection.rows(
        "SELECT DISTINCT run_id FROM events WHERE id > ? AND id <= ?",
        [.int(known), .int(lastID)]
      ) { $0.int(0) }
      for run in runs {
        views.drop(run)
        try pend("run", String(run), cause: lastID)
      }
      let candidates = try connection.rows(
        """
        SELECT \(EventColumns.list) FROM events e WHERE e.id > ?1 AND e.id <= ?2
          AND (e.attention_candidate = 1 OR e.dedupe_key IS NOT NULL
            OR e.artifact_refs IS NOT NULL OR e.event_type = 'process.started')
        """, [.int(known), .int(lastID)]
      ) { EventColumns.read($0) }
      for event in candidates {
        try join(event)
        if event.type == .processStarted { try wakeSpawner(of: event) }
      }
    }
    watermark = lastID
  }

  /// Takes a new event.
  func take(_ event: StoredEvent) throws(StoreError) {
    try join(event)
    guard !Inference.isKey(event.idempotencyKey) else { return }
    if event.type == .processStarted { try wakeSpawner(of: event) }
    taken.append(Taken(event: event, run: event.runID, file: event.sourceFileID))
  }

  /// Takes an event that is in the log already and that another run's file repeats.
  func takeCopy(
    of event: StoredEvent, in run: Int64, file: Int64?, after: Int64
  ) throws(StoreError) {
    guard run != event.runID, !Inference.isKey(event.idempotencyKey) else { return }
    let added = try connection.run(
      "INSERT OR IGNORE INTO run_copies (run_id, after_id, event_id, file_id) VALUES (?, ?, ?, ?)",
      [.int(run), .int(after), .int(event.id), Value(file)])
    if added == 1 { taken.append(Taken(event: event, run: run, file: file)) }
  }

  /// An event took the place of an older reading of the same fact.
  func takeRevision(of run: Int64, cause: Int64) throws(StoreError) {
    views.drop(run)
    try pend("run", String(run), cause: cause)
  }

  /// An event arrived that others were waiting for: who names it as blocker shares that with whom
  /// it is judged together with.
  func takeBlocker(_ event: StoredEvent) throws(StoreError) {
    let blocked = try connection.rows(
      """
      SELECT \(EventColumns.list) FROM event_links l JOIN events e ON e.id = l.from_event_id
      WHERE l.to_event_id = ? AND l.relation_type = 'blocked_by'
      """, [.int(event.id)]
    ) { EventColumns.read($0) }
    for other in blocked {
      if let key = other.dedupeKey {
        try pend(JudgedGroup.condition.rawValue, key, cause: event.id)
      }
      for artifact in ArtifactReference.list(other.artifactRefs) {
        guard let subject = artifact.subject else { continue }
        try pend(JudgedGroup.artifact.rawValue, subject, cause: event.id)
      }
    }
  }

  /// Folds what was taken, a run at a time.
  func fold() throws(StoreError) -> [Found] {
    guard !taken.isEmpty else { return [] }
    var events: [Int64: [Taken]] = [:]
    var order: [Int64] = []
    for event in taken {
      if events[event.run] == nil { order.append(event.run) }
      events[event.run, default: []].append(event)
    }
    taken.removeAll(keepingCapacity: true)
    var found: [Found] = []
    for run in order {
      let findings = try fold(events[run] ?? [], run)
      if let findings, !findings.isEmpty {
        found.append(Found(owner: .run(run), findings: findings))
      }
    }
    return found
  }

  /// - Returns: nil where the run has to be folded anew, later.
  private func fold(_ events: [Taken], _ run: Int64) throws(StoreError) -> Findings? {
    var view = views.take(run)
    if view == nil, run >= firstID { view = RunViews.Loaded(fold: rules.newRun()) }
    let cause = events.last?.event.id ?? run
    guard var view else {
      try pend("run", String(run), cause: cause)
      return nil
    }
    var findings = Findings()
    for taken in events {
      guard view.order.take(ts: taken.event.ts, file: taken.file) else {
        try pend("run", String(run), cause: cause)
        return nil
      }
      view.fold.take(taken.event, into: &findings)
    }
    try save(view.fold.questions, of: run, cause: cause, &view)
    try save(view.fold.worker, of: run)
    try save(view.fold.metrics, of: run, &view)
    let mayRest = events.contains { [.turnCompleted, .processExited].contains($0.event.type) }
    try wakeParent(of: run, begins: run >= firstID, mayRest: mayRest, cause: cause)
    views.put(view, for: run)
    return findings
  }

  /// Notes how far the log has been seen.
  func save(lastID: Int64, now: Int64) throws(StoreError) {
    guard watermark != lastID else { return }
    try connection.run(
      """
      INSERT INTO projection_cursors VALUES (?1, ?2, ?3)
      ON CONFLICT DO UPDATE SET last_event_id = excluded.last_event_id,
        updated_at = excluded.updated_at
      """, [.text(Self.cursor), .int(lastID), .int(now)])
    watermark = lastID
  }

  /// Forgets what was folded of a transaction that failed.
  func reset() {
    views.removeAll()
    taken.removeAll()
    watermark = nil
    mayHavePending = true
  }

  // MARK: Questions

  /// Stores what changed among a run's questions.
  private func save(
    _ questions: [TimeQuestion], of run: Int64, cause: Int64, _ view: inout RunViews.Loaded
  ) throws(StoreError) {
    guard !questions.isEmpty || !view.questions.isEmpty else { return }
    var texts: [String: String] = [:]
    var hasChanged = false
    for question in questions {
      let text = question.text
      texts[question.key] = text
      guard view.questions[question.key] != text else { continue }
      hasChanged = true
      try connection.run(
        "INSERT OR REPLACE INTO synthesis_questions VALUES (?, ?, ?, ?)",
        [.int(run), .text(question.key), .int(question.dueAt), .text(text)])
      due(at: question.dueAt)
    }
    for key in view.questions.keys where texts[key] == nil {
      hasChanged = true
      try connection.run(
        "DELETE FROM synthesis_questions WHERE run_id = ? AND key = ?", [.int(run), .text(key)])
    }
    view.questions = texts
    if hasChanged { try reopen(run, cause: cause) }
  }

  /// Has a run judged again that stands by something time decided: what changed may refute it.
  private func reopen(_ run: Int64, cause: Int64) throws(StoreError) {
    let isClaimed = try connection.finds(
      "SELECT 1 FROM synthesis_claims WHERE owner = ? AND is_timed = 1 LIMIT 1",
      [.text(Owner.run(run).text)])
    guard isClaimed else { return }
    try pend("timed", String(run), cause: cause)
  }

  /// - Parameters:
  ///   - begins: whether the run's beginning is new, which may be late though its parent's own
  ///     records, read before, have proved that it ran.
  ///   - mayRest: whether the run may have come to rest, for which a question of its parent's may
  ///     have been put off.
  private func wakeParent(
    of run: Int64, begins: Bool, mayRest: Bool, cause: Int64
  ) throws(StoreError) {
    let parent = try connection.first(
      "SELECT parent_run_id FROM runs WHERE id = ?", [.int(run)]
    ) { $0.optionalInt(0) }
    guard let parent, let parent, parent != run else { return }
    try reopen(parent, cause: cause)
    guard begins || mayRest else { return }
    let waits = try connection.finds(
      """
      SELECT 1 FROM synthesis_questions WHERE run_id = ?1
        AND (?2 AND instr(question, '"is_proven":true') > 0
          OR ?3 AND due_at IS NOT NULL AND instr(question, '"children":"work"') > 0) LIMIT 1
      """, [.int(parent), Value(begins), Value(mayRest)])
    if waits { try pend("timed", String(parent), cause: cause) }
  }

  /// A run begins: whoever spawned one of this name may have been told that it never started.
  private func wakeSpawner(of start: StoredEvent) throws(StoreError) {
    let first = TimeQuestion.key(ofChild: start.instanceID, "")
    let spawners = try connection.rows(
      "SELECT run_id FROM synthesis_questions WHERE key >= ? AND key < ?",
      [.text(first), .text(first + "\u{10FFFF}")]
    ) { $0.int(0) }
    for run in Set(spawners) where run != start.runID { try reopen(run, cause: start.id) }
  }

  private func due(at time: Int64) {
    nextDue = min(nextDue ?? Int64.max, time)
  }

  func findNextDue() throws(StoreError) {
    nextDue = try connection.first(
      "SELECT min(due_at) FROM synthesis_questions WHERE due_at IS NOT NULL"
    ) { $0.optionalInt(0) }.flatMap { $0 }
  }

  // MARK: Groups

  /// Notes which groups an event joins.
  private func join(_ event: StoredEvent) throws(StoreError) {
    if event.attentionCandidate, event.type != .alarmFlood {
      let bucket = event.ts - mod(event.ts, rules.floodWindow)
      try pend(JudgedGroup.attention.rawValue, String(bucket), cause: event.id)
    }
    if let key = event.dedupeKey, event.type != .llmCallCompleted {
      try pend(JudgedGroup.condition.rawValue, key, cause: event.id)
    }
    guard event.artifactRefs != nil else { return }
    for artifact in ArtifactReference.list(event.artifactRefs) {
      guard let subject = artifact.subject else { continue }
      try join(SubjectNote(.artifact, subject, Evidence(event)))
    }
  }

  func join(_ note: SubjectNote) throws(StoreError) {
    let added = try connection.run(
      "INSERT OR IGNORE INTO synthesis_subjects VALUES (?, ?, ?, ?)",
      [
        .text(note.group.rawValue), .text(note.subject), .int(note.evidence.ts),
        .int(note.evidence.id),
      ])
    if added == 1 { try pend(note.group.rawValue, note.subject, cause: note.evidence.id) }
  }

  func pend(_ kind: String, _ subject: String, cause: Int64) throws(StoreError) {
    try connection.run(
      """
      INSERT INTO synthesis_pending VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET cause = max(cause, excluded.cause)
      """, [.text(kind), .text(subject), .int(cause)])
    mayHavePending = true
  }

  func notePendingDone() { mayHavePending = false }

  /// Keeps a view that was folded anew, with its questions.
  func keep(
    _ fold: any RunFolding, _ order: ViewOrder, of run: Int64, cause: Int64
  ) throws(StoreError) {
    var view = RunViews.Loaded(fold: fold, order: order)
    let stored = try connection.rows(
      "SELECT key, question FROM synthesis_questions WHERE run_id = ?", [.int(run)]
    ) { ($0.text(0), $0.text(1)) }
    view.questions = Dictionary(stored, uniquingKeysWith: { $1 })
    try save(fold.questions, of: run, cause: cause, &view)
    try save(fold.worker, of: run)
    try save(fold.metrics, of: run, &view)
    try wakeParent(of: run, begins: true, mayRest: true, cause: cause)
    views.put(view, for: run)
  }
}

func mod(_ value: Int64, _ unit: Int64) -> Int64 {
  let rest = value % unit
  return rest < 0 ? rest + unit : rest
}

extension ArtifactReference {
  /// What names the artifact in every event that refers to it; nil for what is not outside the log.
  var subject: String? {
    guard ["github_pr", "github_issue", "commit", "log_url", "url", "deploy_id"].contains(kind)
    else { return nil }
    return webURL ?? ref.map { kind + ":" + $0 }
  }
}
