import FleetlogEvents

/// The session transcripts of Claude Code, from 1.0 on: `<session>.jsonl` and the files of its
/// sub-agents.
///
/// One file may hold several sessions and several agents; which ones, the records say.
package struct ClaudeFormat: TranscriptFormat {
  package static let name = "claude"
  package static let parserVersion = 4

  let file: TranscriptFile
  var memory: ClaudeMemory

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? ClaudeMemory()
  }

  package var state: String { ParserState.encode(memory) }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains { object in
      guard let kind = object["type"]?.string else { return false }
      if object["sessionId"]?.string != nil {
        return kinds.contains(kind)
      }
      switch kind {
      case "user", "assistant":
        return object["message"]?.isObject == true && object["timestamp"] != nil
      case "summary": return object["leafUuid"] != nil
      case "file-history-snapshot": return object["snapshot"] != nil
      default: return false
      }
    }
  }

  private static let kinds: Set<String> = [
    "user", "assistant", "system", "attachment", "progress", "queue-operation", "summary",
    "permission-mode", "mode", "custom-title", "ai-title", "agent-name", "last-prompt",
    "worktree-state", "relocated", "pr-link",
  ]

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard value.isObject else {
      output.skip(line, "not a JSON object")
      return
    }
    let record = ClaudeRecord(line: line, value: value)
    if memory.opening == nil { return take(record, into: &output) }
    if record.hasEnvelope {
      return endOpening(with: record, into: &output)
    }
    hold(record)
    if let opening = memory.opening, isFull(opening) { endOpening(into: &output) }
  }

  package mutating func settle(into output: inout FormatOutput) {
    endOpening(into: &output)
    for key in memory.agents.keys.sorted() { settleAgent(key, isQuiet: true, into: &output) }
  }

  package var isHolding: Bool {
    memory.opening?.isEmpty == false || memory.agents.values.contains(where: \.isHolding)
  }

  /// Takes a record whose place in the file has come.
  mutating func take(_ record: ClaudeRecord, into output: inout FormatOutput) {
    memory.lineCount += 1
    if let session = record.sessionID { memory.session = session }
    let place = place(of: record)
    if let time = record.time, record.isInOrder || memory.time == nil { memory.time = time }
    start(place, into: &output)
    rememberSidechain(record)
    memory.agents[place.run.key]?.lastLine = memory.lineCount
    switch record.kind {
    case "user": readUser(place, into: &output)
    case "assistant": readAssistant(place, into: &output)
    case "system": readSystem(place, into: &output)
    case "attachment": readAttachment(place, into: &output)
    case "progress": readProgress(place, into: &output)
    default: readNote(place, into: &output)
    }
    if let uuid = record.uuid { memory.remember(uuid: uuid) }
    forgetQuietAgents(into: &output)
  }

  private mutating func forgetQuietAgents(into output: inout FormatOutput) {
    guard memory.agents.count > ClaudeMemory.agentLimit,
      let oldest = memory.agents.min(by: { $0.value.lastLine < $1.value.lastLine })?.key
    else { return }
    settleAgent(oldest, into: &output)
    memory.agents[oldest] = nil
  }
}

/// The notes at the top of a file that stand before the first record with an envelope. They are
/// held back so that the session begins with its version, folder and branch, not with a title.
extension ClaudeFormat {
  private mutating func hold(_ record: ClaudeRecord) {
    memory.opening?.append(
      ClaudeMemory.HeldLine(
        offset: record.line.offset, number: record.line.number,
        text: String(decoding: record.line.bytes, as: UTF8.self)))
  }

  private func isFull(_ opening: [ClaudeMemory.HeldLine]) -> Bool {
    opening.count >= ClaudeMemory.openingLimit
      || opening.reduce(0) { $0 + $1.text.utf8.count } >= ClaudeMemory.openingByteLimit
  }

  private mutating func endOpening(
    with first: ClaudeRecord? = nil, into output: inout FormatOutput
  ) {
    let held = (memory.opening ?? []).compactMap { line -> ClaudeRecord? in
      let raw = RawLine(offset: line.offset, bytes: Array(line.text.utf8), number: line.number)
      guard let document = try? JSONDocument(raw.bytes) else { return nil }
      return ClaudeRecord(line: raw, value: document.root)
    }
    guard first != nil || !held.isEmpty else { return }
    memory.opening = nil
    if let first {
      memory.session = first.sessionID ?? memory.session
      memory.opensAt = first.time
      let place = place(of: first)
      let earlier = held.lazy.filter { $0.sessionID == first.sessionID || $0.sessionID == nil }
      start(place, since: earlier.compactMap(\.time).first, into: &output)
    }
    for record in held { take(record, into: &output) }
    if let first { take(first, into: &output) }
  }
}
