import FleetlogEvents

/// What the WorkRail daemon writes of its own doings and of the sessions that it drives, a file for
/// each day.
///
/// Runs. A record's `workrailSessionId` joins it to the run of that session's own log; the daemon's
/// `sessionId` is a process's. The start of a session comes before the daemon knows the former, so
/// it waits for the first record that names it; where none does, the process stands for the session.
/// What concerns no session belongs to the daemon's run, of which there is one.
///
/// Identity. Records have no ids: a fact is the kind, the process, the time and what the record
/// says. `tool_called` tells again what `tool_call_started` has told, and counts only without it.
package struct WorkRailDaemonFormat: TranscriptFormat {
  package static let name = "workrail-daemon"
  package static let parserVersion = 1

  let file: TranscriptFile
  var memory: WorkRailDaemonMemory

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? WorkRailDaemonMemory()
  }

  package var state: String { ParserState.encode(memory) }

  package var isHolding: Bool { !memory.unjoined.isEmpty }

  package mutating func settle(into output: inout FormatOutput) {
    for process in memory.unjoined.keys.sorted() { join(process, to: process, into: &output) }
  }

  package static func recognises(_ sample: FormatSample) -> Bool {
    sample.objects.contains { object in
      guard object["ts"]?.int != nil, let kind = object["kind"]?.string else { return false }
      return ownKinds.contains(kind)
        || (object["sessionId"]?.string != nil && kinds.contains(kind))
    }
  }

  private static let ownKinds: Set<String> = [
    "daemon_started", "daemon_stopped", "daemon_heartbeat", "trigger_fired", "session_queued",
    "session_dropped",
  ]
  private static let kinds: Set<String> = [
    "session_started", "session_completed", "session_aborted", "llm_turn_started",
    "llm_turn_completed", "tool_called", "tool_call_started", "tool_call_completed",
    "tool_call_failed", "tool_error", "step_advanced", "issue_reported", "agent_stuck",
    "signal_emitted",
  ]

  static let daemon = RunIdentity(
    key: "run:workrail-daemon", instanceID: "workrail-daemon", role: "orchestrator", sessionID: nil)

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard let kind = value["kind"]?.string else {
      return output.skip(line, "a daemon's record without a kind")
    }
    let own = value["ts"]?.moment
    memory.lastTime = own ?? memory.lastTime
    var record = WorkRailDaemonRecord(
      value: value, kind: kind, process: value["sessionId"]?.label, line: line,
      ts: memory.lastTime ?? file.modifiedAt, cap: file.cap)
    if own == nil {
      record.timeSource = memory.lastTime == nil ? "file_mtime" : "previous_record"
    }
    guard let process = record.process else {
      output.drafts += record.ofDaemon()
      return
    }
    let session = value["workrailSessionId"]?.label
    if kind == "session_started", session == nil, memory.sessions[process] == nil {
      return hold(record, process, into: &output)
    }
    join(process, to: session ?? memory.sessions[process] ?? process, into: &output)
    record.session = memory.sessions[process] ?? process
    output.drafts += record.ofSession(into: &memory)
  }

  private mutating func hold(
    _ record: WorkRailDaemonRecord, _ process: String, into output: inout FormatOutput
  ) {
    if memory.unjoined.count >= WorkRailDaemonMemory.most { settle(into: &output) }
    memory.unjoined[process] = WorkRailDaemonMemory.Start(record)
  }

  /// Notes whose process it is; the start that waited for that is written.
  private mutating func join(
    _ process: String, to session: String, into output: inout FormatOutput
  ) {
    memory.join(process, to: session)
    guard let start = memory.unjoined.removeValue(forKey: process) else { return }
    output.drafts.append(start.draft(session, process))
  }
}

/// What the reader of a daemon's stream must remember.
struct WorkRailDaemonMemory: Codable {
  /// A session's start that waits for the session's name.
  struct Start: Codable {
    let ts: Int64
    let timeSource: String?
    let offset: Int64
    let length: Int64
    let workflow: String?
    let workspace: String?
  }

  /// A call without a result yet.
  struct Call: Codable {
    let key: String
    let tool: String
    let label: String
    /// Whether `tool_called` has told of it, too.
    var isTold: Bool
  }

  static let most = 64

  var lastTime: Int64?
  /// The session of each process, the newest few.
  var sessions: [String: String] = [:]
  var order: [String] = []
  var unjoined: [String: Start] = [:]
  /// Open calls of each session, oldest first.
  var calls: [String: [Call]] = [:]
  /// The model call that runs, of each session: its model, and when it began.
  var models: [String: Model] = [:]

  struct Model: Codable {
    let name: String?
    let ts: Int64
  }

  mutating func join(_ process: String, to session: String) {
    if sessions.updateValue(session, forKey: process) == nil { order.append(process) }
    guard order.count > Self.most else { return }
    if let left = sessions.removeValue(forKey: order.removeFirst()),
      !sessions.values.contains(left)
    {
      calls[left] = nil
      models[left] = nil
    }
  }
}

extension WorkRailDaemonMemory.Start {
  init(_ record: WorkRailDaemonRecord) {
    ts = record.ts
    timeSource = record.timeSource
    offset = record.line.offset
    length = Int64(record.line.bytes.count)
    workflow = record.value["workflowId"]?.label.map { PlainText.line($0) }
    workspace = record.value["workspacePath"]?.label
  }

  /// The start of the session's run, with the key that its own log gives it.
  func draft(_ session: String, _ process: String) -> EventDraft {
    let run = WorkRailFormat.run(of: session)
    var draft = EventDraft(
      .processStarted, ts: ts, run: run, sourceKind: .system,
      summary: "WorkRail session started" + (workflow.map { ": \($0)" } ?? ""))
    draft.sourceRef = session
    draft.span = SourceSpan(offset: offset, length: length)
    draft.idempotencyKey = run.key
    draft.parentRunKey = WorkRailDaemonFormat.daemon.key
    draft.payload.set("agent", WorkRailFormat.name)
    draft.payload.set("synthesized", true)
    draft.payload.set("process_id", process)
    draft.payload.set("workflow_id", workflow)
    draft.payload.set("cwd", workspace)
    draft.payload.set("_ts_from", timeSource)
    return draft
  }
}
