import FleetlogEvents

/// One record of a forge-loop runner, as far as its kinds have it in common.
struct ForgeRecord {
  let value: JSONValue
  /// The runner's own name of what happened.
  let kind: String
  /// ms since the Unix epoch; nil where the record has no time of its own.
  let ts: Int64?
  let tick: Int?
  /// The task: `issue`, else `number`. 0 is a task like any other.
  let issue: Int?
  let worker: String?
  let pr: String?

  /// What the identity of a record is made of; the rest of it counts by its meaning.
  private static let identity: Set<String> = [
    "ts", "kind", "tick", "issue", "number", "pr_url", "pr", "prior_state", "new_state",
  ]

  /// - Returns: nil for what is no object or names no kind.
  init?(_ value: JSONValue) {
    guard value.isObject, let kind = Self.kind(of: value) else { return nil }
    self.value = value
    self.kind = kind
    ts = value["ts"]?.moment
    tick = value["tick"]?.ordinal
    issue = Self.issue(in: value)
    worker = Self.worker(in: value)
    pr = Self.pr(in: value)
  }

  /// The consolidated row of a tick, in the summaries beside the events, names no kind.
  private static func kind(of value: JSONValue) -> String? {
    if let kind = value["kind"]?.string?.trimmed { return kind.isEmpty ? nil : kind }
    return value["kind"] == nil && isSummary(value) ? summaryKind : nil
  }

  static let summaryKind = "sprint_summary"

  static func isSummary(_ value: JSONValue) -> Bool {
    value["tick"] != nil && value["total"] != nil && value["merged"]?.isArray == true
      && value["ts"] != nil
  }

  static func issue(in value: JSONValue) -> Int? {
    value["issue"]?.ordinal ?? value["number"]?.ordinal
  }

  static func worker(in value: JSONValue) -> String? {
    workerNames.lazy.compactMap { value[$0]?.label }.first
  }

  static func pr(in value: JSONValue) -> String? { value["pr_url"]?.label ?? value["pr"]?.label }

  private static let workerNames = [
    "session_id", "worker_id", "worker", "thread_id", "log_path", "worktree", "branch",
  ]

  /// The change of state that a record tells, such as `running->awaiting_critic`.
  var change: String? {
    guard let new = value["new_state"]?.string else { return nil }
    return (value["prior_state"]?.string ?? "") + "->" + new
  }

  /// The idempotency key of an event that comes of the record. Never the line's place: the runner
  /// cuts its file in place, and then the same record stands elsewhere.
  ///
  func key(of milestone: ForgeMilestone) -> String {
    var key = FactKey()
    key.add(milestone.type.rawValue)
    key.add(kind)
    key.add(tick.map(String.init))
    key.add(milestone.issue.map(String.init))
    key.add(milestone.worker ?? worker)
    key.add(milestone.pr)
    key.add(change)
    key.add(ts.map { String($0) })
    key.add(milestone.subject)
    key.add(meaningOf: value, without: Self.identity)
    return key.text(prefix: "f", ts: ts)
  }
}
