package import FleetlogEvents
package import FleetlogStore

/// The pages' data for scripts. Events carry the column names of the `events` table, JSON columns
/// decoded, what is NULL there as null.
package enum JSONTwin {
  static func error(_ problem: HTTPProblem) -> JSONObject {
    var error = JSONObject()
    error.set("code", problem.code)
    error.set("message", problem.message)
    error.set("parameter", problem.parameter)
    var object = JSONObject()
    object.set("error", error)
    return object
  }

  package static func page(_ page: EventPage) -> JSONObject {
    var object = JSONObject()
    object.set(
      "events",
      page.rows.map(row))
    object.setOrNull("next", page.next?.description)
    object.set("matched", page.matched)
    object.set("matched_is_exact", page.matchedIsExact)
    object.set("partial_reason", page.partialReason)
    return object
  }

  static func row(_ row: EventPage.Row) -> JSONObject {
    var event = event(row.event)
    event.set("snippet", row.snippet.map(snippet))
    return event
  }

  package static func event(_ event: StoredEvent) -> JSONObject {
    var object = JSONObject()
    object.set("id", event.id)
    object.set("ts", event.ts)
    object.set("time", Timestamp.format(event.ts))
    object.set("recorded_at", event.recordedAt)
    object.set("run_id", event.runID)
    object.setOrNull("parent_run_id", event.parentRunID)
    object.set("instance_id", event.instanceID)
    object.set("role", event.role)
    object.set("source_kind", event.sourceKind)
    object.setOrNull("source_ref", event.sourceRef)
    object.setOrNull("sink_kind", event.sinkKind)
    object.setOrNull("sink_ref", event.sinkRef)
    object.set("event_type", event.type.rawValue)
    object.set("schema_version", event.schemaVersion)
    object.set("attention_candidate", event.attentionCandidate ? 1 : 0)
    object.set("operator_action_required", event.operatorActionRequired ? 1 : 0)
    object.set("risk_detected", event.riskDetected ? 1 : 0)
    object.setOrNull("severity", event.severity.map(Int64.init))
    if let confidence = event.confidence, confidence.isFinite {
      object.set("confidence", confidence)
    } else {
      object.set("confidence", json: "null")
    }
    object.set("summary", event.summary)
    object.set("payload_json", json: event.payload ?? "null")
    object.set("artifact_refs", json: event.artifactRefs ?? "null")
    object.set("tags", json: event.tags ?? "null")
    object.setOrNull("related_session_id", event.sessionID)
    object.setOrNull("related_event_id", event.relatedEventID)
    object.setOrNull("dedupe_key", event.dedupeKey)
    object.setOrNull("idempotency_key", event.idempotencyKey)
    object.setOrNull("expires_at", event.expiresAt)
    object.setOrNull("provenance", event.provenance)
    object.setOrNull("source_file_id", event.sourceFileID)
    object.setOrNull("source_offset", event.span?.offset)
    object.setOrNull("source_length", event.span?.length)
    return object
  }

  /// Ranges count Unicode code points, as Python and SQL do.
  private static func snippet(_ snippet: Snippet) -> JSONObject {
    var matches: [JSONObject] = []
    var position = 0
    for part in snippet.parts {
      let end = position + part.text.unicodeScalars.count
      if part.isMatch {
        var match = JSONObject()
        match.set("start", position)
        match.set("end", end)
        matches.append(match)
      }
      position = end
    }
    var object = JSONObject()
    object.set("text", snippet.text)
    object.set("matches", matches)
    return object
  }

  package static func event(_ detail: EventDetail) -> JSONObject {
    var object = event(detail.event)
    object.set("links", detail.links.map { link($0, of: detail.event.id) })
    object.set("sessions", detail.sessions)
    object.setOrNull("previous_in_session", detail.previousInSession)
    object.setOrNull("next_in_session", detail.nextInSession)
    object.setOrNull("receipt", detail.receipt.map(receipt))
    return object
  }

  private static func link(_ link: StoredLink, of id: Int64) -> JSONObject {
    let isOutgoing = link.direction == .outgoing
    var object = JSONObject()
    object.set("id", link.id)
    object.set("from_event_id", isOutgoing ? id : link.other.id)
    object.set("to_event_id", isOutgoing ? link.other.id : id)
    object.set("relation_type", link.relation.rawValue)
    object.set("created_at", link.createdAt)
    object.set("metadata_json", json: link.metadata ?? "null")
    object.set("other", event(link.other))
    return object
  }

  private static func receipt(_ receipt: Receipt) -> JSONObject {
    var object = JSONObject()
    object.set("source_file_id", receipt.fileID)
    object.set("path", receipt.path)
    object.set("offset", receipt.span.offset)
    object.set("length", receipt.span.length)
    object.set("text", String(decoding: receipt.bytes, as: UTF8.self))
    object.set("is_cut", receipt.isCut)
    object.setOrNull("file_still_agrees", receipt.fileStillAgrees)
    return object
  }

  package static func page(
    _ page: SessionPage, usage: [String: [UsageShare]], prices: PriceTable
  ) -> JSONObject {
    var object = JSONObject()
    object.set(
      "sessions",
      page.sessions.map { session($0, usage: usage[$0.id] ?? [], prices: prices) })
    object.setOrNull("next", page.next)
    object.set("matched", page.total)
    object.set("matched_is_exact", true)
    return object
  }

  package static func session(_ session: SessionSummary) -> JSONObject {
    var object = JSONObject()
    object.set("id", session.id)
    object.setOrNull("agent", session.agent)
    object.setOrNull("agent_version", session.agentVersion)
    object.setOrNull("title", session.title)
    object.setOrNull("project", session.project)
    object.setOrNull("branch", session.branch)
    object.setOrNull("model", session.model)
    object.setOrNull("parent_session_id", session.parentSessionID)
    object.set("started_at", session.startedAt)
    object.set("last_at", session.lastAt)
    object.set("events", session.events)
    object.set("prompts", session.prompts)
    object.set("turns", session.turns)
    object.set("tool_calls", session.toolCalls)
    object.set("tool_errors", session.toolErrors)
    object.set("responses", session.responses)
    object.set("input_tokens", session.inputTokens)
    object.set("output_tokens", session.outputTokens)
    object.set("cache_read_tokens", session.cacheReadTokens)
    object.set("cache_write_tokens", session.cacheWriteTokens)
    object.set("attention", session.attention)
    object.set("validation_errors", session.validationErrors)
    object.set("subagents", session.subagents)
    return object
  }

  package static func session(_ detail: SessionDetail, _ events: EventPage) -> JSONObject {
    var object = page(events)
    set(detail, in: &object)
    return object
  }

  /// A session without its events.
  static func head(of detail: SessionDetail) -> JSONObject {
    var object = JSONObject()
    set(detail, in: &object)
    return object
  }

  private static func set(_ detail: SessionDetail, in object: inout JSONObject) {
    object.set("session", session(detail.session))
    object.set("runs", detail.runs.map(run))
    object.set("shared_with", detail.sharedWith)
  }

  private static func run(_ run: RunSummary) -> JSONObject {
    var object = JSONObject()
    object.set("id", run.id)
    object.set("key", run.key)
    object.setOrNull("parent_run_id", run.parentID)
    object.set("instance_id", run.instanceID)
    object.set("role", run.role)
    object.setOrNull("session_id", run.sessionID)
    object.set("started_at", run.startedAt)
    object.set("last_at", run.lastAt)
    object.set("events", run.events)
    object.set("summary", run.summary)
    return object
  }
}

extension JSONObject {
  mutating func setOrNull(_ key: String, _ value: String?) {
    if let value { set(key, value) } else { set(key, json: "null") }
  }

  mutating func setOrNull(_ key: String, _ value: Int64?) {
    if let value { set(key, value) } else { set(key, json: "null") }
  }

  mutating func setOrNull(_ key: String, _ value: Bool?) {
    if let value { set(key, value) } else { set(key, json: "null") }
  }

  mutating func setOrNull(_ key: String, _ value: JSONObject?) {
    if let value { set(key, value) } else { set(key, json: "null") }
  }
}
