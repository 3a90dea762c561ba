/// How one event relates to another; reads as a sentence: *from* **spawned** *to*.
package enum RelationType: String, Sendable, CaseIterable {
  case spawned, blocks
  case blockedBy = "blocked_by"
  case supersedes, resolves
  case causedBy = "caused_by"
  case duplicates

  package var words: String { rawValue.replacing("_", with: " ") }

  /// The sentence read from the other end: *to* **was spawned by** *from*.
  package var inverseWords: String {
    switch self {
    case .spawned: "spawned by"
    case .blocks: "blocked by"
    case .blockedBy: "blocks"
    case .supersedes: "superseded by"
    case .resolves: "resolved by"
    case .causedBy: "led to"
    case .duplicates: "duplicated by"
    }
  }
}

/// An edge from the event that carries it to another, which may not be in the log yet.
package struct LinkDraft: Sendable, Equatable {
  package enum Target: Sendable, Equatable {
    case eventID(Int64)
    case idempotencyKey(String)
    case dedupeKey(String)
  }

  package enum Direction: Sendable, Equatable { case fromThis, toThis }

  package let relation: RelationType
  package let target: Target
  package let direction: Direction
  /// How the edge is known, as `metadata_json`: `{"by":"worker"}`, `{"by":"rule","rule":…}`.
  package let metadata: JSONObject

  package init(
    _ relation: RelationType, _ target: Target, direction: Direction = .fromThis,
    metadata: JSONObject
  ) {
    self.relation = relation
    self.target = target
    self.direction = direction
    self.metadata = metadata
  }

  /// An edge that whoever told of the event drew.
  package static func byWorker(_ relation: RelationType, _ target: Target) -> LinkDraft {
    var metadata = JSONObject()
    metadata.set("by", "worker")
    return LinkDraft(relation, target, metadata: metadata)
  }

  /// An edge that a rule read off the transcript.
  package static func byRule(
    _ rule: String, _ relation: RelationType, _ target: Target, direction: Direction = .fromThis
  ) -> LinkDraft {
    var metadata = JSONObject()
    metadata.set("by", "rule")
    metadata.set("rule", rule)
    return LinkDraft(relation, target, direction: direction, metadata: metadata)
  }
}
