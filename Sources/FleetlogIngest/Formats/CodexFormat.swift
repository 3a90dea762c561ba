import FleetlogEvents

/// The rollout files of Codex: one thread a file, one record a line, and the older flat shapes.
///
/// Three families of records say much the same thing: `response_item` (what the model saw),
/// `event_msg` (what the screen showed) and, in newer builds, `item_completed`. Text counts once,
/// from whichever comes first. A call's `…_end` event only enriches the call's result.
///
/// Known records that say nothing a reader could use come to no event: deltas and `…_begin`,
/// `task_started`, `world_state`, `ghost_snapshot`, encrypted reasoning without a summary, rate
/// limits, repeated token totals and the `…_end` of a call whose output has been read.
package struct CodexFormat: TranscriptFormat {
  package static let name = "codex"
  package static let parserVersion = 2

  let file: TranscriptFile
  var memory: CodexMemory

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? CodexMemory()
  }

  package var state: String { ParserState.encode(memory) }

  package var isHolding: Bool {
    memory.openMessage != nil || (memory.finalMessage != nil && !memory.statesTurns)
  }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains(where: CodexRecord.isCodex)
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard value.isObject else { return output.skip(line, "not a JSON object") }
    var record = CodexRecord(value, line: line)
    if let own = record.ownTime {
      memory.lastTime = own
      record.ts = own
    } else {
      record.ts = memory.lastTime ?? file.modifiedAt
      record.timeSource = memory.lastTime == nil ? "file_mtime" : "previous_record"
    }
    if record.family == .sessionMeta {
      readSessionMeta(record, into: &output)
      return
    }
    beginUnnamedSession(record, into: &output)
    if passesOver(record, into: &output) { return }
    endMessage(before: record, into: &output)
    dispatch(record, into: &output)
  }

  package mutating func settle(into output: inout FormatOutput) {
    finishMessage(into: &output)
    writeInferredTurnEnd(into: &output)
  }

  private mutating func dispatch(_ record: CodexRecord, into output: inout FormatOutput) {
    switch record.family {
    case .sessionMeta: break
    case .turnContext: readTurnContext(record, into: &output)
    case .responseItem: readItem(record, into: &output)
    case .eventMessage: readEvent(record, into: &output)
    case .compacted: readCompaction(record, into: &output)
    case .state: break
    case .unknown: writeUnknown(record, into: &output)
    }
  }

  private mutating func readItem(_ record: CodexRecord, into output: inout FormatOutput) {
    switch record.kind {
    case "message": readMessageItem(record, into: &output)
    case "agent_message": readAgentItem(record, into: &output)
    case "reasoning": readReasoningItem(record, into: &output)
    case "compaction", "compaction_summary", "context_compaction":
      readCompaction(record, into: &output)
    case "ghost_snapshot": break
    case let kind where kind.hasSuffix("_call"): readCall(record, into: &output)
    case let kind where CodexRecord.isResult(kind): readResult(record, into: &output)
    default: writeUnknown(record, into: &output)
    }
  }

  private mutating func readEvent(_ record: CodexRecord, into output: inout FormatOutput) {
    switch record.kind {
    case "user_message": readUserEvent(record, into: &output)
    case "agent_message": readAssistantEvent(record, into: &output)
    case "agent_reasoning", "agent_reasoning_raw_content":
      readReasoningEvent(record, into: &output)
    case "item_completed": readCompletedItem(record, into: &output)
    case "token_count": readTokenCount(record, into: &output)
    case "task_started", "turn_started": memory.statesTurns = true
    case "task_complete", "turn_complete": readTurnEnd(record, into: &output)
    case "turn_aborted": readAbort(record, into: &output)
    case "context_compacted": readCompaction(record, into: &output)
    case "error", "stream_error": readError(record, into: &output)
    case "collab_agent_spawn_end": readSpawnEnd(record, into: &output)
    case "sub_agent_activity": readSubAgentActivity(record, into: &output)
    case "thread_name_updated": readTitle(record, into: &output)
    case "guardian_assessment": readAssessment(record, into: &output)
    case "entered_review_mode", "exited_review_mode", "thread_rolled_back", "warning",
      "background_event", "deprecation_notice", "model_reroute":
      readNote(record, into: &output)
    case "agent_reasoning_section_break", "account/rateLimits/updated", "session_configured",
      "turn_diff", "plan_update", "item_started", "shutdown_complete", "thread_settings_applied":
      break
    case let kind where kind.hasSuffix("_begin") || kind.hasSuffix("_delta"): break
    case let kind where kind.hasPrefix("collab_"): break
    case let kind where kind.hasSuffix("_end"): readCallEnd(record, into: &output)
    default: writeUnknown(record, into: &output)
    }
  }

  private mutating func writeUnknown(_ record: CodexRecord, into output: inout FormatOutput) {
    let name = record.name
    output.problems.append(
      SourceProblem(
        kind: .unknownRecord, span: record.line.span,
        reason: "a record of unknown kind \(PlainText.line(name, limit: 80))"))
    var draft = draft(
      .workerObservation, record, .worker, "Unknown record kind " + PlainText.line(name, limit: 80))
    draft.payload.set("record_kind", name)
    draft.payload.set("record", record.value, cap: file.cap)
    emit(draft, record, into: &output)
  }
}

extension CodexFormat {
  /// A draft of the thread's own run with everything that does not depend on its payload.
  ///
  /// - Parameter piece: which of the record's events of the same type it is.
  func draft(
    _ type: EventType, _ record: CodexRecord, _ sourceKind: SourceKind, _ summary: String,
    piece: Int = 0
  ) -> EventDraft {
    let session = memory.session
    var draft = EventDraft(
      type, ts: record.ts, run: session.run, sourceKind: sourceKind,
      summary: PlainText.line(summary))
    draft.sourceRef = session.id
    draft.span = record.line.span
    draft.idempotencyKey = CodexKey.fact(type, record, piece: piece, session: session.id)
    return draft
  }

  func emit(_ draft: EventDraft, _ record: CodexRecord, into output: inout FormatOutput) {
    var draft = draft
    if !draft.payload.contains("_ts_from") { draft.payload.set("_ts_from", record.timeSource) }
    output.drafts.append(draft)
  }
}

/// The keys of facts in a Codex thread.
///
/// Records carry no id of their own, so a fact is its thread, its place in the thread and its
/// content. A thread's id begins with the 48 bits that in a UUIDv7 are its start; they open every
/// key, which makes a thread's keys neighbours and computable from another thread's file.
enum CodexKey {
  static func run(_ session: String) -> String { "run:codex:" + session }

  static func fact(_ type: EventType, _ record: CodexRecord, piece: Int, session: String) -> String
  {
    var key = FactKey()
    key.add(session)
    key.add(record.ordinal)
    key.add(type.rawValue)
    key.add(piece)
    key.add(record.payload)
    return key.text(prefix: "c", ts: UUIDText(session)?.leadingBits)
  }

  /// The key of a call that starts another thread, which that thread's own file can name too.
  static func spawnCall(_ callID: String, session: String) -> String {
    var key = FactKey()
    key.add(session)
    key.add("spawn call")
    key.add(callID)
    return key.text(prefix: "c", ts: UUIDText(session)?.leadingBits)
  }
}

/// What can be read off the text of a UUID.
struct UUIDText {
  /// The first 48 bits: in a UUIDv7 its time in ms since the Unix epoch.
  let leadingBits: Int64
  private let version: Character

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], parts.joined().allSatisfy(\.isHexDigit),
      let bits = Int64(parts[0] + parts[1], radix: 16), let version = parts[2].first
    else { return nil }
    leadingBits = bits
    self.version = version
  }

  /// ms since the Unix epoch; nil where this kind of UUID holds no time.
  var time: Int64? { version == "7" ? leadingBits : nil }
}
