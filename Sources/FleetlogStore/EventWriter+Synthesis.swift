import FleetlogEvents

/// Writing what was inferred: in the transaction of what it was inferred from, and, for what only
/// time or several runs together decide, once nothing older is being read.
extension EventWriter {
  /// Folds what a commit appended, and writes what follows from it.
  func synthesize(_ commit: inout Commit) throws(StoreError) {
    guard let synthesis else { return }
    let inserted = commit.result.inserted
    for found in try synthesis.fold() { try add(found, &commit) }
    try synthesis.save(lastID: commit.nextID - 1, now: commit.now)
    // The caller counts what its lines gave.
    commit.result.inferred += commit.result.inserted - inserted
    commit.result.inserted = inserted
  }

  /// Whether ``judge(until:now:)`` has something to do at a moment, in ms.
  package func hasToJudge(at time: Int64) -> Bool {
    guard let synthesis else { return false }
    return synthesis.mayHavePending || (synthesis.nextDue ?? Int64.max) <= time
  }

  /// When time alone will next decide something, in ms; nil for never.
  package var nextJudgement: Int64? { synthesis?.nextDue }

  /// The end of the log: its newest event's time, in ms, but never a time still to come.
  package func endOfLog(now: Int64) throws(StoreError) -> Int64 {
    let last = try connection.first("SELECT max(ts) FROM events") { $0.optionalInt(0) }
    return min(last.flatMap { $0 } ?? 0, now)
  }

  /// Judges what waited for everything older to be read: runs to be folded anew, what time has
  /// decided, and groups of events across runs.
  ///
  /// - Parameters:
  ///   - until: the moment up to which the log is known, in ms.
  ///   - now: ms since the Unix epoch, for `recorded_at`.
  package func judge(until: Int64, now: Int64) throws(StoreError) -> Appended {
    guard let synthesis else { return Appended() }
    var result = Appended()
    var isDone = false
    while !isDone {
      let appended = try judgement(now: now) { (commit) throws(StoreError) in
        try self.fold(synthesis, &commit)
      }
      result.add(appended.result)
      isDone = !appended.isMore
    }
    try setClock(until)
    repeat {
      let appended = try judgement(now: now) { (commit) throws(StoreError) in
        let timed = try self.judgeRuns(synthesis, until: until, &commit)
        let grouped = try self.judgeGroups(synthesis, &commit)
        return timed || grouped
      }
      result.add(appended.result)
      isDone = !appended.isMore
    } while !isDone
    synthesis.notePendingDone()
    try synthesis.findNextDue()
    return result
  }

  /// One transaction of judgements; `body` says whether there is more to do.
  private func judgement(
    now: Int64, _ body: (inout Commit) throws(StoreError) -> Bool
  ) throws(StoreError) -> (result: Appended, isMore: Bool) {
    let outcome = try committing { () throws(StoreError) in
      let last = try self.lastEventID()
      try self.synthesis?.begin(lastID: last)
      var commit = Commit(now: now, fileID: nil, revision: nil)
      commit.nextID = last + 1
      let isMore = try body(&commit)
      try self.synthesize(&commit)
      try self.saveProjections(upTo: commit.nextID - 1, now: commit.now)
      commit.result.inferred += commit.result.inserted
      commit.result.inserted = 0
      commit.result.revision = commit.nextID - 1
      return (commit.result, isMore)
    }
    return outcome
  }

  private func setClock(_ until: Int64) throws(StoreError) {
    let known = try judgedUntil() ?? Int64.min
    guard until > known else { return }
    try connection.run(
      "INSERT OR REPLACE INTO synthesis_clock VALUES (1, ?)", [.int(until)])
  }

  /// The moment up to which time-driven inferences were made, in ms.
  package func judgedUntil() throws(StoreError) -> Int64? {
    try connection.first("SELECT judged_until FROM synthesis_clock") { $0.int(0) }
  }

  // MARK: Claims

  /// Writes what a run found in addition to what it has found before.
  private func add(_ found: SynthesisLedger.Found, _ commit: inout Commit) throws(StoreError) {
    for note in found.findings.subjects { try synthesis?.join(note) }
    try synthesis?.save(found.findings.traces, of: found.owner)
    for inference in found.findings.inferences {
      try claim(inference, by: found.owner, isTimed: false, &commit)
    }
    for link in found.findings.links {
      if let key = try resolve(link) {
        try claim(link, key, by: found.owner, isTimed: false, ts: commit.now, &commit)
      }
    }
  }

  /// Makes an owner stand by exactly these findings, of one kind: what it stood by before and does
  /// not find any more is superseded, unless another owner stands by it.
  ///
  /// - Parameters:
  ///   - range: the times, in ms, that the findings are about.
  ///   - cause: the event that made the owner be judged anew.
  func settle(
    _ found: SynthesisLedger.Found, isTimed: Bool, cause: Int64,
    range: ClosedRange<Int64> = Int64.min...Int64.max, mayWithdraw: Bool = true,
    _ commit: inout Commit
  ) throws(StoreError) {
    let owner = found.owner.text
    var left = Set(
      try connection.rows(
        "SELECT key FROM synthesis_claims WHERE owner = ? AND is_timed = ? AND ts BETWEEN ? AND ?",
        [.text(owner), Value(isTimed), .int(range.lowerBound), .int(range.upperBound)]
      ) { $0.text(0) })
    for note in found.findings.subjects { try synthesis?.join(note) }
    try synthesis?.save(found.findings.traces, of: found.owner)
    var news: [Inference] = []
    for inference in found.findings.inferences where left.remove(inference.key) == nil {
      if try claim(inference, by: found.owner, isTimed: isTimed, &commit) {
        news.append(inference)
      }
    }
    let start = found.findings.inferences.map(\.ts).min() ?? range.lowerBound
    for link in found.findings.links {
      guard let key = try resolve(link) else { continue }
      guard left.remove(key.text) == nil else { continue }
      let ts = max(range.lowerBound, min(range.upperBound, start))
      try claim(link, key, by: found.owner, isTimed: isTimed, ts: ts, &commit)
    }
    guard mayWithdraw else { return }
    for key in left.sorted() {
      try connection.run(
        "DELETE FROM synthesis_claims WHERE owner = ? AND key = ?", [.text(owner), .text(key)])
      let isClaimed = try connection.finds(
        "SELECT 1 FROM synthesis_claims WHERE key = ? LIMIT 1", [.text(key)])
      if !isClaimed { try withdraw(key, news: news, cause: cause, &commit) }
    }
  }

  /// - Returns: whether the owner did not stand by it before.
  @discardableResult
  private func claim(
    _ inference: Inference, by owner: SynthesisLedger.Owner, isTimed: Bool,
    _ commit: inout Commit
  ) throws(StoreError) -> Bool {
    let added = try connection.run(
      "INSERT OR IGNORE INTO synthesis_claims VALUES (?, ?, ?, ?)",
      [.text(owner.text), .text(inference.key), Value(isTimed), .int(inference.ts)])
    guard added == 1 else { return false }
    try append(try draft(inference, by: owner), &commit)
    try unwithdraw(inference.key)
    return true
  }

  private func draft(
    _ inference: Inference, by owner: SynthesisLedger.Owner
  ) throws(StoreError) -> EventDraft {
    var draft = EventDraft(
      inference.type, ts: inference.ts, run: try identity(of: inference, by: owner),
      sourceKind: .system, summary: inference.summary.oneLine(limit: 300),
      provenance: EventDraft.provenance(inferredFrom: inference.signal))
    draft.sourceRef = draft.run.sessionID
    draft.idempotencyKey = inference.key
    draft.attentionCandidate = inference.attention
    draft.operatorActionRequired = inference.operatorActionRequired
    draft.riskDetected = inference.risk
    draft.severity = inference.severity
    draft.confidence = inference.confidence
    draft.artifacts = inference.artifacts
    draft.dedupeKey = inference.dedupeKey
    draft.expiresAt = inference.expiresAt
    draft.relatedKey = inference.evidence.last?.key
    draft.payload.set("rule", inference.rule)
    draft.payload.set(
      "evidence",
      json: "[" + inference.evidence.map { String($0.id) }.joined(separator: ",") + "]")
    for member in inference.payload.members where !draft.payload.contains(member.key) {
      draft.payload.set(member.key, member.value)
    }
    draft.links = inference.evidence.map { evidence in
      LinkDraft(
        .causedBy, .eventID(evidence.id),
        metadata: Self.metadata(inference.rule, inference.confidence))
    }
    return draft
  }

  /// The run that an inference is about: its owner, or that of the event that tripped the rule; of
  /// what is about no run, Fleetlog's own.
  private func identity(
    of inference: Inference, by owner: SynthesisLedger.Owner
  ) throws(StoreError) -> RunIdentity {
    let run: Int64? =
      switch owner {
      case .run(let id): id
      case .group(.attention, _): nil
      case .group:
        try connection.first(
          "SELECT run_id FROM events WHERE id = ?",
          [.int((inference.about ?? inference.evidence.last)?.id ?? 0)]
        ) { $0.int(0) }
      }
    guard let run else { return .fleetlog }
    return try connection.first(
      "SELECT key, instance_id, role, session_id FROM runs WHERE id = ?", [.int(run)]
    ) {
      RunIdentity(
        key: $0.text(0), instanceID: $0.text(1), role: $0.text(2), sessionID: $0.optionalText(3))
    } ?? .fleetlog
  }

  private static func metadata(_ rule: String, _ confidence: Double) -> JSONObject {
    var metadata = JSONObject()
    metadata.set("by", "rule")
    metadata.set("rule", rule)
    metadata.set("confidence", confidence)
    return metadata
  }

  // MARK: Links

  /// A link whose both ends are in the log.
  private struct LinkKey {
    let relation: RelationType
    let from: Int64
    let to: Int64

    var text: String { "link:\(relation.rawValue):\(from):\(to)" }

    init(_ relation: RelationType, _ from: Int64, _ to: Int64) {
      self.relation = relation
      self.from = from
      self.to = to
    }

    init?(_ text: String) {
      let parts = text.split(separator: ":")
      guard parts.count == 4, parts[0] == "link",
        let relation = RelationType(rawValue: String(parts[1])), let from = Int64(parts[2]),
        let to = Int64(parts[3])
      else { return nil }
      self.init(relation, from, to)
    }
  }

  private func resolve(_ link: InferredLink) throws(StoreError) -> LinkKey? {
    guard let from = try resolve(link.from), let to = try resolve(link.to), from != to else {
      return nil
    }
    return LinkKey(link.relation, from, to)
  }

  private func resolve(_ end: LinkEnd) throws(StoreError) -> Int64? {
    switch end {
    case .event(let id):
      try connection.first("SELECT id FROM events WHERE id = ?", [.int(id)]) { $0.int(0) }
    case .inferred(let key):
      try connection.first("SELECT id FROM events WHERE idempotency_key = ?", [.text(key)]) {
        $0.int(0)
      }
    }
  }

  private func claim(
    _ link: InferredLink, _ key: LinkKey, by owner: SynthesisLedger.Owner, isTimed: Bool,
    ts: Int64, _ commit: inout Commit
  ) throws(StoreError) {
    let added = try connection.run(
      "INSERT OR IGNORE INTO synthesis_claims VALUES (?, ?, ?, ?)",
      [.text(owner.text), .text(key.text), Value(isTimed), .int(ts)])
    guard added == 1 else { return }
    commit.result.links += try links.insert(
      link.relation.rawValue, key.from, key.to, Self.metadata(link.rule, link.confidence).text,
      now: commit.now)
  }

  /// Nobody stands by an inference any more: the event stays, superseded by what took its place,
  /// else by what showed that it was wrong. A link goes.
  private func withdraw(
    _ key: String, news: [Inference], cause: Int64, _ commit: inout Commit
  ) throws(StoreError) {
    if let link = LinkKey(key) {
      try connection.run(
        """
        DELETE FROM event_links WHERE from_event_id = ? AND to_event_id = ? AND relation_type = ?
          AND json_extract(metadata_json, '$.by') = 'rule'
        """, [.int(link.from), .int(link.to), .text(link.relation.rawValue)])
      return
    }
    guard let old = try resolve(.inferred(key)) else { return }
    let rule =
      try connection.first(
        "SELECT json_extract(payload_json, '$.rule') FROM events WHERE id = ?", [.int(old)]
      ) { $0.text(0) } ?? ""
    var from: Int64?
    if let successor = news.first(where: { $0.rule == rule }) {
      from = try resolve(.inferred(successor.key))
    }
    if from == nil { from = try resolve(.event(cause)) }
    guard let from, from != old else { return }
    var metadata = Self.metadata(rule, 1)
    metadata.set("withdrawn", true)
    commit.result.links += try links.insert(
      RelationType.supersedes.rawValue, from, old, metadata.text, now: commit.now)
  }

  /// What was withdrawn and is found again stands again.
  private func unwithdraw(_ key: String) throws(StoreError) {
    try connection.run(
      """
      DELETE FROM event_links WHERE relation_type = 'supersedes'
        AND to_event_id = (SELECT id FROM events WHERE idempotency_key = ?)
        AND json_extract(metadata_json, '$.withdrawn') = 1
      """, [.text(key)])
  }
}

extension RunIdentity {
  /// Fleetlog's own run.
  static let fleetlog = RunIdentity(
    key: "run:fleetlog", instanceID: "fleetlog", role: "system", sessionID: nil)
}

extension JSONObject {
  /// The fields again, for copying them into another object.
  var members: [(key: String, value: JSONValue)] {
    (try? JSONDocument(bytes).root)?.members ?? []
  }
}
