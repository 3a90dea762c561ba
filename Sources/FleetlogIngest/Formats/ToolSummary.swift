package import FleetlogEvents

/// Says in one line what an agent's tool was asked to do, by the tool's name and its input.
///
/// The names are those that agents use for like tools; one that is not known here is named with
/// its first telling argument.
package enum ToolSummary {
  /// - Parameter cwd: the agent's working directory; paths below it are given from there.
  package static func call(_ tool: String, input: JSONValue?, cwd: String?) -> String {
    PlainText.line(known(tool, Input(value: input, cwd: cwd)) ?? other(tool, input))
  }

  /// A path as a person would give it: from the working directory on where it lies below that.
  package static func path(_ path: String, cwd: String?) -> String {
    guard let cwd, !cwd.isEmpty, path.hasPrefix(cwd) else { return path }
    let rest = path.dropFirst(cwd.count)
    guard cwd.hasSuffix("/") || rest.hasPrefix("/") || rest.hasPrefix("\\") else {
      return path == cwd ? "." : path
    }
    return String(rest.drop { $0 == "/" || $0 == "\\" })
  }

  /// "1 file", "3 files".
  package static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// "3.2 KB"; sizes in bytes.
  package static func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<1000: return count(bytes, "byte")
    case ..<1_000_000: return decimal(bytes, 1000) + " KB"
    default: return decimal(bytes, 1_000_000) + " MB"
    }
  }

  /// "850 ms", "4.2 s", "3 min 12 s"; durations in ms.
  package static func duration(_ ms: Int) -> String {
    switch ms {
    case ..<1000: return "\(ms) ms"
    case ..<60_000: return decimal(ms, 1000) + " s"
    case ..<3_600_000: return join(ms / 60_000, "min", ms / 1000 % 60, "s")
    default: return join(ms / 3_600_000, "h", ms / 60_000 % 60, "min")
    }
  }

  private static func join(_ value: Int, _ unit: String, _ rest: Int, _ smaller: String) -> String {
    "\(value) \(unit)" + (rest > 0 ? " \(rest) \(smaller)" : "")
  }

  private static func decimal(_ value: Int, _ unit: Int) -> String {
    let tenths = value / (unit / 10)
    return tenths >= 100 || tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }

  private struct Input {
    let value: JSONValue?
    let cwd: String?

    func text(_ key: String) -> String? {
      value?[key]?.string.flatMap { $0.trimmed.isEmpty ? nil : PlainText.head($0) }
    }

    func path(_ keys: String...) -> String? {
      keys.lazy.compactMap(text).first.map { ToolSummary.path($0, cwd: cwd) }
    }
  }

  private static func known(_ tool: String, _ input: Input) -> String? {
    switch tool {
    case "Bash", "bash": command(input)
    case "Read": input.path("file_path", "path").map { "Read " + $0 + lines(input) }
    case "Write": input.path("file_path").map { "Write " + $0 }
    case "Edit", "MultiEdit": input.path("file_path").map { "Edit " + $0 }
    case "NotebookEdit": input.path("notebook_path").map { "Edit " + $0 }
    case "NotebookRead": input.path("notebook_path").map { "Read " + $0 }
    case "LS": input.path("path").map { "List " + $0 }
    case "Glob": input.text("pattern").map { "Find \($0)" + place(input) }
    case "Grep": input.text("pattern").map { "Search “\($0)”" + place(input) }
    case "WebSearch": input.text("query").map { "Search the web: " + $0 }
    case "WebFetch": input.text("url").map { "Fetch " + $0 }
    case "Task", "Agent": agent(input)
    case "TodoWrite": todos(input.value)
    case "TaskCreate": input.text("subject").map { "New task: " + $0 }
    case "TaskUpdate": taskUpdate(input)
    case "TaskList": "List the tasks"
    case "AskUserQuestion": question(input.value)
    case "ExitPlanMode": plan(input)
    case "EnterPlanMode": "Go into plan mode"
    case "BashOutput": input.text("bash_id").map { "Look at background command " + $0 }
    case "TaskOutput": input.text("task_id").map { "Look at background task " + $0 }
    case "KillShell", "KillBash":
      input.text("shell_id").map { "Stop background command " + $0 }
    case "TaskStop": input.text("task_id").map { "Stop background task " + $0 }
    case "Skill": (input.text("skill") ?? input.text("command")).map { "Skill " + $0 }
    case "SlashCommand": input.text("command")
    case "TeamCreate": input.text("team_name").map { "Create team " + $0 }
    case "TeamDelete": "Dissolve the team"
    case "SendMessage": message(input)
    case "ToolSearch": input.text("query").map { "Search for tools: " + $0 }
    default: others(tool, input)
    }
  }

  /// The tools of Gemini CLI and OpenCode.
  private static func others(_ tool: String, _ input: Input) -> String? {
    switch tool {
    case "read_file", "read":
      input.path("absolute_path", "file_path", "filePath").map { "Read " + $0 + lines(input) }
    case "write_file", "write": input.path("file_path", "filePath").map { "Write " + $0 }
    case "replace", "edit", "multiedit":
      input.path("file_path", "filePath").map { "Edit " + $0 }
    case "list_directory", "list": input.path("path", "dir_path").map { "List " + $0 }
    case "glob": input.text("pattern").map { "Find \($0)" + place(input) }
    case "search_file_content", "grep_search", "grep":
      input.text("pattern").map { "Search “\($0)”" + place(input) }
    case "google_web_search", "websearch":
      input.text("query").map { "Search the web: " + $0 }
    case "webfetch", "web_fetch": (input.text("url") ?? input.text("prompt")).map { "Fetch " + $0 }
    case "task": agent(input)
    case "todowrite", "write_todos": todos(input.value)
    case "run_shell_command": command(input)
    default: nil
    }
  }

  private static func command(_ input: Input) -> String? {
    guard let command = input.text("command") else { return nil }
    let isBackground = input.value?["run_in_background"]?.bool ?? false
    return CommandSummary.call(command) + (isBackground ? " (in the background)" : "")
  }

  private static func lines(_ input: Input) -> String {
    let offset = input.value?["offset"]?.int
    let limit = input.value?["limit"]?.int
    switch (offset, limit) {
    case (let offset?, let limit?):
      let (end, overflow) = offset.addingReportingOverflow(max(limit, 1) - 1)
      return overflow ? "" : ", lines \(offset)–\(end)"
    case (let offset?, nil): return ", from line \(offset)"
    case (nil, let limit?): return ", first " + count(limit, "line")
    case (nil, nil): return ""
    }
  }

  private static func place(_ input: Input) -> String {
    guard let path = input.path("path") ?? input.text("glob") ?? input.text("include") else {
      return ""
    }
    return " in " + path
  }

  private static func agent(_ input: Input) -> String? {
    let task = input.text("description") ?? input.text("prompt").flatMap { PlainText.gist($0) }
    guard let task else { return nil }
    let name = input.text("name") ?? input.text("subagent_type")
    return "Sub-agent" + (name.map { " (\($0))" } ?? "") + ": " + task
  }

  private static func todos(_ input: JSONValue?) -> String? {
    guard let todos = input?["todos"]?.elements, !todos.isEmpty else { return nil }
    let done = todos.count { $0["status"]?.string == "completed" }
    let now = todos.first { $0["status"]?.string == "in_progress" }?["content"]?.string
    return "To do: \(done) of \(todos.count) done" + (now.map { " · now: \($0)" } ?? "")
  }

  private static func taskUpdate(_ input: Input) -> String? {
    guard let id = input.text("taskId") else { return nil }
    let status = input.text("status")?.replacing("_", with: " ")
    let owner = input.text("owner").map { "by " + $0 }
    let facts = [status, input.text("subject"), owner].compactMap { $0 }
    return "Task #\(id)" + (facts.isEmpty ? "" : ": " + facts.joined(separator: ", "))
  }

  private static func question(_ input: JSONValue?) -> String? {
    let questions = input?["questions"]?.elements.compactMap { $0["question"]?.string } ?? []
    guard let first = questions.first ?? input?["question"]?.string else { return nil }
    return "Asks: " + first + (questions.count > 1 ? " (+\(questions.count - 1) more)" : "")
  }

  private static func plan(_ input: Input) -> String? {
    guard let gist = input.text("plan").flatMap({ PlainText.gist($0) }) else { return nil }
    return "Proposes a plan: " + (gist.hasPrefix("Plan: ") ? String(gist.dropFirst(6)) : gist)
  }

  private static func message(_ input: Input) -> String? {
    guard let text = input.text("content") ?? input.text("message") ?? input.text("summary") else {
      return nil
    }
    let to = input.text("recipient") ?? input.text("to")
    return "Message" + (to.map { " to \($0)" } ?? "") + ": " + text
  }

  /// `mcp__server__do_this` → "server: do this", then the first argument that is text.
  private static func other(_ tool: String, _ input: JSONValue?) -> String {
    var name = tool
    if tool.hasPrefix("mcp__"), let split = tool.dropFirst(5).firstRange(of: "__") {
      let server = tool.dropFirst(5)[..<split.lowerBound]
      name = "\(server): " + tool[split.upperBound...].replacing("_", with: " ")
    }
    if name.trimmed.isEmpty { name = "A tool without a name" }
    guard let argument = argument(input) else { return name }
    return name + " · " + argument
  }

  private static func argument(_ input: JSONValue?) -> String? {
    guard let input else { return nil }
    if let text = input.string { return PlainText.gist(text) }
    for member in input.members {
      if let text = member.value.string, let gist = PlainText.gist(text) { return gist }
    }
    return nil
  }
}
