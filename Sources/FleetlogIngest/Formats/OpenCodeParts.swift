import FleetlogEvents

/// What one part of a message tells.
extension OpenCodeFormat {
  func readPart(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    switch record.data["type"]?.string {
    case "text":
      let isModels = record.value["role"]?.string == "assistant"
      if isModels { tellAnswer(record, into: &output) } else { tellPrompt(record, into: &output) }
    case "reasoning": tellThought(record, into: &output)
    case "tool": tellTool(record, into: &output)
    case "step-finish":
      if let tokens = record.data["tokens"] {
        tellUsage(tokens, cost: record.data["cost"], ts: nil, record, into: &output)
      }
    case "patch": tellPatch(record, into: &output)
    case "retry": tellRetry(record, into: &output)
    case "compaction":
      output.drafts.append(
        record.draft(
          .contextCompacted, ts: nil, .worker, "Conversation compacted", file, "compaction"))
    // They say nothing a reader could use, or what another part tells.
    case "step-start", "snapshot", "file", "agent", "subtask": break
    case let kind: tellUnknown(record, kind ?? "without a type", into: &output)
    }
  }

  // MARK: Words

  private func tellPrompt(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard let text = record.data["text"]?.string, !text.trimmed.isEmpty else { return }
    // What OpenCode put there itself, such as the content of a file that was named.
    let isInjected =
      record.value["role"]?.string != "user" || record.data["synthetic"]?.bool == true
      || record.data["ignored"]?.bool == true
    var draft = record.draft(
      isInjected ? .messageSystem : .messageUser, ts: nil,
      isInjected ? .system : record.parent == nil ? .operator : .worker,
      (isInjected ? "Context: " : "") + (PlainText.gist(text) ?? "A prompt"), file, "prompt", text)
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
  }

  private func tellAnswer(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard let text = record.data["text"]?.string, !text.trimmed.isEmpty else { return }
    var draft = words(.messageAssistant, record, PlainText.gist(ofReply: text), text)
    draft.payload.set("model_name", record.value["model"]?.string)
    output.drafts.append(draft)
    var message = OpenMessage(id: record.session + ":" + record.message + ":" + record.id)
    message.add(
      text,
      piece: OpenMessage.Piece(
        ts: draft.ts, span: draft.span ?? record.line.span, eventKey: draft.idempotencyKey ?? ""),
      run: record.run, into: &output)
    message.finish(run: record.run, into: &output)
  }

  private func tellThought(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard let text = record.data["text"]?.string, !text.trimmed.isEmpty else { return }
    output.drafts.append(words(.messageReasoning, record, PlainText.gist(text) ?? "Thought", text))
  }

  /// Words that were told because of quiet may have gone on all the same: then the longer ones
  /// supersede them.
  private func words(
    _ type: EventType, _ record: OpenCodeRecord, _ summary: String, _ text: String
  ) -> EventDraft {
    let time = record.data["time"]
    var draft = record.draft(
      type, ts: OpenCodeRecord.time(time?["end"]) ?? OpenCodeRecord.time(time?["start"]), .worker,
      summary, file, "words", text)
    draft.payload.set("text", text, cap: file.cap)
    draft.dedupeKey = "opencode:\(record.session):\(record.id)"
    draft.version = text.utf8.count
    return draft
  }

  // MARK: Tools

  private func tellTool(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard let state = record.data["state"], let status = state["status"]?.string,
      // What it is to be asked is still being written.
      status != "pending"
    else { return }
    let tool = record.data["tool"]?.string ?? "tool"
    let input = state["input"]
    let command = tool == "bash" ? input?["command"]?.string : nil
    let label =
      command.map { CommandSummary.call($0) }
      ?? ToolSummary.call(tool, input: input, cwd: record.value["session"]?["directory"]?.string)
    var asked = record.draft(
      .toolCall, ts: OpenCodeRecord.time(state["time"]?["start"]), .worker, label, file, "call")
    asked.payload.set("tool", tool)
    asked.payload.set("tool_use_id", record.data["callID"]?.string ?? record.id)
    asked.payload.set("input", input, cap: file.cap)
    if tool == "task", let child = state["metadata"]?["sessionId"]?.string {
      asked.links.append(
        .byRule("task_session", .spawned, .idempotencyKey(OpenCodeRecord.runKey(child))))
    }
    output.drafts.append(asked)
    guard ["completed", "error", "success"].contains(status) else { return }
    tellResult(state, status, tool, label, of: asked, record, into: &output)
  }

  /// A command that fails has still completed; a tool called `invalid` stands for a call that
  /// could not be made.
  private func tellResult(
    _ state: JSONValue, _ status: String, _ tool: String, _ label: String, of asked: EventDraft,
    _ record: OpenCodeRecord, into output: inout FormatOutput
  ) {
    let metadata = state["metadata"]
    let exitCode = metadata?["exit"]?.int
    let text = state["output"]?.string ?? state["error"]?.string ?? ""
    let isDenied = status == "error" && Self.refusals.contains(where: text.hasPrefix)
    let isInterrupted = status == "error" && text == "Tool execution aborted"
    let isError =
      (status == "error" && !isDenied) || tool == "invalid" || (exitCode ?? 0) != 0
    var words = CommandSummary.result(of: label, output: text, exitCode: exitCode, failed: isError)
    if isDenied { words = "Refused: " + label }
    if isInterrupted { words = "Interrupted: " + label }
    var draft = record.draft(
      .toolResult, ts: OpenCodeRecord.time(state["time"]?["end"]), .worker, words, file, "result")
    draft.payload.set("tool", tool)
    draft.payload.set("tool_use_id", record.data["callID"]?.string ?? record.id)
    draft.payload.set("status", status)
    draft.payload.set("is_error", isError)
    if isDenied {
      draft.payload.set("denied", true)
      draft.payload.set("reason", text, cap: file.cap)
    }
    if isInterrupted { draft.payload.set("interrupted", true) }
    draft.payload.set("exit_code", exitCode)
    if let start = OpenCodeRecord.time(state["time"]?["start"]), draft.ts >= start {
      draft.payload.set("duration_ms", Int(draft.ts - start))
    }
    draft.payload.set("child_session_id", metadata?["sessionId"]?.string)
    draft.payload.set("content", text, cap: file.cap)
    draft.links.append(.byRule("part_id", .causedBy, .idempotencyKey(asked.idempotencyKey ?? "")))
    draft.relatedKey = asked.idempotencyKey
    output.drafts.append(draft)
  }

  /// How OpenCode words it where the operator, or a rule of theirs, did not let a tool run.
  private static let refusals = [
    "The user rejected permission to use this specific tool call",
    "The user has specified a rule which prevents you from using this specific tool call",
  ]

  // MARK: The rest

  private func tellPatch(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    let files = record.data["files"]?.elements.compactMap(\.string) ?? []
    guard !files.isEmpty else { return }
    var draft = record.draft(
      .workerObservation, ts: nil, .worker, "Changed " + ToolSummary.count(files.count, "file"),
      file, "patch")
    draft.payload.set("files", record.data["files"], cap: file.cap)
    draft.payload.set("hash", record.data["hash"]?.string)
    output.drafts.append(draft)
  }

  private func tellRetry(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    let error = record.data["error"]
    let words = error?["data"]?["message"]?.string ?? error?["name"]?.string ?? "no reason given"
    var draft = record.draft(
      .llmCallFailed, ts: OpenCodeRecord.time(record.data["time"]?["created"]), .worker,
      "Model call retried: " + words, file, "retry")
    draft.payload.set("model_name", record.value["model"]?.string)
    draft.payload.set("error", words, cap: file.cap)
    draft.payload.set("error_kind", error?["name"]?.string)
    draft.payload.set("will_retry", true)
    output.drafts.append(draft)
  }

  private func tellUnknown(
    _ record: OpenCodeRecord, _ kind: String, into output: inout FormatOutput
  ) {
    let kind = PlainText.line(kind, limit: 80)
    output.problems.append(
      SourceProblem(
        kind: .unknownRecord, span: record.line.span, reason: "a part of unknown kind \(kind)"))
    var draft = record.draft(
      .workerObservation, ts: nil, .worker, "Unknown part kind \(kind)", file, "unknown", kind)
    draft.payload.set("record_kind", kind)
    draft.payload.set("record", record.data, cap: file.cap)
    output.drafts.append(draft)
  }
}
