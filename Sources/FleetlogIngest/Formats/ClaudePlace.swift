import FleetlogEvents

/// Where a record's events belong: its run, its time, and the beginning of their keys.
struct ClaudePlace {
  let record: ClaudeRecord
  let run: RunIdentity
  /// ms since the Unix epoch.
  let ts: Int64
  /// Where the time was taken from if the record has none of its own.
  let timeSource: String?
  let key: FactKey

  var isSubagent: Bool { run.role == ClaudeFormat.subagentRole }

  /// Begins an event of this record.
  ///
  /// - Parameter piece: tells apart the events of one type that one record gives.
  func draft(
    _ type: EventType, _ sourceKind: SourceKind, _ summary: String, piece: Int = 0
  ) -> EventDraft {
    let line = PlainText.line(summary)
    var draft = EventDraft(
      type, ts: ts, run: run, sourceKind: sourceKind, summary: line.isEmpty ? type.words : line)
    draft.sourceRef = run.sessionID
    draft.span = record.line.span
    draft.idempotencyKey = factKey(type, piece: piece)
    draft.payload.set("_ts_from", timeSource)
    return draft
  }

  func factKey(_ type: EventType, piece: Int) -> String {
    var key = key
    key.add(type.rawValue)
    key.add(piece)
    return key.text(prefix: "c", ts: record.time)
  }
}

extension ClaudeFormat {
  static let workerRole = "worker"
  static let subagentRole = "subagent"

  func place(of record: ClaudeRecord) -> ClaudePlace {
    let run = run(of: record)
    let ts: Int64
    let source: String?
    if let time = record.time {
      (ts, source) = (time, nil)
    } else if let time = memory.time {
      (ts, source) = (time, "previous_record")
    } else if let time = memory.opensAt {
      (ts, source) = (time, "next_record")
    } else {
      (ts, source) = (file.modifiedAt, "file_mtime")
    }
    return ClaudePlace(
      record: record, run: run, ts: ts, timeSource: source,
      key: record.factKey(session: memory.session, following: memory.recentUUIDs.last))
  }

  /// Begins a run where this file first shows it.
  ///
  /// - Parameter earlier: the time of a note that stood before the record, in ms.
  mutating func start(
    _ place: ClaudePlace, since earlier: Int64? = nil, into output: inout FormatOutput
  ) {
    guard memory.agents[place.run.key] == nil else { return }
    let record = place.record
    let agent = agentID(of: record)
    memory.agents[place.run.key] = ClaudeAgent(
      session: place.run.sessionID ?? "", agentID: agent, lastLine: memory.lineCount)
    var draft = EventDraft(
      .processStarted, ts: earlier ?? place.ts, run: place.run, sourceKind: .system,
      summary: startSummary(of: place))
    draft.sourceRef = place.run.sessionID
    draft.span = record.line.span
    draft.idempotencyKey = place.run.key
    draft.payload.set("agent", ClaudeFormat.name)
    draft.payload.set("agent_id", agent)
    for (key, field) in [
      ("version", versionField(of: record)), ("cwd", "cwd"), ("git_branch", "gitBranch"),
      ("entrypoint", "entrypoint"), ("permission_mode", "permissionMode"),
      ("team", "teamName"),
    ] {
      draft.payload.set(key, record.value.name(field))
    }
    draft.payload.set("synthesized", true)
    if earlier == nil { draft.payload.set("_ts_from", place.timeSource) }
    if !place.isSubagent, let outer = file.run { draft.comesOutOf(outer) }
    if let session = place.run.sessionID, place.isSubagent {
      draft.parentRunKey = ClaudeFormat.runKey(session: session, agentID: nil)
      if let call = callBehind(record, session: session) {
        draft.links.append(
          .byRule("sidechain_prompt", .spawned, .idempotencyKey(call), direction: .toThis))
      }
    }
    output.drafts.append(draft)
  }

  /// What a session prints names its version otherwise than what it keeps.
  private func versionField(of record: ClaudeRecord) -> String {
    record.value["version"] == nil ? "claude_code_version" : "version"
  }

  private func startSummary(of place: ClaudePlace) -> String {
    let what = place.isSubagent ? "Sub-agent started" : "Claude Code session started"
    guard let cwd = place.record.cwd else { return what }
    let folder = cwd.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? cwd
    return "\(what) in \(folder)"
  }
}
