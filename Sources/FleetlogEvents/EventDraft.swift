/// An event before the store has given it an id and resolved its run and links.
package struct EventDraft: Sendable {
  package var type: EventType
  /// Event time in ms since the Unix epoch, UTC.
  package var ts: Int64
  package var run: RunIdentity
  package var sourceKind: SourceKind
  package var sourceRef: String?
  package var sinkKind: SinkKind?
  package var sinkRef: String?
  package var schemaVersion = EventTypeCatalogue.schemaVersion
  package var attentionCandidate: Bool
  package var operatorActionRequired = false
  package var riskDetected = false
  package var severity: Int
  package var confidence: Double?
  /// One line, for people.
  package var summary: String
  package var payload = JSONObject()
  package var artifacts: [ArtifactReference] = []
  package var tags: [String] = []
  package var dedupeKey: String?
  /// "The same fact": the event is written once, however often its transcript is read.
  package var idempotencyKey: String?
  /// A second name of the same fact: set where ``idempotencyKey`` was chosen by the worker, so
  /// that a copy of its message under another session is still the same fact.
  package var aliasKey: String?
  /// ms since the Unix epoch.
  package var expiresAt: Int64?
  package var provenance: String
  package var span: SourceSpan?
  package var links: [LinkDraft] = []
  /// The key of the event this one stands in or belongs to, for `related_event_id`.
  package var relatedKey: String?
  /// Set on a `process.started` whose run was spawned by another: the spawning run's key.
  package var parentRunKey: String?
  /// For a fact that can change until its source shows it final: of the events with the same
  /// type and dedupe key, the one with the highest version `supersedes` the others.
  package var version: Int?
  /// Whether it is what an agent's program printed of a session whose own transcript, if it is
  /// read too, tells the same and more.
  package var isPrinted = false
  /// The run as who logged the event knows it, where that is to be looked up in the log.
  package var reference: RunReference?

  /// A draft with the catalogue's defaults for its type.
  package init(
    _ type: EventType, ts: Int64, run: RunIdentity, sourceKind: SourceKind, summary: String,
    provenance: String = "transcript"
  ) {
    let entry = EventTypeCatalogue.entry(for: type)
    self.type = type
    self.ts = ts
    self.run = run
    self.sourceKind = sourceKind
    self.summary = summary
    self.attentionCandidate = entry?.attention ?? false
    self.severity = entry?.severity ?? 1
    self.provenance = provenance
  }

  /// A draft of what the contract let in. Its keys and links are left out: what they name depends
  /// on where it was said.
  package init(
    _ event: AdmittedEvent, ts: Int64, run: RunIdentity, sourceKind: SourceKind, summary: String,
    provenance: String
  ) {
    self.init(
      event.type, ts: ts, run: run, sourceKind: sourceKind, summary: summary,
      provenance: provenance)
    severity = event.severity
    confidence = event.confidence
    attentionCandidate = event.attentionCandidate
    operatorActionRequired = event.operatorActionRequired
    riskDetected = event.riskDetected
    payload = event.payload
    artifacts = event.artifacts
    tags = event.tags
    dedupeKey = event.dedupeKey
    expiresAt = event.expiresAt
  }
}

extension EventDraft {
  /// Begins the provenance of what an agent's own hook told, followed by the hook's name.
  package static let hookProvenance = "hook: "

  package var isToldByHook: Bool { provenance.hasPrefix(EventDraft.hookProvenance) }

  /// Begins the provenance of what Fleetlog inferred, followed by the signal in words.
  package static let inferredProvenance = "hub-inferred:"

  package static func provenance(inferredFrom signal: String) -> String {
    inferredProvenance + " " + signal
  }
}
