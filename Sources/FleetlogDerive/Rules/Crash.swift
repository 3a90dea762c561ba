import FleetlogEvents

/// A process that died, or a turn that ended on an error: `worker.crashed`, `failed`.
struct Crash: RunRule {
  static let name = "crash/1"

  private let options: SynthesisOptions
  /// Whether the present turn's failure was told, by the worker or here.
  private var isTold = false
  /// A failure of a turn that the next sign of life ends.
  private var failure: String?
  /// What was inferred of a process that vanished, until its end is told.
  private var vanishing: String?

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .prompted(isQueued: false): isTold = false
    case .said where [.failed, .workerCrashed].contains(fact.event.type): isTold = true
    case .modelFailed(willRetry: false, let reason):
      fail(
        fact, "The turn ended on an error: " + fact.event.summary, reason: reason,
        signal: "a model call that failed and was not made again", into: &findings)
    case .turnEnded(error: .some(let error)):
      fail(
        fact, "The turn ended on an error: " + error, reason: error,
        signal: "the end of a turn that names an error", into: &findings)
    case .concluded(error: .some(let error)):
      fail(
        fact, "The run ended on an error: " + (error.isEmpty ? "no reason given" : error),
        reason: error, signal: "the agent's program said that it failed", into: &findings)
    case .exited where fact.isVanishing: vanish(fact, facts, into: &findings)
    case .exited(let code, let signal):
      takeBack(by: fact, into: &findings)
      exit(fact, code, signal, facts, into: &findings)
    case .spoke, .called, .returned:
      if let failure {
        findings.links.append(
          InferredLink(
            Self.name, .resolves, from: .event(fact.evidence.id), to: .inferred(failure),
            confidence: 0.7))
      }
      failure = nil
    default: break
    }
  }

  private mutating func fail(
    _ fact: Fact, _ summary: String, reason: String, signal: String,
    into findings: inout Findings
  ) {
    guard !isTold else { return }
    isTold = true
    var inference = Inference(
      Self.name, .failed, ts: fact.evidence.ts, tripped: fact.evidence, summary: summary,
      signal: signal, confidence: 0.8)
    inference.severity = 3
    inference.payload.set("error", reason.isEmpty ? nil : reason)
    inference.ask(options)
    findings.inferences.append(inference)
    failure = inference.key
  }

  /// A process is gone and nobody told. Of one that `fleetlog run` is, that is enough: it tells of
  /// every end but its own by force. An agent died of it where it was in the middle of something.
  private mutating func vanish(
    _ fact: Fact, _ facts: RunFacts, into findings: inout Findings
  ) {
    let isLauncher = fact.payload?["told_by"]?.string == "fleetlog run"
    let open = facts.openCalls.last
    guard !isTold, isLauncher || open != nil || facts.turn == .open else { return }
    isTold = true
    let place = open.map { " inside “\($0.label)”" } ?? (facts.turn == .open ? " in its turn" : "")
    var inference = Inference(
      Self.name, .workerCrashed, ts: fact.evidence.ts, tripped: fact.evidence,
      summary: "The process vanished\(place)",
      signal: "the process is gone and nothing told of its end",
      confidence: isLauncher || open != nil ? 0.85 : 0.7)
    if let open { inference.evidence.insert(open.evidence, at: 0) }
    inference.ask(options)
    findings.inferences.append(inference)
    failure = inference.key
    vanishing = inference.key
  }

  /// The end of a process that was taken for vanished is told after all.
  private mutating func takeBack(by fact: Fact, into findings: inout Findings) {
    guard let vanishing else { return }
    findings.links.append(
      InferredLink(
        Self.name, .supersedes, from: .event(fact.evidence.id), to: .inferred(vanishing),
        confidence: 1))
    self.vanishing = nil
    failure = nil
    isTold = false
  }

  private mutating func exit(
    _ fact: Fact, _ code: Int?, _ signal: String?, _ facts: RunFacts,
    into findings: inout Findings
  ) {
    guard !isTold, !fact.isMistyped, signal != nil || (code ?? 0) != 0 else { return }
    isTold = true
    let open = facts.openCalls.last
    let inside = open.map { ", inside “\($0.label)”" } ?? ""
    let process = facts.command.map { "“\($0)”" } ?? "The process"
    var inference: Inference
    if let signal {
      inference = Inference(
        Self.name, .workerCrashed, ts: fact.evidence.ts, tripped: fact.evidence,
        summary: "\(process) died by signal \(signal)\(inside)",
        signal: "the process ended by a signal", confidence: 0.95)
      inference.payload.set("signal", signal)
    } else {
      inference = Inference(
        Self.name, .failed, ts: fact.evidence.ts, tripped: fact.evidence,
        summary: "\(process) ended with status \(code ?? 0)\(inside)",
        signal: "the process ended with a status other than 0", confidence: 0.9)
      inference.severity = 3
    }
    inference.payload.set("exit_code", code)
    if let open { inference.evidence.insert(open.evidence, at: 0) }
    inference.ask(options)
    findings.inferences.append(inference)
  }
}
