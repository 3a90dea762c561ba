import FleetlogEvents

/// What waits until nothing older is being read.
extension EventWriter {
  /// Runs folded, or groups judged, in one transaction.
  private static let step = 50

  // MARK: Runs to be folded anew

  /// - Returns: whether there are more.
  func fold(_ synthesis: SynthesisLedger, _ commit: inout Commit) throws(StoreError) -> Bool {
    let runs = try connection.rows(
      "SELECT subject, cause FROM synthesis_pending WHERE kind = 'run' LIMIT ?",
      [Value(Self.step)]
    ) { (run: Int64($0.text(0)) ?? 0, cause: $0.int(1)) }
    for (run, cause) in runs {
      try connection.run(
        "DELETE FROM synthesis_pending WHERE kind = 'run' AND subject = ?", [.text(String(run))])
      let reader = try RunReader(connection, run: run)
      var fold = synthesis.rules.newRun()
      var findings = Findings()
      try reader.readAll { fold.take($0, into: &findings) }
      if try !isPruned(run) { try synthesis.forgetTraces(of: run) }
      try settle(
        SynthesisLedger.Found(owner: .run(run), findings: findings), isTimed: false, cause: cause,
        mayWithdraw: try !isPruned(run), &commit)
      try synthesis.keep(fold, reader.order, of: run, cause: cause)
    }
    return runs.count == Self.step
  }

  /// Of a pruned run not all evidence is left, so what was inferred stands.
  private func isPruned(_ run: Int64) throws(StoreError) -> Bool {
    try connection.finds(
      """
      SELECT 1 FROM pruned_sessions WHERE session_id = (SELECT session_id FROM runs WHERE id = ?)
      """, [.int(run)])
  }

  // MARK: What time decides

  /// - Returns: whether there are more.
  func judgeRuns(
    _ synthesis: SynthesisLedger, until: Int64, _ commit: inout Commit
  ) throws(StoreError) -> Bool {
    var causes: [Int64: Int64] = [:]
    let pending = try connection.rows(
      "SELECT subject, cause FROM synthesis_pending WHERE kind = 'timed' LIMIT ?",
      [Value(Self.step)]
    ) { (Int64($0.text(0)) ?? 0, $0.int(1)) }
    for (run, cause) in pending {
      causes[run] = cause
      try connection.run(
        "DELETE FROM synthesis_pending WHERE kind = 'timed' AND subject = ?",
        [.text(String(run))])
    }
    let due = try connection.rows(
      """
      SELECT DISTINCT run_id FROM synthesis_questions WHERE due_at IS NOT NULL AND due_at <= ?
      LIMIT ?
      """, [.int(until), Value(Self.step)]
    ) { $0.int(0) }
    for run in due { causes[run] = causes[run] ?? run }
    for (run, cause) in causes.sorted(by: { $0.key < $1.key }) {
      try judge(run, synthesis, until: until, cause: cause, &commit)
    }
    return pending.count == Self.step || due.count == Self.step
  }

  private func judge(
    _ run: Int64, _ synthesis: SynthesisLedger, until: Int64, cause: Int64,
    _ commit: inout Commit
  ) throws(StoreError) {
    let questions = try connection.rows(
      "SELECT question FROM synthesis_questions WHERE run_id = ? ORDER BY key", [.int(run)]
    ) { TimeQuestion(text: $0.text(0)) }.compactMap { $0 }
    var findings = Findings()
    for question in questions {
      let verdict = try synthesis.rules.judge(question, until: until) {
        (asked) throws(StoreError) in try self.answer(asked, of: run)
      }
      var due: Int64?
      switch verdict {
      case .holds(let inference, let link):
        findings.inferences.append(inference)
        if let link { findings.links.append(link) }
      case .fails: break
      case .later(let time): due = time
      }
      try connection.run(
        "UPDATE synthesis_questions SET due_at = ? WHERE run_id = ? AND key = ?",
        [Value(due), .int(run), .text(question.key)])
    }
    try settle(
      SynthesisLedger.Found(owner: .run(run), findings: findings), isTimed: true, cause: cause,
      mayWithdraw: try !isPruned(run), &commit)
  }

  private func answer(
    _ question: ChildQuestion, of run: Int64
  ) throws(StoreError) -> Evidence? {
    switch question {
    case .lastOutput(let after, let upTo):
      try connection.first(
        """
        WITH RECURSIVE children(id) AS (SELECT id FROM runs WHERE parent_run_id = ?1
          UNION SELECT r.id FROM children c JOIN runs r ON r.parent_run_id = c.id)
        SELECT \(EventColumns.list) FROM children c JOIN events e ON e.run_id = c.id
        WHERE c.id <> ?1 AND e.ts > ?2 AND e.ts <= ?3 AND e.source_kind <> 'system'
        ORDER BY e.ts DESC LIMIT 1
        """, [.int(run), .int(after), .int(upTo)]
      ) { Evidence(EventColumns.read($0)) }
    case .rest(let upTo):
      try restOfChildren(of: run, upTo: upTo)
    case .firstRecord(let spawn, let child):
      // A child whose spawn no record names may be this one's: of that nothing is guessed.
      try connection.first(
        """
        SELECT \(EventColumns.list) FROM events e WHERE e.id IN (
          SELECT to_event_id FROM event_links WHERE from_event_id = ?1 AND relation_type = 'spawned'
          UNION ALL SELECT id FROM runs WHERE instance_id = ?2 AND id <> ?3
          UNION ALL SELECT r.id FROM runs r WHERE r.parent_run_id = ?3
            AND r.started_at >= (SELECT ts FROM events WHERE id = ?1) AND NOT EXISTS (
              SELECT 1 FROM event_links l WHERE l.to_event_id = r.id
                AND l.relation_type = 'spawned'))
        ORDER BY e.ts, e.idempotency_key LIMIT 1
        """, [.int(spawn), Value(child), .int(run)]
      ) { Evidence(EventColumns.read($0)) }
    }
  }

  private func restOfChildren(of run: Int64, upTo: Int64) throws(StoreError) -> Evidence? {
    // What a response used is written when its last line is known, which may be later.
    let children = try connection.rows(
      """
      WITH RECURSIVE children(id) AS (SELECT id FROM runs WHERE parent_run_id = ?1
        UNION SELECT r.id FROM children c JOIN runs r ON r.parent_run_id = c.id)
      SELECT
        (SELECT e.id FROM events e WHERE e.run_id = c.id AND e.ts <= ?2
          AND e.event_type IN ('turn.completed', 'process.exited') ORDER BY e.ts DESC LIMIT 1),
        (SELECT e.ts FROM events e WHERE e.run_id = c.id AND e.ts <= ?2
          AND e.source_kind <> 'system' AND e.event_type <> 'llm_call.completed'
          ORDER BY e.ts DESC LIMIT 1)
      FROM children c WHERE c.id <> ?1
      """, [.int(run), .int(upTo)]
    ) { (end: $0.optionalInt(0), last: $0.optionalInt(1)) }
    var newest: StoredEvent?
    for child in children {
      guard let last = child.last else { continue }
      let end = try child.end.flatMap { (id) throws(StoreError) in try connection.event(id) }
      guard let end, end.ts >= last else { return nil }
      if (newest?.ts ?? Int64.min) < end.ts { newest = end }
    }
    return newest.map { Evidence($0) }
  }

  // MARK: Groups

  /// - Returns: whether there are more.
  func judgeGroups(
    _ synthesis: SynthesisLedger, _ commit: inout Commit
  ) throws(StoreError) -> Bool {
    let pending = try connection.rows(
      """
      SELECT kind, subject, cause FROM synthesis_pending WHERE kind NOT IN ('run', 'timed')
      ORDER BY kind = 'attention', kind, subject LIMIT ?
      """, [Value(Self.step)]
    ) { (kind: $0.text(0), subject: $0.text(1), cause: $0.int(2)) }
    let reader = GroupReader(connection)
    for (kind, subject, cause) in pending {
      // One judgement of a flood takes the neighbouring times with it.
      let isOpen = try connection.run(
        "DELETE FROM synthesis_pending WHERE kind = ? AND subject = ?",
        [.text(kind), .text(subject)])
      guard isOpen == 1, let group = JudgedGroup(rawValue: kind) else { continue }
      var range = Int64.min...Int64.max
      let members: [GroupMember]
      if group == .attention {
        let flood = try reader.flood(
          around: Int64(subject) ?? 0, window: synthesis.rules.floodWindow)
        members = flood.members
        range = flood.range
        try connection.run(
          """
          DELETE FROM synthesis_pending WHERE kind = 'attention'
            AND CAST(subject AS INTEGER) BETWEEN ? AND ?
          """, [.int(range.lowerBound), .int(range.upperBound)])
      } else {
        members = try reader.members(group, subject)
      }
      let findings = synthesis.rules.judge(group, subject: subject, members: members)
      try settle(
        SynthesisLedger.Found(owner: .group(group, subject), findings: findings), isTimed: false,
        cause: cause, range: range, &commit)
    }
    return try connection.finds("SELECT 1 FROM synthesis_pending WHERE kind <> 'run' LIMIT 1")
  }
}
