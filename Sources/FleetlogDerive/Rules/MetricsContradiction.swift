import FleetlogEvents

/// What an agent reports in its `metrics_*` fields and what was observed differ: `contradiction`.
/// Both stay as they are.
///
/// A claim is held against what the run's own tools showed until the end of the turn that makes it,
/// and against the repository when that is looked at then. Where others may have done the work, or
/// commands may have, nothing is concluded from what is not there.
struct MetricsContradiction: RunRule {
  static let name = "metrics/1"

  private struct Claim {
    let value: MetricValue
    let evidence: Evidence
    /// Whether it came with the worker's word that it is done, which another rule checks.
    let isCompletion: Bool
    var isHeldAgainstTools = false
    var isRefuted = false
  }

  private struct Sight {
    let subject: String
    let evidence: Evidence
  }

  private let options: SynthesisOptions
  private var claims: [MetricField: Claim] = [:]
  private var written: [String: Evidence] = [:]
  /// Since the operator last asked for something, which a report may mean.
  private var writtenInTurn: Set<String> = []
  private var commits: [Sight] = []
  private var pullRequests: [Int: Evidence] = [:]
  /// Names of commits that git printed for whatever reason.
  private var printed: Set<String> = []
  private var isOverfull = false
  private var hasDelegated = false
  private var hasRunCommands = false

  private static let most = 4000

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    // Those of this event are the last: all that were found before stand there too.
    let old = findings.traces.lastIndex { $0.evidence != fact.evidence }.map { $0 + 1 } ?? 0
    for trace in findings.traces[old...] { see(trace) }
    switch fact.step {
    case .called(let call):
      if call.isSpawn { hasDelegated = true }
      if call.command != nil { hasRunCommands = true }
    case .returned(let result): readNames(result)
    case .said: claim(fact)
    case .turnEnded: holdAgainstTools(facts, &findings)
    case .prompted(isQueued: false):
      holdAgainstTools(facts, &findings)
      writtenInTurn = []
    case .exited(let code, _):
      holdAgainstTools(facts, &findings)
      if let code, code != 0 { holdAgainstExit(code, fact, &findings) }
    case .other where fact.event.type == .contextSet: claim(fact)
    case .other where fact.event.type == .observationRecorded:
      holdAgainstRepository(fact, &findings)
    default: break
    }
  }

  private mutating func claim(_ fact: Fact) {
    for (field, value) in fact.event.reportedMetrics.fields {
      claims[field] = value.map {
        Claim(
          value: $0, evidence: fact.evidence, isCompletion: fact.event.type == .completed)
      }
    }
  }

  private mutating func see(_ trace: RunTrace) {
    switch trace.kind {
    case .read: break
    case .written:
      if written.count < Self.most {
        written[trace.subject] = trace.evidence
        writtenInTurn.insert(trace.subject)
      }
      isOverfull = isOverfull || written.count >= Self.most
    case .commit: commits.append(Sight(subject: trace.subject, evidence: trace.evidence))
    case .pullRequest:
      if let number = trace.subject.split(separator: "/").last.flatMap({ Int($0) }) {
        pullRequests[number] = trace.evidence
      }
    }
    if commits.count > Self.most { commits.removeFirst() }
  }

  /// Any name that a git command prints may be the one that is claimed.
  private mutating func readNames(_ result: ToolReturn) {
    guard result.call?.command?.contains(bytesOf: "git") ?? false else { return }
    CommitName.forEach(in: result.output) { name in
      isOverfull = isOverfull || printed.count >= Self.most
      if !isOverfull { printed.insert(name) }
      return !isOverfull
    }
  }

  // MARK: Holding a claim against what was observed

  private mutating func holdAgainstTools(_ facts: RunFacts, _ findings: inout Findings) {
    for field in MetricField.allCases {
      guard let claim = claims[field], !claim.isHeldAgainstTools else { continue }
      claims[field]?.isHeldAgainstTools = true
      guard facts.hasCalls, !hasDelegated, !isOverfull else { continue }
      switch (field, claim.value) {
      case (.pullRequests, .numbers(let numbers)):
        comparePullRequests(Set(numbers), claim, &findings)
      case (.commits, .commits(let names)): compareCommits(names, claim, &findings)
      case (.filesChanged, .count(let count)): compareFiles(count, claim, facts, &findings)
      case (.outcome, .outcome("success")):
        guard let check = facts.lastCheck, check.failed, !claim.isCompletion else { continue }
        differ(
          field, claim, "the last check failed: \(check.words)", check.evidence,
          "an outcome reported as success while the last check in evidence failed", 0.8, &findings)
      default: break
      }
    }
  }

  private mutating func comparePullRequests(
    _ claimed: Set<Int>, _ claim: Claim, _ findings: inout Findings
  ) {
    let seen = Set(pullRequests.keys)
    // Where the tools show none, one that is claimed may be older than the run.
    guard !seen.isEmpty, claimed != seen,
      claimed.isDisjoint(with: seen) || claimed.isSubset(of: seen)
    else { return }
    let numbers = seen.sorted().map { "#\($0)" }.joined(separator: ", ")
    differ(
      .pullRequests, claim, "the output of its tools shows \(numbers)",
      pullRequests[seen.max() ?? 0], "pull requests reported other than tool output shows", 0.7,
      &findings)
  }

  private mutating func compareCommits(
    _ claimed: [String], _ claim: Claim, _ findings: inout Findings
  ) {
    let names = printed.union(commits.map { $0.subject.lowercased() })
    let unknown = claimed.filter { name in !names.contains { CommitName.agree(name, $0) } }
    guard let first = unknown.first else { return }
    differ(
      .commits, claim, "no tool output shows commit \(first.prefix(12))", commits.last?.evidence,
      "a reported commit that no output of git names", 0.6, &findings)
  }

  private mutating func compareFiles(
    _ count: Int, _ claim: Claim, _ facts: RunFacts, _ findings: inout Findings
  ) {
    func isInside(_ path: String) -> Bool {
      guard let cwd = facts.cwd else { return true }
      return path.hasPrefix(cwd.hasSuffix("/") ? cwd : cwd + "/")
    }
    let own = written.filter { isInside($0.key) }
    // More than were seen to be written may be the work of commands.
    guard count != own.count, count != writtenInTurn.count(where: isInside),
      !own.isEmpty || !hasRunCommands, count < own.count || !hasRunCommands
    else { return }
    let files = own.count == 1 ? "1 file" : "\(own.count) files"
    differ(
      .filesChanged, claim, "its tools wrote \(own.isEmpty ? "none" : files)",
      own.values.max { ($0.ts, $0.key) < ($1.ts, $1.key) },
      "files reported other than its tools wrote", 0.5, &findings)
  }

  private mutating func holdAgainstExit(
    _ code: Int, _ fact: Fact, _ findings: inout Findings
  ) {
    guard let claim = claims[.outcome], claim.value == .outcome("success") else { return }
    differ(
      .outcome, claim, "the process ended with status \(code)", fact.evidence,
      "an outcome reported as success of a process that ended with another status than 0", 0.8,
      &findings)
  }

  /// What Fleetlog counted in the repository once the turn was over.
  private mutating func holdAgainstRepository(_ fact: Fact, _ findings: inout Findings) {
    let payload = fact.payload
    if let end = payload?["git_head_sha_end"]?.string, let claim = claims[.headEnd],
      case .commit(let name) = claim.value, !CommitName.agree(name, end)
    {
      differ(
        .headEnd, claim, "the repository stands at \(end.prefix(12))", fact.evidence,
        "a reported end that is not where the repository stands", 0.8, &findings)
    }
    guard
      let found = RunMetrics.Difference(observed: payload, mark: WorkerFacts.Mark(fact.evidence))
    else { return }
    let counts: [(MetricField, Int, String)] = [
      (.filesChanged, found.filesChanged, "files changed"),
      (.linesAdded, found.linesAdded, "lines added"),
      (.linesRemoved, found.linesRemoved, "lines removed"),
    ]
    for (field, count, what) in counts {
      guard let claim = claims[field], case .count(let claimed) = claim.value, claimed != count
      else { continue }
      differ(
        field, claim, "git counts \(count) \(what) from the session’s first commit to its last",
        fact.evidence, "figures reported other than git counts", 0.7, &findings)
    }
  }

  private mutating func differ(
    _ field: MetricField, _ claim: Claim, _ observed: String, _ evidence: Evidence?,
    _ signal: String, _ confidence: Double, _ findings: inout Findings
  ) {
    guard !claim.isRefuted else { return }
    claims[field]?.isRefuted = true
    let evidence = [claim.evidence] + (evidence.map { [$0] } ?? [])
    var inference = Inference(
      Self.name, .contradiction, ts: evidence.map(\.ts).max() ?? claim.evidence.ts,
      tripped: claim.evidence, subject: field.rawValue,
      summary: "Reports \(field.rawValue) \(claim.value.json), but \(observed)", signal: signal,
      confidence: confidence)
    inference.evidence = evidence.sorted { ($0.ts, $0.key) < ($1.ts, $1.key) }
    inference.payload.set("field", field.rawValue)
    inference.payload.set("reported", json: claim.value.json)
    inference.payload.set("observed", observed)
    inference.ask(options)
    findings.inferences.append(inference)
  }
}
