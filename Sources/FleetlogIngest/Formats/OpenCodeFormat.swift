import FleetlogEvents

/// OpenCode's sessions, messages and parts, as ``OpenCodeLine`` has them: from its files and from
/// its database, which hold the same records under the same ids.
///
/// A record is written again with each change. What is told of it at once can't change any more;
/// words that may still grow wait for their end, or for quiet. A fact is the session, the record's
/// id and, for words, what they are.
package struct OpenCodeFormat: TranscriptFormat {
  package static let name = "opencode"
  package static let parserVersion = 1

  let file: TranscriptFile
  var memory: Memory

  struct Memory: Codable {
    /// Sessions whose start was told, the newest 256.
    var started: [String] = []
    /// Words that may still grow, by their part, the newest 64.
    var held: [Held] = []
  }

  struct Held: Codable {
    let part: String
    let line: String
    let offset: Int64
    let number: Int
  }

  /// The longest line that waits, in bytes: what waits is written with each turn.
  private static let longestHeld = 1 << 20

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
  }

  package var state: String { ParserState.encode(memory) }

  package var isHolding: Bool { !memory.held.isEmpty }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.first.map {
      $0[OpenCodeLine.mark]?.string != nil && $0["session"]?["id"]?.string != nil
        && $0["data"]?.isObject ?? false
    } ?? false
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard let record = OpenCodeRecord(value, line: line) else {
      return output.skip(line, "not a record of OpenCode")
    }
    start(record, into: &output)
    switch record.kind {
    case "session": readSession(record, into: &output)
    case "message": readMessage(record, into: &output)
    default:
      memory.held.removeAll { $0.part == record.id }
      guard record.mayGrow, line.bytes.count <= Self.longestHeld else {
        return readPart(record, into: &output)
      }
      memory.held.append(
        Held(part: record.id, line: value.source, offset: line.offset, number: line.number))
      if memory.held.count > 64 { tellHeld(memory.held.removeFirst(), into: &output) }
    }
  }

  package mutating func settle(into output: inout FormatOutput) {
    let held = memory.held
    memory.held = []
    for held in held { tellHeld(held, into: &output) }
  }

  private mutating func tellHeld(_ held: Held, into output: inout FormatOutput) {
    let line = RawLine(offset: held.offset, bytes: Array(held.line.utf8), number: held.number)
    guard let value = try? JSONDocument(line.bytes).root,
      let record = OpenCodeRecord(value, line: line)
    else { return }
    readPart(record, into: &output)
  }

  // MARK: Sessions

  private mutating func start(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard !memory.started.contains(record.session) else { return }
    memory.started.append(record.session)
    if memory.started.count > 256 { memory.started.removeFirst() }
    let session = record.value["session"]
    let created = OpenCodeRecord.time(session?["created"])
    let cwd = session?["directory"]?.string
    var draft = EventDraft(
      .processStarted, ts: created ?? record.created ?? file.modifiedAt, run: record.run,
      sourceKind: .system,
      summary: PlainText.line(
        (record.parent == nil ? "OpenCode started" : "OpenCode sub-agent started")
          + (cwd.map { " in " + $0 } ?? "")))
    draft.sourceRef = record.session
    draft.span = record.line.span
    draft.idempotencyKey = record.run.key
    draft.payload.set("agent", Self.name)
    draft.payload.set("cwd", cwd)
    draft.payload.set("version", session?["version"]?.string)
    draft.payload.set("parent_session_id", record.parent)
    draft.payload.set("synthesized", true)
    if created == nil, record.created == nil { draft.payload.set("_ts_from", "file_mtime") }
    draft.parentRunKey = record.parent.map(OpenCodeRecord.runKey)
    output.drafts.append(draft)
  }

  /// OpenCode calls a session by the time until it has a title for it.
  private func readSession(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    guard let title = record.data["title"]?.string?.trimmed, !title.isEmpty,
      !title.hasPrefix("New session - "), !title.hasPrefix("Child session - ")
    else { return }
    var draft = record.draft(
      .contextSet, ts: OpenCodeRecord.time(record.data["time"]?["created"]), .worker,
      "Title: " + title, file, "title", title)
    draft.payload.set("title", title)
    draft.payload.set("title_source", "summary")
    output.drafts.append(draft)
  }

  // MARK: Messages

  private func readMessage(_ record: OpenCodeRecord, into output: inout FormatOutput) {
    let data = record.data
    guard data["role"]?.string == "assistant", OpenCodeLine.isOver(data) else { return }
    let end = OpenCodeRecord.time(data["time"]?["completed"]) ?? record.created
    if record.value["steps"] == nil, let tokens = data["tokens"] {
      tellUsage(tokens, cost: data["cost"], ts: end, record, into: &output)
    }
    let error = data["error"].flatMap { $0.isObject ? $0 : nil }
    if error?["name"]?.string == "MessageAbortedError" {
      var draft = record.draft(
        .messageSystem, ts: end, .operator, "Interrupted by the operator", file, "abort")
      draft.payload.set("interrupted", true)
      return output.drafts.append(draft)
    }
    let words = error.map {
      $0["data"]?["message"]?.string ?? $0["name"]?.string ?? "an error without a name"
    }
    if let error, let words {
      var draft = record.draft(
        .llmCallFailed, ts: end, .worker, "Model call failed: " + words, file, "failed")
      draft.payload.set("model_name", OpenCodeLine.model(of: data))
      draft.payload.set("error", words, cap: file.cap)
      draft.payload.set("error_kind", error["name"]?.string)
      output.drafts.append(draft)
    }
    tellTurnEnd(record, end: end, error: words, into: &output)
  }

  /// A message that stops for its calls is a step of a turn; any other end is the turn's. Older
  /// builds don't say why one stopped, and have one message a turn.
  private func tellTurnEnd(
    _ record: OpenCodeRecord, end: Int64?, error: String?, into output: inout FormatOutput
  ) {
    let finish = record.data["finish"]?.string
    if error == nil, finish == "tool-calls" || finish == "unknown" { return }
    let words = error.map { "Turn failed: " + $0 } ?? "Turn completed"
    var draft = record.draft(.turnCompleted, ts: end, .worker, words, file, "turn")
    draft.payload.set("proof", finish.map { "finish: " + $0 } ?? "time.completed")
    draft.payload.set("error", error, cap: file.cap)
    draft.payload.set("model_name", OpenCodeLine.model(of: record.data))
    // How the message kept the event contract: its parts tell the events, each in a line of its
    // own.
    var contract = ContractUse()
    for (index, text) in (record.value["texts"]?.elements ?? []).enumerated() {
      var message = OpenMessage(id: "\(index)")
      var ignored = FormatOutput()
      message.add(
        text.string ?? "",
        piece: OpenMessage.Piece(ts: draft.ts, span: record.line.span, eventKey: ""),
        run: record.run, into: &ignored)
      message.finish(run: record.run, into: &ignored)
      contract = contract + message.takeContract()
    }
    contract.describe(in: &draft.payload)
    output.drafts.append(draft)
  }

  /// What was cached is beside the input, and reasoning beside the output.
  func tellUsage(
    _ tokens: JSONValue, cost: JSONValue?, ts: Int64?, _ record: OpenCodeRecord,
    into output: inout FormatOutput
  ) {
    func count(_ value: JSONValue?) -> Int { max(0, value?.int ?? 0) }
    let (read, written) = (count(tokens["cache"]?["read"]), count(tokens["cache"]?["write"]))
    let asked = count(tokens["input"])
    let answered = count(tokens["output"]).addingClamped(count(tokens["reasoning"]))
    guard asked > 0 || answered > 0 || read > 0 || written > 0 else { return }
    let model = record.value["model"]?.string ?? OpenCodeLine.model(of: record.data)
    var draft = record.draft(
      .llmCallCompleted, ts: ts, .worker,
      "\(model ?? "Model call"): \(asked) tokens in, \(read) cached, \(answered) out", file,
      "tokens")
    draft.payload.set("model_name", model)
    draft.payload.set("input_tokens", asked)
    draft.payload.set("cache_read_tokens", read)
    draft.payload.set("cache_write_tokens", written)
    draft.payload.set("output_tokens", answered)
    draft.payload.set("reasoning_tokens", tokens["reasoning"]?.int)
    draft.payload.set("context_tokens", asked.addingClamped(read).addingClamped(written))
    draft.payload.set("reported_cost_usd", cost?.double)
    draft.payload.set("message_id", record.message)
    output.drafts.append(draft)
  }
}

/// One line, and what each of its events has of it.
struct OpenCodeRecord {
  let value: JSONValue
  let line: RawLine
  let kind: String
  let session: String
  let id: String
  /// The record as OpenCode wrote it.
  let data: JSONValue

  init?(_ value: JSONValue, line: RawLine) {
    guard let kind = value[OpenCodeLine.mark]?.string,
      let session = value["session"]?["id"]?.string, !session.isEmpty,
      let data = value["data"], data.isObject
    else { return nil }
    self.value = value
    self.line = line
    self.kind = kind
    self.session = session
    self.data = data
    id = value["id"]?.string ?? session
  }

  /// The message that it is or belongs to.
  var message: String { value["message"]?.string ?? id }

  /// The session that this one works for.
  var parent: String? {
    value["session"]?["parentID"]?.string.flatMap { $0.isEmpty || $0 == session ? nil : $0 }
  }

  var run: RunIdentity {
    RunIdentity(
      key: Self.runKey(session),
      instanceID: "opencode-" + String(session.suffix(8).drop { $0 == "_" || $0 == "-" }),
      role: parent == nil ? "worker" : "subagent", sessionID: session)
  }

  static func runKey(_ session: String) -> String { "run:opencode:" + session }

  /// ms since the Unix epoch: when the message was begun.
  var created: Int64? {
    Self.time(value["created"]) ?? (kind == "part" ? nil : Self.time(data["time"]?["created"]))
  }

  static func time(_ value: JSONValue?) -> Int64? {
    guard let ms = value?.double, ms > 0, ms < 1e14 else { return nil }
    return Int64(ms)
  }

  /// Whether the record holds words of the model whose end is not shown.
  var mayGrow: Bool {
    let isWords = ["text", "reasoning"].contains(data["type"]?.string ?? "")
    return isWords && value["role"]?.string == "assistant"
      && data["time"]?["end"]?.double == nil
  }

  /// - Parameters:
  ///   - ts: nil takes the message's time.
  ///   - key: what names the fact within the record.
  func draft(
    _ type: EventType, ts: Int64?, _ sourceKind: SourceKind, _ summary: String,
    _ file: TranscriptFile, _ key: String...
  ) -> EventDraft {
    let time = ts ?? created
    var draft = EventDraft(
      type, ts: time ?? file.modifiedAt, run: run, sourceKind: sourceKind,
      summary: PlainText.line(summary))
    if time == nil { draft.payload.set("_ts_from", "file_mtime") }
    draft.sourceRef = session
    draft.span = data.span(in: line)
    var fact = FactKey()
    for part in [session, message, id] + key { fact.add(part) }
    // A part's own times may come later than its words; the message's is there from the start.
    draft.idempotencyKey = fact.text(prefix: "o", ts: created)
    return draft
  }
}
