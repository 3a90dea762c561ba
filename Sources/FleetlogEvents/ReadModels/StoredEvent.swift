/// An event as the log holds it: the columns of `events`, JSON columns as JSON text.
///
/// A class, since it never changes and many keep it: of thirty fields every copy costs.
package final class StoredEvent: Sendable {
  package let id: Int64
  /// ms since the Unix epoch, UTC.
  package let ts: Int64
  package let recordedAt: Int64
  package let runID: Int64
  package let parentRunID: Int64?
  package let instanceID: String
  package let role: String
  package let sourceKind: String
  package let sourceRef: String?
  package let sinkKind: String?
  package let sinkRef: String?
  package let type: EventType
  package let schemaVersion: Int
  package let attentionCandidate: Bool
  package let operatorActionRequired: Bool
  package let riskDetected: Bool
  package let severity: Int?
  package let confidence: Double?
  package let summary: String
  /// A JSON object.
  package let payload: String?
  /// A JSON array of artifact references.
  package let artifactRefs: String?
  /// A JSON array of strings.
  package let tags: String?
  package let sessionID: String?
  package let relatedEventID: Int64?
  package let dedupeKey: String?
  package let idempotencyKey: String?
  package let expiresAt: Int64?
  package let provenance: String?
  package let sourceFileID: Int64?
  package let span: SourceSpan?

  package init(
    id: Int64, ts: Int64, recordedAt: Int64, runID: Int64, parentRunID: Int64?,
    instanceID: String, role: String, sourceKind: String, sourceRef: String?,
    sinkKind: String?, sinkRef: String?, type: EventType, schemaVersion: Int,
    attentionCandidate: Bool, operatorActionRequired: Bool, riskDetected: Bool,
    severity: Int?, confidence: Double?, summary: String, payload: String?,
    artifactRefs: String?, tags: String?, sessionID: String?, relatedEventID: Int64?,
    dedupeKey: String?, idempotencyKey: String?, expiresAt: Int64?, provenance: String?,
    sourceFileID: Int64?, span: SourceSpan?
  ) {
    self.id = id
    self.ts = ts
    self.recordedAt = recordedAt
    self.runID = runID
    self.parentRunID = parentRunID
    self.instanceID = instanceID
    self.role = role
    self.sourceKind = sourceKind
    self.sourceRef = sourceRef
    self.sinkKind = sinkKind
    self.sinkRef = sinkRef
    self.type = type
    self.schemaVersion = schemaVersion
    self.attentionCandidate = attentionCandidate
    self.operatorActionRequired = operatorActionRequired
    self.riskDetected = riskDetected
    self.severity = severity
    self.confidence = confidence
    self.summary = summary
    self.payload = payload
    self.artifactRefs = artifactRefs
    self.tags = tags
    self.sessionID = sessionID
    self.relatedEventID = relatedEventID
    self.dedupeKey = dedupeKey
    self.idempotencyKey = idempotencyKey
    self.expiresAt = expiresAt
    self.provenance = provenance
    self.sourceFileID = sourceFileID
    self.span = span
  }

  /// The same event with another payload.
  package func with(payload: String?) -> StoredEvent {
    StoredEvent(
      id: id, ts: ts, recordedAt: recordedAt, runID: runID, parentRunID: parentRunID,
      instanceID: instanceID, role: role, sourceKind: sourceKind, sourceRef: sourceRef,
      sinkKind: sinkKind, sinkRef: sinkRef, type: type, schemaVersion: schemaVersion,
      attentionCandidate: attentionCandidate, operatorActionRequired: operatorActionRequired,
      riskDetected: riskDetected, severity: severity, confidence: confidence, summary: summary,
      payload: payload, artifactRefs: artifactRefs, tags: tags, sessionID: sessionID,
      relatedEventID: relatedEventID, dedupeKey: dedupeKey, idempotencyKey: idempotencyKey,
      expiresAt: expiresAt, provenance: provenance, sourceFileID: sourceFileID, span: span)
  }

  /// Inferred by Fleetlog rather than said or recorded; views draw such events dashed.
  package var isInferred: Bool { provenance?.hasPrefix(EventDraft.inferredProvenance) ?? false }

  /// The signal that it was inferred from, in words; nil for what was said or recorded.
  package var inferredFrom: String? {
    guard isInferred else { return nil }
    return provenance.map { String($0.dropFirst(EventDraft.inferredProvenance.count)).trimmed }
  }

  /// Told by an agent's own hook, not by its transcript.
  package var isToldByHook: Bool { provenance?.hasPrefix(EventDraft.hookProvenance) ?? false }
}

/// An edge together with the event at its other end.
package struct StoredLink: Sendable {
  package enum Direction: Sendable { case outgoing, incoming }
  package let id: Int64
  package let relation: RelationType
  package let direction: Direction
  package let other: StoredEvent
  package let createdAt: Int64
  /// A JSON object that says how the edge is known.
  package let metadata: String?

  package init(
    id: Int64, relation: RelationType, direction: Direction, other: StoredEvent,
    createdAt: Int64, metadata: String?
  ) {
    self.id = id
    self.relation = relation
    self.direction = direction
    self.other = other
    self.createdAt = createdAt
    self.metadata = metadata
  }
}

/// The bytes of the transcript that an event came from, and where they stand.
package struct Receipt: Sendable {
  package let fileID: Int64
  package let path: String
  package let span: SourceSpan
  /// The line as Fleetlog read it, cut to a display limit.
  package let bytes: [UInt8]
  package let isCut: Bool
  /// Whether the file still holds exactly these bytes at this place; nil where that was not asked.
  package let fileStillAgrees: Bool?

  package init(
    fileID: Int64, path: String, span: SourceSpan, bytes: [UInt8], isCut: Bool,
    fileStillAgrees: Bool?
  ) {
    self.fileID = fileID
    self.path = path
    self.span = span
    self.bytes = bytes
    self.isCut = isCut
    self.fileStillAgrees = fileStillAgrees
  }
}

/// One event with all that hangs on it.
package struct EventDetail: Sendable {
  package let event: StoredEvent
  package let links: [StoredLink]
  package let receipt: Receipt?
  /// The neighbours of the same session in time order, for `[` and `]`.
  package let previousInSession: Int64?
  package let nextInSession: Int64?
  /// Every session that shows this event: more than one after a resume or fork.
  package let sessions: [String]

  package init(
    event: StoredEvent, links: [StoredLink], receipt: Receipt?, previousInSession: Int64?,
    nextInSession: Int64?, sessions: [String]
  ) {
    self.event = event
    self.links = links
    self.receipt = receipt
    self.previousInSession = previousInSession
    self.nextInSession = nextInSession
    self.sessions = sessions
  }
}
