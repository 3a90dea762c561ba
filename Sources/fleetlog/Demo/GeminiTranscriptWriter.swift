import FleetlogEvents

/// Writes as Gemini CLI does: a log of messages, each whole when it is over, calls with their results.
struct GeminiTranscriptWriter: TranscriptWriter {
  private let place: Workplace
  private let session: String
  let path: String
  private var random: DemoRandom
  private var hasBegun = false
  private var messages = 0
  private var context: Int
  /// What was thought before the message that is to come.
  private var thoughts: [JSON] = []
  private(set) var openCalls: [OpenCall] = []

  init(_ place: Workplace, random: DemoRandom, at time: Int64) {
    self.place = place
    self.random = random
    session = self.random.uuid(at: time)
    context = self.random.int(6000...9000)
    let stamp = Timestamp.format(time).prefix(16).replacing(":", with: "-")
    path =
      "gemini/tmp/\(place.project)/chats/session-\(stamp)-\(session.prefix(8)).jsonl"
  }

  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON] {
    switch step {
    case .prompt(let text, let title):
      context += text.utf8.count / 4
      let name = title.map { [["$set": ["summary": JSON($0)]] as JSON] } ?? []
      return opening(at: time) + [message("user", [("content", JSON(text))], at: time)] + name
    case .think(let text):
      let heading = text.prefix { $0 != "." && $0 != ":" }
      thoughts.append([
        "subject": JSON(String(heading)), "description": JSON(text),
        "timestamp": JSON(Timestamp.format(time)),
      ])
      return []
    case .say(let text), .end(let text): return [answer([("content", JSON(text))], text, at: time)]
    case .call(let tool, _):
      openCalls.append(OpenCall(id: random.name("call-", 12), tool: tool, time: time))
      return []
    case .interrupt:
      openCalls = []
      return [message("info", [("content", "Request cancelled.")], at: time)]
    case .delegate, .answer, .resume, .log, .wait: return []
    }
  }

  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON] {
    openCalls.removeAll { $0.id == call.id }
    let (name, arguments) = Self.named(call.tool, place)
    var output = outcome.text
    if case .command(let command) = call.tool {
      output =
        "Command: \(command)\nDirectory: (root)\nOutput: \(output)\nError: (none)\n"
        + "Exit Code: \(outcome.exitCode)\nSignal: 0"
    }
    let response: JSON = [
      "functionResponse": [
        "id": JSON(call.id), "name": JSON(name), "response": ["output": JSON(output)],
      ]
    ]
    let record: JSON = [
      "id": JSON(call.id), "name": JSON(name), "args": arguments,
      "status": outcome.isRefused ? "cancelled" : "success",
      "timestamp": JSON(Timestamp.format(time)), "result": [response],
      "resultDisplay": JSON(outcome.text),
    ]
    return [answer([("content", ""), ("toolCalls", [record])], output, at: call.time)]
  }

  private mutating func opening(at time: Int64) -> [JSON] {
    guard !hasBegun else { return [] }
    hasBegun = true
    let stamp = JSON(Timestamp.format(time))
    return [
      [
        "sessionId": JSON(session), "projectHash": JSON(place.project), "startTime": stamp,
        "lastUpdated": stamp, "kind": "main",
      ]
    ]
  }

  private mutating func answer(_ fields: JSON.Fields, _ text: String, at time: Int64) -> JSON {
    let (input, output) = (context, text.utf8.count / 4 + 40)
    context += output
    defer { thoughts = [] }
    let tokens: JSON = [
      "input": JSON(input), "output": JSON(output), "cached": JSON(input * 3 / 4),
      "thoughts": JSON(thoughts.count * 30), "tool": 0,
      "total": JSON(input + output + thoughts.count * 30),
    ]
    return message(
      "gemini",
      fields + [("thoughts", JSON(thoughts)), ("tokens", tokens), ("model", JSON(place.model))],
      at: time)
  }

  private mutating func message(_ type: String, _ fields: JSON.Fields, at time: Int64) -> JSON {
    messages += 1
    return JSON(
      [
        ("id", JSON("\(session.prefix(8))-\(messages)")),
        ("timestamp", JSON(Timestamp.format(time))), ("type", JSON(type)),
      ] + fields)
  }

  private static func named(_ tool: DemoTool, _ place: Workplace) -> (String, JSON) {
    switch tool {
    case .command(let command): ("run_shell_command", ["command": JSON(command)])
    case .read(let file): ("read_file", ["file_path": JSON(place.path(file))])
    case .search(let pattern): ("search_file_content", ["pattern": JSON(pattern)])
    case .edit(let file, let old, let new):
      (
        "replace",
        [
          "file_path": JSON(place.path(file)), "old_string": JSON(old), "new_string": JSON(new),
        ]
      )
    case .plan(let steps, let done):
      (
        "write_todos",
        [
          "todos": JSON(
            steps.enumerated().map { index, step in
              [
                "description": JSON(step),
                "status": index < done ? "completed" : index == done ? "in_progress" : "pending",
              ]
            })
        ]
      )
    case .ask(let question, _): ("ask_user", ["question": JSON(question)])
    case .agent(let task, _): ("delegate_to_agent", ["objective": JSON(task.prompt)])
    }
  }
}
