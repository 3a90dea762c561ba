package import FleetlogEvents

/// What `codex exec --json` prints: a thread's items as they begin and end, without times.
///
/// The same thread may also stand in a rollout, which tells more. Nothing in the two says which
/// item is which record, so a log that reads both shows the thread twice, as two runs.
package struct CodexExecFormat: GuestFormat {
  package static let name = "codex-exec"
  package static let parserVersion = 3

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

  package static func isMark(_ value: JSONValue) -> Bool {
    value["type"]?.string == "thread.started" && value["thread_id"]?.string != nil
  }

  package static func mayBeOne(_ value: JSONValue) -> Bool {
    guard let kind = value["type"]?.string else { return false }
    return ["thread.", "turn.", "item."].contains(where: kind.hasPrefix)
      || (kind == "error" && value["message"]?.string != nil)
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    switch value["type"]?.string {
    case "thread.started":
      memory.thread = value["thread_id"]?.string ?? ""
      start(line, into: &output)
    case "item.started": readItem(value["item"], line, hasEnded: false, into: &output)
    case "item.completed": readItem(value["item"], line, hasEnded: true, into: &output)
    case "turn.completed": readTurn(value, line, into: &output)
    case "turn.failed": readFailedTurn(value, line, into: &output)
    case "error": readError(value, line, into: &output)
    case "item.updated": readUpdate(value["item"], line, into: &output)
    case "turn.started": break
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

  private func start(_ line: RawLine, into output: inout FormatOutput) {
    var draft = draft(.processStarted, line, "Codex started (exec)", .system)
    draft.idempotencyKey = run.key
    draft.payload.set("agent", CodexFormat.name)
    draft.payload.set("source", "exec")
    draft.payload.set("synthesized", true)
    if let outer = file.run { draft.comesOutOf(outer) }
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
    case "todo_list": readPlan(item, line, into: &output)
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
        ts: draft.ts, isOwnTime: false, span: line.span, eventKey: draft.idempotencyKey ?? ""),
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
    let error = item["error"]?["message"]?.string
    let isError = item["status"]?.string == "failed" || (exitCode ?? 0) != 0 || error != nil
    let text = item["aggregated_output"]?.string ?? error ?? ""
    var draft = draft(
      .toolResult, line,
      CommandSummary.result(
        of: call.label, output: text, exitCode: exitCode, failed: isError))
    draft.payload.set("tool", kind)
    draft.payload.set("tool_use_id", id)
    draft.payload.set(
      "content", item["aggregated_output"] ?? item["result"] ?? item["error"], cap: file.cap)
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
    let label = CodexExecFormat.label(kind, item)
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

  private static func label(_ kind: String, _ item: JSONValue) -> String {
    if let command = item["command"]?.string { return CommandSummary.call(script(in: command)) }
    if let query = item["query"]?.string { return "Search the web for " + query }
    if let tool = item.name("tool") {
      return item.name("server").map { "\($0).\(tool)" } ?? tool
    }
    return changed(item["changes"]) ?? kind.replacing("_", with: " ")
  }

  private static func changed(_ changes: JSONValue?) -> String? {
    guard let paths = changes?.elements.compactMap({ $0["path"]?.string }), let first = paths.first
    else { return nil }
    return "Edit " + first + (paths.count > 1 ? " and \(paths.count - 1) more" : "")
  }

  /// A to-do list is told when it is made and whenever it changes: each time a call by itself.
  private func readPlan(_ item: JSONValue, _ line: RawLine, into output: inout FormatOutput) {
    let steps = item["items"]?.elements ?? []
    let todos = steps.map { step in
      var todo = JSONObject()
      todo.set("content", step["text"]?.string, cap: file.cap)
      todo.set("status", step["completed"]?.bool == true ? "completed" : "pending")
      return todo
    }
    let done = steps.count { $0["completed"]?.bool == true }
    var call = draft(
      .toolCall, line, "Plan: \(done) of \(ToolSummary.count(steps.count, "step")) done")
    call.payload.set("tool", "todo_list")
    var input = JSONObject()
    input.set("todos", todos)
    call.payload.set("input", input)
    output.drafts.append(call)
    guard let key = call.idempotencyKey else { return }
    var result = draft(.toolResult, line, call.summary)
    result.payload.set("tool", "todo_list")
    result.payload.set("is_error", false)
    result.relatedKey = key
    result.links.append(.byRule("item_id", .causedBy, .idempotencyKey(key)))
    output.drafts.append(result)
  }

  /// Of other items what they come to is told when they are through.
  private func readUpdate(
    _ item: JSONValue?, _ line: RawLine, into output: inout FormatOutput
  ) {
    if let item, item["type"]?.string == "todo_list" { readPlan(item, line, into: &output) }
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

  private mutating func readFailedTurn(
    _ value: JSONValue, _ line: RawLine, into output: inout FormatOutput
  ) {
    let message = value["error"]?["message"]?.string
    var draft = draft(.turnCompleted, line, message.map { "Turn failed: " + $0 } ?? "Turn failed")
    draft.payload.set("proof", "turn.failed")
    draft.payload.set("error", message ?? "no reason given", cap: file.cap)
    memory.contract?.describe(in: &draft.payload)
    memory.contract = memory.contract?.forNextTurn
    output.drafts.append(draft)
  }

  /// An error of the stream. The program goes on trying after some of them, and says by
  /// `turn.failed` when it gives up.
  private func readError(_ value: JSONValue, _ line: RawLine, into output: inout FormatOutput) {
    let message = value["message"]?.string
    var draft = draft(.llmCallFailed, line, message ?? "The model call failed")
    draft.payload.set("error", value["message"], cap: file.cap)
    draft.payload.set("will_retry", true)
    output.drafts.append(draft)
  }
}
