import FleetlogEvents

/// `system`, `attachment` and `progress` lines: what Claude Code itself did around the model.
extension ClaudeFormat {
  mutating func readSystem(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    switch value.name("subtype") {
    case "turn_duration": readTurnDuration(place, into: &output)
    case "stop_hook_summary": readStopHooks(place, into: &output)
    case "api_error": readAPIError(place, into: &output)
    case "compact_boundary", "microcompact_boundary": readCompactBoundary(place, into: &output)
    case let subtype: readSystemNote(subtype, place, into: &output)
    }
  }

  private mutating func readTurnDuration(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let duration = value["durationMs"]?.int
    let words = "The turn took " + (duration.map { ToolSummary.duration($0) } ?? "some time")
    var draft =
      endTurn(place, proof: "turn_duration", duration: duration, into: &output)
      ?? place.draft(.messageSystem, .worker, words)
    if draft.type == .messageSystem { draft.payload.set("duration_ms", duration) }
    draft.payload.set("pending_background_agents", value["pendingBackgroundAgentCount"]?.int)
    output.drafts.append(draft)
  }

  private mutating func readStopHooks(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let prevented = value["preventedContinuation"]?.bool ?? false
    let errors = value["hookErrors"]?.elements.count ?? 0
    var words = ToolSummary.count(value["hookCount"]?.int ?? 0, "stop hook") + " ran"
    if errors > 0 { words += ", \(errors) failed" }
    if prevented { words += " and held the agent back" }
    var draft =
      endTurn(place, proof: "stop_hook_summary", into: &output)
      ?? place.draft(.messageSystem, .worker, words)
    draft.payload.set("hooks", value["hookInfos"], cap: file.cap)
    if errors > 0 { draft.payload.set("hook_errors", value["hookErrors"], cap: file.cap) }
    draft.payload.set("prevented_continuation", prevented)
    draft.payload.set("stop_reason", value.name("stopReason"))
    output.drafts.append(draft)
  }

  /// A failed request that Claude Code makes again: the turn goes on.
  private func readAPIError(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let attempt = value["retryAttempt"]?.int
    let most = value["maxRetries"]?.int
    let reason = ClaudeFormat.reason(of: value["error"]) ?? ClaudeFormat.reason(of: value["cause"])
    var words = "Model call failed" + (reason.map { ": " + $0 } ?? "")
    if let attempt { words += " · try \(attempt)" + (most.map { " of \($0)" } ?? "") }
    var draft = place.draft(.llmCallFailed, .worker, words)
    draft.payload.set("error", value["error"], cap: file.cap)
    draft.payload.set("status", value["error"]?["status"]?.int)
    draft.payload.set("will_retry", true)
    draft.payload.set("retry_attempt", attempt)
    draft.payload.set("max_retries", most)
    draft.payload.set("retry_in_ms", value["retryInMs"]?.double)
    output.drafts.append(draft)
  }

  /// The innermost message of an error as the API reports it.
  private static func reason(of error: JSONValue?) -> String? {
    guard let error else { return nil }
    if let text = error.string { return PlainText.gist(text) }
    for inner in ["error", "cause"] {
      if let inner = error[inner], let reason = reason(of: inner) { return reason }
    }
    for field in ["message", "code", "type"] {
      if let text = error.name(field) { return text }
    }
    return error["status"]?.int.map { "status \($0)" }
  }

  private mutating func readCompactBoundary(_ place: ClaudePlace, into output: inout FormatOutput) {
    settleAgent(place.run.key, into: &output)
    let value = place.record.value
    let facts = value["compactMetadata"]
    let tokens = facts?["preTokens"]?.int
    var draft = place.draft(
      .contextCompacted, .worker,
      "Conversation summarised to make room" + (tokens.map { ", at \($0) tokens" } ?? ""))
    draft.payload.set("trigger", facts?.name("trigger") ?? value.name("trigger"))
    draft.payload.set("pre_tokens", tokens)
    draft.payload.set("text", value.name("content"))
    output.drafts.append(draft)
    if value.name("subtype") == "compact_boundary" {
      memory.compactedSession = place.run.sessionID
    }
  }

  private func readSystemNote(
    _ subtype: String?, _ place: ClaudePlace, into output: inout FormatOutput
  ) {
    let value = place.record.value
    let text = value["content"]?.string ?? value["apiRefusalExplanation"]?.string
    let name = (subtype ?? "note").replacing("_", with: " ")
    var words = text.flatMap(ClaudeFormat.note) ?? name.prefix(1).uppercased() + name.dropFirst()
    if subtype == "api_refusal" {
      words = "The model refused" + (value.name("apiRefusalExplanation").map { ": " + $0 } ?? "")
    }
    var draft = place.draft(.messageSystem, .worker, words)
    draft.payload.set("subtype", subtype)
    draft.payload.set("level", value.name("level"))
    draft.payload.set("text", text, cap: file.cap)
    draft.payload.set("tool_use_id", value.name("toolUseID"))
    draft.payload.set("category", value.name("apiRefusalCategory"))
    draft.payload.set("original_model", value.name("originalModel"))
    draft.payload.set("fallback_model", value.name("fallbackModel"))
    output.drafts.append(draft)
  }

  private static func note(_ text: String) -> String? {
    guard let line = PlainText.gist(text) else { return nil }
    return ClaudeInput.isMachinery(text) ? ClaudeInput.words(of: text) : line
  }

  mutating func readAttachment(_ place: ClaudePlace, into output: inout FormatOutput) {
    let attachment = place.record.value["attachment"]
    let kind = attachment?.name("type") ?? ""
    if kind == "queued_command", let prompt = attachment?["prompt"], !prompt.isNull {
      let blocks = prompt.isArray ? prompt.elements.map(ClaudeBlock.init) : [ClaudeBlock(prompt)]
      return readInput(
        blocks, isMeta: place.record.isMeta, isQueued: true, place, into: &output)
    }
    // Of a hook that lets the agent stop. A sub-agent's stop in its parent's file ends nothing there.
    let stop = place.record.agentID == nil ? "Stop" : "SubagentStop"
    let hasStopped = kind == "hook_success" && attachment?.name("hookEvent") == stop
    var draft =
      (hasStopped ? endTurn(place, proof: "stop_hook", into: &output) : nil)
      ?? place.draft(.messageSystem, .worker, ClaudeAttachment.words(kind, attachment))
    draft.payload.set("attachment", attachment, cap: file.cap)
    output.drafts.append(draft)
  }

  mutating func readProgress(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let data = value["data"]
    let kind = data?.name("type") ?? "progress"
    if kind == "hook_progress" {
      let hook = data?.name("hookName") ?? data?.name("hookEvent") ?? "A hook"
      let command = data?.name("command").map { ": " + $0 } ?? ""
      var draft = place.draft(.messageSystem, .worker, hook + command)
      draft.payload.set("hook_event", data?.name("hookEvent"))
      draft.payload.set("hook_name", data?.name("hookName"))
      draft.payload.set("command", data?.name("command"))
      draft.payload.set("tool_use_id", value.name("parentToolUseID"))
      output.drafts.append(draft)
      return
    }
    let agent = kind == "agent_progress" ? data?.name("agentId") : nil
    let call = value.name("parentToolUseID")
    let words = agent.map { "Sub-agent \($0) is at work" } ?? kind.replacing("_", with: " ")
    var draft = place.draft(.workerObservation, .worker, words)
    draft.payload.set("agent_id", agent)
    draft.payload.set("tool_use_id", call)
    output.drafts.append(draft)
    if let agent, let call { linkSpawn(by: call, of: agent, rule: "progress", into: &output) }
  }
}

/// What an attachment says in one line.
enum ClaudeAttachment {
  static func words(_ kind: String, _ value: JSONValue?) -> String {
    let hook = value?.name("hookName") ?? value?.name("hookEvent") ?? "A hook"
    switch kind {
    case "hook_success":
      return "\(hook) ran" + output(value?["stdout"]?.string ?? value?["content"]?.string)
    case "hook_blocking_error":
      let error = value?["blockingError"]
      return "\(hook) objected" + output(error?.string ?? error?["blockingError"]?.string)
    case "hook_non_blocking_error":
      let code = value?["exitCode"]?.int.map { " (exit \($0))" } ?? ""
      return "\(hook) failed\(code)" + output(value?["stderr"]?.string ?? value?["stdout"]?.string)
    case "hook_additional_context": return "\(hook) added" + output(text(value?["content"]))
    case "goal_status":
      let met = value?["met"]?.bool == true ? "Goal met" : "Goal not met yet"
      return met + output(value?["condition"]?.string ?? value?["reason"]?.string)
    case "task_status":
      let status = value?.name("status")?.replacing("_", with: " ") ?? "reported"
      return "Task " + (value?.name("description") ?? value?.name("taskId") ?? "") + ": " + status
    case "plan_mode": return "Plan mode is on"
    case "deferred_tools_delta":
      let added = value?["addedNames"]?.elements.count ?? 0
      let removed = value?["removedNames"]?.elements.count ?? 0
      return "Tools changed: \(added) added, \(removed) removed"
    default:
      let name = kind.isEmpty ? "attachment" : kind.replacing("_", with: " ")
      return "Given to the model: \(name)" + output(text(value?["content"]))
    }
  }

  private static func text(_ value: JSONValue?) -> String? {
    value?.string ?? value?.elements.compactMap(\.string).joined(separator: "; ")
  }

  private static func output(_ text: String?) -> String {
    guard let text, let gist = PlainText.gist(text) else { return "" }
    return ": " + gist
  }
}
