package import FleetlogEvents

extension StoredEvent {
  /// An event with one text in every field that holds text.
  package static func sample(
    _ type: EventType = .progress, id: Int64 = 7, ts: Int64 = 1_767_323_045_678, run: Int64 = 1,
    instance: String? = nil, session: String? = nil, text: String = "text", payload: String? = nil,
    attention: Bool = false, severity: Int? = 4, dedupeKey: String? = nil,
    provenance: String? = nil, artifacts: String? = nil
  ) -> StoredEvent {
    var reference = JSONObject()
    for key in ["kind", "title", "ref", "source"] { reference.set(key, text) }
    reference.set("url", "https://example.org/" + text)
    return StoredEvent(
      id: id, ts: ts, recordedAt: ts, runID: run, parentRunID: 3, instanceID: instance ?? text,
      role: text, sourceKind: text, sourceRef: text, sinkKind: text, sinkRef: text, type: type,
      schemaVersion: 1, attentionCandidate: attention, operatorActionRequired: true,
      riskDetected: true, severity: severity, confidence: 0.85, summary: text, payload: payload,
      artifactRefs: artifacts ?? JSONObject.array(of: [reference]),
      tags: JSONObject.array(of: [text]),
      sessionID: session ?? text, relatedEventID: 5, dedupeKey: dedupeKey ?? text,
      idempotencyKey: text, expiresAt: ts, provenance: provenance ?? text, sourceFileID: 1,
      span: SourceSpan(offset: 10, length: 20))
  }
}
