import FleetlogEvents

/// One event of a WorkRail session's log, and the events that it comes to.
struct WorkRailRecord {
  let value: JSONValue
  let kind: String
  let session: String
  let line: RawLine
  let ts: Int64
  let cap: TextCap
  var timeSource: String?

  private var data: JSONValue? { value["data"] }

  /// Groups what blocks the session's present step and what ends that.
  private var stepKey: String { "workrail:\(session):step" }

  func drafts() -> [EventDraft] {
    switch kind {
    case "session_created": [started(parent: data?["parentSessionId"]?.label)]
    case "observation_recorded": [observation()]
    case "context_set": context()
    case "run_started": [runStarted()]
    case "run_completed": runCompleted()
    case "advance_recorded": [advance()]
    case "node_created": [node()]
    case "node_output_appended": [output()]
    case "gap_recorded": [gap()]
    case "git_start_recorded", "git_metrics_recorded": [repository()]
    case "delivery_recorded": delivery()
    case "review_draft_submitted": [review()]
    case "usage_recorded": [usage()]
    default: [plain("worker.observation", PlainText.line(words(kind).capitalizedFirst))]
    }
  }

  // MARK: Drafts

  private func words(_ name: String) -> String { name.replacing("_", with: " ") }

  private func key(_ type: EventType) -> String {
    var key = FactKey()
    key.add(session)
    key.add(type.rawValue)
    key.add(value["dedupeKey"]?.string)
    key.add(value["eventId"]?.string)
    if value["dedupeKey"] == nil, value["eventId"] == nil { key.add(line.bytes) }
    return key.text(prefix: "w", ts: timeSource == nil ? ts : nil)
  }

  private func draft(
    _ name: String, _ summary: String, _ sourceKind: SourceKind = .worker
  ) -> EventDraft {
    var draft = EventDraft(
      EventType(rawValue: name), ts: ts, run: WorkRailFormat.run(of: session),
      sourceKind: sourceKind, summary: PlainText.line(summary))
    draft.sourceRef = session
    draft.span = line.span
    draft.idempotencyKey = key(draft.type)
    draft.payload.set("legacy_kind", kind)
    draft.payload.set("engine_run_id", value["scope"]?["runId"]?.label)
    draft.payload.set("node_id", value["scope"]?["nodeId"]?.label)
    draft.payload.set("_ts_from", timeSource)
    return draft
  }

  /// A draft with all that the record's data say.
  private func plain(
    _ name: String, _ summary: String, _ sourceKind: SourceKind = .worker
  ) -> EventDraft {
    var draft = draft(name, summary, sourceKind)
    if let data { draft.payload.copy(data, cap: cap) }
    return draft
  }

  /// The start of the session's run.
  func started(parent: String? = nil) -> EventDraft {
    let run = WorkRailFormat.run(of: session)
    var draft = EventDraft(
      .processStarted, ts: ts, run: run, sourceKind: .system, summary: "WorkRail session started")
    draft.sourceRef = session
    draft.span = line.span
    draft.idempotencyKey = run.key
    draft.payload.set("agent", WorkRailFormat.name)
    draft.payload.set("synthesized", true)
    draft.payload.set("_ts_from", timeSource)
    if let parent, parent != session {
      draft.payload.set("parent_session_id", parent)
      draft.parentRunKey = WorkRailFormat.run(of: parent).key
    }
    return draft
  }

  private func observation() -> EventDraft {
    let name = data?["key"]?.label ?? "something"
    let seen = data?["value"]?["value"] ?? data?["value"]
    var draft = draft(
      "observation.recorded", "\(words(name).capitalizedFirst): \(seen?.label ?? "noted")")
    draft.payload.set("observation", name)
    draft.payload.set("certainty", data?["confidence"]?.label)
    if let seen, !name.hasPrefix("_"), !draft.payload.contains(name) {
      draft.payload.set(name, seen, cap: cap)
    }
    return draft
  }

  /// Context keys stand flat in the payload, each by itself; `metrics_*` are the session's own word.
  private func context() -> [EventDraft] {
    let context = data?["context"]
    let goal = context?["goal"]?.label
    let outcome = context?["metrics_outcome"]?.string
    var draft = draft(
      "context.set", goal.map { "Goal: \($0)" } ?? outcome.map { "Outcome: \($0)" } ?? "Context set"
    )
    draft.payload.set("context_id", data?["contextId"]?.label)
    draft.payload.set("context_source", data?["source"]?.label)
    draft.payload.set("title", goal.map { PlainText.line($0) })
    let parent = context?["parentSessionId"]?.label.flatMap { $0 == session ? nil : $0 }
    draft.payload.set("parent_session_id", parent)
    if let context { draft.payload.copy(context, except: ["parentSessionId"], cap: cap) }
    var drafts = [draft]
    // The start is in the log by now; told again, it brings the parent.
    if let parent { drafts.append(started(parent: parent)) }
    if outcome == "error" {
      var failed = self.draft("failed", "The session reports that it ended in an error")
      failed.payload.set("status", "error")
      drafts.append(failed)
    }
    return drafts
  }

  private func runStarted() -> EventDraft {
    let workflow = data?["workflowId"]?.label.map { " of \($0)" } ?? ""
    var draft = draft("task.claimed", "A run\(workflow) started", .overseer)
    draft.payload.set("run_started", true)
    if let data { draft.payload.copy(data, cap: cap) }
    return draft
  }

  private func runCompleted() -> [EventDraft] {
    let ms = data?["durationMs"]?.wholeNumber.map { " in \(max(0, $0) / 1000) s" } ?? ""
    var drafts: [EventDraft] = []
    if data?["startGitSha"]?.label != nil || data?["endGitSha"]?.label != nil {
      var seen = draft("observation.recorded", "The repository at the run's start and end")
      seen.payload.set("git_head_sha", data?["startGitSha"]?.label)
      seen.payload.set("git_head_sha_end", data?["endGitSha"]?.label)
      seen.payload.set("git_branch", data?["gitBranch"]?.label)
      seen.payload.set("certainty", data?["captureConfidence"]?.label)
      drafts.append(seen)
    }
    drafts.append(plain("task.done", "The run was completed\(ms)", .overseer))
    return drafts
  }

  private func advance() -> EventDraft {
    let outcome = data?["outcome"]
    var draft: EventDraft
    switch outcome?["kind"]?.string {
    case "advanced":
      let node = outcome?["toNodeId"]?.label.map { " to \($0)" } ?? ""
      draft = plain("progress", "Advanced\(node)", .overseer)
    case "blocked":
      let blockers = outcome?["blockers"]
      let reasons =
        (blockers?.isArray == true
          ? blockers?.elements : blockers?["blockers"]?.elements) ?? []
      let words = reasons.compactMap { blocker in
        blocker.label ?? blocker["message"]?.label ?? blocker["suggestedFix"]?.label
          ?? blocker["code"]?.label
      }
      draft = plain(
        "blocked",
        "Can't advance" + (words.isEmpty ? "" : ": " + words.joined(separator: "; ")), .overseer)
    default: draft = plain("worker.observation", "An attempt to advance")
    }
    draft.dedupeKey = stepKey
    return draft
  }

  private func node() -> EventDraft {
    let id = value["scope"]?["nodeId"]?.label.map { " \($0)" } ?? ""
    switch data?["nodeKind"]?.string {
    case "blocked_attempt":
      var draft = plain("blocked", "The attempt\(id) is blocked", .overseer)
      draft.dedupeKey = stepKey
      return draft
    case "gate_checkpoint":
      return plain("approval_requested", "The gate\(id) waits for approval", .overseer)
    case let kind:
      return plain("worker.observation", "The \(words(kind ?? "node"))\(id) was created")
    }
  }

  private func output() -> EventDraft {
    let notes = data?["payload"]?["notesMarkdown"]?.string
    return plain("progress", notes.flatMap { PlainText.gist($0) } ?? "Output was added")
  }

  private func gap() -> EventDraft {
    let reason = data?["reason"]
    let detail = reason?["detail"]?.label ?? ""
    let isOpen = data?["resolution"]?["kind"]?.string != "resolved"
    let about = data?["summary"]?.label ?? words(detail.isEmpty ? "a gap" : detail)
    guard isOpen, reason?["category"]?.string == "user_only_dependency" else {
      return plain("worker.observation", "A gap was noted: \(about)")
    }
    return detail == "needs_user_approval"
      ? plain("approval_requested", "Needs approval: \(about)", .overseer)
      : plain("needs_decision", "Needs the operator: \(about)", .overseer)
  }

  /// What the engine measured of the repository, under the names that observations have.
  private func repository() -> EventDraft {
    var draft = draft("observation.recorded", "The repository, as the engine measured it")
    draft.payload.set(
      "git_head_sha", data?["startSha"]?.label ?? data?["startGitSha"]?.label ?? data?["sha"]?.label
    )
    draft.payload.set("git_head_sha_end", data?["endSha"]?.label ?? data?["endGitSha"]?.label)
    draft.payload.set("certainty", data?["captureConfidence"]?.label)
    if let data { draft.payload.copy(data, cap: cap) }
    return draft
  }

  private func delivery() -> [EventDraft] {
    let shas = (data?["shas"]?.elements ?? []).compactMap(\.label)
    var drafts: [EventDraft] = []
    if !shas.isEmpty {
      let names = shas.prefix(3).map { String($0.prefix(7)) }.joined(separator: ", ")
      var draft = plain("commit_pushed", "Delivered \(names)")
      draft.artifacts = shas.prefix(20).map {
        ArtifactReference(kind: "commit", ref: $0, source: "external")
      }
      drafts.append(draft)
    }
    if let pr = data?["prUrl"]?.label {
      var draft = plain("pr_opened", "Opened \(pr)")
      draft.artifacts = [ArtifactReference(kind: "github_pr", url: pr, source: "external")]
      drafts.append(draft)
    }
    return drafts.isEmpty ? [plain("worker.observation", "A delivery of nothing")] : drafts
  }

  private func review() -> EventDraft {
    let pr = data?["prUrl"]?.label
    var draft = plain(
      "needs_review", "A review was drafted" + (pr.map { " for \($0)" } ?? ""))
    if let pr {
      draft.artifacts = [ArtifactReference(kind: "github_pr", url: pr, source: "external")]
    }
    return draft
  }

  /// An agent's own transcript may tell of the same calls, so these tokens count in no total.
  private func usage() -> EventDraft {
    let model = data?["model"]?.label.map { " of \($0)" } ?? ""
    var draft = draft("worker.observation", "The usage\(model), as the engine counts it")
    draft.payload.set("usage", data, cap: cap)
    return draft
  }
}

extension String {
  /// With a capital at its beginning.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
