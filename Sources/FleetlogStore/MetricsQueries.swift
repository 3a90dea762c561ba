package import FleetlogEvents

// What sessions came to.
extension EventLog {
  /// Runs of a session that are looked at, and events of one that may be folded for a page.
  private static let mostRuns = 200
  private static let mostFolded = 20_000
  private static let mostTraces = 20_000

  /// The metrics of a session; nil where there is nothing to say.
  ///
  /// - Parameter runs: the session's, its own first.
  package func metrics(
    of session: SessionSummary, runs: [RunSummary], by rules: any SynthesisRules
  ) throws(StoreError) -> SessionMetrics? {
    try pool.withConnection { (connection) throws(StoreError) in
      var found: [(isSubagent: Bool, metrics: RunMetrics)] = []
      var traces: [RunTrace] = []
      for run in runs.filter({ $0.sessionID == session.id }).prefix(Self.mostRuns) {
        let (metrics, own) = try measure(run, by: rules, connection)
        if let metrics { found.append((run.role == "subagent", metrics)) }
        if traces.count < Self.mostTraces { traces += own }
      }
      return SessionMetrics(session: session, runs: found, traces: traces)
    }
  }

  /// What the projection holds of a run. One that has not been folded since the projection is kept
  /// is folded now.
  private func measure(
    _ run: RunSummary, by rules: any SynthesisRules, _ connection: Connection
  ) throws(StoreError) -> (RunMetrics?, [RunTrace]) {
    let row = try connection.first(
      "SELECT metrics FROM run_metrics WHERE run_id = ?", [.int(run.id)]
    ) { $0.text(0) }
    if let row, let metrics = RunMetrics(json: row) {
      let traces = try connection.rows(
        """
        SELECT kind, subject, ts, event_id FROM run_traces WHERE run_id = ? LIMIT ?
        """, [.int(run.id), Value(Self.mostTraces)]
      ) { row in
        RunTrace.Kind(rawValue: row.text(0)).map {
          RunTrace(
            $0, row.text(1), Evidence(id: row.int(3), key: "", ts: row.int(2), recordedAt: 0))
        }
      }
      return (metrics, traces.compactMap(\.self))
    }
    guard run.events <= Self.mostFolded else { return (nil, []) }
    var fold = rules.newRun()
    var findings = Findings()
    try RunReader(connection, run: run.id).readAll { fold.take($0, into: &findings) }
    return (fold.metrics, findings.traces)
  }

  /// What stood in the context of a run's model, event by event, in the order of its file.
  package func contextPieces(of run: Int64) throws(StoreError) -> [ContextPiece] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT e.id, e.ts, e.event_type, coalesce(length(CAST(e.payload_json AS BLOB)), 0),
          iif(e.event_type = 'llm_call.completed', e.payload_json, NULL)
        FROM (SELECT id, id AS anchor, 0 AS copy FROM events WHERE run_id = ?1
            AND (idempotency_key IS NULL OR idempotency_key NOT GLOB ?2)
          UNION ALL SELECT event_id, after_id, id FROM run_copies WHERE run_id = ?1) o
        CROSS JOIN events e ON e.id = o.id
        WHERE e.event_type IN ('message.user', 'message.assistant', 'message.reasoning',
          'message.system', 'tool_call', 'tool_result', 'context.compacted', 'llm_call.completed')
          AND NOT (e.event_type = 'llm_call.completed' AND EXISTS (SELECT 1 FROM event_links l
            WHERE l.to_event_id = e.id AND l.relation_type = 'supersedes'))
        ORDER BY o.anchor, o.copy LIMIT ?3
        """, [.int(run), .text(Inference.keyPrefix + "*"), Value(Self.mostFolded)]
      ) { row in
        ContextPiece(
          eventID: row.int(0), ts: row.int(1),
          kind: Self.kind(EventType(rawValue: row.text(2)), row.optionalText(4)),
          bytes: Int(row.int(3)))
      }
    }
  }

  private static func kind(_ type: EventType, _ payload: String?) -> ContextPiece.Kind {
    switch type {
    case .messageUser: .user
    case .messageAssistant, .messageReasoning, .toolCall: .assistant
    case .toolResult: .toolResult
    case .contextCompacted: .compacted
    case .llmCallCompleted: call(payload)
    default: .other
    }
  }

  private static func call(_ payload: String?) -> ContextPiece.Kind {
    let payload = payload.flatMap { try? JSONDocument($0).root }
    func tokens(_ key: String) -> Int {
      min(max(payload?[key]?.int ?? 0, 0), ModelCall.mostTokens)
    }
    let parts = tokens("input_tokens") + tokens("cache_read_tokens") + tokens("cache_write_tokens")
    let total = tokens("context_tokens")
    return .call(
      tokens: total > 0 ? total : parts,
      window: payload?["context_window"]?.int.flatMap { $0 > 0 ? $0 : nil })
  }
}
