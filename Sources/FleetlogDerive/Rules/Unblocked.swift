import FleetlogEvents

/// What comes after a worker's `blocked` that names no condition `resolves` it: its own `completed`,
/// or the operator's next word. One with a dedupe key stands until that condition ends.
struct Unblocked: RunRule {
  static let name = "unblocked/1"

  private var blocked: [Int64] = []
  private static let most = 64

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .said where fact.isOperators, .prompted(isQueued: false) where fact.isOperators:
      resolve(by: fact, into: &findings)
    case .said where fact.event.type == .completed: resolve(by: fact, into: &findings)
    case .said where fact.event.type == .blocked && fact.event.dedupeKey == nil:
      blocked.append(fact.evidence.id)
      if blocked.count > Self.most { blocked.removeFirst() }
    default: break
    }
  }

  private mutating func resolve(by fact: Fact, into findings: inout Findings) {
    for id in blocked {
      findings.links.append(
        InferredLink(
          Self.name, .resolves, from: .event(fact.evidence.id), to: .event(id), confidence: 0.6))
    }
    blocked = []
  }
}
