import FleetlogEvents

/// Calls of tools and what came of them.
extension CodexFormat {
  mutating func readCall(_ record: CodexRecord, into output: inout FormatOutput) {
    memory.finalMessage = nil
    let payload = record.payload
    let id = payload["call_id"]?.string ?? payload["id"]?.string
    let call = CodexCall(payload, kind: record.kind)
    let label = CodexToolSummary.call(call.tool, input: call.input, cwd: memory.settings?.cwd)
    var draft = draft(.toolCall, record, .worker, label)
    if let id, call.isSpawn, memory.calls.isFirstSpawn(id) {
      draft.idempotencyKey = CodexKey.spawnCall(id, session: memory.session.id)
    }
    draft.payload.set("tool", call.tool)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("input", call.input, cap: file.cap)
    draft.payload.set("status", payload["status"]?.string)
    emit(draft, record, into: &output)
    guard record.kind != "web_search_call" else { return }
    memory.calls.add(
      Calls.Call(
        id: id, key: draft.idempotencyKey ?? "", tool: call.tool,
        label: PlainText.line(label, limit: 120), ts: record.ts))
  }

  mutating func readResult(_ record: CodexRecord, into output: inout FormatOutput) {
    let payload = record.payload
    let id = payload["call_id"]?.string
    let call = memory.calls.answer(id: id, tool: payload["name"]?.string)
    let result = CodexToolOutput(payload["output"] ?? payload["result"] ?? payload["tools"])
    let exitCode = result.exitCode ?? call?.exitCode
    let isRefusal = result.isDenied || result.isInterrupted
    let isError =
      !isRefusal && (result.isError ?? call?.failed ?? exitCode.map { $0 != 0 } ?? false)
    let label = call?.label ?? payload["name"]?.string ?? "A call from before"

    var draft = draft(
      .toolResult, record, result.isDenied ? .operator : .worker,
      summary(of: result, label: label, exitCode: exitCode, isError: isError))
    draft.payload.set("tool", call?.tool ?? payload["name"]?.string)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("content", result.text, cap: file.cap)
    draft.payload.set("is_error", isError)
    draft.payload.set("denied", result.isDenied ? true : nil)
    draft.payload.set("interrupted", result.isInterrupted ? true : nil)
    draft.payload.set("sandbox_failure", result.isSandboxFailure ? true : nil)
    draft.payload.set("exit_code", exitCode)
    draft.payload.set("duration_ms", result.durationMS ?? call?.durationMS)
    draft.payload.set("running_as", result.handle)
    if let call {
      if record.ts > call.ts { draft.payload.set("elapsed_ms", record.ts - call.ts) }
      draft.links.append(.byRule("call_id", .causedBy, .idempotencyKey(call.key)))
      draft.relatedKey = call.key
    }
    emit(draft, record, into: &output)
    if let call, CodexCall.isSpawn(call.tool) {
      tellSpawn(of: result.spawnedThread, by: call, rule: "spawn_result", record, into: &output)
    }
  }

  private func summary(
    of result: CodexToolOutput, label: String, exitCode: Int?, isError: Bool
  ) -> String {
    if result.isDenied { return label + ": refused by the operator" }
    if result.isInterrupted { return label + ": interrupted" }
    if let thread = result.spawnedThread { return label + " → codex-" + thread.suffix(8) }
    if let handle = result.handle { return label + ": still running as \(handle)" }
    return CommandSummary.result(
      of: label, output: result.telling, exitCode: exitCode, failed: isError)
  }

  /// The event that a call's end is to the screen. It comes before the call's output as a rule and
  /// knows what that may lack; the result itself is the output's to tell. Only a call that the
  /// model did not make, such as the operator's own command, has no other record.
  mutating func readCallEnd(_ record: CodexRecord, into output: inout FormatOutput) {
    let payload = record.payload
    guard record.kind != "web_search_end", record.kind != "image_generation_end",
      record.kind != "view_image_tool_call_end"
    else { return }
    guard !enrichCall(id: payload["call_id"]?.string, with: payload) else { return }
    let facts = CodexCallEnd(payload)
    let what = CodexToolSummary.command(payload["command"]) ?? record.kind.replacing("_", with: " ")
    var draft = draft(
      .workerObservation, record, .worker,
      CommandSummary.result(
        of: what, output: facts.output, exitCode: facts.exitCode, failed: facts.failed ?? false))
    draft.payload.set("record_kind", record.kind)
    draft.payload.set("tool_use_id", payload["call_id"]?.string)
    draft.payload.set("command", payload["command"], cap: file.cap)
    draft.payload.set("content", facts.output, cap: file.cap)
    draft.payload.set("exit_code", facts.exitCode)
    draft.payload.set("duration_ms", facts.durationMS)
    emit(draft, record, into: &output)
  }

  /// - Returns: false where no call of that id was seen.
  @discardableResult
  mutating func enrichCall(id: String?, with end: JSONValue) -> Bool {
    guard let id else { return false }
    let facts = CodexCallEnd(end)
    return memory.calls.enrich(
      id: id, exitCode: facts.exitCode, durationMS: facts.durationMS, failed: facts.failed)
  }
}

/// A call in one shape, whichever kind of tool was called.
struct CodexCall {
  let tool: String
  let input: JSONValue?

  init(_ payload: JSONValue, kind: String) {
    let name = payload["name"]?.string ?? payload["function"]?["name"]?.string
    let namespace = payload["namespace"]?.string.map { $0 + ($0.hasSuffix("_") ? "" : ".") } ?? ""
    let arguments =
      payload["arguments"] ?? payload["input"] ?? payload["action"]
      ?? payload["function"]?["arguments"]
    tool = namespace + (name ?? String(kind.dropLast("_call".count)))
    input = arguments.map(CodexCall.parsed)
  }

  var isSpawn: Bool { CodexCall.isSpawn(tool) }

  static func isSpawn(_ tool: String) -> Bool {
    tool == "spawn_agent" || tool.hasSuffix(".spawn_agent") || tool.hasSuffix("__spawn_agent")
  }

  /// Arguments are JSON inside a string; what does not parse stays as it is written.
  private static func parsed(_ value: JSONValue) -> JSONValue {
    guard let text = value.string, text.trimmed.hasPrefix("{"),
      let root = try? JSONDocument(text).root
    else { return value }
    return root
  }
}

/// What an `…_end` event tells about a call.
struct CodexCallEnd {
  let exitCode: Int?
  let durationMS: Int?
  let failed: Bool?
  let output: String

  init(_ value: JSONValue) {
    exitCode = value["exit_code"]?.int
    durationMS = CodexRecord.duration(value["duration"]) ?? value["duration_ms"]?.int
    let result = value["result"]
    if let success = value["success"]?.bool {
      failed = !success
    } else if result?["Err"] != nil {
      failed = true
    } else {
      failed = (result?["Ok"] ?? result)?["isError"]?.bool ?? exitCode.map { $0 != 0 }
    }
    output =
      ["aggregated_output", "formatted_output", "stdout", "stderr"]
      .lazy.compactMap { value[$0]?.string }.first { !$0.isEmpty } ?? ""
  }
}
