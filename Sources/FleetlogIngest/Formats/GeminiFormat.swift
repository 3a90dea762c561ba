import FleetlogEvents

/// The sessions of Gemini CLI: a log of records (`.jsonl`), or a document rewritten with each
/// change (`.json`), which comes unrolled into the same records.
///
/// A message is written again with each change to it, and the last version counts. So what the
/// model says waits until the next message, or quiet, shows that it is over. A fact is the
/// session, the message and what it says, whatever the file: a resumed session has two.
package struct GeminiFormat: TranscriptFormat {
  package static let name = "gemini"
  package static let parserVersion = 1

  let file: TranscriptFile
  var memory: GeminiMemory

  /// The longest message that waits, in bytes: what waits is written with each turn.
  private static let longestHeld = 1 << 20

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? GeminiMemory()
  }

  package var state: String { ParserState.encode(memory) }

  package var isHolding: Bool { memory.held != nil || memory.final != nil }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.first.map(isHead) ?? false
  }

  /// What a session says of itself, on its first line.
  private static func isHead(_ value: JSONValue) -> Bool {
    value["sessionId"]?.string?.isEmpty == false && value["projectHash"]?.string != nil
      && value["type"] == nil && value["uuid"] == nil
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard value.isObject else { return output.skip(line, "not a JSON object") }
    if let id = value["$rewindTo"]?.string {
      rewind(to: id, line, into: &output)
    } else if let changes = value["$set"] {
      update(changes, line, into: &output)
    } else if value["id"]?.string != nil {
      readMessage(value, line.span, into: &output)
    } else if value["sessionId"] != nil {
      begin(value, line, into: &output)
    } else {
      output.problems.append(
        SourceProblem(
          kind: .unknownRecord, span: line.span, reason: "a record of no kind that is known"))
    }
  }

  package mutating func settle(into output: inout FormatOutput) {
    tellHeld(into: &output)
    writeTurnEnd(into: &output)
  }

  // MARK: The session

  var run: RunIdentity {
    RunIdentity(
      key: Self.runKey(memory.session),
      instanceID: "gemini-" + String(memory.session.prefix(8)).oneLine,
      role: memory.parent == nil ? "worker" : "subagent", sessionID: memory.session)
  }

  private static func runKey(_ session: String) -> String { "run:gemini:" + session }

  private mutating func begin(
    _ head: JSONValue, _ line: RawLine, into output: inout FormatOutput
  ) {
    if !memory.hasStarted, let id = head["sessionId"]?.string, !id.isEmpty {
      memory.session = id
      memory.parent = parent(of: id)
      start(head, line.span, into: &output)
    }
    update(head, line, into: &output)
  }

  /// A sub-agent's file lies in a folder called by the session that it works for; nothing in it
  /// says so.
  private func parent(of session: String) -> String? {
    guard file.folders.count > 1, file.folders[1] == "chats", file.folders[0] != session else {
      return nil
    }
    return file.folders[0]
  }

  private mutating func start(
    _ head: JSONValue?, _ span: SourceSpan, into output: inout FormatOutput
  ) {
    memory.hasStarted = true
    let ts = time(head?["startTime"])
    let cwd = file.project ?? head?["directories"]?.elements.first?.string
    var draft = EventDraft(
      .processStarted, ts: ts ?? file.modifiedAt, run: run, sourceKind: .system,
      summary: PlainText.line(
        (memory.parent == nil ? "Gemini started" : "Gemini sub-agent started")
          + (cwd.map { " in " + $0 } ?? "")))
    draft.sourceRef = memory.session
    draft.span = span
    draft.idempotencyKey = run.key
    draft.payload.set("agent", Self.name)
    draft.payload.set("cwd", cwd)
    draft.payload.set("project_hash", head?["projectHash"]?.string)
    draft.payload.set("parent_session_id", memory.parent)
    draft.payload.set("synthesized", true)
    if ts == nil { draft.payload.set("_ts_from", "file_mtime") }
    draft.parentRunKey = memory.parent.map(Self.runKey)
    output.drafts.append(draft)
  }

  /// A log whose beginning is lost is a session named by its file.
  func startIfLost(_ span: SourceSpan, into output: inout FormatOutput) -> GeminiFormat? {
    guard !memory.hasStarted else { return nil }
    var format = self
    format.memory.session = file.stem
    format.start(nil, span, into: &output)
    return format
  }

  private mutating func update(
    _ changes: JSONValue, _ line: RawLine, into output: inout FormatOutput
  ) {
    if let messages = changes["messages"], messages.isArray {
      for message in messages.elements where message.isObject {
        readMessage(message, message.span(in: line), into: &output)
      }
    }
    guard let title = changes["summary"]?.string?.trimmed, !title.isEmpty, title != memory.title
    else { return }
    memory.title = title
    let ts = time(changes["lastUpdated"]) ?? memory.lastTime
    var draft = EventDraft(
      .contextSet, ts: ts ?? file.modifiedAt, run: run, sourceKind: .worker,
      summary: PlainText.line("Title: " + title))
    draft.payload.set("title", title)
    draft.payload.set("title_source", "summary")
    if ts == nil { draft.payload.set("_ts_from", "file_mtime") }
    finish(&draft, ["title", title], line.span)
    output.drafts.append(draft)
  }

  private mutating func rewind(
    to id: String, _ line: RawLine, into output: inout FormatOutput
  ) {
    // It was said, and is told: what was rewound is not the conversation's any more, but happened.
    tellHeld(into: &output)
    memory.rewind(to: id)
    var draft = EventDraft(
      .messageSystem, ts: memory.lastTime ?? file.modifiedAt, run: run, sourceKind: .operator,
      summary: "The conversation was taken back to an earlier message")
    draft.payload.set("note", "rewind")
    draft.payload.set("message_id", id)
    draft.payload.set("_ts_from", memory.lastTime == nil ? "file_mtime" : "previous_record")
    finish(&draft, ["rewind", id, "\(memory.lastTime ?? 0)"], line.span)
    output.drafts.append(draft)
  }

  // MARK: Messages

  private mutating func readMessage(
    _ message: JSONValue, _ span: SourceSpan, into output: inout FormatOutput
  ) {
    if let started = startIfLost(span, into: &output) { self = started }
    guard let id = message["id"]?.string else { return }
    if memory.held?.id != id, memory.isTold(id) {
      return tell(message, id, span, isLate: true, into: &output)
    }
    if memory.held?.id != id { tellHeld(into: &output) }
    memory.lastTime = time(message["timestamp"]) ?? memory.lastTime
    let isModels = message["type"]?.string == "gemini"
    guard isModels, message.sourceBytes.count <= Self.longestHeld else {
      memory.held = nil
      return tell(message, id, span, into: &output)
    }
    // The model went on: what it said before was not the turn's last word.
    memory.final = nil
    memory.held = GeminiMemory.Held(
      id: id, line: message.source, offset: span.offset, length: span.length)
  }

  /// Writes the message that waited, as it stands.
  private mutating func tellHeld(into output: inout FormatOutput) {
    guard let held = memory.held else { return }
    memory.held = nil
    guard let message = try? JSONDocument(held.line).root else { return }
    tell(message, held.id, held.span, into: &output)
  }

  /// Gives a draft its key: the session and what names the fact in it.
  func finish(_ draft: inout EventDraft, _ parts: [String], _ span: SourceSpan) {
    var key = FactKey()
    key.add(memory.session)
    for part in parts { key.add(part) }
    draft.idempotencyKey = key.text(
      prefix: "g", ts: draft.payload.contains("_ts_from") ? nil : draft.ts)
    draft.sourceRef = memory.session
    draft.span = span
  }

  func time(_ value: JSONValue?) -> Int64? { value?.string.flatMap { Timestamp.parse($0) } }
}

extension JSONValue {
  /// Where the value stands in the file, being a part of a line of it.
  func span(in line: RawLine) -> SourceSpan {
    let bytes = sourceBytes
    // A line that had to be mended is not the file's bytes any more.
    guard bytes.endIndex <= line.bytes.count,
      line.bytes[bytes.indices].elementsEqual(bytes)
    else { return line.span }
    return SourceSpan(offset: line.offset + Int64(bytes.startIndex), length: Int64(bytes.count))
  }
}
