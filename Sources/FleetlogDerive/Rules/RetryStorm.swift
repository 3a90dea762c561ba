import FleetlogEvents

/// The same call fails again and again, or the model can't be reached: `blocked`.
struct RetryStorm: RunRule {
  static let name = "retry_storm/1"

  private let options: SynthesisOptions
  private var calls = Streak()
  private var model = Streak()

  private struct Streak {
    var signature = ""
    var failures: [Evidence] = []
    /// The inference of this streak, once there is one.
    var told: String?
  }

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .returned(let result):
      guard let call = result.call else { return }
      guard result.isError, !result.isInterrupted else {
        return Self.end(&calls, by: fact, into: &findings)
      }
      Self.fail(&calls, call.signature, fact)
      if calls.failures.count >= options.failingCalls, calls.told == nil {
        let count = calls.failures.count
        calls.told = infer(
          calls, "“\(call.label)” failed \(count) times in a row",
          signal: "the same tool call failing \(count) times in a row", &findings)
      }
    case .modelFailed(_, let reason):
      Self.fail(&model, reason, fact)
      if model.failures.count >= options.failingModelCalls, model.told == nil {
        let count = model.failures.count
        model.told = infer(
          model,
          "The model could not be reached \(count) times in a row"
            + (reason.isEmpty ? "" : ": " + reason),
          signal: "the same model error \(count) times in a row", &findings)
      }
    case .spoke, .called: Self.end(&model, by: fact, into: &findings)
    case .prompted(isQueued: false): calls = Streak()
    default: break
    }
  }

  private static func fail(_ streak: inout Streak, _ signature: String, _ fact: Fact) {
    if streak.signature != signature { streak = Streak() }
    streak.signature = signature
    streak.failures.append(fact.evidence)
    if streak.failures.count > 20 { streak.failures.removeFirst() }
  }

  private static func end(_ streak: inout Streak, by fact: Fact, into findings: inout Findings) {
    if let key = streak.told {
      findings.links.append(
        InferredLink(
          name, .resolves, from: .event(fact.evidence.id), to: .inferred(key), confidence: 0.7))
    }
    streak = Streak()
  }

  private func infer(
    _ streak: Streak, _ summary: String, signal: String, _ findings: inout Findings
  ) -> String? {
    guard let last = streak.failures.last else { return nil }
    var inference = Inference(
      Self.name, .blocked, ts: last.ts, tripped: last, summary: summary, signal: signal,
      confidence: 0.6)
    inference.evidence = streak.failures
    inference.severity = 3
    inference.payload.set("count", streak.failures.count)
    inference.ask(options)
    findings.inferences.append(inference)
    return inference.key
  }
}
