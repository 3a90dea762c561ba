import FleetlogEvents

/// A call without a result although its run went on or ended: a `tool_result` that says so.
struct MissingResult: RunRule {
  static let name = "missing_tool_result/1"

  /// The inferred result's key by the call's event.
  private var missing: [Int64: String] = [:]
  private var byUseID: [String: Int64] = [:]

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .turnEnded, .exited, .prompted(isQueued: false):
      for call in facts.openCalls where call.useID != nil && call.expectsResult && !call.isAsking {
        infer(call, fact, into: &findings)
      }
    case .returned(let result) where result.call == nil: supersede(fact, into: &findings)
    default: break
    }
  }

  private mutating func infer(_ call: Call, _ fact: Fact, into findings: inout Findings) {
    var inference = Inference(
      Self.name, .toolResult, ts: fact.evidence.ts, tripped: call.evidence,
      summary: "\(call.label): no result was recorded, and the run went on",
      signal: "a tool call without a result, and later activity of its run", confidence: 0.4)
    inference.evidence.append(fact.evidence)
    inference.payload.set("tool", call.tool)
    inference.payload.set("tool_use_id", call.useID)
    inference.payload.set("is_error", "unknown")
    findings.inferences.append(inference)
    missing[call.evidence.id] = inference.key
    if let id = call.useID { byUseID[id] = call.evidence.id }
  }

  /// The result came after all.
  private mutating func supersede(_ fact: Fact, into findings: inout Findings) {
    let call =
      fact.event.relatedEventID ?? (fact.payload?["tool_use_id"]?.string).flatMap { byUseID[$0] }
    guard let call, let key = missing.removeValue(forKey: call) else { return }
    findings.links.append(
      InferredLink(
        Self.name, .supersedes, from: .event(fact.evidence.id), to: .inferred(key), confidence: 1))
  }
}
