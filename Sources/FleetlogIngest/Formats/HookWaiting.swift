import FleetlogEvents

/// What an agent waits for its operator for, which only its hooks tell.
extension HookFormat {
  /// How long after a prompt its notification may come, in ms: agents send it when the prompt has
  /// stood unanswered for some seconds.
  private static let notificationDelay: Int64 = 60_000

  /// A permission prompt is about to be shown.
  mutating func readPermissionRequest(_ record: HookRecord, into output: inout FormatOutput) {
    let tool = record.document.name("tool_name") ?? "a tool"
    let input = record.document["tool_input"]
    let call = ToolSummary.call(tool, input: input, cwd: record.cwd)
    // In this mode what would be asked for is refused at once, and nobody is waited for.
    guard record.document.name("permission_mode") != "dontAsk" else {
      output.drafts.append(observation(record, "Not allowed without asking: " + call))
      return
    }
    memory.sessions.note(record) { $0.permission = HookMemory.Permission(at: record.at) }
    // That a question or a plan is open, the transcript's call shows by itself.
    guard !HookFormat.toolsThatAsk.contains(tool) else { return }
    var draft = draft(.approvalRequested, record, .worker, "Waits for permission: " + call)
    ask(&draft)
    draft.payload.set("tool", tool)
    // The transcript's call has the same tool and input; no hook names its id with the prompt.
    draft.payload.set("input", input, cap: file.cap)
    let announced = memory.sessions[record].call.flatMap { $0.asks(record) ? $0.id : nil }
    draft.payload.set("tool_use_id", record.document.name("tool_use_id") ?? announced)
    draft.payload.set("permission_mode", record.document.name("permission_mode"))
    output.drafts.append(draft)
  }

  private static let toolsThatAsk: Set<String> = ["AskUserQuestion", "ExitPlanMode"]

  mutating func readNotification(_ record: HookRecord, into output: inout FormatOutput) {
    let message = record.document["message"]?.string ?? ""
    switch HookFormat.notice(record, message) {
    case .permission: readPermissionNotice(record, message, into: &output)
    case .idle:
      var draft = draft(
        .waitingOnOperator, record, .worker, PlainText.gist(message) ?? "Waits for your input")
      draft.payload.set("message", message, cap: file.cap)
      draft.dedupeKey = "hook:idle:" + record.run.key
      output.drafts.append(draft)
    case .question:
      var draft = draft(
        .needsDecision, record, .worker, PlainText.gist(message) ?? "Waits for an answer")
      ask(&draft)
      draft.payload.set("message", message, cap: file.cap)
      output.drafts.append(draft)
    case .other:
      output.drafts.append(observation(record, PlainText.gist(message) ?? "A notification"))
    }
  }

  private enum Notice { case permission, idle, question, other }

  /// In older builds a notification had no type, only its words.
  private static func notice(_ record: HookRecord, _ message: String) -> Notice {
    switch record.document.name("notification_type") {
    case "permission_prompt": return .permission
    case "idle_prompt", "agent_needs_input": return .idle
    case "elicitation_dialog": return .question
    case .some: return .other
    case nil:
      if message.contains(bytesOf: "permission") { return .permission }
      return message.contains(bytesOf: "waiting for your input") ? .idle : .other
    }
  }

  /// Tells a prompt again some seconds after `PermissionRequest` has told it; builds without that
  /// hook tell it here only.
  private mutating func readPermissionNotice(
    _ record: HookRecord, _ message: String, into output: inout FormatOutput
  ) {
    if let told = memory.sessions[record].permission, !told.isNotified,
      (0...HookFormat.notificationDelay).contains(record.at - told.at)
    {
      memory.sessions.note(record) { $0.permission?.isNotified = true }
      return
    }
    var draft = draft(
      .approvalRequested, record, .worker, PlainText.gist(message) ?? "Waits for permission")
    ask(&draft)
    draft.payload.set("tool", HookFormat.tool(in: message))
    draft.payload.set("message", message, cap: file.cap)
    output.drafts.append(draft)
  }

  /// "Claude needs your permission to use Bash" names the tool.
  private static func tool(in message: String) -> String? {
    guard let mark = message.firstRange(of: "permission to use ") else { return nil }
    let name = message[mark.upperBound...].prefix { !$0.isWhitespace }
    return name.isEmpty || name.count > 100 ? nil : String(name)
  }

  /// Somebody stands still until the operator acts.
  private func ask(_ draft: inout EventDraft) {
    draft.operatorActionRequired = true
    draft.severity = 3
  }
}

/// Turns that a hook saw end.
extension HookFormat {
  mutating func holdTurnEnd(_ record: HookRecord, into output: inout FormatOutput) {
    memory.sessions.note(record) { $0.permission = nil }
    let saying =
      record.document["last_assistant_message"]?.string
      ?? record.document["last-assistant-message"]?.string
    memory.turnEnds.append(
      HookMemory.TurnEnd(
        hook: record.name, agent: record.agent, session: record.session, agentID: record.agentID,
        at: record.at, offset: record.line.offset, length: Int64(record.line.bytes.count),
        key: record.key(of: .turnCompleted),
        turnID: record.document.name("turn-id") ?? record.document.name("turn_id"),
        saying: saying.map { PlainText.gist(ofReply: $0) }))
    guard memory.turnEnds.count > HookMemory.turnEndLimit else { return }
    output.drafts.append(turnCompleted(memory.turnEnds.removeFirst()))
  }

  func turnCompleted(_ end: HookMemory.TurnEnd) -> EventDraft {
    var draft = EventDraft(
      .turnCompleted, ts: end.at, run: end.run, sourceKind: .worker, summary: "Turn finished",
      provenance: EventDraft.hookProvenance + PlainText.line(end.hook, limit: 60))
    draft.sourceRef = end.session
    draft.span = SourceSpan(offset: end.offset, length: end.length)
    draft.idempotencyKey = end.key
    draft.payload.set("hook", end.hook)
    draft.payload.set("proof", "hook")
    draft.payload.set("turn_id", end.turnID)
    draft.payload.set("last_message", end.saying)
    return draft
  }
}
