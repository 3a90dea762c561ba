import FleetlogEvents

/// A worker's own word `supersedes` what was inferred in its stead.
struct OwnWord: RunRule {
  static let name = "own_word/1"

  private struct Standing {
    let key: String
    let type: EventType
    let artifacts: Set<String>
  }

  private var standing: [Standing] = []
  private static let most = 64

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    if case .said = fact.step, !fact.isOperators { supersede(by: fact, into: &findings) }
    if case .prompted(isQueued: false) = fact.step, fact.isOperators {
      standing.removeAll { Self.asks.contains($0.type) }
    }
    for inference in findings.inferences where inference.evidence.contains(fact.evidence) {
      guard Self.family(inference.type) != nil,
        !standing.contains(where: { $0.key == inference.key })
      else { continue }
      standing.append(
        Standing(
          key: inference.key, type: inference.type, artifacts: Self.names(inference.artifacts)))
      if standing.count > Self.most { standing.removeFirst() }
    }
  }

  private static let asks: Set<EventType> = [
    .needsDecision, .approvalRequested, .waitingOnOperator, .needsReview,
  ]
  private static let ends: Set<EventType> = [.completed, .failed, .workerCrashed]

  /// The types that speak of the same thing.
  private static func family(_ type: EventType) -> Set<EventType>? {
    for family in [asks, ends, [.blocked], [.commitPushed], [.prOpened]]
    where family.contains(type) {
      return family
    }
    return nil
  }

  private static func names(_ artifacts: [ArtifactReference]) -> Set<String> {
    Set(artifacts.filter { $0.kind != "branch" }.compactMap { $0.url ?? $0.ref })
  }

  /// The newest of its family goes; of deliverables the one that names the same artifact, if the
  /// worker names any.
  private mutating func supersede(by fact: Fact, into findings: inout Findings) {
    guard let family = Self.family(fact.event.type) else { return }
    let named = Self.names(ArtifactReference.list(fact.event.artifactRefs))
    let isDeliverable = [.commitPushed, .prOpened].contains(fact.event.type)
    let index = standing.lastIndex { candidate in
      family.contains(candidate.type)
        && (!isDeliverable || named.isEmpty || candidate.artifacts.isEmpty
          || Self.agree(named, candidate.artifacts))
    }
    guard let index else { return }
    findings.links.append(
      InferredLink(
        Self.name, .supersedes, from: .event(fact.evidence.id), to: .inferred(standing[index].key),
        confidence: 1))
    standing.remove(at: index)
  }

  /// Short and long forms of one hash are one commit.
  private static func agree(_ left: Set<String>, _ right: Set<String>) -> Bool {
    left.contains { one in right.contains { one.hasPrefix($0) || $0.hasPrefix(one) } }
  }
}
