import FleetlogEvents

/// A command that can't be undone, or a request for one: `risk_detected`. A refusal resolves it.
struct RiskyOperation: RunRule {
  static let name = "risky_operation/1"

  private let options: SynthesisOptions
  /// Inferences about calls that may still be refused, by the call.
  private var open: [Int64: String] = [:]

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .called(let call):
      guard let risk = Risk.worst(of: call.commands, cwd: facts.cwd) else { return }
      open[call.evidence.id] = infer(
        risk, call.evidence, call.label, signal: "a command that can't be undone", &findings)
    case .returned(let result):
      guard let call = result.call, let key = open.removeValue(forKey: call.evidence.id),
        result.isDenied
      else { return }
      findings.links.append(
        InferredLink(
          Self.name, .resolves, from: .event(fact.evidence.id), to: .inferred(key),
          confidence: 1))
    case .said where fact.event.type == .approvalRequested: escalate(fact, facts, &findings)
    case .prompted(isQueued: false), .turnEnded: open = [:]
    default: break
    }
  }

  /// A worker asks for a go: for what, its payload or a command quoted in its words tells.
  private func escalate(_ fact: Fact, _ facts: RunFacts, _ findings: inout Findings) {
    var scripts = [fact.payload?["command"]?.string].compactMap { $0 }
    let quoted = fact.event.summary.split(separator: "`", omittingEmptySubsequences: false)
    scripts += quoted.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    let risks = scripts.compactMap { Risk.worst(in: $0, cwd: facts.cwd) ?? Risk.statement($0) }
    guard let risk = risks.max(by: { $0.severity < $1.severity }) else { return }
    infer(
      Risk(words: risk.words, severity: 5), fact.evidence, fact.event.summary,
      signal: "approval is asked for a command that can't be undone", &findings)
  }

  @discardableResult
  private func infer(
    _ risk: Risk, _ evidence: Evidence, _ label: String, signal: String,
    _ findings: inout Findings
  ) -> String {
    var inference = Inference(
      Self.name, .riskDetected, ts: evidence.ts, tripped: evidence,
      summary: "\(risk.words.prefix(1).uppercased() + risk.words.dropFirst()): \(label)",
      signal: signal, confidence: 0.7)
    inference.risk = true
    inference.severity = risk.severity
    inference.ask(options)
    findings.inferences.append(inference)
    return inference.key
  }
}
