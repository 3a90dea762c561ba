import FleetlogEvents

/// Writes as Claude Code does: one content block a line, chained by `parentUuid`, with the usage
/// of the response so far on each of its lines.
struct ClaudeTranscriptWriter: TranscriptWriter {
  private let place: Workplace
  private let agent: String?
  private var session: String
  private var random: DemoRandom
  private var parent: String?
  private var hasTitle = false
  private var usage: ClaudeUsage
  private(set) var openCalls: [OpenCall] = []

  init(_ place: Workplace, random: DemoRandom) {
    var random = random
    let session = random.uuid()
    self.init(place, session: session, agent: nil, random: random)
  }

  private init(_ place: Workplace, session: String, agent: String?, random: DemoRandom) {
    self.place = place
    self.agent = agent
    self.session = session
    self.random = random
    usage = ClaudeUsage(&self.random)
  }

  private var folder: String { "claude/projects/" + place.folder.replacing("/", with: "-") }

  var path: String {
    agent.map { "\(folder)/\(session)/subagents/agent-\($0).jsonl" } ?? "\(folder)/\(session).jsonl"
  }

  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON] {
    switch step {
    case .prompt(let text, let title):
      usage.add(text, extra: 300)
      let line = user(JSON(text), [("permissionMode", "acceptEdits")], at: time)
      guard let title, !hasTitle, agent == nil else { return [line] }
      hasTitle = true
      return [line, ["type": "ai-title", "sessionId": JSON(session), "aiTitle": JSON(title)]]
    case .think(let text):
      let signature = JSON(random.name("Ep", 88) + "==")
      let block: JSON = ["type": "thinking", "thinking": JSON(text), "signature": signature]
      return assistant(block, text, at: time)
    case .say(let text): return assistant(Self.block(text), text, at: time)
    case .end(let text):
      return assistant(Self.block(text), text, stop: "end_turn", at: time)
    case .call(let tool, _): return call(tool, at: time)
    case .delegate(let tasks):
      return tasks.flatMap { call(.agent($0, id: random.hex(17)), at: time) }
    case .interrupt:
      let refused = openCalls.flatMap {
        answer($0, DemoOutcome(text: "", isRefused: true), at: time)
      }
      let mark = JSON([Self.block("[Request interrupted by user for tool use]")])
      return refused + [user(mark, at: time)]
    case .answer, .resume, .log, .wait: return []
    }
  }

  mutating func resume() -> Resumption? {
    guard parent != nil else { return nil }
    let (oldPath, oldSession) = (path, session)
    session = random.uuid()
    return Resumption(path: oldPath, session: oldSession, newPath: path, newSession: session)
  }

  mutating func subagent(_ id: String) -> (any TranscriptWriter)? {
    let random = DemoRandom(seed: random.next(), id)
    return ClaudeTranscriptWriter(place, session: session, agent: id, random: random)
  }
}

/// The records.
extension ClaudeTranscriptWriter {
  private mutating func record(_ type: String, _ fields: JSON.Fields, at time: Int64) -> JSON {
    let uuid = random.uuid()
    let opening: JSON.Fields = [
      ("parentUuid", .nullable(parent)), ("isSidechain", .bool(agent != nil)),
      ("userType", "external"), ("cwd", JSON(place.folder)), ("sessionId", JSON(session)),
      ("version", "2.1.207"), ("gitBranch", JSON(place.branch)), ("agentId", .optional(agent)),
      ("type", JSON(type)),
    ]
    parent = uuid
    return JSON(
      opening + fields + [("uuid", JSON(uuid)), ("timestamp", JSON(Timestamp.format(time)))])
  }

  private static func block(_ text: String) -> JSON { ["type": "text", "text": JSON(text)] }

  private mutating func user(_ content: JSON, _ more: JSON.Fields = [], at time: Int64) -> JSON {
    usage.close()
    return record("user", [("message", ["role": "user", "content": content])] + more, at: time)
  }

  private mutating func assistant(
    _ block: JSON, _ text: String, stop: String? = nil, at time: Int64
  ) -> [JSON] {
    let compaction = usage.isFull && agent == nil ? compact(at: time) : []
    usage.write(text, &random)
    let message: JSON = [
      "model": JSON(place.model), "id": JSON(usage.message), "type": "message",
      "role": "assistant", "content": [block], "stop_reason": .nullable(stop),
      "stop_sequence": .nullable(nil), "usage": usage.json,
    ]
    let fields: JSON.Fields = [("message", message), ("requestId", JSON(usage.request))]
    return compaction + [record("assistant", fields, at: time)]
  }

  private mutating func compact(at time: Int64) -> [JSON] {
    let facts: JSON = ["trigger": "auto", "preTokens": JSON(usage.compact())]
    let last = parent
    parent = nil
    let boundary = record(
      "system",
      [
        ("subtype", "compact_boundary"), ("content", "Conversation compacted"), ("level", "info"),
        ("logicalParentUuid", .optional(last)), ("compactMetadata", facts),
      ], at: time - 1500)
    let text = """
      This session is being continued from a previous conversation that ran out of context.
      Summary: the earlier tasks in \(place.project) are finished. Keep diffs small, run the \
      tests before each commit, and go on with the latest request.
      """
    let marks: JSON.Fields = [("isCompactSummary", true), ("isVisibleInTranscriptOnly", true)]
    return [boundary, user(JSON(text), marks, at: time - 1400)]
  }
}

/// Tools by Claude Code's names, and what it writes of their results.
extension ClaudeTranscriptWriter {
  private mutating func call(_ tool: DemoTool, at time: Int64) -> [JSON] {
    let id = random.name("toolu_01", 22)
    openCalls.append(OpenCall(id: id, tool: tool, time: time))
    let (name, input) = named(tool)
    let block: JSON = [
      "type": "tool_use", "id": JSON(id), "name": JSON(name), "input": input,
    ]
    return assistant(block, input.text, stop: "tool_use", at: time)
  }

  private func named(_ tool: DemoTool) -> (name: String, input: JSON) {
    switch tool {
    case .command(let command): return ("Bash", ["command": JSON(command)])
    case .read(let file): return ("Read", ["file_path": JSON(place.path(file))])
    case .search(let pattern):
      return ("Grep", ["pattern": JSON(pattern), "output_mode": "files_with_matches"])
    case .edit(let file, let old, let new):
      let path = JSON(place.path(file))
      return ("Edit", ["file_path": path, "old_string": JSON(old), "new_string": JSON(new)])
    case .plan(let steps, let done):
      let todos = steps.enumerated().map { index, step -> JSON in
        let status: JSON = index < done ? "completed" : index == done ? "in_progress" : "pending"
        return ["content": JSON(step), "status": status, "activeForm": JSON(step)]
      }
      return ("TodoWrite", ["todos": JSON(todos)])
    case .ask(let question, let options):
      let choices = options.map { ["label": JSON($0), "description": ""] as JSON }
      let entry: JSON = [
        "question": JSON(question), "header": "Decision", "options": JSON(choices),
        "multiSelect": false,
      ]
      return ("AskUserQuestion", ["questions": [entry]])
    case .agent(let task, _):
      let (title, prompt) = (JSON(task.title), JSON(task.prompt))
      return (
        "Task", ["description": title, "prompt": prompt, "subagent_type": JSON(task.kind)]
      )
    }
  }

  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON] {
    openCalls.removeAll { $0.id == call.id }
    var (text, result, isError) = result(of: call, outcome, at: time)
    var content = JSON(text)
    if case .agent(_, let id) = call.tool {
      let trailer = "agentId: \(id) (for resuming to continue this agent's work if needed)"
      content = [Self.block(text), Self.block(trailer)]
    }
    usage.add(text, extra: random.int(unseen(of: call.tool)))
    if agent != nil { result = .optional(nil) }
    let block: JSON = [
      "tool_use_id": JSON(call.id), "type": "tool_result", "content": content,
      "is_error": isError ? true : .optional(nil),
    ]
    return [user([block], [("toolUseResult", result)], at: time)]
  }

  /// Tokens of a result that the script does not spell out, such as the rest of a long file.
  private func unseen(of tool: DemoTool) -> ClosedRange<Int> {
    switch tool {
    case .read, .search, .agent: 2200...12_000
    case .command: 300...2600
    case .edit, .plan, .ask: 200...900
    }
  }

  private func result(
    of call: OpenCall, _ outcome: DemoOutcome, at time: Int64
  ) -> (text: String, result: JSON, isError: Bool) {
    let text = outcome.text
    if outcome.isRefused { return (Self.refusal + text, JSON("Error: " + Self.refusal), true) }
    switch call.tool {
    case .command where outcome.exitCode != 0:
      let failure = "Exit code \(outcome.exitCode)\n" + text
      return (failure, JSON("Error: " + failure), true)
    case _ where outcome.exitCode != 0: return (text, JSON("Error: " + text), true)
    case .command:
      return (text, ["stdout": JSON(text), "stderr": "", "interrupted": false], false)
    case .read(let file):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let count = JSON(lines.count)
      let content: JSON = [
        "filePath": JSON(place.path(file)), "content": JSON(text), "numLines": count,
        "startLine": 1, "totalLines": count,
      ]
      let numbered = lines.enumerated().map { "     \($0.offset + 1)→\($0.element)" }
      return (numbered.joined(separator: "\n"), ["type": "text", "file": content], false)
    case .search:
      let files = text.split(separator: "\n").map { JSON(String($0)) }
      let count = "\(files.count) file" + (files.count == 1 ? "" : "s")
      let words = files.isEmpty ? "No files found" : "Found \(count)\n" + text
      let result: JSON = [
        "mode": "files_with_matches", "filenames": JSON(files), "numFiles": JSON(files.count),
      ]
      return (words, result, false)
    case .edit(let file, let old, let new):
      let (before, after) = (old.split(separator: "\n"), new.split(separator: "\n"))
      let hunk: JSON = [
        "oldStart": 41, "oldLines": JSON(before.count), "newStart": 41,
        "newLines": JSON(after.count),
        "lines": JSON(before.map { JSON("-" + $0) } + after.map { JSON("+" + $0) }),
      ]
      let path = place.path(file)
      let result: JSON = [
        "filePath": JSON(path), "oldString": JSON(old), "newString": JSON(new),
        "structuredPatch": [hunk],
      ]
      return ("The file \(path) has been updated.", result, false)
    case .plan: return ("Todos have been modified successfully.", ["oldTodos": []], false)
    case .ask(let question, _):
      let words = "User has answered your questions: \"\(question)\"=\"\(text)\"."
      return (words, ["answers": JSON([(question, JSON(text))])], false)
    case .agent(let task, let id):
      let result: JSON = [
        "status": "completed", "prompt": JSON(task.prompt), "agentId": JSON(id),
        "totalDurationMs": JSON(time - call.time),
      ]
      return (text, result, false)
    }
  }

  private static let refusal = """
    The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was \
    a file edit, the new_string was NOT written to the file). STOP what you are doing and wait \
    for the user to tell you how to proceed.
    """
}

/// What responses cost, in tokens: the context grows by what is said and read, and all of it but
/// the newest part comes from the cache.
private struct ClaudeUsage: Sendable {
  private(set) var message = ""
  private(set) var request = ""
  private var context: Int
  private var cached: Int
  private var input = 4
  private var output = 0

  private static let limit = 155_000

  init(_ random: inout DemoRandom) {
    context = random.int(19_800...24_400)
    cached = context - random.int(900...2600)
  }

  var isFull: Bool { message.isEmpty && context > Self.limit }

  /// Adds to the response, which begins with the first text after ``close()``.
  mutating func write(_ text: String, _ random: inout DemoRandom) {
    if message.isEmpty {
      message = random.name("msg_01", 22)
      request = random.name("req_011C", 20)
      input = random.int(3...9)
      output = 0
    }
    output += text.utf8.count / 4 + 12
  }

  mutating func add(_ text: String, extra: Int) {
    close()
    context += text.utf8.count / 4 + extra
  }

  mutating func close() {
    guard !message.isEmpty else { return }
    cached = context
    context += output
    message = ""
  }

  /// - Returns: the tokens before.
  mutating func compact() -> Int {
    let before = context
    (context, cached) = (21_000, 15_000)
    return before
  }

  var json: JSON {
    let written = JSON(max(0, context - cached - input))
    return [
      "input_tokens": JSON(input), "cache_creation_input_tokens": written,
      "cache_read_input_tokens": JSON(cached),
      "cache_creation": ["ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0],
      "output_tokens": JSON(output), "service_tier": "standard",
    ]
  }
}
