package import FleetlogEvents

/// What headless Claude Code prints with `--output-format stream-json`, and the recordings of it
/// that runners keep.
///
/// Its messages are those of a transcript and are read by ``ClaudeFormat``, into the run of the
/// same session; what only the program prints is read here: how the session began, and how the
/// run came out. Sub-agents are known by the name that the start of their task tells, as their
/// transcripts have it; older programs tell none, and there by the call that began them.
package struct ClaudeStreamFormat: GuestFormat {
  package static let name = "claude-stream"
  package static let parserVersion = 1

  private let file: TranscriptFile
  private var reader: ClaudeFormat
  private var memory: Memory

  private struct Memory: Codable {
    var reader = ClaudeMemory()
    /// A runner's heading, held until a record names the session.
    var heading: ClaudeMemory.HeldLine?
    /// Records of the session, since most have neither an id nor a time.
    var records = 0
    /// The names of sub-agents, by the call that began them.
    var subagents: NewestEntries<String>?
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
    reader = ClaudeFormat(file: file, state: nil)
    reader.memory = memory.reader
    reader.memory.opening = nil
  }

  package var state: String {
    var memory = memory
    memory.reader = reader.memory
    return ParserState.encode(memory)
  }

  package var isHolding: Bool { reader.isHolding }

  /// A log in which other lines stand among these is ``LogFormat``'s.
  package static func recognises(_ sample: FormatSample) -> Bool {
    isAlone(in: sample) && !sample.objects.contains { $0["sessionId"] != nil }
  }

  package static func isMark(_ value: JSONValue) -> Bool {
    guard value["sessionId"] == nil else { return false }
    switch value["type"]?.string {
    case "system": return value.name("subtype") != nil && value.name("session_id") != nil
    case "assistant", "user":
      return value["message"]?.isObject == true && value.name("session_id") != nil
    case "result": return value.name("subtype") != nil && value.name("session_id") != nil
    default: return value["schema"]?.string == headingSchema
    }
  }

  package static func mayBeOne(_ value: JSONValue) -> Bool {
    isMark(value) || value["type"]?.string.map(kinds.union(machinery).contains) == true
  }

  private static let headingSchema = "forge-loop-session/v1"
  private static let kinds: Set<String> = [
    "system", "assistant", "user", "result", "outcome", "rate_limit_event",
  ]
  /// The talk of the program with the one that drives it, and pieces of messages that come whole
  /// as well.
  private static let machinery: Set<String> = [
    "stream_event", "control_request", "control_response", "control_cancel_request", "keep_alive",
    "tool_progress", "auth_status",
  ]

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard value.isObject else { return output.skip(line, "not a JSON object") }
    if value["type"] == nil, value["schema"]?.string == Self.headingSchema {
      return hold(heading: line, value)
    }
    let first = output.drafts.count
    take(record(line, value), into: &output)
    for index in output.drafts.indices.dropFirst(first) { output.drafts[index].isPrinted = true }
  }

  package mutating func settle(into output: inout FormatOutput) {
    let first = output.drafts.count
    reader.settle(into: &output)
    for index in output.drafts.indices.dropFirst(first) { output.drafts[index].isPrinted = true }
  }

  /// A record, named by its place among those of its session where nothing else names it.
  private mutating func record(_ line: RawLine, _ value: JSONValue) -> ClaudeRecord {
    var record = ClaudeRecord(line: line, value: value)
    let session = record.sessionID ?? reader.memory.session ?? nameless(line)
    if session != reader.memory.session { memory.records = 0 }
    reader.memory.session = session
    memory.records += 1
    record.standIn = "\(session)#\(memory.records)"
    name(&record)
    return record
  }

  /// Gives a sub-agent's record the name that its transcript has it by.
  private mutating func name(_ record: inout ClaudeRecord) {
    if record.value.name("subtype") == "task_started",
      record.value.name("task_type") == "local_agent",
      let call = record.value.name("tool_use_id"), let agent = record.value.name("task_id")
    {
      var names = memory.subagents ?? NewestEntries(limit: 256)
      names.put(agent, for: call)
      memory.subagents = names
    }
    if let call = record.value.name("parent_tool_use_id"), let agent = memory.subagents?[call] {
      record.agentID = agent
    }
  }

  /// What a session is called that no record names.
  private func nameless(_ line: RawLine) -> String {
    if let run = file.run { return run.sessionID ?? run.key }
    var key = FactKey()
    key.add(line.bytes)
    return key.fingerprint() + "-headless"
  }

  private mutating func take(_ record: ClaudeRecord, into output: inout FormatOutput) {
    switch record.kind {
    case let kind where Self.machinery.contains(kind): return
    case "assistant", "user":
      reader.take(record, into: &output)
      linkSpawn(of: record, into: &output)
    case "system" where record.value.name("subtype") == "init": begin(record, into: &output)
    // The session's own hooks run before its first record says where it is.
    case "system" where Self.isRoutineHook(record.value): return
    case "result", "outcome": conclude(record, into: &output)
    case "rate_limit_event": readRateLimit(record, into: &output)
    default: reader.take(record, into: &output)
    }
    writeHeading(into: &output)
  }

  private static func isRoutineHook(_ value: JSONValue) -> Bool {
    switch value.name("subtype") {
    case "hook_started", "hook_progress": true
    case "hook_response": value.name("outcome") == "success"
    default: false
    }
  }

  /// The call that began the sub-agent whose message this is.
  private mutating func linkSpawn(of record: ClaudeRecord, into output: inout FormatOutput) {
    guard let call = record.value.name("parent_tool_use_id"), let agent = record.agentID else {
      return
    }
    reader.linkSpawn(by: call, of: agent, rule: "parent_tool_use_id", into: &output)
  }

  private mutating func begin(_ record: ClaudeRecord, into output: inout FormatOutput) {
    let place = reader.place(of: record)
    reader.start(place, into: &output)
    let value = record.value
    let model = value.name("model")
    var draft = place.draft(
      .messageSystem, .worker, "Headless session" + (model.map { " with " + $0 } ?? ""))
    draft.payload.set("subtype", "init")
    draft.payload.set("model_name", model)
    draft.payload.set("tools", value["tools"], cap: file.cap)
    draft.payload.set("mcp_servers", value["mcp_servers"], cap: file.cap)
    draft.payload.set("permission_mode", value.name("permissionMode"))
    draft.payload.set("api_key_source", value.name("apiKeySource"))
    output.drafts.append(draft)
  }

  private mutating func readRateLimit(_ record: ClaudeRecord, into output: inout FormatOutput) {
    let place = reader.place(of: record)
    reader.start(place, into: &output)
    let status = record.value["rate_limit_info"]?.name("status")
    var draft = place.draft(
      .messageSystem, .worker, "Rate limit" + (status.map { ": " + $0 } ?? ""))
    draft.payload.set("rate_limit", record.value["rate_limit_info"], cap: file.cap)
    output.drafts.append(draft)
  }
}

/// How the run came out.
extension ClaudeStreamFormat {
  /// `result` ends the turn and the run. `outcome` is a runner's word behind it, with the exit
  /// status of the program.
  private mutating func conclude(_ record: ClaudeRecord, into output: inout FormatOutput) {
    let place = reader.place(of: record)
    reader.start(place, into: &output)
    if record.kind == "outcome" { return readOutcome(place, into: &output) }
    let conclusion = RunConclusion(value: record.value)
    if var turn = reader.endTurn(
      place, proof: "result", duration: conclusion.duration, into: &output)
    {
      if let error = conclusion.error {
        turn.summary = PlainText.line("Turn failed: " + error)
        turn.payload.set("error", error)
      }
      output.drafts.append(turn)
    }
    var draft = place.draft(.processExited, .worker, conclusion.words)
    conclusion.describe(in: &draft.payload, cap: file.cap)
    output.drafts.append(draft)
  }

  private func readOutcome(_ place: ClaudePlace, into output: inout FormatOutput) {
    let value = place.record.value
    let code = value["returncode"]?.int
    let status = value.name("status")
    let words = [code.map { "Exited with status \($0)" }, status.map { "outcome: " + $0 }]
    var draft = place.draft(
      .processExited, .worker, words.compactMap { $0 }.joined(separator: " · "))
    draft.payload.set("reason", "outcome")
    draft.payload.set("exit_code", code)
    draft.payload.set("status", status)
    draft.payload.set("pr_url", value.name("pr"))
    draft.payload.set("error", value["error"]?.string, cap: file.cap)
    output.drafts.append(draft)
  }
}

/// The heading that forge-loop puts above a recording: which issue the session was about, and when
/// it was recorded, which is the only time there is.
extension ClaudeStreamFormat {
  private mutating func hold(heading line: RawLine, _ value: JSONValue) {
    memory.heading = ClaudeMemory.HeldLine(
      offset: line.offset, number: line.number,
      text: String(decoding: line.bytes, as: UTF8.self))
    reader.memory.time = value.name("recorded_at").flatMap { Timestamp.parse($0) }
  }

  private mutating func writeHeading(into output: inout FormatOutput) {
    guard let held = memory.heading else { return }
    memory.heading = nil
    let line = RawLine(offset: held.offset, bytes: Array(held.text.utf8), number: held.number)
    guard let value = try? JSONDocument(line.bytes).root else { return }
    let place = reader.place(of: record(line, value))
    reader.start(place, into: &output)
    let title = value.name("title")
    var draft = place.draft(.contextSet, .worker, title.map { "Title: " + $0 } ?? "Recorded")
    draft.payload.set("title", title)
    draft.payload.set("title_source", title == nil ? nil : "runner")
    draft.payload.set("issue", value["issue"])
    draft.payload.set("argv", value["claude_argv"], cap: file.cap)
    draft.payload.set("duration_s", value["duration_s"]?.double)
    output.drafts.append(draft)
  }
}
