import FleetlogEvents

/// What several rules do with what they infer.
extension Inference {
  /// Asks for attention by the type's default, if the evidence is fresh.
  mutating func ask(_ options: SynthesisOptions) {
    ask(EventTypeCatalogue.entry(for: type)?.attention ?? false, options)
  }

  /// Asks for attention where it is wanted and the evidence is fresh: recorded when it happened,
  /// and not found in an old file.
  mutating func ask(_ isWanted: Bool, _ options: SynthesisOptions) {
    let recorded = evidence.map(\.recordedAt).max() ?? 0
    attention = isWanted && recorded - ts <= options.freshness
  }

  /// The link that says what ended it.
  func ended(by evidence: Evidence, _ relation: RelationType) -> InferredLink {
    InferredLink(
      rule, relation, from: .event(evidence.id), to: .inferred(key), confidence: confidence)
  }
}
