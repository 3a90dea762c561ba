package import FleetlogEvents

extension EventLog {
  /// Reading runs anew stops here: a page must answer.
  private static let mostFolds = 400
  private static let mostWorkers = 1000

  /// The workers at a moment.
  ///
  /// - Parameter countsAll: whether `known` must count those too that were silent for too long to be
  ///   looked at: a page that doesn't tell it need not count them.
  package func workers(
    _ query: WorkerQuery, by rules: any SynthesisRules, countsAll: Bool = false
  ) throws(StoreError) -> WorkerList {
    try pool.withConnection { (connection) throws(StoreError) in
      var reader = WorkerReader(connection, rules: rules, query: query, folds: Self.mostFolds)
      let found = try reader.read()
      let shown = found.workers.filter { reader.shows($0) }.sorted(by: Self.isNeededMore)
      var reason: String?
      if reader.isCut { reason = "Only the \(Self.mostFolds) runs last active were looked up." }
      if shown.count > Self.mostWorkers { reason = "Only the first \(Self.mostWorkers) are shown." }
      let known = countsAll && !query.includesAll ? try reader.known() : found.known
      return WorkerList(
        workers: Array(shown.prefix(Self.mostWorkers)), known: known, partialReason: reason)
    }
  }

  /// By need, the oldest first; then those at work, then the rest, the newest first.
  private static func isNeededMore(_ left: Worker, _ right: Worker) -> Bool {
    let needs = (left.state.need?.rawValue ?? Int.max, right.state.need?.rawValue ?? Int.max)
    if needs.0 != needs.1 { return needs.0 < needs.1 }
    if left.state.need != nil {
      return (left.state.inferred.since ?? 0, left.run.id)
        < (right.state.inferred.since ?? 0, right.run.id)
    }
    let places = (place(left.state.inferred.status), place(right.state.inferred.status))
    if places.0 != places.1 { return places.0 < places.1 }
    return (left.state.lastOutput?.ts ?? left.run.lastAt, left.run.id)
      > (right.state.lastOutput?.ts ?? right.run.lastAt, right.run.id)
  }

  private static func place(_ status: WorkerStatus) -> Int {
    switch status {
    case .waitingOnOperator, .blocked, .failed, .stale: 0
    case .unknown: 1
    case .working, .waitingOnExternal: 2
    case .complete: 3
    case .idle: 4
    }
  }
}

/// Reads the workers of one moment.
struct WorkerReader {
  private let connection: Connection
  private let rules: any SynthesisRules
  private let query: WorkerQuery
  private var foldsLeft: Int
  private(set) var isCut = false

  init(_ connection: Connection, rules: any SynthesisRules, query: WorkerQuery, folds: Int) {
    self.connection = connection
    self.rules = rules
    self.query = query
    foldsLeft = folds
  }

  fileprivate struct Row {
    let run: RunSummary
    let facts: String?
    let agent: String?
    let title: String?
    let project: String?
    let branch: String?
    let tokens: Int
  }

  /// Every run, none nested in another; also those whose state is not known.
  mutating func readRuns(limit: Int) throws(StoreError) -> [Worker] {
    let rows = try rows().prefix(limit)
    let unsettled = try unsettled()
    let children = Dictionary(grouping: rows.filter { $0.run.role == "subagent" }) {
      $0.run.parentID ?? 0
    }
    var runs: [Worker] = []
    for row in rows {
      var seen: Set<Int64> = []
      var run =
        try worker(row, children, unsettled, &seen)
        ?? Worker(
          row,
          state: rules.state(
            of: WorkerFacts(), standing: [], children: [], at: query.moment))
      run.children = []
      runs.append(run)
    }
    return runs
  }

  mutating func read() throws(StoreError) -> (workers: [Worker], known: Int) {
    let rows = try rows()
    let unsettled = try unsettled()
    let byID = Dictionary(rows.map { ($0.run.id, $0) }, uniquingKeysWith: { $1 })
    var children: [Int64: [Row]] = [:]
    var tops: [Row] = []
    for row in rows {
      if row.run.role == "subagent", let parent = row.run.parentID, parent != row.run.id,
        byID[parent] != nil
      {
        children[parent, default: []].append(row)
      } else if isWanted(row) {
        tops.append(row)
      }
    }
    var workers: [Worker] = []
    for row in tops {
      var seen: Set<Int64> = []
      if let worker = try worker(row, children, unsettled, &seen) { workers.append(worker) }
    }
    return (workers, workers.count)
  }

  /// How many there are in the log, as with ``WorkerQuery/includesAll``.
  func known() throws(StoreError) -> Int {
    var values: [Value] = [.int(query.moment), .text(RunIdentity.fleetlog.key)]
    var conditions = ["r.started_at <= ?", "r.key <> ?", "r.role <> 'operator'"]
    let facts = [SessionFact("agent", query.agents), SessionFact("project", query.projects)]
    for fact in facts where !fact.isEmpty {
      conditions.append(fact.condition("s."))
      values += fact.values
    }
    return try connection.count(
      """
      SELECT count(*) FROM runs r LEFT JOIN sessions s ON s.id = r.session_id
      WHERE \(conditions.joined(separator: " AND ")) AND NOT (r.role = 'subagent' AND EXISTS (
        SELECT 1 FROM runs p
        WHERE p.id = r.parent_run_id AND p.id <> r.id AND p.role <> 'operator'))
      """, values)
  }

  private func rows() throws(StoreError) -> [Row] {
    var conditions = ["r.started_at <= ?1", "r.key <> ?2"]
    var values: [Value] = [.int(query.moment), .text(RunIdentity.fleetlog.key)]
    switch query.scope {
    case .log:
      // Who operates is none of the workers.
      conditions.append("r.role <> 'operator'")
      guard !query.includesAll else { break }
      conditions.append("r.last_at >= ?3")
      values.append(.int(query.moment - WorkerQuery.silence))
    case .session(let session):
      conditions.append(
        """
        r.id IN (WITH RECURSIVE family(id) AS (SELECT id FROM runs WHERE session_id = ?3
          UNION SELECT c.id FROM family f JOIN runs c ON c.parent_run_id = f.id)
          SELECT id FROM family)
        """)
      values.append(.text(session))
    case .active(let since, let until):
      conditions.append(
        """
        r.id IN (WITH RECURSIVE line(id) AS (
          SELECT id FROM (SELECT id FROM runs WHERE last_at >= ?3 AND started_at < ?4
            ORDER BY last_at DESC LIMIT 5000)
          UNION SELECT c.parent_run_id FROM line l JOIN runs c ON c.id = l.id
            WHERE c.parent_run_id IS NOT NULL)
          SELECT id FROM line)
        """)
      values += [.int(since), .int(until)]
    case .tree(let run):
      conditions.append(
        """
        r.id IN (WITH RECURSIVE line(id) AS (SELECT ?3
          UNION SELECT c.parent_run_id FROM line l JOIN runs c ON c.id = l.id
            WHERE c.parent_run_id IS NOT NULL),
          family(id) AS (SELECT ?3
          UNION SELECT c.id FROM family f JOIN runs c ON c.parent_run_id = f.id)
          SELECT id FROM line UNION SELECT id FROM family)
        """)
      values.append(.int(run))
    }
    return try connection.rows(
      """
      SELECT r.id, r.key, r.parent_run_id, r.instance_id, r.role, r.session_id, r.started_at,
        r.last_at, r.events, w.facts, s.agent, s.title, s.project, s.branch,
        s.input_tokens + s.output_tokens + s.cache_read_tokens + s.cache_write_tokens,
        \(EventLog.purpose)
      FROM runs r LEFT JOIN worker_states w ON w.run_id = r.id
      LEFT JOIN sessions s ON s.id = r.session_id
      WHERE \(conditions.joined(separator: " AND ")) ORDER BY r.last_at DESC, r.id DESC LIMIT 5000
      """, values
    ) {
      Row(
        run: RunSummary(
          id: $0.int(0), key: $0.text(1), parentID: $0.optionalInt(2), instanceID: $0.text(3),
          role: $0.text(4), sessionID: $0.optionalText(5), startedAt: $0.int(6),
          lastAt: $0.int(7), events: Int($0.int(8)), summary: EventLog.purpose($0, 15)),
        facts: $0.optionalText(9), agent: $0.optionalText(10), title: $0.optionalText(11),
        project: $0.optionalText(12), branch: $0.optionalText(13), tokens: Int($0.int(14)))
    }
  }

  private func isWanted(_ row: Row) -> Bool {
    (query.agents.isEmpty || row.agent.map(query.agents.contains) ?? false)
      && (query.projects.isEmpty
        || row.project.map { ProjectFolder.isNamed($0, by: query.projects) } ?? false)
  }

  /// Runs whose row of the projection is not up to date: their events came out of order, or the
  /// writer that infers has not seen them yet.
  private func unsettled() throws(StoreError) -> Set<Int64> {
    let pending = try connection.rows(
      "SELECT CAST(subject AS INTEGER) FROM synthesis_pending WHERE kind = 'run' LIMIT 1000"
    ) { $0.int(0) }
    let unseen = try connection.rows(
      """
      SELECT DISTINCT run_id FROM (SELECT run_id FROM events WHERE id > coalesce(
        (SELECT last_event_id FROM projection_cursors WHERE name = 'synthesis'), 0) LIMIT 5000)
      """
    ) { $0.int(0) }
    return Set(pending + unseen)
  }

  private mutating func worker(
    _ row: Row, _ children: [Int64: [Row]], _ unsettled: Set<Int64>, _ seen: inout Set<Int64>
  ) throws(StoreError) -> Worker? {
    guard seen.insert(row.run.id).inserted else { return nil }
    var below: [Worker] = []
    for child in children[row.run.id] ?? [] {
      if let worker = try worker(child, children, unsettled, &seen) { below.append(worker) }
    }
    guard var facts = try facts(row, isUnsettled: unsettled.contains(row.run.id)) else {
      return nil
    }
    let standing = try standing(row.run.id)
    func state() -> WorkerState {
      rules.state(
        of: facts, standing: standing, children: below.map(\.state), at: query.moment)
    }
    var current = state()
    if current.need != nil, let since = current.inferred.since {
      facts.answer = try answer(to: row.run.id, since: since)
      if facts.answer != nil { current = state() }
    }
    // What needs the operator does so for as long as events ask for attention, no longer.
    let told = standing.first { $0.type == .contradiction }?.ts
    if let since = [current.inferred.since, told].compactMap(\.self).max(),
      since < query.moment - EventLog.needWindow
    {
      current.need = below.compactMap(\.state.need).min()
    }
    var worker = Worker(row, state: current, children: below)
    worker.review = try review(among: worker.completions)
    return worker
  }

  private func review(among events: [Int64]) throws(StoreError) -> ArtifactReference? {
    for event in events {
      if let review = try connection.event(event)?.review { return review }
    }
    return nil
  }

  /// The facts as of the moment: those of the projection, unless events came after it or have not
  /// been folded yet.
  private mutating func facts(_ row: Row, isUnsettled: Bool) throws(StoreError) -> WorkerFacts? {
    let stored = row.facts.flatMap { WorkerFacts(json: $0) }
    if let stored, !isUnsettled, let last = stored.last, query.isNow || last.ts <= query.moment {
      return stored
    }
    guard foldsLeft > 0 else {
      isCut = true
      return query.isNow ? stored : nil
    }
    foldsLeft -= 1
    var fold = rules.newRun()
    var findings = Findings()
    var isEmpty = true
    try RunReader(connection, run: row.run.id).readAll(upTo: query.moment) {
      isEmpty = false
      fold.take($0, into: &findings)
    }
    return isEmpty ? nil : fold.worker
  }

  /// What was inferred of a run and is neither over nor replaced at the moment, newest first.
  private func standing(_ run: Int64) throws(StoreError) -> [StoredEvent] {
    try connection.rows(
      """
      SELECT \(EventColumns.list) FROM events e INDEXED BY events_inferred
      WHERE e.run_id = ?1 AND e.idempotency_key >= 'inferred:' AND e.idempotency_key < 'inferred;'
        AND e.ts <= ?2 AND coalesce(e.expires_at, ?2) >= ?2
        AND NOT EXISTS (SELECT 1 FROM event_links l JOIN events f ON f.id = l.from_event_id
          WHERE l.to_event_id = e.id AND l.relation_type IN ('resolves', 'supersedes')
            AND (f.ts <= ?2 OR json_extract(l.metadata_json, '$.withdrawn') = 1))
      ORDER BY e.ts DESC, e.id DESC LIMIT 20
      """, [.int(run), .int(query.moment)]
    ) { EventColumns.read($0) }
  }

  /// What others made of a run's asking since a moment, where nothing that it asked for stands. That
  /// silence is over is told by the records, unless somebody says so.
  private func answer(
    to run: Int64, since: Int64
  ) throws(StoreError) -> WorkerFacts.Mark? {
    try connection.first(
      """
      SELECT f.id, f.ts FROM events e INDEXED BY events_run_ts
      JOIN event_links l ON l.to_event_id = e.id AND l.relation_type = 'resolves'
      JOIN events f ON f.id = l.from_event_id
      WHERE e.run_id = ?1 AND e.ts >= ?2 AND e.attention_candidate = 1 AND f.run_id <> ?1
        AND (e.event_type <> 'stale' OR json_extract(l.metadata_json, '$.rule') IS NULL)
        AND f.ts <= ?3 AND NOT EXISTS (
          SELECT 1 FROM events o INDEXED BY events_run_ts
          WHERE o.run_id = e.run_id AND o.ts >= ?3 - \(EventLog.needWindow) AND o.ts <= ?3
            AND o.attention_candidate = 1 AND NOT EXISTS (SELECT 1 FROM event_links k JOIN events g ON g.id = k.from_event_id
              WHERE k.to_event_id = o.id AND k.relation_type IN ('resolves', 'supersedes')
                AND g.ts <= ?3))
      ORDER BY f.ts DESC, f.id DESC LIMIT 1
      """, [.int(run), .int(since), .int(query.moment)]
    ) { WorkerFacts.Mark(id: $0.int(0), ts: $0.int(1)) }
  }

  func shows(_ worker: Worker) -> Bool {
    let state = worker.state
    if !query.statuses.isEmpty, !query.statuses.contains(state.inferred.status) { return false }
    if query.includesAll || query.scope != .log { return true }
    if state.facts.exit != nil, state.need == nil { return false }
    guard state.need == nil, [.idle, .complete].contains(state.inferred.status) else { return true }
    return query.moment - (state.facts.last?.ts ?? 0) <= WorkerQuery.rest
  }
}

extension Worker {
  fileprivate init(_ row: WorkerReader.Row, state: WorkerState, children: [Worker] = []) {
    self.init(
      run: row.run, agent: row.agent, title: row.title, project: row.project, branch: row.branch,
      tokens: row.tokens, state: state, children: children)
  }
}
