import FleetlogEvents

/// Writes as Codex does: a rollout whose records say what the screen showed (`event_msg`) and what
/// the model saw (`response_item`).
struct CodexTranscriptWriter: TranscriptWriter {
  private let place: Workplace
  private let thread: String
  let path: String
  private let start: Int64
  private var random: DemoRandom
  private var hasBegun = false
  private var turn: (id: String, start: Int64)?
  private var context: Int
  private var cached = 0
  private var total = (input: 0, cached: 0, output: 0)
  private(set) var openCalls: [OpenCall] = []

  init(_ place: Workplace, random: DemoRandom, at time: Int64) {
    self.place = place
    self.random = random
    start = time
    thread = self.random.uuid(at: time)
    context = self.random.int(7200...9800)
    let stamp = Timestamp.format(time)
    let folder = stamp.prefix(10).replacing("-", with: "/")
    path =
      "codex/sessions/\(folder)/rollout-\(stamp.prefix(19).replacing(":", with: "-"))-"
      + "\(thread).jsonl"
  }

  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON] {
    switch step {
    case .prompt(let text, let title): return opening(title) + prompt(text, at: time)
    case .think(let text):
      let heading = text.prefix { $0 != "." && $0 != ":" }
      let rest = text.dropFirst(heading.count + 2)
      let thought = "**\(heading)**" + (rest.isEmpty ? "" : "\n\n" + rest)
      return [
        event("agent_reasoning", [("text", JSON(thought))], at: time),
        item(
          "reasoning",
          [
            ("summary", [["type": "summary_text", "text": JSON(thought)]]),
            ("encrypted_content", JSON(random.name("gAAAAAB", 96))),
          ], at: time),
      ]
    case .say(let text): return say(text, at: time)
    case .end(let text):
      let duration = JSON(time - (turn?.start ?? time))
      let id = JSON(turn?.id ?? "")
      turn = nil
      return say(text, at: time) + [
        event(
          "task_complete",
          [("turn_id", id), ("last_agent_message", JSON(text)), ("duration_ms", duration)],
          at: time)
      ]
    case .call(let tool, _): return [tokens(at: time)] + call(tool, at: time)
    case .interrupt: return [event("turn_aborted", [("reason", "interrupted")], at: time)]
    case .delegate, .answer, .resume, .log, .wait: return []
    }
  }

  private mutating func opening(_ title: String?) -> [JSON] {
    guard !hasBegun else { return [] }
    hasBegun = true
    let environment = """
      <environment_context>
        <cwd>\(place.folder)</cwd>
        <shell>bash</shell>
      </environment_context>
      """
    let git: JSON = ["branch": JSON(place.branch), "commit_hash": JSON(random.hex(40))]
    let meta: JSON.Fields = [
      ("id", JSON(thread)), ("timestamp", JSON(Timestamp.format(start))),
      ("cwd", JSON(place.folder)), ("originator", "codex_cli_rs"), ("cli_version", "0.61.0"),
      ("source", "cli"), ("model_provider", "openai"), ("git", git),
    ]
    let name = title.map { event("thread_name_updated", [("thread_name", JSON($0))], at: start) }
    return [line("session_meta", meta, at: start), message("user", environment, at: start)]
      + (name.map { [$0] } ?? [])
  }

  private mutating func prompt(_ text: String, at time: Int64) -> [JSON] {
    let id = random.uuid(at: time)
    turn = (id, time)
    context += text.utf8.count / 4 + 200
    return [
      event("task_started", [("turn_id", JSON(id)), ("model_context_window", 272_000)], at: time),
      message("user", text, at: time),
      event("user_message", [("message", JSON(text)), ("images", [])], at: time),
      line(
        "turn_context",
        [
          ("turn_id", JSON(id)), ("cwd", JSON(place.folder)), ("approval_policy", "on-request"),
          ("sandbox_policy", ["type": "workspace-write"]), ("model", JSON(place.model)),
          ("effort", "medium"),
        ], at: time),
    ]
  }

  private mutating func say(_ text: String, at time: Int64) -> [JSON] {
    [
      event("agent_message", [("message", JSON(text))], at: time),
      message("assistant", text, at: time), tokens(text, at: time),
    ]
  }

  private mutating func call(_ tool: DemoTool, at time: Int64) -> [JSON] {
    let id = random.name("call_", 24)
    openCalls.append(OpenCall(id: id, tool: tool, time: time))
    let (name, input) = named(tool)
    if case .edit = tool {
      return [
        item(
          "custom_tool_call",
          [
            ("status", "completed"), ("call_id", JSON(id)), ("name", JSON(name)),
            ("input", JSON(input)),
          ], at: time)
      ]
    }
    return [
      item(
        "function_call",
        [("name", JSON(name)), ("arguments", JSON(input)), ("call_id", JSON(id))], at: time)
    ]
  }

  private func named(_ tool: DemoTool) -> (name: String, input: String) {
    func command(_ text: String) -> (String, String) {
      let arguments: JSON = [
        "command": ["bash", "-lc", JSON(text)], "workdir": JSON(place.folder),
      ]
      return ("shell", arguments.text)
    }
    switch tool {
    case .command(let text): return command(text)
    case .read(let file): return command("sed -n '1,160p' \(file)")
    case .search(let pattern): return command("rg -l '\(pattern)'")
    case .edit(let file, let old, let new):
      let lines =
        ["*** Begin Patch", "*** Update File: \(file)", "@@"]
        + old.split(separator: "\n").map { "-" + $0 } + new.split(separator: "\n").map { "+" + $0 }
      return ("apply_patch", (lines + ["*** End Patch"]).joined(separator: "\n"))
    case .plan(let steps, let done):
      let plan = steps.enumerated().map { index, step -> JSON in
        let status: JSON = index < done ? "completed" : index == done ? "in_progress" : "pending"
        return ["step": JSON(step), "status": status]
      }
      return ("update_plan", (["plan": JSON(plan)] as JSON).text)
    case .ask(let question, _):
      return ("request_user_input", (["questions": [["question": JSON(question)]]] as JSON).text)
    case .agent(let task, _):
      return ("spawn_agent", (["message": JSON(task.prompt)] as JSON).text)
    }
  }

  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON] {
    openCalls.removeAll { $0.id == call.id }
    context += outcome.text.utf8.count / 4 + random.int(300...3600)
    let seconds = Double((time - call.time) / 100) / 10
    var kind = "function_call_output"
    var text = outcome.text
    switch call.tool {
    case .edit(let file, _, _):
      kind = "custom_tool_call_output"
      text = "Success. Updated the following files:\nM \(file)\n"
    case .plan: text = "Plan updated"
    default: break
    }
    let output: JSON = [
      "output": JSON(text),
      "metadata": ["exit_code": JSON(outcome.exitCode), "duration_seconds": JSON(seconds)],
    ]
    return [item(kind, [("call_id", JSON(call.id)), ("output", JSON(output.text))], at: time)]
  }
}

/// The records.
extension CodexTranscriptWriter {
  private func line(_ type: String, _ payload: JSON.Fields, at time: Int64) -> JSON {
    ["timestamp": JSON(Timestamp.format(time)), "type": JSON(type), "payload": JSON(payload)]
  }

  private func event(_ type: String, _ fields: JSON.Fields, at time: Int64) -> JSON {
    line("event_msg", [("type", JSON(type))] + fields, at: time)
  }

  private func item(_ type: String, _ fields: JSON.Fields, at time: Int64) -> JSON {
    line("response_item", [("type", JSON(type))] + fields, at: time)
  }

  private func message(_ role: String, _ text: String, at time: Int64) -> JSON {
    let part: JSON = [
      "type": role == "user" ? "input_text" : "output_text", "text": JSON(text),
    ]
    return item("message", [("role", JSON(role)), ("content", [part])], at: time)
  }

  /// What the response cost, which counts what the cache held as input too.
  private mutating func tokens(_ text: String = "", at time: Int64) -> JSON {
    let output = text.utf8.count / 4 + random.int(40...260)
    let last = (input: context, cached: cached, output: output)
    total = (total.input + context, total.cached + cached, total.output + output)
    cached = context / 128 * 128
    context += output
    if context > 230_000 { (context, cached) = (24_000, 9984) }
    func usage(_ count: (input: Int, cached: Int, output: Int)) -> JSON {
      [
        "input_tokens": JSON(count.input), "cached_input_tokens": JSON(count.cached),
        "output_tokens": JSON(count.output), "reasoning_output_tokens": JSON(count.output / 3),
        "total_tokens": JSON(count.input + count.output),
      ]
    }
    let info: JSON = [
      "total_token_usage": usage(total), "last_token_usage": usage(last),
      "model_context_window": 272_000,
    ]
    return event("token_count", [("info", info)], at: time)
  }
}
