package import FleetlogEvents

/// Folds events into what a session's row says. Pure; the result does not depend on the order in
/// which a session's events are recorded.
package enum SessionReducer {
  package static func apply(_ event: StoredEvent, to session: inout SessionSummary) {
    stretch(&session, over: event)
    session.events += 1
    if event.attentionCandidate { session.attention += 1 }
    switch event.type {
    case .processStarted: started(event, &session)
    case .messageUser where event.sourceKind == SourceKind.operator.rawValue:
      session.prompts += 1
      retitle(&session, event.summary, rank: TitleRank.prompt, at: event.ts)
    case .turnCompleted: session.turns += 1
    case .toolCall: session.toolCalls += 1
    case .toolResult:
      if payload(event)?["is_error"]?.bool == true { session.toolErrors += 1 }
    case .llmCallCompleted: responded(event, &session)
    case .contextSet: titled(event, &session)
    case .observationRecorded: observed(event, &session)
    case .validationError: session.validationErrors += 1
    default: break
    }
  }

  /// A record without a time has its file's, which says nothing about when the session was as
  /// soon as one other record has a time of its own.
  private static func stretch(_ session: inout SessionSummary, over event: StoredEvent) {
    // That nothing happened is no activity.
    if session.events > 0, Inference.isKey(event.idempotencyKey) { return }
    let isBorrowed = event.payload?.contains(bytesOf: "\"_ts_from\":\"file_mtime\"") ?? false
    if session.events == 0 || (session.timesAreBorrowed && !isBorrowed) {
      session.startedAt = event.ts
      session.lastAt = event.ts
      session.timesAreBorrowed = isBorrowed
    } else if session.timesAreBorrowed == isBorrowed {
      session.startedAt = min(session.startedAt, event.ts)
      session.lastAt = max(session.lastAt, event.ts)
    }
  }

  /// How much a title is worth by where it comes from.
  private enum TitleRank {
    static let prompt = 1
    static let sources = ["summary": 2, "ai": 3, "custom": 4]
  }

  private static func payload(_ event: StoredEvent) -> JSONValue? {
    event.payload.flatMap { try? JSONDocument($0).root }
  }

  private static func started(_ event: StoredEvent, _ session: inout SessionSummary) {
    guard event.role != "subagent" || event.sourceRef != event.sessionID || isOwnSession(event)
    else {
      session.subagents += 1
      return
    }
    let payload = payload(event)
    session.agent = session.agent ?? payload?["agent"]?.string
    session.agentVersion = session.agentVersion ?? payload?["version"]?.string
    session.project = session.project ?? payload?["cwd"]?.string
    session.branch = session.branch ?? payload?["git_branch"]?.string
    session.parentSessionID = session.parentSessionID ?? payload?["parent_session_id"]?.string
  }

  /// Some agents give a sub-agent a session of its own, which names the one that spawned it.
  private static func isOwnSession(_ event: StoredEvent) -> Bool {
    payload(event)?["parent_session_id"]?.string != nil
  }

  private static func responded(_ event: StoredEvent, _ session: inout SessionSummary) {
    guard let call = ModelCall(event) else { return }
    session.responses += 1
    session.inputTokens += call.usage.input
    session.outputTokens += call.usage.output
    session.cacheReadTokens += call.usage.cacheRead
    session.cacheWriteTokens += call.usage.cacheWrite
    if !call.model.isEmpty,
      session.model == nil || (event.ts, call.model) > (session.modelAt, session.model ?? "")
    {
      session.model = call.model
      session.modelAt = event.ts
    }
  }

  /// Where the session works, if its start did not tell.
  private static func observed(_ event: StoredEvent, _ session: inout SessionSummary) {
    guard let payload = payload(event) else { return }
    session.project = session.project ?? payload["repo_root"]?.string
    session.branch = session.branch ?? payload["git_branch"]?.string
  }

  private static func titled(_ event: StoredEvent, _ session: inout SessionSummary) {
    guard let payload = payload(event) else { return }
    session.parentSessionID = session.parentSessionID ?? payload["parent_session_id"]?.string
    guard let title = payload["title"]?.string else { return }
    let source = payload["title_source"]?.string ?? ""
    let rank = TitleRank.sources.first { source.hasPrefix($0.key) }?.value ?? 2
    retitle(&session, title.oneLine(limit: 200), rank: rank, at: event.ts)
  }

  /// The best source wins; of prompts the first one, of titles the last. Of two at one time the
  /// text decides, so that the order of reading does not.
  private static func retitle(
    _ session: inout SessionSummary, _ title: String, rank: Int, at ts: Int64
  ) {
    guard !title.isEmpty, rank >= session.titleRank else { return }
    if rank == session.titleRank {
      let earlier = (session.titleAt, session.title ?? "")
      let isBetter = rank == TitleRank.prompt ? (ts, title) < earlier : (ts, title) > earlier
      guard isBetter else { return }
    }
    session.title = title
    session.titleRank = rank
    session.titleAt = ts
  }
}
