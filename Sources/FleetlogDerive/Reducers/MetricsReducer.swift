import FleetlogEvents

/// Folds a run's events, in the order of its file, into what it came to: what its agent reported of
/// it, and what its records show. Pure, and no clock.
///
/// Active time is the time between two events that lie no further apart than `quiet`, or, while a
/// call that waits for nobody is open, than `silence`: the rest is waiting.
struct MetricsReducer {
  private(set) var metrics = RunMetrics()
  private let options: SynthesisOptions
  private var lastTime: Int64?
  /// Whether a call was open that the operator need not answer.
  private var wasCalling = false

  /// Keys of `observation.recorded`, flat or as `key` and `value`.
  private enum Key {
    static let head = "git_head_sha"
    static let headEnd = "git_head_sha_end"
    static let folder = "repo_root"
  }

  init(_ options: SynthesisOptions) { self.options = options }

  /// Takes the run's next event; `known` includes it.
  mutating func take(_ fact: Fact, in known: RunFacts, into findings: inout Findings) {
    spend(fact, known)
    switch fact.step {
    case .returned(let result): trace(result, fact, known, &findings)
    case .said: report(fact)
    case .other:
      switch fact.event.type {
      case .contextSet: report(fact)
      case .processStarted, .observationRecorded: observe(fact)
      default: break
      }
      if metrics.folder == nil { metrics.folder = known.cwd }
    default: break
    }
  }

  private mutating func spend(_ fact: Fact, _ known: RunFacts) {
    let ts = fact.evidence.ts
    if let last = lastTime, ts > last {
      let limit = wasCalling ? options.silence : options.quiet
      if ts - last <= limit { metrics.active += ts - last }
    }
    lastTime = max(lastTime ?? ts, ts)
    wasCalling = known.openCalls.contains { !$0.isAsking }
  }

  // MARK: What the agent says

  /// The last word on each field holds, by itself: one that is malformed leaves its own field
  /// without a value and no other.
  private mutating func report(_ fact: Fact) {
    let (fields, hasNested) = fact.event.reportedMetrics
    let mark = WorkerFacts.Mark(fact.evidence)
    for (field, value) in fields {
      metrics.reported[field] = ReportedMetric(value: value, mark: mark)
    }
    if hasNested { metrics.nested = mark }
  }

  // MARK: What was observed

  private mutating func observe(_ fact: Fact) {
    guard let payload = fact.payload else { return }
    let mark = WorkerFacts.Mark(fact.evidence)
    func value(_ key: String) -> String? {
      if let text = payload[key]?.string { return text }
      guard payload["key"]?.string == key else { return nil }
      return payload["value"]?.string ?? payload["value"]?["value"]?.string
    }
    if metrics.head == nil, let commit = value(Key.head), CommitName.isValid(commit) {
      metrics.head = RunMetrics.Head(commit: commit, mark: mark)
    }
    if let commit = value(Key.headEnd), CommitName.isValid(commit) {
      metrics.headEnd = RunMetrics.Head(commit: commit, mark: mark)
    }
    if let folder = value(Key.folder), folder.hasPrefix("/") { metrics.folder = folder }
    metrics.difference =
      RunMetrics.Difference(observed: payload, mark: mark) ?? metrics.difference
  }

  private func trace(
    _ result: ToolReturn, _ fact: Fact, _ known: RunFacts, _ findings: inout Findings
  ) {
    guard let call = result.call, result.succeeded else { return }
    func note(_ kind: RunTrace.Kind, _ subject: String) {
      findings.traces.append(RunTrace(kind, subject.oneLine(limit: 1000), fact.evidence))
    }
    for path in call.reads { note(.read, FileWrites.absolute(path, known.cwd) ?? path) }
    for path in call.paths { note(.written, FileWrites.absolute(path, known.cwd) ?? path) }
    let commands = call.commands
    if commands.contains(where: GitPush.isCommit), let commit = GitPush.committed(result.output) {
      note(.commit, commit)
    }
    if commands.contains(where: { GitPush($0) != nil }) {
      for update in PushOutput(result.output).updates {
        if let commit = update.commit { note(.commit, commit) }
      }
    }
    if PullRequest.isCreationTool(call.tool) || commands.contains(where: PullRequest.isAbout) {
      for url in PullRequest.urls(in: result.output) { note(.pullRequest, url) }
    }
  }
}

extension RunMetrics.Difference {
  /// What Fleetlog's own count of a repository says, or that of the engine that ran the worker; nil
  /// where the event holds none.
  init?(observed payload: JSONValue?, mark: WorkerFacts.Mark) {
    func count(_ key: String, byEngine engineKey: String) -> Int? {
      payload?[key]?.int ?? payload?[engineKey]?.int
    }
    guard let files = count("git_files_changed", byEngine: "filesChanged"),
      let added = count("git_lines_added", byEngine: "linesAdded"),
      let removed = count("git_lines_removed", byEngine: "linesRemoved")
    else { return nil }
    self.init(filesChanged: files, linesAdded: added, linesRemoved: removed, mark: mark)
  }
}
