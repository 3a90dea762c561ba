import FleetlogEvents

/// What kind of work a tool does, as its colour and height tell.
enum ToolFamily: String, Sendable, CaseIterable {
  case command, edit, read, web, agent, other

  init(_ step: SessionCourse.Step) {
    let tool = Self.name(step)
    let family = Self.byTool[tool] ?? Self.byPrefix.first { tool.hasPrefix($0.0) }?.1 ?? .other
    self = family == .command && Self.isPatch(step.summary) ? .edit : family
  }

  /// Without the server or namespace that offers it.
  private static func name(_ step: SessionCourse.Step) -> String {
    let tool = (step.tool ?? "").utf8
    var (start, previous) = (tool.startIndex, UInt8(0))
    for index in tool.indices {
      let byte = tool[index]
      let isSeparator = byte == UInt8(ascii: ".") || (byte == 0x5F && previous == 0x5F)
      if isSeparator { start = tool.index(after: index) }
      previous = byte
    }
    return Substring(tool[start...]).lowercased()
  }

  /// Whether a call does nothing but put a question or a plan before the operator.
  static func asksOperator(_ step: SessionCourse.Step) -> Bool {
    ["askuserquestion", "request_user_input", "exitplanmode"].contains(name(step))
  }

  /// A patch that is applied through the shell reads as the edit that it is.
  private static func isPatch(_ summary: String) -> Bool {
    ["Edit ", "Add ", "Delete "].contains { summary.hasPrefix($0) } && summary.contains("(")
  }

  var words: String {
    switch self {
    case .command: "command"
    case .edit: "edit"
    case .read: "read, search"
    case .web: "web"
    case .agent: "sub-agent"
    case .other: "other tool"
    }
  }

  /// `12 commands`.
  func counted(_ number: Int) -> String {
    switch self {
    case .read: Wording.plural(number, "read")
    case .web: Wording.plural(number, "web request")
    default: Wording.plural(number, words)
    }
  }

  private static let byTool: [String: ToolFamily] = [
    "bash": .command, "shell": .command, "exec": .command, "exec_command": .command,
    "command_execution": .command, "run_shell_command": .command, "local_shell": .command,
    "bashoutput": .command, "killshell": .command, "write_stdin": .command,
    "edit": .edit, "multiedit": .edit, "write": .edit, "notebookedit": .edit,
    "apply_patch": .edit, "file_change": .edit, "write_file": .edit, "replace": .edit,
    "patch": .edit, "create_file": .edit,
    "grep": .read, "glob": .read, "ls": .read, "list": .read, "find": .read, "view": .read,
    "view_image": .read, "search_file_content": .read, "list_directory": .read,
    "webfetch": .web, "websearch": .web, "web_search": .web, "web_fetch": .web,
    "google_web_search": .web,
    "task": .agent, "agent": .agent, "spawn_agent": .agent, "wait": .agent, "wait_agent": .agent,
    "taskoutput": .agent,
  ]

  private static let byPrefix: [(String, ToolFamily)] = [
    ("read", .read), ("str_replace", .edit), ("notebookread", .read), ("search", .read),
  ]
}
