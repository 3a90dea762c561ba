package import FleetlogEvents

// What sessions came to.
extension EventLog {
  /// Runs of a session that are looked at, and events of one that may be folded for a page.
  private static let mostRuns = 200
  private static let mostFolded = 20_000
  private static let mostTraces = 20_000
  /// Events of a run of which its context is told: a page must answer.
  package static let mostPieces = 12_000

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

  /// What stood in the context of a run's model, event by event, in the order of its file; of a
  /// long run, at its beginning.
  package func contextPieces(of run: Int64) throws(StoreError) -> [ContextPiece] {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows(
        """
        SELECT e.id, e.ts, e.event_type, unpacked_size(e.payload_json, e.payload_packed),
          CASE WHEN e.event_type = 'llm_call.completed' THEN coalesce(
            nullif(json_extract(e.payload_json, '$.context_tokens'), 0),
            coalesce(json_extract(e.payload_json, '$.input_tokens'), 0)
              + coalesce(json_extract(e.payload_json, '$.cache_read_tokens'), 0)
              + coalesce(json_extract(e.payload_json, '$.cache_write_tokens'), 0)) END,
          CASE WHEN e.event_type = 'llm_call.completed'
            THEN json_extract(e.payload_json, '$.context_window') END,
          CASE WHEN e.event_type = 'llm_call.started'
            THEN json_extract(e.payload_json, '$.context_tokens') END
        FROM (SELECT id, id AS anchor, 0 AS copy FROM events WHERE run_id = ?1
            AND (idempotency_key IS NULL OR idempotency_key NOT GLOB ?2)
          UNION ALL SELECT event_id, after_id, id FROM run_copies WHERE run_id = ?1) o
        CROSS JOIN events e ON e.id = o.id
        WHERE e.event_type IN ('message.user', 'message.assistant', 'message.reasoning',
          'message.system', 'tool_call', 'tool_result', 'context.compacted', 'llm_call.completed',
          'llm_call.started')
          AND NOT (e.event_type = 'llm_call.completed' AND EXISTS (SELECT 1 FROM event_links l
            WHERE l.to_event_id = e.id AND l.relation_type = 'supersedes'))
        ORDER BY o.anchor, o.copy LIMIT ?3
        """, [.int(run), .text(Inference.keyPrefix + "*"), Value(Self.mostPieces)]
      ) { row in
        ContextPiece(
          eventID: row.int(0), ts: row.int(1),
          kind: Self.kind(
            EventType(rawValue: row.text(2)), tokens: row.optionalInt(4) ?? 0,
            window: row.optionalInt(5), account: row.optionalText(6)),
          bytes: Int(row.int(3)))
      }
    }
  }

  private static func kind(
    _ type: EventType, tokens: Int64, window: Int64?, account: String?
  ) -> ContextPiece.Kind {
    if let account = ContextAccount(account.flatMap { try? JSONDocument($0).root }) {
      return .account(account)
    }
    return switch type {
    case .messageUser: .user
    case .messageAssistant, .messageReasoning, .toolCall: .assistant
    case .toolResult: .toolResult
    case .contextCompacted: .compacted
    // Nothing of it stands in the context.
    case EventType(rawValue: "llm_call.started"): .call(tokens: 0, window: nil)
    case .llmCallCompleted:
      .call(
        tokens: min(max(Int(tokens), 0), ModelCall.mostTokens),
        window: window.flatMap { $0 > 0 ? Int($0) : nil })
    default: .other
    }
  }
}
