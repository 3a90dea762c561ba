import FleetlogEvents

/// A worker's `failed` is `caused_by` the failing tool result just before it.
struct FailureCause: RunRule {
  static let name = "failure_cause/1"

  private var lastFailure: Evidence?

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .returned(let result):
      if result.isError { lastFailure = fact.evidence }
    case .prompted(isQueued: false): lastFailure = nil
    case .said where fact.event.type == .failed:
      guard let lastFailure else { return }
      findings.links.append(
        InferredLink(
          Self.name, .causedBy, from: .event(fact.evidence.id), to: .event(lastFailure.id),
          confidence: 0.6))
    default: break
    }
  }
}
