import FleetlogEvents

/// One record of a daemon's stream, and the events that it comes to.
struct WorkRailDaemonRecord {
  let value: JSONValue
  let kind: String
  /// The daemon's own id of the session's process; nil where no session is concerned.
  let process: String?
  let line: RawLine
  let ts: Int64
  let cap: TextCap
  var timeSource: String?
  /// The session whose run the record belongs to.
  var session = ""

  private func key(_ type: EventType) -> String {
    var key = FactKey()
    key.add(type.rawValue)
    key.add(kind)
    key.add(process)
    key.add(meaningOf: value)
    if timeSource != nil { key.add(line.number) }
    return key.text(prefix: "d", ts: timeSource == nil ? ts : nil)
  }

  private var run: RunIdentity {
    process == nil ? WorkRailDaemonFormat.daemon : WorkRailFormat.run(of: session)
  }

  private func draft(
    _ name: String, _ summary: String, _ sourceKind: SourceKind = .worker
  ) -> EventDraft {
    var draft = EventDraft(
      EventType(rawValue: name), ts: ts, run: run, sourceKind: sourceKind,
      summary: PlainText.line(summary))
    draft.sourceRef = process ?? WorkRailDaemonFormat.daemon.instanceID
    draft.span = line.span
    draft.idempotencyKey = key(draft.type)
    draft.payload.set("legacy_kind", kind)
    draft.payload.set("_ts_from", timeSource)
    return draft
  }

  /// A draft with all that the record says.
  private func plain(
    _ name: String, _ summary: String, _ sourceKind: SourceKind = .worker
  ) -> EventDraft {
    var draft = draft(name, summary, sourceKind)
    draft.payload.copy(value, except: ["kind", "ts"], cap: cap)
    return draft
  }

  private func text(_ name: String) -> String? { value[name]?.label }

  private var words: String { kind.replacing("_", with: " ").capitalizedFirst }

  // MARK: The daemon

  func ofDaemon() -> [EventDraft] {
    switch kind {
    case "daemon_started": [plain("process.started", "The daemon started", .system)]
    case "daemon_stopped":
      text("reason") == "crash"
        ? [plain("worker.crashed", "The daemon crashed", .system)]
        : [plain("process.exited", "The daemon stopped", .system)]
    case "daemon_heartbeat":
      [
        plain(
          "heartbeat",
          "The daemon is alive, with \(value["activeSessions"]?.ordinal ?? 0) sessions at work")
      ]
    default: [plain("worker.observation", words + (text("workflowId").map { ": \($0)" } ?? ""))]
    }
  }

  // MARK: A session

  func ofSession(into memory: inout WorkRailDaemonMemory) -> [EventDraft] {
    switch kind {
    case "session_started":
      return [WorkRailDaemonMemory.Start(self).draft(session, process ?? "")]
    case "session_completed": return [completed(into: &memory)]
    case "session_aborted":
      let why = text("reason").map { ": " + $0.replacing("_", with: " ") } ?? ""
      return [plain("worker.crashed", "The session was aborted\(why)", .system)]
    case "llm_turn_started": return [modelCalled(into: &memory)]
    case "llm_turn_completed": return modelAnswered(into: &memory)
    case "tool_call_started": return [called(isTold: false, into: &memory)]
    case "tool_called": return calledAgain(into: &memory)
    case "tool_call_completed": return [returned(isError: false, into: &memory)]
    case "tool_call_failed": return [returned(isError: true, into: &memory)]
    case "tool_error": return [toolError(into: &memory)]
    case "step_advanced": return [plain("progress", "Advanced to the next step")]
    case "issue_reported": return [issue()]
    case "agent_stuck":
      var draft = plain(
        "stale", "The daemon finds it stuck: \(text("detail") ?? text("reason") ?? "no reason")",
        .overseer)
      draft.confidence = 0.9
      return [draft]
    case "signal_emitted": return [signal()]
    default: return [plain("worker.observation", words)]
    }
  }

  private func completed(into memory: inout WorkRailDaemonMemory) -> EventDraft {
    memory.calls[session] = nil
    let detail = text("detail").map { ": \($0)" } ?? ""
    let outcome = text("outcome") ?? "unknown"
    switch outcome {
    case "success": return plain("task.done", "The session was completed\(detail)", .overseer)
    case "gate_parked":
      return plain("approval_requested", "The session waits at a gate\(detail)", .overseer)
    case "error", "timeout", "stuck":
      return plain("failed", "The session ended on \(outcome)\(detail)", .overseer)
    default: return plain("worker.observation", "The session ended (\(outcome))\(detail)")
    }
  }

  // MARK: Model calls

  private func modelCalled(into memory: inout WorkRailDaemonMemory) -> EventDraft {
    let name = text("modelId")
    memory.models[session] = WorkRailDaemonMemory.Model(name: name, ts: ts)
    var draft = draft("llm_call.started", "Asks \(name ?? "the model")")
    draft.payload.set("model_name", name)
    draft.payload.set("messages", value["messageCount"]?.ordinal)
    return draft
  }

  private func modelAnswered(into memory: inout WorkRailDaemonMemory) -> [EventDraft] {
    let model = memory.models.removeValue(forKey: session)
    let input = value["inputTokens"]?.ordinal ?? 0
    let output = value["outputTokens"]?.ordinal ?? 0
    let reason = text("stopReason")
    var draft = draft("llm_call.completed", "\(output) tokens out, \(input) in")
    draft.payload.set("model_name", text("modelId") ?? model?.name)
    draft.payload.set("input_tokens", input)
    draft.payload.set("output_tokens", output)
    draft.payload.set("cache_read_tokens", value["cacheReadTokens"]?.ordinal)
    draft.payload.set("cache_write_tokens", value["cacheWriteTokens"]?.ordinal)
    draft.payload.set("latency_ms", model.flatMap { ts >= $0.ts ? ts - $0.ts : nil })
    draft.payload.set("stop_reason", reason)
    guard reason == "end_turn" else { return [draft] }
    var end = self.draft("turn.completed", "Turn finished")
    end.payload.set("proof", "stop_reason")
    return [draft, end]
  }

  // MARK: Tools

  private func called(
    isTold: Bool, into memory: inout WorkRailDaemonMemory
  ) -> EventDraft {
    let tool = text("toolName") ?? "a tool"
    let arguments = value["argsSummary"]?.string ?? value["summary"]?.string ?? ""
    let input = try? JSONDocument(arguments).root
    let command = input?["command"]?.string
    let about = command ?? (arguments.isEmpty ? nil : arguments)
    let label = PlainText.line(about.map { "\(tool): \($0)" } ?? tool)
    var draft = draft("tool_call", label)
    draft.payload.set("tool", tool)
    if let input, input.isObject {
      draft.payload.set("input", input, cap: cap)
    } else {
      draft.payload.set("input", about, cap: cap)
    }
    // A call that never ends must not be remembered for ever.
    if (memory.calls[session]?.count ?? 0) >= WorkRailDaemonMemory.most {
      memory.calls[session]?.removeFirst()
    }
    memory.calls[session, default: []].append(
      WorkRailDaemonMemory.Call(
        key: draft.idempotencyKey ?? "", tool: tool, label: PlainText.line(label, limit: 120),
        isTold: isTold))
    return draft
  }

  private func calledAgain(into memory: inout WorkRailDaemonMemory) -> [EventDraft] {
    let tool = text("toolName") ?? "a tool"
    if let index = memory.calls[session]?.firstIndex(where: { $0.tool == tool && !$0.isTold }) {
      memory.calls[session]?[index].isTold = true
      return []
    }
    return [called(isTold: true, into: &memory)]
  }

  private func takeCall(
    _ tool: String, from memory: inout WorkRailDaemonMemory
  ) -> WorkRailDaemonMemory.Call? {
    guard let index = memory.calls[session]?.firstIndex(where: { $0.tool == tool }) else {
      return nil
    }
    return memory.calls[session]?.remove(at: index)
  }

  private func returned(
    isError: Bool, into memory: inout WorkRailDaemonMemory
  ) -> EventDraft {
    let tool = text("toolName") ?? "a tool"
    let call = takeCall(tool, from: &memory)
    let content = value["resultSummary"] ?? value["errorMessage"] ?? value["error"]
    var draft = draft(
      "tool_result",
      CommandSummary.result(
        of: call?.label ?? tool, output: content?.string ?? "", exitCode: nil, failed: isError))
    draft.payload.set("tool", tool)
    draft.payload.set("content", content, cap: cap)
    draft.payload.set("is_error", isError)
    draft.payload.set("duration_ms", value["durationMs"]?.ordinal)
    if let call {
      draft.links.append(.byRule("tool_call", .causedBy, .idempotencyKey(call.key)))
      draft.relatedKey = call.key
    }
    return draft
  }

  /// Ends a call that nothing else ends; a call whose end was told is left as it is.
  private func toolError(into memory: inout WorkRailDaemonMemory) -> EventDraft {
    let tool = text("toolName") ?? "a tool"
    if memory.calls[session]?.contains(where: { $0.tool == tool }) ?? false {
      return returned(isError: true, into: &memory)
    }
    return plain("worker.observation", "\(tool) returned an error: \(text("error") ?? "")")
  }

  // MARK: What the agent says

  private func issue() -> EventDraft {
    let summary = text("summary") ?? "an issue"
    var draft =
      switch text("issueKind") {
      case "needs_human": plain("needs_decision", "Needs a person: \(summary)")
      case "blocked": plain("blocked", summary)
      default: plain("worker.observation", "Reports: \(summary)")
      }
    switch text("severity") {
    case "fatal": draft.severity = 4
    case "error": draft.severity = max(3, draft.severity)
    case "warn": draft.severity = max(2, draft.severity)
    default: break
    }
    return draft
  }

  private func signal() -> EventDraft {
    let payload = value["payload"]
    let about =
      payload?["summary"]?.label ?? payload?["message"]?.label ?? payload?["reason"]?.label
    let name = text("signalKind") ?? "signal"
    let summary = "Signals \(name.replacing("_", with: " "))" + (about.map { ": \($0)" } ?? "")
    return switch name {
    case "approval_needed": plain("approval_requested", summary)
    case "data_needed": plain("needs_decision", summary)
    case "blocked": plain("blocked", summary)
    case "progress": plain("progress", summary)
    default: plain("worker.observation", summary)
    }
  }
}
