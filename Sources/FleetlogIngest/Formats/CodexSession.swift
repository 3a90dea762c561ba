import FleetlogEvents

/// Threads: how one begins, what it is configured to, and who started it.
extension CodexFormat {
  /// The first `session_meta` owns the file; one of another thread opens a copy of its records.
  mutating func readSessionMeta(_ record: CodexRecord, into output: inout FormatOutput) {
    guard let id = record.payload["id"]?.string, !id.isEmpty else {
      return output.skip(record.line, "a session_meta without an id")
    }
    if memory.session.id.isEmpty || memory.session.isUnnamed {
      begin(id, record, into: &output)
    } else if id != memory.session.id {
      memory.session.copiedThread = id
      memory.session.lastCopyTime = record.ownTime
      memory.session.copiedRecords += 1
    }
  }

  private mutating func begin(
    _ id: String, _ record: CodexRecord, into output: inout FormatOutput
  ) {
    let meta = record.payload
    let lineage = Lineage(meta)
    let own = CodexRecord.time(meta["timestamp"])
    memory.session = CodexMemory.Session()
    memory.session.id = id
    memory.session.start = [own, record.ownTime].compactMap { $0 }.min()
    memory.session.isSubAgent = lineage.isSubAgent
    memory.session.mayHoldCopies = lineage.isSubAgent || lineage.forkedFrom != nil

    var draft = start(record, summary: summary(of: meta, lineage))
    draft.ts = own ?? record.ts
    draft.payload.set("version", meta["cli_version"]?.string)
    draft.payload.set("cwd", meta["cwd"]?.string)
    draft.payload.set("git_branch", meta["git"]?["branch"]?.string)
    draft.payload.set("git_head_sha", meta["git"]?["commit_hash"]?.string)
    draft.payload.set("git_repository", meta["git"]?["repository_url"]?.string)
    draft.payload.set("originator", meta["originator"]?.string)
    draft.payload.set("source", lineage.source)
    draft.payload.set("model", meta["model"]?.string)
    draft.payload.set("model_provider", meta["model_provider"]?.string)
    draft.payload.set("agent_nickname", lineage.nickname)
    draft.payload.set("agent_role", lineage.role)
    draft.payload.set("parent_session_id", lineage.parent)
    draft.payload.set("forked_from_session_id", lineage.forkedFrom)
    if let parent = lineage.parent {
      draft.parentRunKey = CodexKey.run(parent)
      if let call = lineage.spawnCallID {
        draft.links.append(
          .byRule(
            "spawn_call_id", .spawned, .idempotencyKey(CodexKey.spawnCall(call, session: parent)),
            direction: .toThis))
      }
    }
    memory.settings = CodexMemory.Settings(cwd: meta["cwd"]?.string)
    emit(draft, record, into: &output)
  }

  private func summary(of meta: JSONValue, _ lineage: Lineage) -> String {
    let place = meta["cwd"]?.string.map { " in " + $0 } ?? ""
    guard lineage.isSubAgent else { return "Codex started" + place }
    let name = [lineage.nickname, lineage.role.map { "(\($0))" }].compactMap { $0 }
    return (["Codex sub-agent"] + name + ["started"]).joined(separator: " ") + place
  }

  private func start(_ record: CodexRecord, summary: String) -> EventDraft {
    var draft = draft(.processStarted, record, .system, summary)
    draft.idempotencyKey = memory.session.run.key
    draft.payload.set("agent", CodexFormat.name)
    draft.payload.set("synthesized", true)
    return draft
  }

  /// A file whose beginning is lost, or of a build that named no thread, is a thread of its own,
  /// named by its first record's content, until a `session_meta` names it.
  mutating func beginUnnamedSession(_ record: CodexRecord, into output: inout FormatOutput) {
    guard memory.session.id.isEmpty else { return }
    var print = FactKey()
    print.add(record.line.bytes)
    memory.session.id = "unnamed-" + print.fingerprint()
    memory.session.isUnnamed = true
    memory.session.start = record.ownTime
    emit(start(record, summary: "Codex started"), record, into: &output)
  }

  /// Notes a turn's settings, and tells them where they differ from the last ones.
  mutating func readTurnContext(_ record: CodexRecord, into output: inout FormatOutput) {
    let settings = learnSettings(record)
    guard settings != memory.settings else { return }
    memory.settings = settings
    let words = [
      settings.model, settings.effort.map { "\($0) effort" },
      settings.approvalPolicy.map { "approval \($0)" }, settings.sandbox.map { "sandbox \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
    var draft = draft(.contextSet, record, .worker, words.isEmpty ? "Settings changed" : words)
    draft.payload.set("model", settings.model)
    draft.payload.set("effort", settings.effort)
    draft.payload.set("approval_policy", settings.approvalPolicy)
    draft.payload.set("sandbox", settings.sandbox)
    draft.payload.set("cwd", settings.cwd)
    emit(draft, record, into: &output)
  }

  private func learnSettings(_ record: CodexRecord) -> CodexMemory.Settings {
    let context = record.payload
    let sandbox = context["sandbox_policy"]
    let approval = context["approval_policy"]
    return CodexMemory.Settings(
      model: context["model"]?.string ?? memory.settings?.model,
      approvalPolicy: approval?.string ?? approval?.members.first?.key,
      sandbox: sandbox?.string ?? sandbox?["mode"]?.string ?? sandbox?["type"]?.string,
      effort: context["effort"]?.string,
      cwd: context["cwd"]?.string ?? memory.settings?.cwd)
  }

  mutating func readTitle(_ record: CodexRecord, into output: inout FormatOutput) {
    guard let title = record.payload["thread_name"]?.string?.trimmed, !title.isEmpty else { return }
    var draft = draft(.contextSet, record, .worker, "Title: " + title)
    draft.payload.set("title", title)
    draft.payload.set("title_source", "thread_name")
    emit(draft, record, into: &output)
  }
}

/// Copies of another thread's records.
extension CodexFormat {
  /// Whether a record was copied from the thread that this one was forked from or spawned by.
  ///
  /// The other thread's file is not at hand, so only what this file proves counts as a copy:
  ///
  /// - In a thread that says it was forked or spawned, a record older than the thread.
  /// - Behind a second `session_meta`, every record until one shows that the copy is over: a turn
  ///   whose UUIDv7 or stated start is not older than the thread, or a pause of more than a
  ///   second, since a copy is written in one go with envelope times of its own writing.
  ///
  /// A copy with new envelope times and no `session_meta` of its own cannot be told from the
  /// thread's own records and is read as such. Of what is passed over, only the state is kept: a
  /// copied token total is where this thread's own totals begin.
  mutating func passesOver(_ record: CodexRecord, into output: inout FormatOutput) -> Bool {
    guard isCopy(record) else {
      endCopy(before: record, into: &output)
      return false
    }
    memory.session.copiedRecords += 1
    memory.session.lastCopyTime = record.ownTime ?? memory.session.lastCopyTime
    if record.kind == "token_count" { learnUsage(record) }
    if record.family == .turnContext { memory.settings?.model = record.payload["model"]?.string }
    return true
  }

  private func isCopy(_ record: CodexRecord) -> Bool {
    let session = memory.session
    guard let start = session.start else { return false }
    let isOlder = record.ownTime.map { $0 < start } ?? false
    guard session.copiedThread != nil else { return session.mayHoldCopies && isOlder }
    if isOlder { return true }
    if let turn = turnStart(record) { return turn < start }
    guard let time = record.ownTime, let last = session.lastCopyTime else { return true }
    return time - last <= 1000
  }

  /// When the turn that a record names began, ms since the Unix epoch, as far as the record tells.
  private func turnStart(_ record: CodexRecord) -> Int64? {
    if let turn = record.payload["turn_id"]?.string, let time = UUIDText(turn)?.time { return time }
    guard record.kind == "task_started" else { return nil }
    return CodexRecord.time(record.payload["started_at"])
  }

  private mutating func endCopy(before record: CodexRecord, into output: inout FormatOutput) {
    let count = memory.session.copiedRecords
    guard count > 0 else { return }
    var draft = draft(
      .workerObservation, record, .system,
      "Passed over \(ToolSummary.count(count, "record")) copied from an earlier thread")
    draft.payload.set("copied_records", count)
    draft.payload.set("copied_from_session_id", memory.session.copiedThread)
    memory.session.copiedRecords = 0
    memory.session.copiedThread = nil
    memory.session.lastCopyTime = nil
    emit(draft, record, into: &output)
  }
}

/// Threads that this one starts.
extension CodexFormat {
  mutating func readSpawnEnd(_ record: CodexRecord, into output: inout FormatOutput) {
    let call = record.payload["call_id"]?.string.flatMap { memory.calls[$0] }
    tellSpawn(
      of: record.payload["new_thread_id"]?.string, by: call, rule: "spawn_end", record,
      into: &output)
  }

  mutating func readSubAgentActivity(_ record: CodexRecord, into output: inout FormatOutput) {
    let call = record.payload["event_id"]?.string.flatMap { memory.calls[$0] }
    tellSpawn(
      of: record.payload["agent_thread_id"]?.string, by: call, rule: "sub_agent_activity", record,
      into: &output)
  }

  /// Links the call that started a thread to it, once for each thread.
  ///
  /// What shows the link is a later record, at neither end of it. So the call is named again by
  /// its key: the store keeps the event it has and adds the link. A thread whose call was never
  /// seen is told by an event of its own.
  mutating func tellSpawn(
    of thread: String?, by call: Calls.Call?, rule: String, _ record: CodexRecord,
    into output: inout FormatOutput
  ) {
    guard let thread, !thread.isEmpty, thread != memory.session.id,
      memory.firstMention(ofSpawned: thread)
    else { return }
    let link = LinkDraft.byRule(rule, .spawned, .idempotencyKey(CodexKey.run(thread)))
    var draft = draft(
      EventType(rawValue: "worker.spawned"), record, .worker,
      "Started sub-agent codex-" + thread.suffix(8))
    if let call {
      draft = EventDraft(
        .toolCall, ts: call.ts, run: memory.session.run, sourceKind: .worker, summary: call.label)
      draft.sourceRef = memory.session.id
      draft.idempotencyKey = call.key
    } else {
      draft.payload.set("child_session_id", thread)
    }
    draft.links = [link]
    output.drafts.append(draft)
  }
}

/// Where a thread comes from, as its `session_meta` tells.
private struct Lineage {
  let source: String?
  let isSubAgent: Bool
  let parent: String?
  let forkedFrom: String?
  let spawnCallID: String?
  let nickname: String?
  let role: String?

  init(_ meta: JSONValue) {
    let subAgent = meta["source"]?["subagent"]
    let spawn = subAgent?["thread_spawn"]
    func text(_ key: String) -> String? {
      (spawn?[key]?.string ?? meta[key]?.string).flatMap { $0.isEmpty ? nil : $0 }
    }
    parent = text("parent_thread_id")
    forkedFrom = meta["forked_from_id"]?.string
    spawnCallID = text("spawn_call_id")
    nickname = text("agent_nickname")
    isSubAgent = subAgent != nil || parent != nil || meta["thread_source"]?.string == "subagent"
    role = text("agent_role") ?? subAgent?.string ?? subAgent?["other"]?.string
    source = meta["source"]?.string ?? (subAgent == nil ? nil : "subagent")
  }
}
