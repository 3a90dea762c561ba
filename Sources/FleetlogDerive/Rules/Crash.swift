import FleetlogEvents

/// A process that died, or a turn that ended on an error: `worker.crashed`, `failed`.
struct Crash: RunRule {
  static let name = "crash/1"

  private let options: SynthesisOptions
  /// Whether the present turn's failure was told, by the worker or here.
  private var isTold = false
  /// A failure of a turn that the next sign of life ends.
  private var failure: String?

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
    case .exited(let code, let signal): exit(fact, code, signal, facts, into: &findings)
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

  private mutating func exit(
    _ fact: Fact, _ code: Int?, _ signal: String?, _ facts: RunFacts,
    into findings: inout Findings
  ) {
    guard !isTold, signal != nil || (code ?? 0) != 0 else { return }
    isTold = true
    let open = facts.openCalls.last
    let inside = open.map { ", inside “\($0.label)”" } ?? ""
    var inference: Inference
    if let signal {
      inference = Inference(
        Self.name, .workerCrashed, ts: fact.evidence.ts, tripped: fact.evidence,
        summary: "The process died by signal \(signal)\(inside)",
        signal: "the process ended by a signal", confidence: 0.95)
      inference.payload.set("signal", signal)
    } else {
      inference = Inference(
        Self.name, .failed, ts: fact.evidence.ts, tripped: fact.evidence,
        summary: "The process ended with status \(code ?? 0)\(inside)",
        signal: "the process ended with a status other than 0", confidence: 0.9)
      inference.severity = 3
    }
    inference.payload.set("exit_code", code)
    if let open { inference.evidence.insert(open.evidence, at: 0) }
    inference.ask(options)
    findings.inferences.append(inference)
  }
}
