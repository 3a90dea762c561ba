/// An event that something was inferred from.
package struct Evidence: Sendable, Equatable {
  package let id: Int64
  /// What identifies the event in any log: its idempotency key.
  package let key: String
  /// ms since the Unix epoch.
  package let ts: Int64
  package let recordedAt: Int64

  package init(id: Int64, key: String, ts: Int64, recordedAt: Int64) {
    self.id = id
    self.key = key
    self.ts = ts
    self.recordedAt = recordedAt
  }

  package init(_ event: StoredEvent) {
    self.init(
      id: event.id, key: event.idempotencyKey ?? "#\(event.id)", ts: event.ts,
      recordedAt: event.recordedAt)
  }
}

/// What a rule concludes from events; becomes an event of its own, linked to its evidence.
package struct Inference: Sendable, Equatable {
  /// Every inferred event's idempotency key begins with it, and no other event's does.
  package static let keyPrefix = "inferred:"

  /// The rule's name and version, such as `silence/1`.
  package let rule: String
  /// The idempotency key: made of the rule and of the evidence's keys, never of ids.
  package let key: String
  package let type: EventType
  /// When the condition became true, in ms; never when it was noticed.
  package var ts: Int64
  package var summary: String
  /// The observable signal in words, for the provenance.
  package var signal: String
  package var confidence: Double
  /// Oldest first; the last one tripped the rule.
  package var evidence: [Evidence]
  /// Whose run it is about, where several runs are judged; else that of the last evidence.
  package var about: Evidence?
  package var attention = false
  package var operatorActionRequired = false
  package var risk = false
  package var severity: Int
  /// The type's own details, beside `rule` and `evidence`.
  package var payload = JSONObject()
  package var artifacts: [ArtifactReference] = []
  package var dedupeKey: String?
  package var expiresAt: Int64?

  /// - Parameters:
  ///   - tripped: the evidence that names the inference: the same evidence, the same inference.
  ///   - subject: tells apart what one piece of evidence proves of several things.
  package init(
    _ rule: String, _ type: EventType, ts: Int64, tripped: Evidence, subject: String = "",
    summary: String, signal: String, confidence: Double
  ) {
    let name = rule.prefix { $0 != "/" }
    self.rule = rule
    key = Self.keyPrefix + name + ":" + (subject.isEmpty ? "" : subject + ":") + tripped.key
    self.type = type
    self.ts = ts
    self.summary = summary
    self.signal = signal
    self.confidence = confidence
    evidence = [tripped]
    severity = EventTypeCatalogue.entry(for: type)?.severity ?? 1
  }

  package static func isKey(_ key: String?) -> Bool { key?.hasPrefix(keyPrefix) ?? false }
}

/// One end of a link that a rule draws.
package enum LinkEnd: Sendable, Hashable {
  case event(Int64)
  /// An inferred event, by its key.
  case inferred(String)
}

/// An edge that a rule draws between events.
package struct InferredLink: Sendable, Hashable {
  package let rule: String
  package let relation: RelationType
  package let from: LinkEnd
  package let to: LinkEnd
  package let confidence: Double

  package init(
    _ rule: String, _ relation: RelationType, from: LinkEnd, to: LinkEnd, confidence: Double
  ) {
    self.rule = rule
    self.relation = relation
    self.from = from
    self.to = to
    self.confidence = confidence
  }
}

/// What an event means to rules that judge across runs: it wrote this file, it is about that
/// artifact.
package struct SubjectNote: Sendable, Equatable {
  package let group: JudgedGroup
  package let subject: String
  package let evidence: Evidence

  package init(_ group: JudgedGroup, _ subject: String, _ evidence: Evidence) {
    self.group = group
    self.subject = subject
    self.evidence = evidence
  }
}

/// What rules found.
package struct Findings: Sendable {
  package var inferences: [Inference] = []
  package var links: [InferredLink] = []
  package var subjects: [SubjectNote] = []
  /// What the run's tools show, each the first time.
  package var traces: [RunTrace] = []

  package init() {}

  package var isEmpty: Bool {
    inferences.isEmpty && links.isEmpty && subjects.isEmpty && traces.isEmpty
  }
}
