import FleetlogEvents

/// Says in one line what a Codex tool was asked to do; tools that are not Codex's own are left to
/// ``ToolSummary``.
enum CodexToolSummary {
  static func call(_ tool: String, input: JSONValue?, cwd: String?) -> String {
    known(tool, input, cwd) ?? ToolSummary.call(tool, input: input, cwd: cwd)
  }

  /// The words of a command: a string, or an argument list in which a shell's script counts alone.
  static func command(_ value: JSONValue?) -> String? {
    if let text = value?.string { return text.trimmed.isEmpty ? nil : summary(text) }
    let words = value?.elements.compactMap(\.string) ?? []
    guard let last = words.last else { return nil }
    let isScript = words.count == 3 && ["-c", "-lc", "-Command"].contains(words[1])
    return summary(isScript ? last : words.joined(separator: " "))
  }

  private static func summary(_ command: String) -> String {
    let start = command.trimmed
    if start.hasPrefix("apply_patch"), let patch = patch(start) { return patch }
    return CommandSummary.call(command)
  }

  private static func known(_ tool: String, _ input: JSONValue?, _ cwd: String?) -> String? {
    func text(_ key: String) -> String? {
      input?[key]?.string.flatMap { $0.trimmed.isEmpty ? nil : PlainText.head($0) }
    }
    switch tool {
    case "shell", "container.exec", "local_shell", "shell_command", "exec_command",
      "run_shell_command", "unified_exec":
      return command(input?["command"] ?? input?["cmd"])
    case "exec": return input?.string.flatMap(script)
    case "apply_patch":
      return (input?.string ?? text("input") ?? text("patch")).flatMap { patch($0, cwd) }
    case "write_stdin":
      let session = input?["session_id"].map { " " + ($0.string ?? $0.source) } ?? ""
      guard let typed = text("chars") else { return "Look at command" + session }
      return "Type into command\(session): " + typed
    case "update_plan": return plan(input)
    case "view_image": return text("path").map { "Look at " + ToolSummary.path($0, cwd: cwd) }
    case "web_search": return (text("query") ?? text("url")).map { "Search the web: " + $0 }
    case "spawn_agent":
      let task = (text("message") ?? text("prompt") ?? text("task_name")).flatMap {
        PlainText.gist($0)
      }
      let name = (text("agent_type") ?? text("task_name")).map { " (\($0))" } ?? ""
      return task.map { "Sub-agent\(name): " + $0 }
    case "wait", "wait_agent":
      let targets = (input?["targets"] ?? input?["ids"])?.elements.count ?? 0
      return targets > 0 ? "Wait for " + ToolSummary.count(targets, "sub-agent") : "Wait"
    case "send_input": return text("message").map { "To sub-agent: " + $0 }
    case "close_agent": return "Close a sub-agent"
    case "request_user_input":
      return input?["questions"]?.elements.first?["question"]?.string.map { "Asks: " + $0 }
    case "tool_search": return text("query").map { "Search for tools: " + $0 }
    default: return nil
    }
  }

  /// The first command in a script of the `exec` tool.
  private static func script(_ text: String) -> String? {
    let text = PlainText.head(text)
    guard let mark = text.firstRange(of: "exec_command({cmd:") else { return PlainText.gist(text) }
    let rest = text[mark.upperBound...].drop(while: \.isWhitespace)
    guard let quote = rest.first, "\"'`".contains(quote) else { return PlainText.gist(text) }
    let command = rest.dropFirst().prefix { $0 != quote }
    return CommandSummary.call(String(command))
  }

  private static func plan(_ input: JSONValue?) -> String? {
    guard let steps = input?["plan"]?.elements, !steps.isEmpty else { return nil }
    let done = steps.count { $0["status"]?.string == "completed" }
    let now = steps.first { $0["status"]?.string == "in_progress" }?["step"]?.string
    return "Plan: \(done) of \(steps.count) done" + (now.map { " · now: \($0)" } ?? "")
  }

  /// "Edit src/a.ts (+3 −1)", "Add b.ts, delete c.ts (+10 −20)".
  private static func patch(_ text: String, _ cwd: String? = nil) -> String? {
    let verbs = [
      "*** Add File: ": "add", "*** Update File: ": "edit", "*** Delete File: ": "delete",
    ]
    var files: [String] = []
    var added = 0
    var removed = 0
    for line in text.split(whereSeparator: \.isNewline) {
      if let verb = verbs.first(where: { line.hasPrefix($0.key) }) {
        let path = String(line.dropFirst(verb.key.count)).trimmed
        files.append(verb.value + " " + ToolSummary.path(path, cwd: cwd))
      } else if line.hasPrefix("+") {
        added += 1
      } else if line.hasPrefix("-") {
        removed += 1
      }
    }
    guard let first = files.first else { return nil }
    let more = files.count > 3 ? ", and \(files.count - 3) more" : ""
    let names = ([first.prefix(1).uppercased() + first.dropFirst()] + files.dropFirst().prefix(2))
    let changes = [added > 0 ? "+\(added)" : nil, removed > 0 ? "−\(removed)" : nil]
      .compactMap { $0 }.joined(separator: " ")
    return names.joined(separator: ", ") + more + (changes.isEmpty ? "" : " (\(changes))")
  }
}
