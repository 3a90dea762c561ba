import FleetlogEvents

/// Writes as OpenCode does: a document for the session, one for each message and each part of one,
/// written again whenever it changes.
struct OpenCodeDocumentWriter: TranscriptWriter {
  /// A message of the model, from its first word to the end of its step.
  private struct Message {
    let id: String
    let begun: Int64
  }

  private let place: Workplace
  private let session: String
  private let storage = "opencode/storage"
  private let created: Int64
  private var random: DemoRandom
  private var hasBegun = false
  private var open: Message?
  private var context: Int
  private var changes: [DemoFleet.Change] = []
  private(set) var openCalls: [OpenCall] = []

  init(_ place: Workplace, random: DemoRandom, at time: Int64) {
    self.place = place
    self.random = random
    created = time
    session = self.random.name("ses_", 26)
    context = self.random.int(6000...9000)
  }

  var path: String { "\(storage)/session/\(place.project)/\(session).json" }

  mutating func takeDocuments() -> [DemoFleet.Change] {
    defer { changes = [] }
    return changes
  }

  mutating func begin(_ step: DemoStep, at time: Int64) -> [JSON] {
    switch step {
    case .prompt(let text, let title):
      if !hasBegun || title != nil { writeSession(title, at: time) }
      context += text.utf8.count / 4
      let id = random.name("msg_", 26)
      write(
        "message/\(session)/\(id)",
        [
          "id": JSON(id), "sessionID": JSON(session), "role": "user",
          "time": ["created": JSON(time)],
        ])
      writePart(of: id, [("type", "text"), ("text", JSON(text))])
    case .think(let text):
      writePart(
        of: message(at: time),
        [("type", "reasoning"), ("text", JSON(text)), ("time", Self.span(time, time + 900))])
    case .say(let text): say(text, at: time)
    case .end(let text):
      say(text, at: time)
      finish("stop", at: time)
    case .call(let tool, _):
      let call = OpenCall(id: random.name("call_", 24), tool: tool, time: time)
      openCalls.append(call)
      writeCall(call, [("status", "running"), ("time", ["start": JSON(time)])], at: time)
    case .interrupt:
      openCalls = []
      writeMessage(
        [("error", ["name": "MessageAbortedError", "data": ["message": "aborted"]])], at: time)
      open = nil
    case .delegate, .answer, .resume, .log, .wait: break
    }
    return []
  }

  mutating func answer(_ call: OpenCall, _ outcome: DemoOutcome, at time: Int64) -> [JSON] {
    openCalls.removeAll { $0.id == call.id }
    let refusal = "The user rejected permission to use this specific tool call."
    context += outcome.text.utf8.count / 4
    writeCall(
      call,
      outcome.isRefused
        ? [("status", "error"), ("error", JSON(refusal)), ("time", Self.span(call.time, time))]
        : [
          ("status", "completed"), ("output", JSON(outcome.text)), ("title", ""),
          ("metadata", ["exit": JSON(outcome.exitCode)]), ("time", Self.span(call.time, time)),
        ], at: time)
    finish("tool-calls", at: time)
    return []
  }

  // MARK: Documents

  private mutating func writeSession(_ title: String?, at time: Int64) {
    hasBegun = true
    write(
      "session/\(place.project)/\(session)",
      [
        "id": JSON(session), "version": "0.15.8", "projectID": JSON(place.project),
        "directory": JSON(place.folder), "title": JSON(title ?? "New session - \(created)"),
        "time": ["created": JSON(created), "updated": JSON(time)],
      ])
  }

  /// The id of the message that the model is writing, which begins where none is open.
  private mutating func message(at time: Int64) -> String {
    if let open { return open.id }
    let id = random.name("msg_", 26)
    open = Message(id: id, begun: time)
    writeMessage([], at: time)
    writePart(of: id, [("type", "step-start")])
    return id
  }

  private mutating func writeMessage(_ more: JSON.Fields, at time: Int64) {
    let id = message(at: time)
    let begun = open?.begun ?? time
    write(
      "message/\(session)/\(id)",
      JSON(
        [
          ("id", JSON(id)), ("sessionID", JSON(session)), ("role", "assistant"),
          ("modelID", JSON(place.model)), ("providerID", "anthropic"), ("mode", "build"),
          ("path", ["cwd": JSON(place.folder), "root": JSON(place.folder)]),
          ("time", more.isEmpty ? ["created": JSON(begun)] : Self.ended(begun, time)),
        ] + more))
  }

  /// Ends the message that is open, and tells what it took.
  private mutating func finish(_ reason: String, at time: Int64) {
    let output = random.int(60...420)
    let tokens: JSON = [
      "input": JSON(context / 8), "output": JSON(output), "reasoning": 0,
      "cache": ["read": JSON(context - context / 8), "write": 0],
    ]
    context += output
    writePart(
      of: message(at: time),
      [("type", "step-finish"), ("reason", JSON(reason)), ("tokens", tokens), ("cost", 0)])
    writeMessage([("finish", JSON(reason)), ("tokens", tokens), ("cost", 0)], at: time)
    open = nil
  }

  private mutating func say(_ text: String, at time: Int64) {
    writePart(
      of: message(at: time),
      [("type", "text"), ("text", JSON(text)), ("time", Self.span(time, time))])
  }

  private mutating func writeCall(_ call: OpenCall, _ state: JSON.Fields, at time: Int64) {
    let (tool, input) = Self.named(call.tool, place)
    writePart(
      of: message(at: time), id: "prt_" + call.id,
      [
        ("type", "tool"), ("callID", JSON(call.id)), ("tool", JSON(tool)),
        ("state", JSON([("input", input)] + state)),
      ])
  }

  private mutating func writePart(of message: String, id: String? = nil, _ fields: JSON.Fields) {
    let id = id ?? random.name("prt_", 26)
    write(
      "part/\(message)/\(id)",
      JSON(
        [("id", JSON(id)), ("sessionID", JSON(session)), ("messageID", JSON(message))] + fields))
  }

  private mutating func write(_ name: String, _ document: JSON) {
    changes.append(.write(path: "\(storage)/\(name).json", text: document.text))
  }

  private static func span(_ start: Int64, _ end: Int64) -> JSON {
    ["start": JSON(start), "end": JSON(end)]
  }

  private static func ended(_ begun: Int64, _ end: Int64) -> JSON {
    ["created": JSON(begun), "completed": JSON(end)]
  }

  private static func named(_ tool: DemoTool, _ place: Workplace) -> (String, JSON) {
    switch tool {
    case .command(let command): ("bash", ["command": JSON(command)])
    case .read(let file): ("read", ["filePath": JSON(place.path(file))])
    case .search(let pattern): ("grep", ["pattern": JSON(pattern)])
    case .edit(let file, let old, let new):
      (
        "edit",
        [
          "filePath": JSON(place.path(file)), "oldString": JSON(old), "newString": JSON(new),
        ]
      )
    case .plan(let steps, let done):
      (
        "todowrite",
        [
          "todos": JSON(
            steps.enumerated().map { index, step in
              [
                "id": JSON("\(index + 1)"), "content": JSON(step), "priority": "medium",
                "status": index < done ? "completed" : index == done ? "in_progress" : "pending",
              ]
            })
        ]
      )
    case .ask(let question, _): ("question", ["question": JSON(question)])
    case .agent(let task, _): ("task", ["prompt": JSON(task.prompt)])
    }
  }
}
