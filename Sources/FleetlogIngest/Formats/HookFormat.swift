import FleetlogEvents

/// What agents' own hooks said, as `fleetlog hook` wrote it down: one document a line, with the
/// agent and the moment.
///
/// Hooks tell two kinds of fact. What no transcript holds (a permission prompt, an idle prompt,
/// the end of a process) is an event of its own here. What the transcript tells as well must not
/// be told twice: the start of a run bears the same key in both; the end of a turn has no name in
/// common and is met by the store; prompts, tool calls and their results are left to the
/// transcript, which says more, and only remembered here.
///
/// No hook tells that a prompt was answered. Its `approval_requested` has the `tool` and `input` of
/// the transcript's call, whose `tool_result` shows that; so does whatever follows in its run.
package struct HookFormat: TranscriptFormat {
  package static let name = "hooks"
  package static let parserVersion = 1

  let file: TranscriptFile
  var memory: HookMemory

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? HookMemory()
  }

  package var state: String { ParserState.encode(memory) }

  package var isHolding: Bool { !memory.turnEnds.isEmpty }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains { $0["fleetlog_hook"]?.int != nil && $0["at"]?.int != nil }
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    let record: HookRecord
    switch HookRecord.read(value, line: line) {
    case .success(let read): record = read
    case .failure(let refusal): return output.skip(line, refusal.reason)
    }
    guard !memory.isRepeated(record) else { return }
    start(record, into: &output)
    dispatch(record, into: &output)
  }

  /// Turns that hooks saw end wait until the file is quiet, so that the transcript, which tells
  /// more of the same, is mostly read by then.
  package mutating func settle(into output: inout FormatOutput) {
    for end in memory.turnEnds { output.drafts.append(turnCompleted(end)) }
    memory.turnEnds = []
  }

  private mutating func dispatch(_ record: HookRecord, into output: inout FormatOutput) {
    switch record.name {
    case "SessionStart": readSessionStart(record, into: &output)
    case "SessionEnd": readSessionEnd(record, into: &output)
    case "PermissionRequest": readPermissionRequest(record, into: &output)
    case "Notification": readNotification(record, into: &output)
    case "Stop", "agent-turn-complete": holdTurnEnd(record, into: &output)
    case "SubagentStop":
      if record.agentID == nil {
        output.drafts.append(observation(record, "A sub-agent finished"))
      } else {
        holdTurnEnd(record, into: &output)
      }
    case "PreToolUse": memory.sessions.note(record) { $0.call = HookMemory.Call(record) }
    case "UserPromptSubmit", "PostToolUse", "PostToolUseFailure", "agent-turn-start":
      memory.sessions.note(record) { $0.permission = nil }
    case let name where HookFormat.toldByTranscript.contains(name): break
    default: output.drafts.append(observation(record, "Hook: \(record.name)"))
    }
  }

  /// Beside those above: what comes to events of the transcript, and the start of a sub-agent,
  /// which ``start(_:into:)`` has told.
  private static let toldByTranscript: Set<String> = [
    "SubagentStart", "UserPromptExpansion", "PostToolBatch", "PreCompact", "PostCompact",
  ]
}

extension HookFormat {
  /// Begins an event of a record.
  func draft(
    _ type: EventType, _ record: HookRecord, _ sourceKind: SourceKind, _ summary: String
  ) -> EventDraft {
    var draft = EventDraft(
      type, ts: record.at, run: record.run, sourceKind: sourceKind,
      summary: PlainText.line(summary),
      provenance: EventDraft.hookProvenance + PlainText.line(record.name, limit: 60))
    draft.sourceRef = record.session
    draft.span = record.line.span
    draft.idempotencyKey = record.key(of: type)
    draft.payload.set("hook", record.name)
    return draft
  }

  func observation(_ record: HookRecord, _ summary: String) -> EventDraft {
    var draft = draft(.workerObservation, record, .worker, summary)
    draft.payload.set("document", record.document, cap: file.cap)
    return draft
  }

  /// Tells the record's run where this file has not shown it yet. The transcript, once it is
  /// read, tells the same start with the same key and more to say.
  private mutating func start(_ record: HookRecord, into output: inout FormatOutput) {
    guard memory.runs.add(record.run.key) else { return }
    if record.agentID != nil { start(record.ofSession, into: &output) }
    var draft = draft(.processStarted, record, .system, record.startSummary)
    draft.idempotencyKey = record.run.key
    draft.payload.set("agent", record.agent.rawValue)
    draft.payload.set("agent_id", record.agentID)
    draft.payload.set("agent_type", record.document.name("agent_type"))
    draft.payload.set("cwd", record.cwd)
    draft.payload.set("model", record.document.name("model"))
    draft.payload.set("permission_mode", record.document.name("permission_mode"))
    draft.payload.set("source", record.document.name("source"))
    draft.payload.set("transcript_path", record.document.name("transcript_path"))
    if record.agentID != nil { draft.parentRunKey = record.ofSession.run.key }
    output.drafts.append(draft)
  }

  private func readSessionStart(_ record: HookRecord, into output: inout FormatOutput) {
    readProcess(record, into: &output)
    let words: String
    switch record.document.name("source") {
    case "resume": words = "Session resumed"
    case "compact": words = "Session goes on after it was compacted"
    // The start of the run says the rest.
    default: return
    }
    output.drafts.append(observation(record, words))
  }

  /// Which process the session is, so that it is noticed when that vanishes.
  private func readProcess(_ record: HookRecord, into output: inout FormatOutput) {
    guard let process = record.process, let id = process["pid"]?.int else { return }
    var draft = draft(.observationRecorded, record, .system, "The session is process \(id)")
    draft.payload.set("process", process, cap: file.cap)
    output.drafts.append(draft)
  }

  /// The process, or the session it held, is over. Agents tell why, never with which exit code.
  private mutating func readSessionEnd(_ record: HookRecord, into output: inout FormatOutput) {
    memory.sessions.note(record) { $0.permission = nil }
    let reason = record.document.name("reason")
    let words =
      switch reason {
      case "clear": "Session cleared"
      case "logout": "Session ended: logged out"
      case "prompt_input_exit": "Session ended by the operator"
      case "resume": "Session left for another one"
      case nil, "other": "Session ended"
      case let reason?: "Session ended: " + reason.replacing("_", with: " ")
      }
    var draft = draft(.processExited, record, .worker, words)
    draft.payload.set("reason", reason)
    output.drafts.append(draft)
  }
}
