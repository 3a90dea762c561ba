import FleetlogEvents

/// Finds the runs that directly logged events speak of, and names the instances of new ones.
final class LoggedRuns {
  /// Tells this log from every other.
  let logID: String
  private let connection: Connection
  private let runs: RunLedger

  init(_ connection: Connection, runs: RunLedger) throws(StoreError) {
    self.connection = connection
    self.runs = runs
    logID = try connection.first("SELECT id FROM log_identity") { $0.text(0) } ?? ""
  }

  private struct Known {
    let key: String
    let instanceID: String
    let role: String
    let sessionID: String?
    let startedAt: Int64
  }

  /// The draft with its run and its run's parent as this log knows them. Ids that name no run here
  /// stay in the payload.
  func resolve(_ draft: EventDraft) throws(StoreError) -> EventDraft {
    guard let reference = draft.reference else { return draft }
    var draft = draft
    draft.reference = nil
    let isStart = draft.beginsRun
    if let id = reference.runID, !isStart {
      if let run = try find(id, reference.trust, draft) {
        if draft.run.key != run.key, !draft.run.key.hasPrefix(LoggedEvent.startedRun) {
          draft.run = RunIdentity(
            key: run.key, instanceID: draft.run.instanceID, role: draft.run.role,
            sessionID: draft.run.sessionID ?? run.sessionID)
        }
      } else {
        draft.note("_run_id", id)
        if !draft.run.key.hasPrefix(LoggedEvent.startedRun) {
          draft.run = draft.run.named("log", role: "worker")
        }
      }
    }
    if let id = reference.parentRunID {
      if let parent = try find(id, reference.trust, draft) {
        draft.parentRunKey = parent.key
      } else if draft.parentRunKey == nil {
        draft.note("_parent_run_id", id)
      }
    }
    if !isStart, let run = try runs.find(draft.run.key) {
      draft.run = draft.run.named(run.instanceID, role: run.role)
      if run.parentID == nil, draft.parentRunKey != nil { try runs.attach(draft) }
    }
    return draft
  }

  /// Names what is still unnamed in the start of a run that is about to be written.
  func name(_ draft: EventDraft) throws(StoreError) -> EventDraft {
    guard draft.run.instanceID.isEmpty || draft.run.role.isEmpty else { return draft }
    var draft = draft
    let instance = draft.run.instanceID.isEmpty ? try nextName() : draft.run.instanceID
    draft.run = draft.run.named(instance, role: "worker")
    return draft
  }

  /// Names what is still unnamed in an event of a run that has begun.
  func name(_ draft: EventDraft, in run: Run) throws(StoreError) -> EventDraft {
    guard draft.run.instanceID.isEmpty || draft.run.role.isEmpty else { return draft }
    var draft = draft
    draft.run = draft.run.named(run.instanceID, role: run.role)
    return draft
  }

  private func find(
    _ id: Int64, _ trust: RunReference.Trust, _ draft: EventDraft
  ) throws(StoreError) -> Known? {
    if case .log(let log) = trust, log != logID { return nil }
    let known = try connection.first(
      "SELECT key, instance_id, role, session_id, started_at FROM runs WHERE id = ?", [.int(id)]
    ) {
      Known(
        key: $0.text(0), instanceID: $0.text(1), role: $0.text(2), sessionID: $0.optionalText(3),
        startedAt: $0.int(4))
    }
    guard let known else { return nil }
    if trust == .likely {
      let named = draft.run.instanceID
      guard known.startedAt <= draft.ts, named.isEmpty || named == known.instanceID else {
        return nil
      }
    }
    return known
  }

  /// The next of `W00001`, `W00002`, … that no run bears.
  private func nextName() throws(StoreError) -> String {
    while true {
      let number =
        try connection.first("UPDATE instance_names SET last = last + 1 RETURNING last") {
          $0.int(0)
        } ?? 1
      let digits = String(number)
      let name = "W" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
      let isTaken = try connection.finds(
        "SELECT 1 FROM runs WHERE instance_id = ? LIMIT 1", [.text(name)])
      if !isTaken { return name }
    }
  }
}

extension RunIdentity {
  /// The run with these where its logger left them open.
  fileprivate func named(_ instance: String, role: String) -> RunIdentity {
    RunIdentity(
      key: key, instanceID: instanceID.isEmpty ? instance : instanceID,
      role: self.role.isEmpty ? role : self.role, sessionID: sessionID)
  }
}

extension EventDraft {
  /// Whether the event is the start of the run that it belongs to.
  var beginsRun: Bool { type == .processStarted && idempotencyKey == run.key }

  /// A logger's payload may hold the same key already; its own word stays.
  fileprivate mutating func note(_ key: String, _ id: Int64) {
    if !payload.contains(key) { payload.set(key, id) }
  }
}
