import FleetlogEvents

/// A tool call, as far as rules need to know it.
struct Call {
  let evidence: Evidence
  let tool: String
  /// What was asked of the tool, in one line.
  let label: String
  let useID: String?
  /// Equal for calls that ask the same.
  let signature: String
  /// The shell script, where the tool runs one.
  let command: String?
  /// The script's simple commands.
  let commands: [[String]]
  /// Whether it asks to run outside the agent's sandbox.
  let isEscalated: Bool
  /// Paths that it writes, as given.
  let paths: [String]
  /// Paths that it reads whole or in part, as given.
  let reads: [String]
  /// The steps of a plan or to-do list that it writes: how many, and how many of them done.
  let plan: (steps: Int, done: Int)?
  /// The one step of a task list whose state it sets.
  let task: (id: String, status: String)?

  init(_ event: StoredEvent) {
    let payload = Fact.payload(event)
    let input = payload?["input"]
    evidence = Evidence(event)
    tool = payload?["tool"]?.string ?? ""
    kind = Self.kind(of: tool)
    label = event.summary
    useID = payload?["tool_use_id"]?.string
    signature = tool + "\n" + String(decoding: input?.sourceBytes.prefix(2000) ?? [], as: UTF8.self)
    command = CallInput.command(tool, input)
    commands = command.map { ShellCommand($0).commands } ?? []
    isEscalated =
      input?["with_escalated_permissions"]?.bool == true
      || input?["sandbox_permissions"]?.string == "require_escalated"
    paths = CallInput.paths(tool, input, command: command)
    reads = CallInput.reads(tool, input)
    plan = CallInput.plan(input)
    task = CallInput.task(tool, input)
  }

  /// What the call means for the course of its run.
  private let kind: Kind

  private enum Kind { case spawn, spawnInBackground, delegation, question, plan, resultless, other }

  private static func kind(of tool: String) -> Kind {
    // Without the server or namespace that offers it.
    var name = Substring(tool)
    if tool.contains(bytesOf: "__") { name = tool.split(separator: "__").last ?? "" }
    switch name.utf8.contains(UInt8(ascii: ".")) ? name.split(separator: ".").last ?? "" : name {
    case "Task", "Agent", "task": return .spawn
    case "spawn_agent": return .spawnInBackground
    case "wait", "wait_agent", "TaskOutput": return .delegation
    case "AskUserQuestion", "request_user_input", "ask_user", "question": return .question
    case "ExitPlanMode", "exit_plan_mode", "plan_exit": return .plan
    case "web_search", "": return .resultless
    default: return .other
    }
  }

  /// Starts another agent.
  var isSpawn: Bool { kind == .spawn || kind == .spawnInBackground }

  /// Its result is the child's report, unless that goes on in the background.
  var answersForChild: Bool { kind == .spawn }

  /// Works or waits on behalf of another agent for as long as it is open.
  var isDelegation: Bool { isSpawn || kind == .delegation }

  var isQuestion: Bool { kind == .question }

  var isPlanApproval: Bool { kind == .plan }

  /// Whether it stands open until the operator says something.
  var isAsking: Bool { isQuestion || isPlanApproval }

  /// Whether a result is ever written for it.
  var expectsResult: Bool { kind != .resultless }
}

/// What came of a tool call.
struct ToolReturn {
  let call: Call?
  let isError: Bool
  /// The operator, or a rule in the operator's place, did not let it run.
  let isDenied: Bool
  /// Denied because nobody was there to approve.
  let lacksApproval: Bool
  let isInterrupted: Bool
  /// The agent it started goes on in the background.
  let isAsync: Bool
  private let payload: JSONValue?

  /// Read when a rule asks for it: most don't, and it may be long.
  var output: String { Fact.text(payload?["content"]) }

  var succeeded: Bool { !isError && !isDenied && !isInterrupted }

  init(_ payload: JSONValue?, call: Call?) {
    self.call = call
    isError = payload?["is_error"]?.bool ?? false
    isDenied = payload?["denied"]?.bool ?? false
    lacksApproval = payload?["approval_missing"]?.bool ?? false
    isInterrupted = payload?["interrupted"]?.bool ?? false
    isAsync = payload?["status"]?.string == "async_launched"
    self.payload = payload
  }
}

/// Reads what agents' tools are asked to do.
enum CallInput {
  static func command(_ tool: String, _ input: JSONValue?) -> String? {
    guard let input else { return nil }
    if let text = input.string {
      switch tool {
      case "command_execution": return script(inWords: text)
      case "exec": return script(inJavaScript: text)
      default: return nil
      }
    }
    let value = input["command"] ?? input["cmd"]
    if let text = value?.string { return text }
    let words = value?.elements.compactMap(\.string) ?? []
    if words.count == 3, ["-c", "-lc"].contains(words[1]) { return words[2] }
    return words.isEmpty ? nil : words.map(quoted).joined(separator: " ")
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
        || "-_./=:,@%+~".utf8.contains(byte)
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// The script of `bash -lc 'script'`.
  private static func script(inWords text: String) -> String {
    let words = ShellCommand(text).commands.first ?? []
    guard words.count == 3, words[0].hasSuffix("sh"), ["-c", "-lc"].contains(words[1]) else {
      return text
    }
    return words[2]
  }

  /// The script in `tools.exec_command({cmd:"script"})`.
  private static func script(inJavaScript text: String) -> String? {
    guard let call = text.firstRange(of: "exec_command("),
      let name = text[call.upperBound...].firstRange(of: "cmd")
    else { return nil }
    let rest = text[name.upperBound...].drop { $0 == "\"" || $0 == ":" || $0.isWhitespace }
    guard let quote = rest.first, "\"'`".contains(quote) else { return nil }
    var script = ""
    var isEscaped = false
    for character in rest.dropFirst() {
      if isEscaped {
        script.append(character == "n" ? "\n" : character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == quote {
        return script
      } else {
        script.append(character)
      }
    }
    return nil
  }

  static func paths(_ tool: String, _ input: JSONValue?, command: String?) -> [String] {
    switch tool {
    case "Write", "Edit", "MultiEdit", "NotebookEdit":
      return [input?["file_path"]?.string ?? input?["notebook_path"]?.string].compactMap { $0 }
    case "write_file", "replace", "write", "edit", "multiedit":
      return [input?["file_path"]?.string ?? input?["filePath"]?.string].compactMap { $0 }
    case "apply_patch":
      return patched(
        input?.string ?? input?["input"]?.string ?? input?["patch"]?.string ?? command ?? "")
    case "file_change": return (input?.elements ?? []).compactMap { $0["path"]?.string }
    default:
      guard let command, command.trimmed.hasPrefix("apply_patch") else { return [] }
      return patched(command)
    }
  }

  static func reads(_ tool: String, _ input: JSONValue?) -> [String] {
    guard ["Read", "NotebookRead", "read_file", "read"].contains(tool) else { return [] }
    let keys = ["file_path", "notebook_path", "absolute_path", "filePath", "path"]
    return [keys.lazy.compactMap { input?[$0]?.string }.first].compactMap { $0 }
  }

  private static func patched(_ patch: String) -> [String] {
    let verbs = ["*** Add File: ", "*** Update File: ", "*** Delete File: "]
    return patch.byteLines.filter { $0.utf8.first == UInt8(ascii: "*") }.compactMap { line in
      verbs.first(where: line.hasPrefix).map { String(line.dropFirst($0.count)).trimmed }
    }
  }

  static func plan(_ input: JSONValue?) -> (steps: Int, done: Int)? {
    let steps = (input?["todos"] ?? input?["plan"])?.elements ?? []
    guard !steps.isEmpty, steps.allSatisfy({ $0["status"] != nil }) else { return nil }
    return (steps.count, steps.count { $0["status"]?.string == "completed" })
  }

  static func task(_ tool: String, _ input: JSONValue?) -> (id: String, status: String)? {
    guard tool == "TaskUpdate", let status = input?["status"]?.string,
      let id = input?["taskId"]?.string ?? input?["taskId"]?.int.map(String.init)
    else { return nil }
    return (id, status)
  }
}
