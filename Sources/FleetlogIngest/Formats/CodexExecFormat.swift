import FleetlogEvents

/// What `codex exec --json` prints: a thread's items as they begin and end, without times.
///
/// The same thread may also stand in a rollout, which tells more. Nothing in the two says which
/// item is which record, so a log that reads both shows the thread twice, as two runs.
package struct CodexExecFormat: TranscriptFormat {
  package static let name = "codex-exec"
  package static let parserVersion = 2

  private let file: TranscriptFile
  private var memory: Memory

  private struct Memory: Codable {
    var thread = ""
    /// Items that have begun, by their id: the key of their `tool_call` and its words.
    var open: [String: Call] = [:]
    /// The event blocks of the turn.
    var contract: ContractUse?

    struct Call: Codable {
      let key: String
      let label: String
    }
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
  }

  package var state: String { ParserState.encode(memory) }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains {
      $0["type"]?.string == "thread.started" && $0["thread_id"]?.string != nil
    }
  }

  package var isHolding: Bool { false }

  package mutating func settle(into output: inout FormatOutput) {}

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    switch value["type"]?.string {
    case "thread.started":
      memory.thread = value["thread_id"]?.string ?? ""
      start(line, value, into: &output)
    case "item.started": readItem(value["item"], line, hasEnded: false, into: &output)
    case "item.completed": readItem(value["item"], line, hasEnded: true, into: &output)
    case "turn.completed": readTurn(value, line, into: &output)
    case "turn.failed", "error": readFailure(value, line, into: &output)
    case "turn.started", "item.updated": break
    default:
      output.problems.append(
        SourceProblem(
          kind: .unknownRecord, span: line.span,
          reason: "unknown record kind \(value["type"]?.string ?? "")"))
    }
  }

  private var run: RunIdentity {
    RunIdentity(
      key: "run:codex-exec:" + memory.thread,
      instanceID: "codex-exec-" + memory.thread.suffix(8).drop { $0 == "-" }, role: "worker",
      sessionID: memory.thread)
  }

  private func draft(
    _ type: EventType, _ line: RawLine, _ summary: String,
    _ sourceKind: SourceKind = .worker
  ) -> EventDraft {
    var draft = EventDraft(
      type, ts: file.modifiedAt, run: run, sourceKind: sourceKind,
      summary: PlainText.line(summary))
    var key = FactKey()
    key.add(memory.thread)
    key.add(line.number)
    key.add(type.rawValue)
    key.add(line.bytes)
    draft.idempotencyKey = key.text(prefix: "x", ts: nil)
    draft.sourceRef = memory.thread
    draft.span = line.span
    draft.payload.set("_ts_from", "file_mtime")
    return draft
  }

  private func start(_ line: RawLine, _ value: JSONValue, into output: inout FormatOutput) {
    var draft = draft(.processStarted, line, "Codex started (exec)", .system)
    draft.idempotencyKey = run.key
    draft.payload.set("agent", CodexFormat.name)
    draft.payload.set("source", "exec")
    draft.payload.set("synthesized", true)
    output.drafts.append(draft)
  }

  private mutating func readItem(
    _ item: JSONValue?, _ line: RawLine, hasEnded: Bool, into output: inout FormatOutput
  ) {
    guard let item, item.isObject else { return output.skip(line, "an item event without an item") }
    let kind = item["type"]?.string ?? item["item_type"]?.string ?? ""
    switch kind {
    case "agent_message", "assistant_message":
      if hasEnded { readMessage(item["text"]?.string ?? "", item, line, into: &output) }
    case "reasoning":
      guard hasEnded, let text = item["text"]?.string else { return }
      var draft = draft(.messageReasoning, line, PlainText.gist(text) ?? "Thought")
      draft.payload.set("text", text, cap: file.cap)
      output.drafts.append(draft)
    case "error":
      var draft = draft(.messageSystem, line, item["message"]?.string ?? "An error")
      draft.payload.set("error", item["message"], cap: file.cap)
      output.drafts.append(draft)
    default: readTool(kind, item, line, hasEnded: hasEnded, into: &output)
    }
  }

  private mutating func readMessage(
    _ text: String, _ item: JSONValue, _ line: RawLine, into output: inout FormatOutput
  ) {
    var draft = draft(.messageAssistant, line, PlainText.gist(ofReply: text))
    draft.payload.set("text", text, cap: file.cap)
    output.drafts.append(draft)
    var message = OpenMessage(id: memory.thread + ":" + (item["id"]?.string ?? "\(line.number)"))
    message.add(
      text,
      piece: OpenMessage.Piece(
        ts: draft.ts, span: line.span, eventKey: draft.idempotencyKey ?? ""),
      run: run, into: &output)
    message.finish(run: run, into: &output)
    memory.contract = (memory.contract ?? ContractUse()) + message.takeContract()
  }

  private mutating func readTool(
    _ kind: String, _ item: JSONValue, _ line: RawLine, hasEnded: Bool,
    into output: inout FormatOutput
  ) {
    let id = item["id"]?.string ?? "\(line.number)"
    let call = memory.open.removeValue(forKey: id) ?? begin(kind, item, id, line, into: &output)
    guard hasEnded else {
      // An item that never ends must not be remembered for ever.
      if memory.open.count >= 256 { memory.open.removeAll() }
      memory.open[id] = call
      return
    }
    let exitCode = item["exit_code"]?.int
    let isError = item["status"]?.string == "failed" || (exitCode ?? 0) != 0
    let text = item["aggregated_output"]?.string ?? ""
    var draft = draft(
      .toolResult, line,
      CommandSummary.result(
        of: call.label, output: text, exitCode: exitCode, failed: isError))
    draft.payload.set("tool", kind)
    draft.payload.set("tool_use_id", id)
    draft.payload.set("content", item["aggregated_output"] ?? item["result"], cap: file.cap)
    draft.payload.set("is_error", isError)
    draft.payload.set("exit_code", exitCode)
    draft.links.append(.byRule("item_id", .causedBy, .idempotencyKey(call.key)))
    draft.relatedKey = call.key
    output.drafts.append(draft)
  }

  private func begin(
    _ kind: String, _ item: JSONValue, _ id: String, _ line: RawLine,
    into output: inout FormatOutput
  ) -> Memory.Call {
    let label =
      item["command"]?.string.map { CommandSummary.call(CodexExecFormat.script(in: $0)) }
      ?? item["query"]?.string.map { "Search the web for \($0)" } ?? kind.replacing("_", with: " ")
    var draft = draft(.toolCall, line, label)
    draft.payload.set("tool", kind)
    draft.payload.set("tool_use_id", id)
    draft.payload.set(
      "input", item["command"] ?? item["changes"] ?? item["arguments"] ?? item["query"],
      cap: file.cap)
    output.drafts.append(draft)
    return Memory.Call(
      key: draft.idempotencyKey ?? "", label: PlainText.line(label, limit: 120))
  }

  /// The script of `bash -lc 'script'`, as a person would have typed it.
  private static func script(in command: String) -> String {
    let words = command.split(separator: " ", maxSplits: 2)
    guard words.count == 3, words[0].hasSuffix("sh"), words[1] == "-lc" || words[1] == "-c" else {
      return command
    }
    let script = words[2]
    guard let quote = script.first, quote == "'" || quote == "\"", script.count > 1,
      script.last == quote
    else { return String(script) }
    return String(script.dropFirst().dropLast())
  }

  private mutating func readTurn(
    _ value: JSONValue, _ line: RawLine, into output: inout FormatOutput
  ) {
    if let usage = value["usage"], usage.isObject {
      let input = max(0, usage["input_tokens"]?.int ?? 0)
      let cached = min(input, max(0, usage["cached_input_tokens"]?.int ?? 0))
      let out = max(0, usage["output_tokens"]?.int ?? 0)
      var draft = draft(.llmCallCompleted, line, "\(out) tokens out, \(input) in")
      draft.payload.set("input_tokens", input - cached)
      draft.payload.set("cache_read_tokens", cached)
      draft.payload.set("output_tokens", out)
      output.drafts.append(draft)
    }
    var draft = draft(.turnCompleted, line, "Turn finished")
    memory.contract?.describe(in: &draft.payload)
    memory.contract = memory.contract?.forNextTurn
    output.drafts.append(draft)
  }

  private func readFailure(_ value: JSONValue, _ line: RawLine, into output: inout FormatOutput) {
    let message = value["error"]?["message"]?.string ?? value["message"]?.string
    var draft = draft(.llmCallFailed, line, message ?? "The turn failed")
    draft.payload.set("error", value["error"] ?? value["message"], cap: file.cap)
    output.drafts.append(draft)
  }
}
