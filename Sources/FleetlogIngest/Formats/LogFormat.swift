import FleetlogEvents

/// The log of any program: plain text, JSON lines, or both, and among them what agents print.
///
/// Line by line: a record that another format knows goes to that one, into a run that is a child
/// of the log's; the rest is text of the program's own. Text comes as bursts of lines, not as an
/// event a line; event blocks in it are the program's word.
///
/// Identity. A log names nothing, so its first line stands for it: a fact is that line, the place
/// and the text. A copy, a moved or rotated file, or one that is read again adds nothing. Two
/// logs that begin with the same line are one session, and where both have the same burst at the
/// same place, the one read second loses it.
package struct LogFormat: TranscriptFormat {
  package static let name = "log"
  package static let parserVersion = 1

  private let file: TranscriptFile
  private var memory: Memory
  /// The readers of the formats that some of the lines belong to, by their names.
  private var guests: [String: any TranscriptFormat] = [:]

  private struct Memory: Codable {
    var decoder = LogDecoder()
    /// Names the log: a fingerprint of its first line.
    var scope: String?
    var hasStarted = false
    /// The newest time that a line told, in ms.
    var time: Int64?
    var burst: LogBurst?
    /// The lines that may belong to an event block, and how many they are.
    var message: OpenMessage?
    var messageLines = 0
    var isInFence = false
    /// The states of ``guests``.
    var guests: [String: String] = [:]
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
    for (name, state) in memory.guests { guests[name] = guest(name, state: state) }
  }

  package var state: String {
    var memory = memory
    memory.guests = guests.mapValues(\.state)
    return ParserState.encode(memory)
  }

  /// Text where the name says that it is a log; records only where one of them shows what it is.
  package static func recognises(_ sample: FormatSample) -> Bool {
    guard sample.isText, !sample.lines.isEmpty else { return false }
    if TextLogName.isNamed(sample.path) { return true }
    return sample.objects.contains { value in
      LogLine(value) != nil || GuestFormats.all.contains { $0.isMark(value) }
    }
  }

  package var isHolding: Bool {
    memory.decoder.isHolding || memory.burst.map { !$0.isShown } == true
      || memory.message?.isHolding == true || guests.values.contains(where: \.isHolding)
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    if memory.scope == nil { memory.scope = Self.fingerprint(line.bytes) }
    if memory.decoder.isHole(line) { return output.skip(line, "a run of NUL bytes") }
    for text in memory.decoder.take(line) { take(text, line, into: &output) }
  }

  package mutating func settle(into output: inout FormatOutput) {
    if let text = memory.decoder.finish() { take(text, nil, into: &output) }
    endMessage(into: &output)
    showBurst(into: &output)
    for name in guests.keys.sorted() { guests[name]?.settle(into: &output) }
  }

  private static func fingerprint(_ bytes: [UInt8]) -> String {
    var key = FactKey()
    key.add(bytes)
    return key.fingerprint()
  }

  /// - Parameter line: the line's bytes as they stand; nil where they were put together.
  private mutating func take(
    _ text: LogText, _ line: RawLine?, into output: inout FormatOutput
  ) {
    if let value = record(in: text) ?? line.flatMap(longRecord) {
      if let name = GuestFormats.host(of: value, among: guests.keys) {
        return hand(text, line, to: name, into: &output)
      }
      if let entry = LogLine(value) { return add(entry, at: text, into: &output) }
    }
    add(LogLine(text: text.text), at: text, into: &output)
  }

  /// A record that is longer than the text that is made of a line.
  private func longRecord(_ line: RawLine) -> JSONValue? {
    guard line.bytes.count > LogDecoder.lineLimit,
      line.bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) == 0x7B,
      let value = try? JSONDocument(line.bytes).root, value.isObject
    else { return nil }
    return value
  }

  private func record(in text: LogText) -> JSONValue? {
    guard text.text.utf8.first(where: { $0 != 0x20 && $0 != 0x09 }) == 0x7B,
      let value = try? JSONDocument(text.text).root, value.isObject
    else { return nil }
    return value
  }
}

/// Records of other formats among the lines.
extension LogFormat {
  private func guest(_ name: String, state: String?) -> (any TranscriptFormat)? {
    GuestFormats.all.first { $0.name == name }?.init(
      file: TranscriptFile(
        path: file.path, modifiedAt: file.modifiedAt, cap: file.cap, run: run,
        stream: file.stream, isDropped: file.isDropped),
      state: state)
  }

  private mutating func hand(
    _ text: LogText, _ line: RawLine?, to name: String, into output: inout FormatOutput
  ) {
    closeBurst(into: &output)
    start(at: text, into: &output)
    if guests[name] == nil { guests[name] = guest(name, state: nil) }
    guests[name]?.read(
      line ?? RawLine(offset: text.offset, bytes: Array(text.text.utf8), number: text.number),
      into: &output)
  }
}

/// The program's own text.
extension LogFormat {
  var run: RunIdentity {
    if let run = file.run { return run }
    let scope = memory.scope ?? ""
    return RunIdentity(
      key: "run:text:" + scope, instanceID: "log-" + scope.prefix(8), role: "worker",
      sessionID: "log-" + scope)
  }

  private var scope: String {
    guard let run = file.run else { return memory.scope ?? "" }
    return file.stream.map { run.key + ":" + $0 } ?? run.key
  }

  /// The time of what tells none, and where it was taken from.
  private var borrowedTime: (ts: Int64, source: String) {
    memory.time.map { ($0, "previous_record") } ?? (file.modifiedAt, "file_mtime")
  }

  private mutating func add(
    _ line: LogLine, at place: LogText, into output: inout FormatOutput
  ) {
    if let time = line.time { memory.time = time }
    start(at: place, into: &output)
    if memory.burst?.takes(line) == true {
      memory.burst?.add(line, at: place)
    } else {
      closeBurst(into: &output)
      let borrowed = borrowedTime
      memory.burst = LogBurst(
        line, at: place, ts: line.time ?? borrowed.ts,
        timeSource: line.time == nil ? borrowed.source : nil)
    }
    scan(line, at: place, into: &output)
  }

  /// The burst is complete.
  private mutating func closeBurst(into output: inout FormatOutput) {
    showBurst(into: &output)
    memory.burst = nil
  }

  private mutating func showBurst(into output: inout FormatOutput) {
    guard let burst = memory.burst, !burst.isShown else { return }
    let draft = burst.draft(run: run, scope: scope, cap: file.cap)
    memory.burst?.shown = draft.idempotencyKey
    memory.burst?.isShown = true
    output.drafts.append(draft)
  }

  private mutating func start(at place: LogText, into output: inout FormatOutput) {
    guard !memory.hasStarted else { return }
    memory.hasStarted = true
    guard file.run == nil else { return }
    var draft = startDraft(.processStarted, at: place, "Log begins: " + file.stem)
    draft.sourceKind = .system
    draft.idempotencyKey = run.key
    draft.payload.set("agent", Self.name)
    draft.payload.set("synthesized", true)
    output.drafts.append(draft)
    var title = startDraft(.contextSet, at: place, "Title: " + file.stem)
    title.payload.set("title", file.stem)
    title.payload.set("title_source", "file")
    title.idempotencyKey = run.key + ":title"
    output.drafts.append(title)
  }

  private func startDraft(_ type: EventType, at place: LogText, _ summary: String) -> EventDraft {
    let time = memory.time
    var draft = EventDraft(
      type, ts: time ?? file.modifiedAt, run: run, sourceKind: .worker,
      summary: PlainText.line(summary))
    draft.sourceRef = run.sessionID
    draft.span = SourceSpan(offset: place.offset, length: place.length)
    draft.payload.set("_ts_from", time == nil ? "file_mtime" : nil)
    return draft
  }
}

/// Event blocks in the program's own text.
extension LogFormat {
  /// A message is what lies between the first line that could matter to a block and the one that
  /// ends it; a fence that is never closed must not hide all that follows.
  private static let mostMessageLines = 500

  private mutating func scan(
    _ line: LogLine, at place: LogText, into output: inout FormatOutput
  ) {
    let fence = line.words.utf8.drop { $0 == 0x20 }
    let isFence = fence.starts(with: "```".utf8) || fence.starts(with: "~~~".utf8)
    let isCarrier = line.words.contains(bytesOf: EventBlock.carrier)
    var message: OpenMessage
    if let open = memory.message {
      message = open
    } else {
      guard isFence || isCarrier || line.words.contains(bytesOf: "HAPI_EVENTS_") else { return }
      message = OpenMessage(id: "\(scope)#\(place.number)")
      memory.messageLines = 0
    }
    if isFence { memory.isInFence.toggle() }
    memory.messageLines += 1
    message.add(
      line.words,
      piece: OpenMessage.Piece(
        ts: line.time ?? borrowedTime.ts, isOwnTime: line.time != nil,
        span: SourceSpan(offset: place.offset, length: place.length), eventKey: run.key),
      run: run, into: &output)
    memory.message = message
    let goesOn = message.endsInsideBlock || memory.isInFence
    if !goesOn || memory.messageLines >= Self.mostMessageLines { endMessage(into: &output) }
  }

  private mutating func endMessage(into output: inout FormatOutput) {
    let run = run
    memory.message?.finish(run: run, into: &output)
    memory.message = nil
    memory.isInFence = false
  }
}
