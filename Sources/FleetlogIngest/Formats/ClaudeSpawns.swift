import FleetlogEvents

/// Which run a record belongs to, and which call began a sub-agent's run.
extension ClaudeFormat {
  static func runKey(session: String, agentID: String?) -> String {
    "run:claude:" + session + (agentID.map { ":" + $0 } ?? "")
  }

  func run(of record: ClaudeRecord) -> RunIdentity {
    run(session: session(of: record), agentID: agentID(of: record))
  }

  func run(session: String, agentID: String?) -> RunIdentity {
    ClaudeFormat.identity(session: session, agentID: agentID)
  }

  static func identity(session: String, agentID: String?) -> RunIdentity {
    RunIdentity(
      key: ClaudeFormat.runKey(session: session, agentID: agentID),
      instanceID: "claude-\(session.prefix(8))" + (agentID.map { "/" + $0 } ?? ""),
      role: agentID == nil ? ClaudeFormat.workerRole : ClaudeFormat.subagentRole,
      sessionID: session)
  }

  /// The record's own session; of a sub-agent whose records name but itself, the one whose folder
  /// it lies in; the last one named before; else the file's name.
  private func session(of record: ClaudeRecord) -> String {
    if let session = record.sessionID {
      guard let agent = record.agentID, session == "agent-" + agent,
        file.folders.first == "subagents", file.folders.count > 1
      else { return session }
      return file.folders[1]
    }
    return memory.session ?? file.stem
  }

  /// The sub-agent that wrote the record, nil for the session itself. Old versions wrote the
  /// sub-agents' records among the session's own: a root without a parent, and its descendants.
  func agentID(of record: ClaudeRecord) -> String? {
    if let agent = record.agentID { return agent }
    guard record.isSidechain else { return nil }
    if let uuid = record.uuid, let known = memory.sidechains[uuid] { return known }
    if let parent = record.parentUUID {
      if let known = memory.sidechains[parent] { return known }
      if let newest = memory.sidechains.newestFirst.first(where: { _ in true }) {
        return newest.entry
      }
    }
    let root = record.parentUUID ?? record.uuid ?? record.sessionID ?? "unknown"
    return "side-" + root.prefix(8)
  }

  /// Remembers which sub-agent a line of an inline sidechain belongs to, for the lines below it.
  mutating func rememberSidechain(_ record: ClaudeRecord) {
    guard record.isSidechain, record.agentID == nil, let uuid = record.uuid,
      let agent = agentID(of: record)
    else { return }
    memory.sidechains.put(agent, for: uuid)
  }

  /// The call that gave the root of an inline sidechain its prompt.
  func callBehind(_ record: ClaudeRecord, session: String) -> String? {
    guard record.agentID == nil, record.parentUUID == nil,
      let text = record.blocks?.compactMap(\.text).joined(separator: "\n"), !text.isEmpty
    else { return nil }
    let prompt = ClaudeFormat.fingerprint(text)
    return memory.calls.newestFirst.first {
      $0.entry.prompt == prompt && $0.entry.session == session
    }?.entry.key
  }

  static func fingerprint(_ prompt: String) -> String {
    var key = FactKey()
    key.add(prompt.trimmed)
    return key.fingerprint()
  }

  static func isSpawningTool(_ tool: String) -> Bool { tool == "Task" || tool == "Agent" }

  /// Links a call to the run that it began.
  ///
  /// What shows the link is a later record, at neither end of it. So the call is named again by
  /// its key: the store keeps the event it has and adds the link.
  mutating func linkSpawn(
    by callID: String, of agentID: String, rule: String, into output: inout FormatOutput
  ) {
    guard var call = memory.calls[callID], call.agentID != agentID,
      !call.spawned.contains(agentID), call.spawned.count < 16
    else { return }
    call.spawned.append(agentID)
    memory.calls.put(call, for: callID)
    var draft = EventDraft(
      .toolCall, ts: call.ts, run: run(session: call.session, agentID: call.agentID),
      sourceKind: .worker, summary: call.label)
    draft.sourceRef = call.session
    draft.idempotencyKey = call.key
    let child = ClaudeFormat.runKey(session: call.session, agentID: agentID)
    draft.links = [.byRule(rule, .spawned, .idempotencyKey(child))]
    output.drafts.append(draft)
  }

  /// The sub-agent that a spawning call's result names.
  static func spawnedAgent(result: JSONValue?, text: String) -> (id: String, rule: String)? {
    if let id = result?.name("agentId") { return (id, "spawn_result") }
    guard let mark = text.firstRange(of: "agentId: ") else { return nil }
    let id = text[mark.upperBound...].prefix {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
    }
    return id.isEmpty || id.count > 64 ? nil : (String(id), "spawn_result_text")
  }
}
