package import FleetlogEvents

/// The log that forge-loop keeps of each worker: what the agent said and did, one record a line,
/// `{"seq","ts","kind"}`.
///
/// The agent is Claude Code under its SDK, and the log names its session: the events belong to the
/// run of that session, as its own transcript's do.
package struct ForgeWorkerFormat: GuestFormat {
  package static let name = "forge-worker"
  package static let parserVersion = 1

  private let file: TranscriptFile
  private var memory: Memory

  private struct Memory: Codable {
    var session: String?
    /// Stands for the session until a record names it: a fingerprint of the first line.
    var scope = ""
    var started: String?
    /// ms.
    var time: Int64?
    var turnStart: Int64?
    var turnCalls = 0
    var calls = NewestEntries<ClaudeCall>(limit: 256)
    /// The event blocks of the turn.
    var contract: ContractUse?
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
  }

  package var state: String { ParserState.encode(memory) }

  package static func isMark(_ value: JSONValue) -> Bool {
    value["seq"]?.int != nil && value["ts"] != nil
      && value["kind"]?.string.map(kinds.contains) == true
  }

  private static let kinds: Set<String> = [
    "turn_start", "assistant_text", "tool_use", "tool_result", "final_result", "cost_telemetry",
    "error", "worker_mcp_filtered",
  ]

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard value.isObject else { return output.skip(line, "not a JSON object") }
    if memory.scope.isEmpty { memory.scope = Self.fingerprint(line.bytes) }
    let session =
      value["data"]?.name("session_id") ?? value.name("session_id") ?? value.name("sdk_session_id")
    memory.session = session ?? memory.session
    let own = LogStamp.of(value["ts"])
    memory.time = own ?? memory.time
    let record = Record(line: line, value: value, time: own)
    let first = output.drafts.count
    start(record, into: &output)
    dispatch(record, into: &output)
    for index in output.drafts.indices.dropFirst(first) { output.drafts[index].isPrinted = true }
  }

  private struct Record {
    let line: RawLine
    let value: JSONValue
    /// The record's own time in ms since the Unix epoch.
    let time: Int64?
  }

  private static func fingerprint(_ bytes: [UInt8]) -> String {
    var key = FactKey()
    key.add(bytes)
    return key.fingerprint()
  }

  private var run: RunIdentity {
    ClaudeFormat.identity(session: memory.session ?? memory.scope + "-forge", agentID: nil)
  }

  private mutating func dispatch(_ record: Record, into output: inout FormatOutput) {
    let value = record.value
    switch value["kind"]?.string ?? "" {
    case "turn_start":
      memory.turnStart = record.time
      memory.turnCalls = 0
      memory.contract = memory.contract?.forNextTurn
      output.drafts.append(note(record, "The runner began a turn", "data"))
    case "assistant_text": readText(record, into: &output)
    case "tool_use": readCall(record, into: &output)
    case "tool_result": readResult(record, into: &output)
    case "final_result": conclude(record, into: &output)
    case "cost_telemetry": readCost(record, into: &output)
    case "error": readError(record, into: &output)
    case "worker_mcp_filtered":
      let kept = value["kept"]?.elements.compactMap(\.string) ?? []
      let words = kept.isEmpty ? "none" : kept.joined(separator: ", ")
      output.drafts.append(note(record, "MCP servers kept: " + words, "dropped", "configured"))
    case let kind:
      output.problems.append(
        SourceProblem(
          kind: .unknownRecord, span: record.line.span,
          reason: "unknown record kind \(PlainText.line(kind, limit: 60))"))
    }
  }

  private func draft(
    _ type: EventType, _ record: Record, _ summary: String
  ) -> EventDraft {
    let run = run
    var draft = EventDraft(
      type, ts: record.time ?? memory.time ?? file.modifiedAt, run: run, sourceKind: .worker,
      summary: PlainText.line(summary))
    draft.sourceRef = run.sessionID
    draft.span = record.line.span
    // The sequence number and the time make lines differ that say the same.
    var key = FactKey()
    key.add(memory.session ?? memory.scope)
    key.add(record.line.bytes)
    key.add(type.rawValue)
    draft.idempotencyKey = key.text(prefix: "f", ts: record.time)
    if record.time == nil {
      draft.payload.set("_ts_from", memory.time == nil ? "file_mtime" : "previous_record")
    }
    return draft
  }

  private func note(_ record: Record, _ summary: String, _ fields: String...) -> EventDraft {
    var draft = draft(.messageSystem, record, summary)
    for field in fields { draft.payload.set(field, record.value[field], cap: file.cap) }
    return draft
  }

  private mutating func start(_ record: Record, into output: inout FormatOutput) {
    guard memory.started != run.key else { return }
    memory.started = run.key
    var draft = draft(.processStarted, record, "Claude Code session started by forge-loop")
    draft.sourceKind = .system
    draft.idempotencyKey = run.key
    draft.payload.set("agent", ClaudeFormat.name)
    draft.payload.set("runner", "forge-loop")
    draft.payload.set("synthesized", true)
    if let outer = file.run { draft.comesOutOf(outer) }
    output.drafts.append(draft)
  }

  private mutating func readText(_ record: Record, into output: inout FormatOutput) {
    guard let text = record.value["text"]?.string, !text.trimmed.isEmpty else { return }
    var draft = draft(.messageAssistant, record, PlainText.gist(ofReply: text))
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
    let key = draft.idempotencyKey ?? ""
    var message = OpenMessage(id: key)
    message.add(
      text,
      piece: OpenMessage.Piece(
        ts: draft.ts, isOwnTime: record.time != nil, span: record.line.span, eventKey: key),
      run: run, into: &output)
    message.finish(run: run, into: &output)
    memory.contract = (memory.contract ?? ContractUse()) + message.takeContract()
  }

  private mutating func readCall(_ record: Record, into output: inout FormatOutput) {
    let tool = record.value.name("tool") ?? record.value.name("name") ?? ""
    let input = record.value["input"]
    let id = record.value.name("tool_use_id")
    var draft = draft(.toolCall, record, ToolSummary.call(tool, input: input, cwd: nil))
    draft.payload.set("tool", tool)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("input", input, cap: file.cap)
    output.drafts.append(draft)
    memory.turnCalls += 1
    guard let id, let key = draft.idempotencyKey else { return }
    memory.calls.put(
      ClaudeCall(
        key: key, tool: tool, label: PlainText.line(draft.summary, limit: 200), time: record.time,
        ts: draft.ts, prompt: nil, session: run.sessionID ?? "", agentID: nil),
      for: id)
  }

  private func readResult(_ record: Record, into output: inout FormatOutput) {
    let id = record.value.name("tool_use_id")
    let call = id.flatMap { memory.calls[$0] }
    let result = ClaudeToolResult(
      block: record.value, record: record.value, tool: call?.tool ?? "", label: call?.label)
    var draft = draft(.toolResult, record, result.words(cwd: nil))
    if result.isDenied || result.isAnswer { draft.sourceKind = .operator }
    draft.payload.set("tool_use_id", id)
    draft.payload.set("tool", call?.tool)
    draft.payload.set("is_error", result.isError)
    result.describe(in: &draft.payload, cap: file.cap)
    if let start = call?.time, let end = record.time, end >= start {
      draft.payload.set("elapsed_ms", end - start)
    }
    if let call {
      draft.relatedKey = call.key
      draft.links.append(.byRule("tool_use_id", .causedBy, .idempotencyKey(call.key)))
    }
    output.drafts.append(draft)
  }

  private mutating func conclude(_ record: Record, into output: inout FormatOutput) {
    let conclusion = RunConclusion(value: record.value)
    var turn = draft(.turnCompleted, record, "Turn finished")
    let elapsed = memory.turnStart.flatMap { start in record.time.map { $0 - start } } ?? -1
    turn.payload.set("proof", "final_result")
    if elapsed >= 0 { turn.payload.set("elapsed_ms", elapsed) }
    turn.payload.set("tool_calls", memory.turnCalls)
    turn.payload.set("model_name", record.value.name("model"))
    if let error = conclusion.error {
      turn.summary = PlainText.line("Turn failed: " + error)
      turn.payload.set("error", error)
    }
    memory.contract?.describe(in: &turn.payload)
    memory.contract = memory.contract?.forNextTurn
    output.drafts.append(turn)
    var exit = draft(.processExited, record, conclusion.words)
    conclusion.describe(in: &exit.payload, cap: file.cap)
    output.drafts.append(exit)
  }

  /// The final result's figures again, with the cache's share. They stay the runner's word: the
  /// session's own transcript counts the same tokens.
  private func readCost(_ record: Record, into output: inout FormatOutput) {
    let value = record.value
    let cost = value["cost_usd"]?.double.flatMap { $0 >= 0 && $0 < 1e9 ? $0 : nil }
    let words = "The runner counted" + (cost.map { " $" + RunConclusion.dollars($0) } ?? " tokens")
    var draft = draft(.workerObservation, record, words)
    draft.payload.set("total_cost_usd", cost)
    var usage = JSONObject()
    for field in [
      "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
    ] {
      usage.set(field, value[field]?.int)
    }
    draft.payload.set("usage", usage)
    draft.payload.set("cache_hit_ratio", value["cache_hit_ratio"]?.double)
    draft.payload.set("model_name", value.name("model"))
    draft.payload.set("resumed", value["resumed"]?.bool)
    output.drafts.append(draft)
  }

  private func readError(_ record: Record, into output: inout FormatOutput) {
    let value = record.value
    let text = value["error"]?.string ?? value["message"]?.string ?? value["text"]?.string
    var draft = draft(
      .workerObservation, record,
      "Error: " + (text.flatMap { PlainText.gist($0) } ?? "no reason given"))
    draft.severity = 2
    draft.payload.set("level", "error")
    draft.payload.set("record", value, cap: file.cap)
    output.drafts.append(draft)
  }
}
