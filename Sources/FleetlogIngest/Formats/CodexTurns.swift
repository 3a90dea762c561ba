import FleetlogEvents

/// Model calls, the ends of turns, compaction and errors.
extension CodexFormat {
  /// One model call for each new cumulative total: the totals are written again with every change
  /// of the rate limits.
  mutating func readTokenCount(_ record: CodexRecord, into output: inout FormatOutput) {
    guard let info = record.payload["info"], info.isObject else { return }
    let before = memory.usageTotal
    learnUsage(record)
    guard memory.usageTotal != before,
      let usage = info["last_token_usage"] ?? info["total_token_usage"]
    else { return }
    let context = max(0, usage["input_tokens"]?.int ?? 0)
    let cached = min(max(0, usage["cached_input_tokens"]?.int ?? 0), context)
    let answered = max(0, usage["output_tokens"]?.int ?? 0)
    let model = memory.settings?.model
    var draft = draft(
      .llmCallCompleted, record, .worker,
      "\(model ?? "Model call"): \(context - cached) tokens in, \(cached) cached, \(answered) out")
    draft.payload.set("model_name", model)
    draft.payload.set("input_tokens", context - cached)
    draft.payload.set("cache_read_tokens", cached)
    draft.payload.set("output_tokens", answered)
    draft.payload.set("reasoning_tokens", usage["reasoning_output_tokens"]?.int)
    draft.payload.set("context_tokens", context)
    draft.payload.set("context_window", info["model_context_window"]?.int)
    emit(draft, record, into: &output)
  }

  mutating func learnUsage(_ record: CodexRecord) {
    guard let info = record.payload["info"], info.isObject,
      let total = info["total_token_usage"] ?? info["last_token_usage"]
    else { return }
    memory.usageTotal = [
      "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens",
      "total_tokens",
    ].map { total[$0]?.source ?? "" }.joined(separator: "/")
  }

  /// A turn that failed has ended too; its error stands in the payload, and what it means for the
  /// task is for the derived events to say. It need not have been a model's.
  mutating func readTurnEnd(_ record: CodexRecord, into output: inout FormatOutput) {
    memory.statesTurns = true
    memory.finalMessage = nil
    memory.texts.endTurn()
    let payload = record.payload
    let error = payload["error"].flatMap { $0.isNull ? nil : $0 }
    let duration = payload["duration_ms"]?.int
    var words = error.map { "Turn failed: " + CodexFormat.message(of: $0) } ?? "Turn completed"
    if let duration, duration >= 0 { words += " in " + ToolSummary.duration(duration) }
    var draft = draft(.turnCompleted, record, .worker, words)
    draft.payload.set("turn_id", payload["turn_id"]?.string)
    draft.payload.set("duration_ms", duration)
    draft.payload.set("time_to_first_token_ms", payload["time_to_first_token_ms"]?.int)
    draft.payload.set("error", error, cap: file.cap)
    describeTurn(in: &draft)
    emit(draft, record, into: &output)
  }

  /// By which model the turn was, and how it kept the event contract.
  private mutating func describeTurn(in draft: inout EventDraft) {
    draft.payload.set("model_name", memory.settings?.model)
    memory.contract?.describe(in: &draft.payload)
    memory.contract = memory.contract?.forNextTurn
  }

  /// An interrupted turn has neither failed nor been completed.
  mutating func readAbort(_ record: CodexRecord, into output: inout FormatOutput) {
    memory.finalMessage = nil
    memory.contract = memory.contract?.forNextTurn
    let reason = record.payload["reason"]?.string ?? "interrupted"
    let isInterrupt = reason == "interrupted"
    var draft = draft(
      .messageSystem, record, isInterrupt ? .operator : .worker,
      isInterrupt
        ? "Interrupted by the operator" : "Turn ended early: " + reason.replacing("_", with: " "))
    draft.payload.set("interrupted", isInterrupt)
    draft.payload.set("reason", reason)
    draft.payload.set("turn_id", record.payload["turn_id"]?.string)
    emit(draft, record, into: &output)
  }

  /// A compaction is told by up to three records; what it replaced is history, not activity.
  mutating func readCompaction(_ record: CodexRecord, into output: inout FormatOutput) {
    let family = record.family.rawValue + record.kind
    let line = record.line.number
    if memory.texts.isTold(.compaction, "", by: family, line: line) { return }
    memory.texts.tell(.compaction, "", by: family, line: line)
    let text = record.payload["message"]?.string?.trimmed ?? ""
    var draft = draft(
      .contextCompacted, record, .worker,
      "Conversation compacted" + (PlainText.gist(text).map { ": " + $0 } ?? ""))
    draft.payload.set("text", text.isEmpty ? nil : text, cap: file.cap)
    draft.payload.set("replaced_items", record.payload["replacement_history"]?.elements.count)
    emit(draft, record, into: &output)
  }

  mutating func readError(_ record: CodexRecord, into output: inout FormatOutput) {
    let isRetried = record.kind == "stream_error"
    let error = record.payload["error"] ?? record.payload
    let words = CodexFormat.message(of: error)
    var draft = draft(
      .llmCallFailed, record, .worker,
      (isRetried ? "Model call retried: " : "Model call failed: ") + words)
    draft.payload.set("model_name", memory.settings?.model)
    draft.payload.set("error", words)
    draft.payload.set("error_kind", error["kind"]?.string)
    draft.payload.set("error_info", record.payload["codex_error_info"], cap: file.cap)
    draft.payload.set("resets_at", error["resetAt"]?.string)
    draft.payload.set("will_retry", isRetried ? true : nil)
    emit(draft, record, into: &output)
  }

  private static func message(of error: JSONValue) -> String {
    error.string ?? error["message"]?.string ?? PlainText.line(error.source, limit: 200)
  }

  /// A reviewing model's judgement of what the agent is about to do.
  mutating func readAssessment(_ record: CodexRecord, into output: inout FormatOutput) {
    let level = record.payload["risk_level"]?.string
    let words = [record.payload["status"]?.string, level.map { "risk \($0)" }].compactMap { $0 }
    let reason = record.payload["rationale"]?.string.flatMap { PlainText.gist($0) }
    var draft = draft(
      .workerObservation, record, .worker,
      "Guardian: " + (words + [reason].compactMap { $0 }).joined(separator: ", "))
    draft.riskDetected = level == "high" || level == "critical"
    draft.payload.set("record_kind", record.kind)
    draft.payload.set("assessment", record.payload, cap: file.cap)
    emit(draft, record, into: &output)
  }

  /// Old builds don't write where a turn ends. That the operator goes on, or the file does not,
  /// after a message that no call followed, says as much; a rule's word, so marked as inferred.
  mutating func writeInferredTurnEnd(into output: inout FormatOutput) {
    guard let final = memory.finalMessage else { return }
    memory.finalMessage = nil
    guard !memory.statesTurns else { return }
    var draft = EventDraft(
      .turnCompleted, ts: final.ts, run: memory.session.run, sourceKind: .system,
      summary: "Turn completed",
      provenance: EventDraft.provenance(inferredFrom: "a final message that no call followed"))
    draft.confidence = 0.7
    draft.sourceRef = memory.session.id
    draft.span = SourceSpan(offset: final.offset, length: final.length)
    draft.relatedKey = final.key
    describeTurn(in: &draft)
    draft.links.append(.byRule("final_message", .causedBy, .idempotencyKey(final.key)))
    var key = FactKey()
    key.add(final.key)
    key.add(EventType.turnCompleted.rawValue)
    draft.idempotencyKey = key.text(prefix: "c", ts: UUIDText(memory.session.id)?.leadingBits)
    output.drafts.append(draft)
  }
}
