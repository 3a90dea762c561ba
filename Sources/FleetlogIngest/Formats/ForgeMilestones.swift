import FleetlogEvents

/// One event that a runner's record comes to.
struct ForgeMilestone {
  let type: EventType
  let summary: String
  var issue: Int?
  var pr: String?
  /// Who did it, where the record tells that of each of several things.
  var worker: String?
  /// How the task ended.
  var status: String?
  /// Tells apart what one record says of several things.
  var subject = ""
  /// What the payload holds beside the common names; nil for the whole record.
  var details: JSONValue?
  var confidence: Double?
  var isRisk = false
  /// Whether it asks for no attention although its type does.
  var isQuiet = false
  var severity: Int?
  var dedupeKey: String?
  var version: Int?

  init(_ name: String, _ summary: String, issue: Int? = nil, pr: String? = nil) {
    type = EventType(rawValue: name)
    self.summary = summary
    self.issue = issue
    self.pr = pr
  }
}

/// Which events a runner's records come to, by their kind.
enum ForgeMilestones {
  /// Whether a kind is one that only this runner writes.
  static func isRunners(_ kind: String) -> Bool {
    known.contains(kind) || families.contains { kind.hasPrefix($0) }
  }

  private static let known: Set<String> = [
    "loop_start", "loop_stop", "loop_drift_halt", "deploy_drift_halt", "max_ticks_reached",
    "signal_stop", "signal_pause", "signal_resume", "stop_file_seen", "version_changed_restart",
    "tick_start", "tick_done", "tick_idle", "tick_all_skipped", "gh_list_failed",
    "sprint_consolidated", "po_start", "po_done", "worker_start", "worker_started", "worker_done",
    "worker_failed", "worker_work_rescued", "stage_timeout", "stage_error", "critic_done",
    "worktree_reaped", "worktree_preserved", "events_file_rotated", "stuck_sweep_demoted",
    "epic_sweep_done", "checkout_restored", "mcp_tool_rate_limited", "budget_worker_killed",
    "boot_recovery", "critic_review_errored", "critic_failed",
  ]

  private static let families = [
    "worker_session_", "worker_iteration", "watchdog_", "critic_verdict_", "post_critic_automerge_",
    "merge_refused_", "orphan_pr_",
  ]

  static func of(_ record: ForgeRecord) -> [ForgeMilestone] {
    switch record.kind {
    case "tick_start": [one("tick.started", record, "\(tick(record)) started", isTask: false)]
    case "tick_done": tickDone(record)
    case "po_done": planned(record)
    case "worker_started", "worker_start", "worker_iteration_attempt": [dispatched(record)]
    case "worker_session_transition": transition(record)
    case "worker_iteration": [iteration(record)]
    case "watchdog_started": [one("heartbeat", record, "\(task(record)): a watchdog looks on")]
    case "watchdog_worker_stuck", "watchdog_worker_killed": [watchdog(record)]
    case "worker_failed": [failed(record, status: record.value["status"]?.label ?? "failed")]
    case "worker_iterations_exhausted": [failed(record, status: "iterations_exhausted")]
    case "stage_timeout": [stage(record, status: "timeout")]
    case "stage_error": [stage(record, status: "failed")]
    case "worker_work_rescued": [rescued(record)]
    case "post_critic_automerge_enabled": [merged(record, isSeen: false)]
    case "post_critic_automerge_failed":
      [one("merge.blocked", record, "\(task(record)): auto-merge failed\(reason(record))")]
    case "post_critic_automerge_withheld":
      [one("needs_review", record, "\(task(record)): auto-merge was withheld\(reason(record))")]
    case "worktree_reaped":
      [one("worktree.reaped", record, "\(task(record)): its worktree was removed")]
    case "loop_drift_halt", "deploy_drift_halt", "max_ticks_reached", "loop_stop": [halted(record)]
    case "budget_worker_killed": [overBudget(record)]
    case "critic_done": [critic(record)]
    case let kind where verdicts.contains(kind): verdict(record)
    case let kind where kind.hasPrefix("merge_refused_"):
      [one("merge.blocked", record, "\(task(record)): the merge was refused\(reason(record))")]
    default: [observed(record)]
    }
  }

  // MARK: Words

  private static func tick(_ record: ForgeRecord) -> String {
    record.tick.map { "Tick \($0)" } ?? "A tick"
  }

  private static func task(_ record: ForgeRecord) -> String {
    record.issue.map { "Issue \($0)" } ?? "A worker"
  }

  private static func reason(_ record: ForgeRecord) -> String {
    let value = record.value
    let words =
      value["reason"]?.label ?? value["error"]?.label ?? value["detail"]?.label
      ?? value["reasons"]?.elements.compactMap(\.label).joined(separator: "; ")
    return words.flatMap { $0.isEmpty ? nil : ": " + $0 } ?? ""
  }

  private static func words(_ name: String) -> String { name.replacing("_", with: " ") }

  private static func one(
    _ type: String, _ record: ForgeRecord, _ summary: String, isTask: Bool = true
  ) -> ForgeMilestone {
    ForgeMilestone(
      type, summary, issue: isTask ? record.issue : nil, pr: isTask ? record.pr : nil)
  }

  // MARK: Kinds

  private static func planned(_ record: ForgeRecord) -> [ForgeMilestone] {
    let issues = (record.value["expanded"]?.elements ?? []).compactMap(\.ordinal)
    var seen: Set<Int> = []
    let tasks = issues.filter { seen.insert($0).inserted }
    guard !tasks.isEmpty else { return [observed(record)] }
    return tasks.map { ForgeMilestone("task.planned", "Issue \($0) was planned", issue: $0) }
  }

  private static func dispatched(_ record: ForgeRecord) -> ForgeMilestone {
    let attempt = record.value["attempt"]?.ordinal.map { ", attempt \($0)" } ?? ""
    let place = record.value["worktree"]?.label.map { " in \($0)" } ?? ""
    return one("task.dispatched", record, "\(task(record)) was dispatched\(attempt)\(place)")
  }

  private static func transition(_ record: ForgeRecord) -> [ForgeMilestone] {
    let new = record.value["new_state"]?.label
    let prior = record.value["prior_state"]?.label
    let change = [prior, new].compactMap { $0.map(words) }.joined(separator: " → ")
    let summary = "\(task(record)): \(change.isEmpty ? "its worker moved on" : change)"
    var milestones = [one("task.dispatched", record, summary + reason(record))]
    if new == "awaiting_critic", record.pr != nil { milestones.append(opened(record)) }
    return milestones
  }

  private static func opened(_ record: ForgeRecord) -> ForgeMilestone {
    opened(record.issue, record.pr ?? "", words: task(record))
  }

  private static func opened(_ issue: Int?, _ pr: String, words: String) -> ForgeMilestone {
    var milestone = ForgeMilestone(
      "pr.opened", "\(words) opened \(name(ofPR: pr))", issue: issue, pr: pr)
    milestone.dedupeKey = "forge-loop:pr:" + pr
    return milestone
  }

  /// `#901` of an address that ends so, else the text itself.
  private static func name(ofPR pr: String) -> String {
    let last = pr.split(separator: "/").last.map(String.init) ?? pr
    return !last.isEmpty && last.allSatisfy(\.isNumber) ? "pull request #\(last)" : pr
  }

  private static func iteration(_ record: ForgeRecord) -> ForgeMilestone {
    let attempt = record.value["attempt"]?.ordinal.map { ", attempt \($0)" } ?? ""
    let state = record.value["state"]?.label.map { ": " + words($0) } ?? ""
    return one("progress", record, "\(task(record))\(attempt)\(state)")
  }

  private static func watchdog(_ record: ForgeRecord) -> ForgeMilestone {
    let seconds = record.value["idle_s"].flatMap { $0.double ?? $0.wholeNumber.map(Double.init) }
    let silence = seconds.map { " after \(Int(min(max($0, 0), 1e9))) s without output" } ?? ""
    var milestone =
      record.kind == "watchdog_worker_stuck"
      ? one("stale", record, "\(task(record)): its watchdog found it stuck\(silence)")
      : one("worker.crashed", record, "\(task(record)): its watchdog killed it\(silence)")
    milestone.confidence = 0.95
    return milestone
  }

  private static func failed(_ record: ForgeRecord, status: String) -> ForgeMilestone {
    var milestone = one(
      "task.failed", record, "\(task(record)) failed (\(words(status)))\(reason(record))")
    milestone.status = status
    return milestone
  }

  private static func stage(_ record: ForgeRecord, status: String) -> ForgeMilestone {
    let stage = record.value["stage"]?.label
    if stage == "worker" { return failed(record, status: status) }
    let what = status == "timeout" ? "ran out of time" : "failed"
    return one(
      "worker.observation", record,
      "\(task(record)): the stage \(stage ?? "without a name") \(what)\(reason(record))")
  }

  private static func rescued(_ record: ForgeRecord) -> ForgeMilestone {
    var milestone = one(
      "task.compensated", record, "\(task(record)): its work was rescued\(reason(record))")
    milestone.status = "compensated"
    return milestone
  }

  private static func merged(_ record: ForgeRecord, isSeen: Bool) -> ForgeMilestone {
    merged(record.issue, record.pr, words: task(record), isSeen: isSeen)
  }

  /// That auto-merge was enabled is not the merge, which supersedes it once it is seen.
  private static func merged(
    _ issue: Int?, _ pr: String?, words: String, isSeen: Bool
  ) -> ForgeMilestone {
    let what = pr.map(name(ofPR:)) ?? "its pull request"
    var milestone = ForgeMilestone(
      "pr.merged",
      isSeen ? "\(words): \(what) was merged" : "\(words): \(what) will merge by itself",
      issue: issue, pr: pr)
    milestone.status = "merged"
    if !isSeen { milestone.confidence = 0.7 }
    if let pr {
      milestone.dedupeKey = "forge-loop:pr:" + pr
      milestone.version = isSeen ? 2 : 1
    }
    return milestone
  }

  private static let verdicts: Set<String> = [
    "critic_verdict_merged", "critic_verdict_blocked", "critic_verdict_revising",
    "critic_verdict_unknown",
  ]

  private static func verdict(_ record: ForgeRecord) -> [ForgeMilestone] {
    let verdict = record.kind.dropFirst("critic_verdict_".count)
    let critique = one(
      "critique.issued", record, "\(task(record)): the critic says \(verdict)\(reason(record))")
    guard verdict == "blocked" else { return [critique] }
    return [
      critique,
      one("merge.blocked", record, "\(task(record)): the critic blocks the merge\(reason(record))"),
    ]
  }

  private static func critic(_ record: ForgeRecord) -> ForgeMilestone {
    let verdict = record.value["verdict"]?.label.map { ": " + words($0) } ?? ""
    var milestone = one(
      "worker.observation", record, "\(task(record)): the critic is done\(verdict)\(reason(record))"
    )
    milestone.isRisk = (record.value["sev_counts"]?["sev1"]?.ordinal ?? 0) > 0
    return milestone
  }

  private static func halted(_ record: ForgeRecord) -> ForgeMilestone {
    var milestone = one(
      "loop.halted", record, "The runner stopped (\(words(record.kind)))\(reason(record))",
      isTask: false)
    milestone.subject = record.kind
    return milestone
  }

  private static func overBudget(_ record: ForgeRecord) -> ForgeMilestone {
    var milestone = one(
      "risk_detected", record, "\(task(record)) was stopped: it cost more than its budget")
    milestone.isRisk = true
    return milestone
  }

  /// Kept, and asks for nothing: a kind that is not known, or says nothing of a task's course.
  private static func observed(_ record: ForgeRecord) -> ForgeMilestone {
    let about = record.issue.map { "Issue \($0): " } ?? ""
    return one(
      "worker.observation", record, "\(about)\(words(record.kind))\(reason(record))")
  }

  // MARK: The end of a tick

  private static func tickDone(_ record: ForgeRecord) -> [ForgeMilestone] {
    let outcomes = (record.value["outcomes"] ?? record.value["results"])?.elements ?? []
    var milestones = [one("tick.completed", record, "\(tick(record)) ended", isTask: false)]
    for outcome in outcomes where outcome.isObject { milestones += Self.outcome(outcome) }
    return milestones
  }

  private static let ends: [String: String] = [
    "merged": "task.completed", "open": "task.completed", "failed": "task.failed",
    "no_pr": "task.failed", "timeout": "task.failed", "stale": "task.failed",
    "budget_exceeded": "task.failed", "compensated": "task.compensated",
  ]

  private static func outcome(_ outcome: JSONValue) -> [ForgeMilestone] {
    let issue = ForgeRecord.issue(in: outcome)
    let pr = ForgeRecord.pr(in: outcome)
    let status = outcome["status"]?.label
    let name = issue.map { "Issue \($0)" } ?? "A task"
    var milestones: [ForgeMilestone] = []
    if let pr {
      var milestone = opened(issue, pr, words: name)
      // What is merged needs nobody to look at it.
      milestone.isQuiet = status == "merged"
      milestones.append(milestone)
    }
    if let status, let end = ends[status] {
      let what = words(end.split(separator: ".").last.map(String.init) ?? "")
      let why = outcome["error"]?.label.map { ": " + $0 } ?? ""
      milestones.append(
        ForgeMilestone(end, "\(name) \(what) (\(words(status)))\(why)", issue: issue, pr: pr))
    }
    if status == "merged", let pr {
      milestones.append(merged(issue, pr, words: name, isSeen: true))
    }
    return milestones.map { milestone in
      var milestone = milestone
      milestone.status = status
      milestone.subject = status ?? ""
      milestone.details = outcome
      milestone.worker = ForgeRecord.worker(in: outcome)
      return milestone
    }
  }
}
