import FleetlogEvents

/// A session of Claude Code, or one of its sub-agents: the records, envelopes and lengths of real
/// transcripts of 2.x.
struct GeneratedClaude: GeneratedTranscript {
  let path: String
  var id: String { String(decoding: session, as: UTF8.self) }
  private let session: [UInt8]
  var record = RecordBytes()
  var counts = FleetCounts()
  var time: Int64
  var subagents: [GeneratedFile] = []
  /// Whether it gives work to sub-agents.
  var delegates = true
  private let folder: String
  private let agent: [UInt8]?
  private var text: TextMaker
  /// What stands between the parent's id and the type, the same in every record.
  private let envelope: [UInt8]
  private var parent: [UInt8]?
  private var response = Response()
  private var context = 21_000

  private struct Response {
    var message: [UInt8] = []
    var request: [UInt8] = []
    var output = 0
  }

  init(project: String, random: DemoRandom, at time: Int64) {
    var random = random
    let session = Digits.uuid(&random)
    self.init(project: project, session: session, agent: nil, random: random, at: time)
    counts.sessions = 1
  }

  private init(
    project: String, session: [UInt8], agent: [UInt8]?, random: DemoRandom, at time: Int64
  ) {
    self.session = session
    self.agent = agent
    self.time = time
    folder = project
    text = TextMaker(random: random)
    let id = String(decoding: session, as: UTF8.self)
    let home = "claude/projects/-home-dev-\(project)/\(id)"
    path =
      agent.map { "\(home)/subagents/agent-\(String(decoding: $0, as: UTF8.self)).jsonl" }
      ?? home + ".jsonl"
    let branch = text.random.chance(0.6) ? "main" : "feature/" + project.prefix(3)
    var envelope = """
      ,"isSidechain":\(agent != nil),"userType":"external","cwd":"/home/dev/\(project)",\
      "sessionId":"\(id)","version":"2.1.207","gitBranch":"\(branch)"
      """
    if let agent { envelope += #","agentId":"\#(String(decoding: agent, as: UTF8.self))""# }
    self.envelope = Array(envelope.utf8)
    counts.files = 1
  }

  mutating func turn(rounds: Int) {
    prompt(text.prose(TextLengths.prompts.draw(&text.random)))
    for _ in 0..<rounds {
      if text.random.chance(0.2) { think() }
      if text.random.chance(0.45) { say(text.prose(TextLengths.replies.draw(&text.random))) }
      if delegates, agent == nil, text.random.chance(0.015) { delegate() } else { useTool() }
    }
    endTurn()
  }
}

/// The records.
extension GeneratedClaude {
  private mutating func begin(_ type: StaticString) {
    record.put("{\"parentUuid\":")
    if let parent {
      record.put("\"")
      record.put(parent)
      record.put("\"")
    } else {
      record.put("null")
    }
    record.put(envelope)
    record.put(",\"type\":\"")
    record.put(type)
    record.put("\"")
  }

  private mutating func endRecord() {
    let uuid = Digits.uuid(&text.random)
    record.put(",\"uuid\":\"")
    record.put(uuid)
    record.put("\",\"timestamp\":\"")
    record.put(Array(Timestamp.format(time).utf8))
    record.put("\"}")
    record.endLine()
    parent = uuid
    counts.lines += 1
    time += Int64(text.random.int(40...4000))
  }

  mutating func prompt(_ words: [UInt8]) {
    closeResponse()
    begin("user")
    record.put(",\"message\":{\"role\":\"user\",\"content\":")
    record.put(text: words)
    record.put("},\"permissionMode\":\"acceptEdits\"")
    endRecord()
    counts.prompts += 1
  }

  private mutating func beginBlock() {
    if response.message.isEmpty {
      response.message = Digits.name("msg_01", 22, &text.random)
      response.request = Digits.name("req_011C", 20, &text.random)
    }
    begin("assistant")
    record.put(",\"message\":{\"model\":\"claude-sonnet-4-5-20250929\",\"id\":\"")
    record.put(response.message)
    record.put("\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[")
  }

  private mutating func endBlock(stop: StaticString = "null") {
    response.output += text.random.int(20...300)
    record.put("],\"stop_reason\":")
    record.put(stop)
    record.put(",\"stop_sequence\":null,\"usage\":{\"input_tokens\":")
    record.put(text.random.int(3...9))
    record.put(",\"cache_creation_input_tokens\":")
    record.put(context / 20)
    record.put(",\"cache_read_input_tokens\":")
    record.put(context)
    record.put(",\"cache_creation\":{\"ephemeral_5m_input_tokens\":")
    record.put(context / 20)
    record.put(",\"ephemeral_1h_input_tokens\":0},\"output_tokens\":")
    record.put(response.output)
    record.put(",\"service_tier\":\"standard\"}},\"requestId\":\"")
    record.put(response.request)
    record.put("\"")
    endRecord()
  }

  private mutating func closeResponse() {
    guard !response.message.isEmpty else { return }
    context = context > 150_000 ? 24_000 : context + response.output
    response = Response()
  }

  private mutating func think() {
    beginBlock()
    record.put("{\"type\":\"thinking\",\"thinking\":")
    record.put(text: text.prose(TextLengths.thoughts.draw(&text.random)))
    record.put(",\"signature\":\"")
    record.put(text.noise(text.random.int(200...600)))
    record.put("\"}")
    endBlock()
  }

  private mutating func say(_ words: [UInt8], stop: StaticString = "null") {
    beginBlock()
    record.put("{\"type\":\"text\",\"text\":")
    record.put(text: words)
    record.put("}")
    endBlock(stop: stop)
    counts.replies += 1
  }

  private mutating func endTurn() {
    var words = text.prose(TextLengths.replies.draw(&text.random))
    if text.random.chance(0.2) {
      let (block, events) = StatedEvents.block(&text)
      words += block
      counts.stated += events
    }
    say(words, stop: "\"end_turn\"")
    closeResponse()
    guard agent == nil else { return }
    begin("system")
    record.put(",\"subtype\":\"turn_duration\",\"durationMs\":")
    record.put(text.random.int(4000...400_000))
    record.put(",\"isMeta\":false")
    endRecord()
  }
}

/// Tools.
extension GeneratedClaude {
  private mutating func beginCall(_ name: StaticString) -> [UInt8] {
    let id = Digits.name("toolu_01", 22, &text.random)
    beginBlock()
    record.put("{\"type\":\"tool_use\",\"id\":\"")
    record.put(id)
    record.put("\",\"name\":\"")
    record.put(name)
    record.put("\",\"input\":{")
    counts.toolCalls += 1
    return id
  }

  private mutating func endCall() {
    record.put("}}")
    endBlock(stop: "\"tool_use\"")
    closeResponse()
  }

  private mutating func field(_ name: StaticString, _ value: [UInt8], isFirst: Bool = false) {
    record.put(isFirst ? "\"" : ",\"")
    record.put(name)
    record.put("\":")
    record.put(text: value)
  }

  private var absolutePath: [UInt8] { Array("/home/dev/\(folder)/".utf8) }

  private mutating func useTool() {
    let size = TextLengths.results.draw(&text.random)
    switch text.random.int(0...99) {
    case ..<45:
      let call = beginCall("Bash")
      field("command", text.command(), isFirst: true)
      field("description", text.prose(40))
      endCall()
      bashResult(of: call, text.log(size))
    case ..<63:
      let file = text.file()
      let path = absolutePath + text.paths[file]
      let call = beginCall("Read")
      field("file_path", path, isFirst: true)
      endCall()
      if text.random.chance(0.06) { return imageResult(of: call) }
      readResult(of: call, path, text.excerpt(of: file, isNumbered: true))
    case ..<85:
      let file = text.file()
      let path = absolutePath + text.paths[file]
      let change = text.edit(file)
      let call = beginCall("Edit")
      field("file_path", path, isFirst: true)
      field("old_string", change.old)
      field("new_string", change.new)
      endCall()
      editResult(of: call, path, change.original, change.old)
    default:
      let call = beginCall("Grep")
      field("pattern", text.prose(10), isFirst: true)
      record.put(",\"output_mode\":\"content\"")
      endCall()
      let lines = text.listing(size)
      beginResult(of: call, lines)
      guard agent == nil else { return endRecord() }
      record.put(",\"toolUseResult\":{\"mode\":\"content\",\"numFiles\":0,\"content\":")
      record.put(text: lines)
      record.put("}")
      endRecord()
    }
  }

  private mutating func beginResult(of call: [UInt8], _ content: [UInt8], isError: Bool = false) {
    counts.toolResults += 1
    context += content.count / 4
    begin("user")
    record.put(",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"")
    record.put(call)
    record.put("\",\"type\":\"tool_result\",\"content\":")
    record.put(text: content)
    if isError { record.put(",\"is_error\":true") }
    record.put("}]}")
  }

  private mutating func bashResult(of call: [UInt8], _ output: [UInt8]) {
    let isError = text.random.chance(0.1)
    let content = isError ? Array("Exit code 1\n".utf8) + output : output
    beginResult(of: call, content, isError: isError)
    if agent == nil {
      if isError {
        record.put(",\"toolUseResult\":")
        record.put(text: Array("Error: ".utf8) + content)
      } else {
        record.put(",\"toolUseResult\":{\"stdout\":")
        record.put(text: output)
        record.put(",\"stderr\":\"\",\"interrupted\":false,\"isImage\":false}")
      }
    }
    endRecord()
  }

  private mutating func readResult(of call: [UInt8], _ path: [UInt8], _ content: [UInt8]) {
    beginResult(of: call, content)
    if agent == nil {
      record.put(",\"toolUseResult\":{\"type\":\"text\",\"file\":{\"filePath\":")
      record.put(text: path)
      record.put(",\"content\":")
      record.put(text: content)
      record.put(",\"numLines\":40,\"startLine\":1,\"totalLines\":40}}")
    }
    endRecord()
  }

  /// A screenshot, as one long line.
  private mutating func imageResult(of call: [UInt8]) {
    counts.toolResults += 1
    begin("user")
    record.put(",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"")
    record.put(call)
    record.put("\",\"type\":\"tool_result\",\"content\":[{\"type\":\"image\",\"source\":{")
    record.put("\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"")
    record.put(text.noise(TextLengths.images.draw(&text.random)))
    record.put("\"}}]}]}")
    endRecord()
  }

  private mutating func editResult(
    of call: [UInt8], _ path: [UInt8], _ original: [UInt8], _ old: [UInt8]
  ) {
    beginResult(of: call, Array("The file ".utf8) + path + " has been updated.".utf8)
    if agent == nil {
      record.put(",\"toolUseResult\":{\"filePath\":")
      record.put(text: path)
      record.put(",\"oldString\":")
      record.put(text: old)
      // The whole file, which is most of what an edit leaves in a transcript.
      record.put(",\"originalFile\":")
      record.put(text: original)
      record.put(",\"userModified\":false,\"replaceAll\":false}")
    }
    endRecord()
  }

  /// A sub-agent, whose whole transcript is written before its result.
  private mutating func delegate() {
    let task = text.prose(TextLengths.prompts.draw(&text.random))
    var id: [UInt8] = []
    Digits.appendHex(text.random.next(), digits: 16, to: &id)
    let call = beginCall("Task")
    field("description", text.prose(30), isFirst: true)
    field("prompt", task)
    record.put(",\"subagent_type\":\"general-purpose\"")
    endCall()
    var child = GeneratedClaude(
      project: folder, session: session, agent: id,
      random: DemoRandom(seed: text.random.next(), "subagent"), at: time)
    child.prompt(task)
    for _ in 0..<text.random.int(2...20) { child.useTool() }
    child.endTurn()
    child.counts.bytes = child.record.bytes.count
    counts += child.counts
    counts.subagents += 1
    subagents.append(
      GeneratedFile(path: child.path, bytes: child.record.bytes, modifiedAt: child.time))
    time = child.time
    let report = text.prose(TextLengths.replies.draw(&text.random))
    beginResult(of: call, report)
    record.put(",\"toolUseResult\":{\"status\":\"completed\",\"agentId\":\"")
    record.put(id)
    record.put("\",\"totalDurationMs\":91234}")
    endRecord()
  }
}
