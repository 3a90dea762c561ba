import FleetlogEvents

/// The operator's answer `resolves` what asked for it, said or inferred; a refusal resolves what
/// was asked for likewise.
struct Answers: RunRule {
  static let name = "answer/1"

  private struct Ask {
    let end: LinkEnd
    /// The call whose result is the answer; nil where any word of the operator is one.
    let call: Int64?
  }

  private var asks: [Ask] = []
  private static let mostAsks = 64

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .prompted where fact.isOperators: resolve(by: fact, into: &findings) { _ in true }
    case .said where fact.isOperators: resolve(by: fact, into: &findings) { _ in true }
    case .returned(let result):
      if let call = result.call?.evidence.id {
        resolve(by: fact, into: &findings) { $0.call == call }
      }
    case .said where Self.types.contains(fact.event.type):
      add(Ask(end: .event(fact.evidence.id), call: nil))
    default: break
    }
    for inference in findings.inferences where Self.types.contains(inference.type) {
      guard inference.evidence.last == fact.evidence else { continue }
      var call: Int64?
      if case .called = fact.step { call = fact.evidence.id }
      add(Ask(end: .inferred(inference.key), call: call))
    }
  }

  private static let types: Set<EventType> = [
    .needsDecision, .needsReview, .approvalRequested, .waitingOnOperator,
  ]

  private mutating func add(_ ask: Ask) {
    asks.append(ask)
    if asks.count > Self.mostAsks { asks.removeFirst() }
  }

  private mutating func resolve(
    by fact: Fact, into findings: inout Findings, _ isAnswered: (Ask) -> Bool
  ) {
    for ask in asks where isAnswered(ask) {
      findings.links.append(
        InferredLink(
          Self.name, .resolves, from: .event(fact.evidence.id), to: ask.end, confidence: 0.8))
    }
    asks.removeAll(where: isAnswered)
  }
}
