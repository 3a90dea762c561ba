import FleetlogEvents

/// The operator's answer `resolves` what asked for it, said or inferred; a refusal resolves what
/// was asked for likewise.
struct Answers: RunRule {
  static let name = "answer/1"

  private struct Ask {
    let end: LinkEnd
    /// The call whose result is the answer; nil where any word of the operator is one.
    var call: Int64?
    /// The same, by the name that a hook knows the call by.
    var useID: String?
    /// Whether the agent's program stands still until it is answered, so that whatever follows
    /// shows that it was.
    var isPrompt = false
  }

  private var asks: [Ask] = []
  private static let mostAsks = 64

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .prompted where fact.isOperators: resolve(by: fact, into: &findings) { _ in true }
    case .said where fact.isOperators: resolve(by: fact, into: &findings) { _ in true }
    case .called, .spoke: resolve(by: fact, into: &findings) { $0.isPrompt && $0.useID == nil }
    case .returned(let result):
      let (call, useID) = (result.call?.evidence.id, result.call?.useID)
      resolve(by: fact, into: &findings) { ask in
        (ask.call != nil && ask.call == call)
          || (ask.isPrompt && (ask.useID == nil || ask.useID == useID))
      }
    case .exited:
      // No prompt outlives its program; a question may, unless who was asked ended the session.
      let isByOperator =
        fact.isByHook
        && Self.endsByOperator.contains(
          fact.payload?["reason"]?.string ?? "")
      resolve(by: fact, into: &findings) { isByOperator || $0.isPrompt }
    case .said where Self.types.contains(fact.event.type):
      var ask = Ask(end: .event(fact.evidence.id))
      ask.isPrompt = fact.isByHook
      ask.useID = fact.isByHook ? fact.payload?["tool_use_id"]?.string : nil
      add(ask)
    default: break
    }
    for inference in findings.inferences where Self.types.contains(inference.type) {
      guard inference.evidence.last == fact.evidence else { continue }
      var ask = Ask(end: .inferred(inference.key))
      if case .called = fact.step { ask.call = fact.evidence.id }
      add(ask)
    }
  }

  private static let endsByOperator: Set<String> = ["prompt_input_exit", "clear", "logout"]

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
