import FleetlogEvents

/// What one message of a Gemini session tells.
extension GeminiFormat {
  /// - Parameter isLate: whether a version of the message was told before and others came since.
  mutating func tell(
    _ message: JSONValue, _ id: String, _ span: SourceSpan, isLate: Bool = false,
    into output: inout FormatOutput
  ) {
    memory.tell(id)
    let piece = Piece(message: message, id: id, span: span, ts: time(message["timestamp"]))
    switch message["type"]?.string {
    case "user": tellPrompt(piece, isLate, into: &output)
    case "gemini": tellAnswer(piece, isLate, into: &output)
    case "info", "warning", "error": tellNote(piece, into: &output)
    case let kind: tellUnknown(piece, kind ?? "without a type", into: &output)
    }
  }

  private struct Piece {
    let message: JSONValue
    let id: String
    let span: SourceSpan
    /// ms since the Unix epoch.
    let ts: Int64?
  }

  private func draft(
    _ type: EventType, _ piece: Piece, _ sourceKind: SourceKind, _ summary: String, _ key: String...
  ) -> EventDraft {
    var draft = EventDraft(
      type, ts: piece.ts ?? memory.lastTime ?? file.modifiedAt, run: run, sourceKind: sourceKind,
      summary: PlainText.line(summary))
    draft.payload.set("_ts_from", timeSource(piece))
    finish(&draft, [piece.id] + key, piece.span)
    return draft
  }

  private func timeSource(_ piece: Piece) -> String? {
    guard piece.ts == nil else { return nil }
    return memory.lastTime == nil ? "file_mtime" : "previous_record"
  }

  // MARK: The operator

  private mutating func tellPrompt(
    _ piece: Piece, _ isLate: Bool, into output: inout FormatOutput
  ) {
    let text = Self.text(piece.message["content"])
    guard !text.trimmed.isEmpty else { return }
    let isInjected = Self.injected.contains(where: text.trimmed.hasPrefix)
    if !isInjected, !isLate { writeTurnEnd(into: &output) }
    var draft = draft(
      isInjected ? .messageSystem : .messageUser, piece,
      isInjected ? .system : memory.parent == nil ? .operator : .worker,
      (isInjected ? "Context: " : "") + (PlainText.gist(text) ?? "A prompt"), "prompt", text)
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
  }

  /// What Gemini CLI puts before the conversation, not the operator.
  private static let injected = [
    "<session_context>", "This is the Gemini CLI. We are setting up the context",
    "<state_snapshot>",
  ]

  /// The texts of a content: a string, or parts. What a tool answered is told with its call.
  private static func text(_ content: JSONValue?) -> String {
    if let text = content?.string { return text }
    guard let content else { return "" }
    let parts = content.isObject ? [content] : content.elements
    let texts = parts.compactMap { part -> String? in
      if part["thought"]?.bool == true { return nil }
      return part["text"]?.string ?? part.string
    }
    return texts.joined(separator: "\n")
  }

  // MARK: The model

  private mutating func tellAnswer(
    _ piece: Piece, _ isLate: Bool, into output: inout FormatOutput
  ) {
    let message = piece.message
    memory.model = message["model"]?.string ?? memory.model
    for (index, thought) in (message["thoughts"]?.elements ?? []).enumerated() {
      tellThought(thought, index, piece, into: &output)
    }
    var key: String?
    let text = Self.text(message["content"])
    if !text.trimmed.isEmpty {
      var draft = draft(
        .messageAssistant, piece, .worker, PlainText.gist(ofReply: text), "text", text)
      draft.payload.set("text", text, cap: file.cap)
      draft.payload.set("model_name", message["model"]?.string)
      output.drafts.append(draft)
      key = draft.idempotencyKey
      tellEvents(text, piece, draft, into: &output)
    }
    let calls = message["toolCalls"]?.elements.filter(\.isObject) ?? []
    for (index, call) in calls.enumerated() {
      tellCall(call, index, piece, into: &output)
    }
    tellUsage(piece, key, into: &output)
    guard !isLate else { return }
    memory.final = key.flatMap { key in
      guard calls.isEmpty else { return nil }
      return GeminiMemory.FinalMessage(
        id: piece.id, key: key, ts: piece.ts ?? memory.lastTime ?? file.modifiedAt,
        timeSource: timeSource(piece), offset: piece.span.offset, length: piece.span.length)
    }
  }

  private func tellThought(
    _ thought: JSONValue, _ index: Int, _ piece: Piece, into output: inout FormatOutput
  ) {
    let subject = thought["subject"]?.string?.trimmed ?? ""
    let words = thought["description"]?.string?.trimmed ?? ""
    let text = [subject, words].filter { !$0.isEmpty }.joined(separator: "\n\n")
    guard !text.isEmpty else { return }
    var draft = draft(
      .messageReasoning, piece, .worker, subject.isEmpty ? PlainText.gist(text) ?? text : subject,
      "thought", "\(index)", text)
    if let own = time(thought["timestamp"]) { draft.ts = own }
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
  }

  private mutating func tellEvents(
    _ text: String, _ piece: Piece, _ draft: EventDraft, into output: inout FormatOutput
  ) {
    var message = OpenMessage(id: memory.session + ":" + piece.id)
    message.add(
      text,
      piece: OpenMessage.Piece(
        ts: draft.ts, span: piece.span, eventKey: draft.idempotencyKey ?? ""),
      run: run, into: &output)
    message.finish(run: run, into: &output)
    memory.contract = (memory.contract ?? ContractUse()) + message.takeContract()
  }

  /// The prompt's tokens include what was cached; thoughts are beside the output's and cost the
  /// same.
  private func tellUsage(_ piece: Piece, _ key: String?, into output: inout FormatOutput) {
    guard let tokens = piece.message["tokens"], tokens.isObject else { return }
    func count(_ key: String) -> Int { max(0, tokens[key]?.int ?? 0) }
    let (context, cached) = (count("input"), min(count("cached"), count("input")))
    let answered = count("output").addingClamped(count("thoughts"))
    let model = piece.message["model"]?.string
    var draft = draft(
      .llmCallCompleted, piece, .worker,
      "\(model ?? "Model call"): \(context - cached) tokens in, \(cached) cached, \(answered) out",
      "tokens", "\(context) \(cached) \(answered)")
    draft.payload.set("model_name", model)
    draft.payload.set("input_tokens", context - cached)
    draft.payload.set("cache_read_tokens", cached)
    draft.payload.set("output_tokens", answered)
    draft.payload.set("reasoning_tokens", tokens["thoughts"]?.int)
    draft.payload.set("tool_tokens", tokens["tool"]?.int)
    draft.payload.set("context_tokens", context)
    draft.payload.set("message_id", piece.id)
    draft.relatedKey = key
    // Should the figures still change, those that came to more count.
    draft.dedupeKey = "llm:gemini:\(memory.session):\(piece.id)"
    draft.version = context.addingClamped(answered)
    output.drafts.append(draft)
  }

  // MARK: Tools

  /// A call is written when it has ended, and says of itself how. The shell's always ended well,
  /// whatever the command's status.
  private func tellCall(
    _ call: JSONValue, _ index: Int, _ piece: Piece, into output: inout FormatOutput
  ) {
    let tool = call["name"]?.string ?? "tool"
    let id = call["id"]?.string ?? "\(index)"
    let input = call["args"]
    let command = tool == "run_shell_command" ? input?["command"]?.string : nil
    let label =
      command.map { CommandSummary.call($0) } ?? ToolSummary.call(tool, input: input, cwd: nil)
    var asked = draft(.toolCall, piece, .worker, label, "call", id)
    asked.payload.set("tool", tool)
    asked.payload.set("tool_use_id", id)
    asked.payload.set("input", input, cap: file.cap)
    output.drafts.append(asked)
    let status = call["status"]?.string ?? ""
    guard ["success", "error", "cancelled"].contains(status) else { return }

    let answer = Answer(call)
    let exitCode = command == nil ? nil : answer.exitCode
    let isDenied = status == "cancelled"
    let isError = status == "error" || (exitCode ?? 0) != 0
    var words = CommandSummary.result(
      of: label, output: answer.shown ?? answer.text, exitCode: exitCode, failed: isError)
    if isDenied {
      words = "Refused: " + label + (PlainText.gist(answer.text).map { " — “\($0)”" } ?? "")
    }
    var draft = draft(.toolResult, piece, .worker, words, "result", id, status)
    if let own = time(call["timestamp"]) { draft.ts = max(own, draft.ts) }
    draft.payload.set("tool", tool)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("status", status)
    draft.payload.set("is_error", isError)
    if isDenied {
      draft.payload.set("denied", true)
      draft.payload.set("reason", answer.text, cap: file.cap)
    }
    draft.payload.set("exit_code", exitCode)
    draft.payload.set("agent_id", call["agentId"]?.string)
    draft.payload.set("content", answer.text, cap: file.cap)
    draft.links.append(.byRule("call_id", .causedBy, .idempotencyKey(asked.idempotencyKey ?? "")))
    draft.relatedKey = asked.idempotencyKey
    output.drafts.append(draft)
  }

  /// What a tool answered.
  private struct Answer {
    /// What the model was told.
    let text: String
    /// What the operator saw; nil where that is not text.
    let shown: String?

    init(_ call: JSONValue) {
      let parts = call["result"]?.elements ?? []
      let texts = parts.compactMap { part -> String? in
        let response = part["functionResponse"]?["response"]
        return response?["output"]?.string ?? response?["error"]?.string ?? part["text"]?.string
      }
      shown = call["resultDisplay"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      text = texts.isEmpty ? shown ?? "" : texts.joined(separator: "\n")
    }

    /// `Exit Code: 127`, on a line of its own behind the command's output.
    var exitCode: Int? {
      let mark = "Exit Code: "
      return PlainText.lines(PlainText.tail(text)).last { $0.hasPrefix(mark) }
        .flatMap { Int($0.dropFirst(mark.utf8.count)) }
    }
  }

  // MARK: Turns, and the rest

  /// Gemini CLI does not write where a turn ends. That the operator goes on, or the file does not,
  /// after a message that no call followed, says as much; a rule's word, so marked as inferred.
  mutating func writeTurnEnd(into output: inout FormatOutput) {
    guard let final = memory.final else { return }
    memory.final = nil
    var draft = EventDraft(
      .turnCompleted, ts: final.ts, run: run, sourceKind: .system, summary: "Turn completed",
      provenance: EventDraft.provenance(inferredFrom: "a final message that no call followed"))
    draft.confidence = 0.7
    draft.payload.set("_ts_from", final.timeSource)
    draft.payload.set("model_name", memory.model)
    memory.contract?.describe(in: &draft.payload)
    memory.contract = memory.contract?.forNextTurn
    finish(
      &draft, [final.id, "turn"], SourceSpan(offset: final.offset, length: final.length))
    draft.relatedKey = final.key
    draft.links.append(.byRule("final_message", .causedBy, .idempotencyKey(final.key)))
    output.drafts.append(draft)
  }

  private func tellNote(_ piece: Piece, into output: inout FormatOutput) {
    let text = Self.text(piece.message["content"])
    let kind = piece.message["type"]?.string ?? ""
    guard !text.trimmed.isEmpty else { return }
    var draft = draft(
      .messageSystem, piece, .system,
      (kind == "error" ? "Error: " : "") + (PlainText.gist(text) ?? kind), "note", kind, text)
    draft.payload.set("note", kind)
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
  }

  private func tellUnknown(_ piece: Piece, _ kind: String, into output: inout FormatOutput) {
    let kind = PlainText.line(kind, limit: 80)
    output.problems.append(
      SourceProblem(
        kind: .unknownRecord, span: piece.span, reason: "a message of unknown kind \(kind)"))
    var draft = draft(
      .workerObservation, piece, .worker, "Unknown message kind \(kind)", "unknown", kind)
    draft.payload.set("record_kind", kind)
    draft.payload.set("record", piece.message, cap: file.cap)
    output.drafts.append(draft)
  }
}
