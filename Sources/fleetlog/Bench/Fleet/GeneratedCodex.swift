import FleetlogEvents

/// A thread of Codex: a rollout that tells what was said twice, with reasoning that is encrypted.
struct GeneratedCodex: GeneratedTranscript {
  let path: String
  var id: String { String(decoding: thread, as: UTF8.self) }
  var record = RecordBytes()
  var counts = FleetCounts()
  var time: Int64
  var subagents: [GeneratedFile] = []
  private let project: String
  private let thread: [UInt8]
  private var text: TextMaker
  private var hasBegun = false
  private var context = 8000
  private var total = (input: 0, cached: 0, output: 0)

  init(project: String, random: DemoRandom, at time: Int64) {
    text = TextMaker(random: random)
    self.project = project
    self.time = time
    thread = Digits.uuid(&text.random, at: time)
    let stamp = Timestamp.format(time)
    let name = stamp.prefix(19).replacing(":", with: "-")
    path =
      "codex/sessions/\(stamp.prefix(10).replacing("-", with: "/"))/rollout-\(name)-"
      + String(decoding: thread, as: UTF8.self) + ".jsonl"
    counts.files = 1
    counts.sessions = 1
  }

  mutating func turn(rounds: Int) {
    open()
    let turn = Digits.uuid(&text.random, at: time)
    begin("event_msg", "task_started")
    record.put(",\"turn_id\":\"")
    record.put(turn)
    record.put("\",\"model_context_window\":272000")
    endRecord()
    say(text.prose(TextLengths.prompts.draw(&text.random)), role: "user")
    for _ in 0..<rounds {
      reason()
      useTool()
      countTokens()
    }
    reason()
    say(text.prose(TextLengths.replies.draw(&text.random)), role: "assistant")
    countTokens()
    begin("event_msg", "task_complete")
    record.put(",\"turn_id\":\"")
    record.put(turn)
    record.put("\",\"last_agent_message\":null")
    endRecord()
  }
}

/// The records.
extension GeneratedCodex {
  private mutating func begin(_ type: StaticString, _ kind: StaticString?) {
    record.put("{\"timestamp\":\"")
    record.put(Array(Timestamp.format(time).utf8))
    record.put("\",\"type\":\"")
    record.put(type)
    record.put("\",\"payload\":{")
    guard let kind else { return }
    record.put("\"type\":\"")
    record.put(kind)
    record.put("\"")
  }

  private mutating func endRecord() {
    record.put("}}")
    record.endLine()
    counts.lines += 1
    time += Int64(text.random.int(1...2500))
  }

  private mutating func open() {
    guard !hasBegun else { return }
    hasBegun = true
    begin("session_meta", nil)
    record.put("\"id\":\"")
    record.put(thread)
    record.put("\",\"timestamp\":\"")
    record.put(Array(Timestamp.format(time).utf8))
    record.put("\",\"cwd\":\"/home/dev/")
    record.put(Array(project.utf8))
    record.put("\",\"originator\":\"codex_cli_rs\",\"cli_version\":\"0.61.0\",\"source\":\"cli\"")
    record.put(",\"git\":{\"branch\":\"main\",\"commit_hash\":\"")
    record.put(Digits.uuid(&text.random).filter { $0 != UInt8(ascii: "-") })
    record.put("\"}")
    endRecord()
    begin("turn_context", nil)
    record.put("\"cwd\":\"/home/dev/")
    record.put(Array(project.utf8))
    record.put("\",\"approval_policy\":\"on-request\",\"sandbox_policy\":{\"mode\":")
    record.put("\"workspace-write\"},\"model\":\"gpt-5-codex\",\"effort\":\"medium\"")
    endRecord()
  }

  private mutating func say(_ words: [UInt8], role: StaticString) {
    let isPrompt = role.utf8CodeUnitCount == 4
    begin("event_msg", isPrompt ? "user_message" : "agent_message")
    record.put(",\"message\":")
    record.put(text: words)
    endRecord()
    begin("response_item", "message")
    record.put(",\"role\":\"")
    record.put(role)
    record.put(
      isPrompt
        ? "\",\"content\":[{\"type\":\"input_text\",\"text\":"
        : "\",\"content\":[{\"type\":\"output_text\",\"text\":")
    record.put(text: words)
    record.put("}]")
    endRecord()
    if isPrompt { counts.prompts += 1 } else { counts.replies += 1 }
  }

  private mutating func reason() {
    let thought = Array("**".utf8) + text.prose(text.random.int(20...60)) + "**".utf8
    begin("event_msg", "agent_reasoning")
    record.put(",\"text\":")
    record.put(text: thought)
    endRecord()
    begin("response_item", "reasoning")
    record.put(",\"summary\":[{\"type\":\"summary_text\",\"text\":")
    record.put(text: thought)
    record.put("}],\"content\":null,\"encrypted_content\":\"gAAAAAB")
    record.put(text.noise(TextLengths.encrypted.draw(&text.random)))
    record.put("\"")
    endRecord()
  }

  private mutating func useTool() {
    let call = Digits.name("call_", 24, &text.random)
    counts.toolCalls += 1
    counts.toolResults += 1
    if text.random.chance(0.15) { return patch(call) }
    var arguments = RecordBytes()
    arguments.put("{\"command\":[\"bash\",\"-lc\",")
    arguments.put(text: text.command())
    arguments.put("],\"workdir\":\"/home/dev/")
    arguments.put(Array(project.utf8))
    arguments.put("\"}")
    begin("response_item", "function_call")
    record.put(",\"name\":\"shell\",\"arguments\":")
    record.put(text: arguments.bytes)
    record.put(",\"call_id\":\"")
    record.put(call)
    record.put("\"")
    endRecord()
    let size = TextLengths.results.draw(&text.random)
    let output =
      text.random.chance(0.5)
      ? Array(text.excerpt(of: text.file(), isNumbered: false).prefix(size)) : text.log(size)
    result(call, "function_call_output", output, isError: text.random.chance(0.1))
  }

  private mutating func patch(_ call: [UInt8]) {
    let path = text.random.pick(text.paths)
    begin("response_item", "custom_tool_call")
    record.put(",\"status\":\"completed\",\"name\":\"apply_patch\",\"input\":")
    record.put(
      text: Array("*** Begin Patch\n*** Update File: ".utf8) + path + "\n@@\n+".utf8
        + text.code(TextLengths.edits.draw(&text.random)) + "*** End Patch".utf8)
    record.put(",\"call_id\":\"")
    record.put(call)
    record.put("\"")
    endRecord()
    result(
      call, "custom_tool_call_output",
      Array("Success. Updated the following files:\nM ".utf8) + path + "\n".utf8, isError: false)
  }

  private mutating func result(
    _ call: [UInt8], _ kind: StaticString, _ output: [UInt8], isError: Bool
  ) {
    context += output.count / 4
    var inner = RecordBytes(capacity: output.count + 128)
    inner.put("{\"output\":")
    inner.put(text: output)
    inner.put(",\"metadata\":{\"exit_code\":")
    inner.put(isError ? 1 : 0)
    inner.put(",\"duration_seconds\":0.")
    inner.put(text.random.int(1...9))
    inner.put("}}")
    begin("response_item", kind)
    record.put(",\"call_id\":\"")
    record.put(call)
    record.put("\",\"output\":")
    record.put(text: inner.bytes)
    endRecord()
  }

  private mutating func countTokens() {
    let last = (input: context, cached: context / 128 * 100, output: text.random.int(40...900))
    total = (total.input + last.input, total.cached + last.cached, total.output + last.output)
    context = context > 230_000 ? 24_000 : context + last.output
    begin("event_msg", "token_count")
    record.put(",\"info\":{\"total_token_usage\":{")
    usage(total)
    record.put("},\"last_token_usage\":{")
    usage(last)
    record.put("},\"model_context_window\":272000},\"rate_limits\":{\"primary_used_percent\":3.0}")
    endRecord()
  }

  private mutating func usage(_ count: (input: Int, cached: Int, output: Int)) {
    record.put("\"input_tokens\":")
    record.put(count.input)
    record.put(",\"cached_input_tokens\":")
    record.put(count.cached)
    record.put(",\"output_tokens\":")
    record.put(count.output)
    record.put(",\"reasoning_output_tokens\":")
    record.put(count.output / 3)
    record.put(",\"total_tokens\":")
    record.put(count.input + count.output)
  }
}
