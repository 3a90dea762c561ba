import FleetlogEvents

/// What a worker says and what its own tools show disagree: `contradiction`. Both stay as they are;
/// what a tool shows outranks a summary.
struct Contradiction: RunRule {
  static let name = "contradiction/1"

  private let options: SynthesisOptions
  /// The worker's word that its present task succeeded.
  private var success: StoredEvent?
  /// The worker's word that it can't go on, and how often it went on since.
  private var blocked: (event: StoredEvent, calls: Int)?
  /// Deliveries the worker claims that nothing has shown so far.
  private var claims: [StoredEvent] = []
  private var hasPushed = false
  private var hasOpened = false
  private var hasDelegated = false

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .prompted(isQueued: false):
      settleClaims(facts, into: &findings)
      success = nil
      blocked = nil
    case .said where !fact.isOperators && !fact.isByHook && !fact.isRecorded:
      say(fact, facts, into: &findings)
    case .called(let call): act(call, into: &findings)
    case .returned, .other: check(fact, facts, into: &findings)
    case .turnEnded, .exited: settleClaims(facts, into: &findings)
    default: break
    }
  }

  private mutating func say(_ fact: Fact, _ facts: RunFacts, into findings: inout Findings) {
    let event = fact.event
    switch event.type {
    case .blocked: blocked = (event, 0)
    case .commitPushed, .prOpened:
      blocked = nil
      claims.append(event)
    case .completed, EventType(rawValue: "task.done"), EventType(rawValue: "task.completed"):
      blocked = nil
      // One that says itself that something is wrong claims no success.
      guard !event.riskDetected, (event.confidence ?? 1) >= 0.5 else { return }
      success = event
      if let check = facts.lastCheck, check.failed, check.evidence != fact.evidence {
        disagree(fact.evidence, event, check, into: &findings)
      }
    default: blocked = nil
    }
    check(fact, facts, into: &findings)
  }

  /// A check that fails after the worker claimed success.
  private mutating func check(_ fact: Fact, _ facts: RunFacts, into findings: inout Findings) {
    guard let check = facts.lastCheck, check.evidence == fact.evidence, check.failed, let success
    else { return }
    disagree(fact.evidence, success, check, into: &findings)
    self.success = nil
  }

  private func disagree(
    _ tripped: Evidence, _ claim: StoredEvent, _ check: Check, into findings: inout Findings
  ) {
    var inference = Inference(
      Self.name, .contradiction, ts: tripped.ts, tripped: tripped, subject: "check",
      summary: "Says “\(claim.summary)”, but the last check failed: \(check.words)",
      signal: "a claim of success while the last check in evidence failed", confidence: 0.8)
    inference.evidence = [Evidence(claim), check.evidence].sorted { $0.ts < $1.ts }
    inference.ask(options)
    findings.inferences.append(inference)
  }

  private mutating func act(_ call: Call, into findings: inout Findings) {
    if call.isSpawn { hasDelegated = true }
    hasPushed = hasPushed || call.commands.contains { GitPush($0) != nil }
    hasOpened = hasOpened || call.commands.contains(where: PullRequest.isCreation)
    hasOpened = hasOpened || PullRequest.isCreationTool(call.tool)
    guard let (event, calls) = blocked else { return }
    blocked = (event, calls + 1)
    guard calls + 1 == options.callsWhileBlocked else { return }
    var inference = Inference(
      Self.name, .contradiction, ts: call.evidence.ts, tripped: call.evidence, subject: "blocked",
      summary: "Says it is blocked (“\(event.summary)”), yet goes on: \(call.label)",
      signal: "\(calls + 1) tool calls after the worker said that it is blocked", confidence: 0.6)
    inference.evidence.insert(Evidence(event), at: 0)
    inference.ask(options)
    findings.inferences.append(inference)
  }

  /// At the end of a turn nothing more can show what was claimed in it. A run whose calls are not
  /// in the log, or whose sub-agents may have done it, proves nothing.
  private mutating func settleClaims(_ facts: RunFacts, into findings: inout Findings) {
    defer { claims = [] }
    guard facts.hasCalls, !hasDelegated else { return }
    for claim in claims {
      let isShown = claim.type == .commitPushed ? hasPushed : hasOpened
      guard !isShown else { continue }
      let what = claim.type == .commitPushed ? "push" : "pull request"
      var inference = Inference(
        Self.name, .contradiction, ts: claim.ts, tripped: Evidence(claim), subject: "unshown",
        summary: "Says “\(claim.summary)”, but no tool output shows a \(what)",
        signal: "a claimed \(what) that no tool call of the run made", confidence: 0.6)
      inference.ask(options)
      findings.inferences.append(inference)
    }
  }
}
