import FleetlogEvents

/// What a tool result says: whether the tool failed, was refused, or did what it should.
struct ClaudeToolResult {
  let tool: String
  let label: String
  /// `toolUseResult` where it is an object.
  let structured: JSONValue?
  /// The text of the result, as the model saw it.
  let text: String
  let media: [JSONValue]
  /// The source's own word; a refusal has it too.
  let claimsError: Bool
  let isDenied: Bool

  private let version: String?
  private let denialKind: String?

  init(block: JSONValue, record: JSONValue, tool: String, label: String?) {
    self.tool = tool
    self.label = label ?? "An earlier call"
    let content = block["content"]
    let blocks = content?.elements.map(ClaudeBlock.init) ?? []
    if let content, content.isObject {
      text = content.source
    } else {
      text = content?.string ?? blocks.compactMap(\.text).joined(separator: "\n")
    }
    media = blocks.filter { $0.text == nil }.map(\.value)
    let structured = ClaudeRecord.toolUseResult(record)
    self.structured = structured?.isObject == true ? structured : nil
    claimsError = block["is_error"]?.bool ?? false
    version = record.name("version")
    denialKind =
      record.name("toolDenialKind") ?? Self.printedDenial(of: block.name("tool_use_id"), record)
    let isRefusal = ClaudeRefusal.isRefusal(text)
    isDenied =
      denialKind != nil
      || (claimsError
        && (isRefusal || ClaudeRefusal.isOperatorsWords(text, tool: tool, version: version)))
  }

  /// The same where the program prints its records: beside the message, by the call's id.
  private static func printedDenial(of call: String?, _ record: JSONValue) -> String? {
    guard let call else { return nil }
    return record["tool_result_meta"]?.elements.first {
      $0.name("id") == call && $0["permission_decision"]?.name("decision") == "reject"
    }?.name("non_execution_kind")
  }

  /// A refused call has not failed: nothing ran.
  var isError: Bool { claimsError && !isDenied }

  /// Whether the operator answered a question or judged a plan by it.
  var isAnswer: Bool {
    !claimsError && (tool == "AskUserQuestion" || tool == "ExitPlanMode")
  }

  /// The exit code where it is told: on the first line of a failure, or by a background command.
  var exitCode: Int? {
    if let code = structured?["exitCode"]?.int { return code }
    guard claimsError, text.hasPrefix("Exit code ") else { return nil }
    return Int(text.dropFirst(10).prefix { !$0.isNewline })
  }

  /// The tool's running time in ms, where the source measured it.
  var duration: Int? {
    for key in ["durationMs", "totalDurationMs"] {
      if let ms = structured?[key]?.double, ms >= 0, ms < 1e15 { return Int(ms) }
    }
    guard let seconds = structured?["durationSeconds"]?.double, seconds >= 0, seconds < 1e12 else {
      return nil
    }
    return Int(seconds * 1000)
  }

  private var backgroundTask: String? { structured?.name("backgroundTaskId") }

  private var isInterrupted: Bool {
    structured?["interrupted"]?.bool == true || structured?["wasInterrupted"]?.bool == true
      || (claimsError && ClaudeInput.isInterrupt(text))
  }

  func describe(in payload: inout JSONObject, cap: TextCap) {
    if isDenied {
      payload.set("denied", true)
      payload.set("denial_kind", denialKind)
      payload.set("reason", ClaudeRefusal.reason(text), cap: cap)
      if ClaudeRefusal.lacksApproval(text) { payload.set("approval_missing", true) }
    }
    payload.set("exit_code", exitCode)
    payload.set("duration_ms", duration)
    payload.set("background_task_id", backgroundTask)
    payload.set("return_code_interpretation", structured?.name("returnCodeInterpretation"))
    payload.set("status", structured?.name("status"))
    payload.set("agent_id", structured?.name("agentId"))
    payload.set("persisted_output_path", structured?.name("persistedOutputPath"))
    if isInterrupted { payload.set("interrupted", true) }
    if let change = LineChange(structured) {
      payload.set("lines_added", change.added)
      payload.set("lines_removed", change.removed)
    }
    payload.set("content", text, cap: cap)
    ClaudeInput.describe(media.map(ClaudeBlock.init), in: &payload)
  }

  /// The result in one line.
  func words(cwd: String?) -> String {
    if isDenied {
      let verb = ClaudeRefusal.lacksApproval(text) ? "Not approved: " : "Refused: "
      let reason = ClaudeRefusal.reason(text).flatMap { PlainText.gist($0) }
      return verb + label + (reason.map { " — “\($0)”" } ?? "")
    }
    if isInterrupted { return "Interrupted: " + label }
    if tool == "Bash" || tool == "bash" { return commandWords }
    if isError {
      return label + ": failed · "
        + (PlainText.gist(ClaudeToolResult.unwrapped(text)) ?? "no reason given")
    }
    return success(cwd: cwd) ?? label + ": " + (said ?? "done")
  }

  private var commandWords: String {
    if let task = backgroundTask { return label + ": started in the background as \(task)" }
    if let meaning = structured?.name("returnCodeInterpretation") { return label + ": " + meaning }
    var output = text
    if exitCode != nil, text.hasPrefix("Exit code ") {
      output = String(text.drop { !$0.isNewline }.drop(while: \.isNewline))
    }
    return CommandSummary.result(of: label, output: output, exitCode: exitCode, failed: isError)
  }

  private func success(cwd: String?) -> String? {
    let path = structured?.name("filePath").map { ToolSummary.path($0, cwd: cwd) }
    switch tool {
    case "Edit", "MultiEdit", "NotebookEdit":
      return path.map { "Edited " + $0 + (LineChange(structured)?.words ?? "") }
    case "Write":
      let isNew = structured?.name("type") == "create"
      return path.map { (isNew ? "Created " : "Wrote ") + $0 + lines(structured?["content"]) }
    case "Read":
      let lines = structured?["file"]?["numLines"]?.int
      return lines.map { label + ": " + ToolSummary.count($0, "line") }
    case "Grep", "Glob": return found
    case "WebFetch": return fetched
    case "WebSearch":
      let links = structured?["results"]?.elements.reduce(0) {
        $0 + ($1["content"]?.elements.count ?? 0)
      }
      return links.map { label + ": " + ToolSummary.count($0, "result") }
    case "Task", "Agent":
      if structured?.name("status") == "async_launched" {
        return label + ": started in the background"
      }
      return PlainText.gist(report).map { label + ": " + $0 }
    case "TodoWrite": return label
    case "AskUserQuestion": return answer.map { "Answered: " + $0 }
    case "ExitPlanMode": return "The operator approved the plan"
    case "BashOutput", "TaskOutput": return polled
    default: return nil
    }
  }

  private func lines(_ content: JSONValue?) -> String {
    guard let text = content?.string, !text.isEmpty else { return "" }
    let ends = text.utf8.count { $0 == 0x0A } + (text.hasSuffix("\n") ? 0 : 1)
    return " (" + ToolSummary.count(ends, "line") + ")"
  }

  private var found: String? {
    guard let files = structured?["numFiles"]?.int else { return nil }
    if let lines = structured?["numLines"]?.int, lines > 0 {
      return label + ": " + ToolSummary.count(lines, "line") + " found"
    }
    return label + ": "
      + (files == 0 ? "nothing found" : ToolSummary.count(files, "file") + " found")
  }

  private var fetched: String? {
    guard let code = structured?["code"]?.int else { return nil }
    let status = "\(code)" + (structured?.name("codeText").map { " " + $0 } ?? "")
    let size = structured?["bytes"]?.int.map { ", " + ToolSummary.size($0) } ?? ""
    return label + ": " + status + size
  }

  private var answer: String? {
    guard let answers = structured?["answers"]?.members, !answers.isEmpty else {
      return PlainText.gist(text)
    }
    return answers.compactMap { $0.value.string }.joined(separator: "; ")
  }

  /// A sub-agent's report without what Claude Code puts behind it for the model.
  private var report: String {
    let head = PlainText.head(text)
    return head.firstRange(of: "agentId: ").map { String(head[..<$0.lowerBound]) } ?? head
  }

  /// What a result says that is JSON: its message.
  private var said: String? {
    guard text.first == "{", let object = try? JSONDocument(text).root else {
      return PlainText.gist(text)
    }
    return object.name("message") ?? object.name("error") ?? PlainText.gist(text)
  }

  private var polled: String? {
    let stated = structured?.name("status") ?? ClaudeInput.element("status", PlainText.head(text))
    guard let status = stated?.replacing("_", with: " ") else { return nil }
    return label + ": " + status + (exitCode.map { ", exit \($0)" } ?? "")
  }

  /// `<tool_use_error>…</tool_use_error>` and a leading `Error: ` are Claude Code's own wrapping.
  private static func unwrapped(_ text: String) -> String {
    PlainText.head(text).replacing("<tool_use_error>", with: "")
      .replacing("</tool_use_error>", with: "")
  }
}

/// How many lines an edit added and removed.
private struct LineChange {
  var added = 0
  var removed = 0

  var words: String { " (+\(added) −\(removed))" }

  init?(_ structured: JSONValue?) {
    guard let hunks = structured?["structuredPatch"]?.elements, !hunks.isEmpty else { return nil }
    for line in hunks.lazy.flatMap({ $0["lines"]?.elements ?? [] }) {
      switch line.string?.first {
      case "+": added += 1
      case "-": removed += 1
      default: break
      }
    }
  }
}
