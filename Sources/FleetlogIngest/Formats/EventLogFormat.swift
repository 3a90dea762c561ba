package import FleetlogEvents

/// The direct way to log: a file with one event object a line, named by the log's own columns.
///
/// Identity. A line that brings an `idempotency_key` is that fact of its scope, the instance or
/// session that logs it; with other content under the same key it is refused. A line with a time
/// of its own is its scope and its bytes: of two equal lines, in one file or in two, the second
/// to be read is the same fact and is not written again. A line without a time is its scope, its
/// bytes and its place in the file, so there equal lines of one file are two facts, and a line
/// keeps its identity in a copy only while it keeps its place.
///
/// Runs. A `process.started` begins a run of its own, named by the line's identity, to which the
/// instance's lines behind it in the file belong; its own `idempotency_key` is not used. Lines
/// that none comes before belong to the instance's one run without a start of its own,
/// `run:log:<instance>` (else of its session, else `default`), in whichever file they stand; so
/// nothing depends on which file is read first. A `run_key` names a run in every log; `run_id` and
/// `parent_run_id` do in the log that the logger knew, whose identity is its `log_id`: the store
/// looks them up, and keeps them in the payload where they name nothing.
///
/// What comes over HTTP or from the program's own verbs is read here too, as lines that stand in
/// no file.
package struct EventLogFormat: GuestFormat {
  package static let name = "events"
  package static let parserVersion = 1

  private let file: TranscriptFile
  /// Whether the lines were handed to this log by whoever logs, and stand in no file.
  private let isDirect: Bool
  private var memory: Memory

  private struct Memory: Codable {
    var lastTime: Int64?
    /// The current run of each scope that has logged, by the scope's name; the newest 256.
    var runs: [String: String] = [:]
    var order: [String] = []
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    isDirect = false
    memory = ParserState.decode(state) ?? Memory()
  }

  /// A reader of lines that are handed over, which share what they say of runs as in one file.
  /// A line without a time is told from its like by its number, so that must be its alone.
  ///
  /// - Parameter time: when they came, in ms since the Unix epoch.
  package init(receivedAt time: Int64, cap: TextCap = .sha256()) {
    file = TranscriptFile(path: "", modifiedAt: time, cap: cap)
    isDirect = true
    memory = Memory()
  }

  package var state: String { ParserState.encode(memory) }

  /// An event's type is enough beside one more column of the log; a dotted name is enough alone.
  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains(where: isMark) && !GuestFormats.areSeveral(in: sample)
      && !(sample.hasProse && TextLogName.isNamed(sample.path))
  }

  package static func isMark(_ object: JSONValue) -> Bool {
    guard let name = object["event_type"]?.string?.trimmed, !name.isEmpty else { return false }
    let type = EventType(rawValue: name)
    let columns = ["summary", "payload", "payload_json", "instance_id", "run_id", "role"]
    return type.isNamespaced || columns.contains { object[$0] != nil }
      || (EventTypeCatalogue.entry(for: type) != nil && object["ts"] != nil)
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    switch EventContract.admit(logged: value) {
    case .success(let logged): write(logged, line, into: &output)
    case .failure(let refusal): write(refusal, of: value, line, into: &output)
    }
  }

  private mutating func write(
    _ logged: LoggedEvent, _ line: RawLine, into output: inout FormatOutput
  ) {
    let event = logged.event
    let time = time(event.ts)
    let reference = reference(logged)
    let scope = Scope(logged, isNamedLater: isDirect || reference != nil, of: file.run)
    let key = key(scope, event.ts, line, prefix: "l")
    let isStart = event.type == .processStarted
    let run =
      isStart
      ? newRun(of: scope, key) : currentRun(of: scope, time, reference, line, into: &output)

    var draft = EventDraft(
      event, ts: time.ts, run: run, sourceKind: logged.sourceKind,
      summary: PlainText.line(event.summary, limit: 501), provenance: logged.provenance)
    draft.sourceRef = logged.sourceRef ?? logged.sessionID
    draft.sinkKind = logged.sinkKind
    draft.sinkRef = logged.sinkRef
    draft.schemaVersion = logged.schemaVersion
    draft.reference = reference
    draft.parentRunKey = parentKey(logged, isStart: isStart)
    if reference == nil {
      set("_run_id", logged.runID, in: &draft)
      set("_parent_run_id", logged.parentRunID, in: &draft)
    }
    if let source = time.source, !draft.payload.contains("_ts_from") {
      draft.payload.set("_ts_from", source)
    }
    draft.span = span(line)
    draft.idempotencyKey = isStart ? run.key : key
    if !isStart, let own = event.idempotencyKey {
      draft.idempotencyKey = scope.prefixed(own)
      draft.aliasKey = key
    }
    draft.links = event.links.map { .byWorker($0.relation, scope.prefixed($0.target)) }
    output.drafts.append(draft)
  }

  private mutating func write(
    _ refusal: EventContract.Refusal, of value: JSONValue, _ line: RawLine,
    into output: inout FormatOutput
  ) {
    func text(_ keys: String...) -> String? {
      keys.lazy.compactMap { value[$0]?.string?.trimmed }.first { !$0.isEmpty }
    }
    let scope = Scope(
      instance: text("instance_id"), session: text("related_session_id", "session_id", "session"),
      role: text("role"), captured: file.run)
    let own = EventContract.time(logged: value)
    let time = time(own)
    let run = currentRun(of: scope, time, nil, line, into: &output)
    var draft = EventDraft(
      .validationError, ts: time.ts, run: run, sourceKind: .system,
      summary: PlainText.line("Refused from \(run.instanceID): \(refusal.reason)"))
    draft.sourceRef = scope.session
    draft.payload.set("reason", refusal.reason)
    if !isDirect {
      draft.payload.set("position", line.offset)
      draft.payload.set("line", line.number + 1)
    }
    draft.payload.set("text", String(decoding: line.bytes, as: UTF8.self))
    draft.payload.set("_ts_from", time.source)
    draft.span = span(line)
    draft.idempotencyKey = key(scope, own, line, prefix: "v")
    output.drafts.append(draft)
  }

  /// A logger's payload may hold the same key already; its own word stays.
  private func set(_ key: String, _ id: Int64?, in draft: inout EventDraft) {
    guard let id, !draft.payload.contains(key) else { return }
    draft.payload.set(key, id)
  }

  private mutating func time(_ own: Int64?) -> (ts: Int64, source: String?) {
    if let own {
      memory.lastTime = own
      return (own, nil)
    }
    if isDirect { return (file.modifiedAt, nil) }
    if let last = memory.lastTime { return (last, "previous_record") }
    return (file.modifiedAt, "file_mtime")
  }

  /// A receipt is bytes of a file.
  private func span(_ line: RawLine) -> SourceSpan? { isDirect ? nil : line.span }

  /// What the ids of a line are worth; nil where they can't be looked up.
  private func reference(_ logged: LoggedEvent) -> RunReference? {
    guard logged.runID != nil || logged.parentRunID != nil || logged.runKey != nil else {
      return nil
    }
    let trust: RunReference.Trust
    if let log = logged.logID {
      trust = .log(log)
    } else if isDirect {
      trust = .own
    } else if file.isDropped {
      trust = .likely
    } else if logged.runKey != nil {
      trust = .log("")
    } else {
      return nil
    }
    return RunReference(runID: logged.runID, parentRunID: logged.parentRunID, trust: trust)
  }

  private func parentKey(_ logged: LoggedEvent, isStart: Bool) -> String? {
    if let key = logged.parentRunKey { return key }
    // What a captured program says began is its child, unless it is the captured run itself.
    guard isStart, let run = file.run, logged.runKey != run.key else { return nil }
    return run.key
  }

  private func key(_ scope: Scope, _ ts: Int64?, _ line: RawLine, prefix: Character) -> String {
    var key = FactKey()
    key.add(scope.instance)
    key.add(scope.session)
    key.add(line.bytes)
    if ts == nil { key.add(line.number) }
    if let stream = file.stream { key.add(stream) }
    return key.text(prefix: prefix, ts: ts)
  }

  /// The run that a line belongs to; its start is written where no line has told it.
  private mutating func currentRun(
    of scope: Scope, _ time: (ts: Int64, source: String?), _ reference: RunReference?,
    _ line: RawLine, into output: inout FormatOutput
  ) -> RunIdentity {
    // Where a line names its run the store knows whether that has begun.
    if scope.namesRun || reference?.runID != nil { return scope.run(scope.runKey) }
    if let key = memory.runs[scope.name] { return scope.run(key) }
    let run = scope.run(scope.runKey)
    remember(run.key, for: scope.name)
    var draft = EventDraft(
      .processStarted, ts: time.ts, run: run, sourceKind: .system,
      summary: PlainText.line("\(run.instanceID) started"))
    draft.sourceRef = scope.session
    draft.payload.set("agent", scope.instance ?? EventLogFormat.name)
    draft.payload.set("synthesized", true)
    draft.payload.set("_ts_from", time.source)
    draft.reference = reference
    draft.span = span(line)
    draft.idempotencyKey = run.key
    output.drafts.append(draft)
    return run
  }

  private mutating func newRun(of scope: Scope, _ start: String) -> RunIdentity {
    if let key = scope.givenKey { return scope.run(key) }
    let run = scope.run(scope.startKey + ":" + start)
    remember(run.key, for: scope.name)
    return run
  }

  private mutating func remember(_ key: String, for scope: String) {
    if memory.runs.updateValue(key, forKey: scope) == nil { memory.order.append(scope) }
    if memory.order.count > 256 { memory.runs[memory.order.removeFirst()] = nil }
  }
}

/// Who logs a line: what keeps two loggers' keys apart.
private struct Scope {
  let instance: String?
  let session: String?
  let role: String?
  /// The run's key, where the line states it.
  var givenKey: String?
  /// The run's id, as the line states it.
  var givenID: Int64?
  /// Whether the store is to name an instance that the line leaves open.
  var isNamedLater = false
  /// The run whose output the line is.
  var captured: RunIdentity?

  init(instance: String?, session: String?, role: String?, captured: RunIdentity?) {
    self.instance = instance
    self.session = session
    self.role = role
    self.captured = captured
  }

  init(_ logged: LoggedEvent, isNamedLater: Bool, of captured: RunIdentity?) {
    instance = logged.instanceID
    session = logged.sessionID
    role = logged.role
    givenKey = logged.runKey
    givenID = logged.runID
    self.isNamedLater =
      isNamedLater && (givenKey != nil || givenID != nil || logged.event.type == .processStarted)
    self.captured = captured
  }

  var name: String {
    instance ?? session ?? givenKey ?? givenID.map { "run \($0)" } ?? captured?.key ?? "default"
  }

  /// Whether the line says by itself which run it belongs to: by its key, or as what that run says.
  var namesRun: Bool { givenKey != nil || saysNothing && captured != nil }

  private var saysNothing: Bool { instance == nil && session == nil && givenID == nil }

  var runKey: String {
    givenKey ?? (saysNothing ? captured?.key : nil) ?? startKey
  }

  var startKey: String { "run:log:" + name }

  func run(_ key: String) -> RunIdentity {
    if let captured, key == captured.key, saysNothing { return captured }
    return RunIdentity(
      key: key, instanceID: instance ?? (isNamedLater ? "" : session ?? "log"),
      role: role ?? (isNamedLater ? "" : "worker"), sessionID: session)
  }

  func prefixed(_ key: String) -> String { "l:\(name):\(key)" }

  /// A logger names its own keys bare; a key of the log's, which begins with its kind, stays.
  func prefixed(_ target: LinkDraft.Target) -> LinkDraft.Target {
    guard case .idempotencyKey(let key) = target,
      !["l:", "w:", "run:"].contains(where: key.hasPrefix)
    else { return target }
    return .idempotencyKey(prefixed(key))
  }
}
