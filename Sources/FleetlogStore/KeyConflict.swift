import FleetlogEvents

/// A worker used one idempotency key for two different facts.
struct KeyConflict {
  let existing: StoredEvent
  let draft: EventDraft

  /// The refusal of the second fact, nil where both are the same.
  var validationError: EventDraft? {
    let same =
      existing.type == draft.type && existing.summary == draft.summary
      && existing.severity == draft.severity && existing.confidence == draft.confidence
      && existing.attentionCandidate == draft.attentionCandidate
      && existing.operatorActionRequired == draft.operatorActionRequired
      && existing.riskDetected == draft.riskDetected && existing.dedupeKey == draft.dedupeKey
      && (existing.tags ?? "[]") == JSONObject.array(of: draft.tags)
      && (existing.artifactRefs ?? "[]") == JSONObject.array(of: draft.artifacts.map(\.json))
      && (existing.payload ?? "{}") == draft.payload.text
    guard !same else { return nil }
    var error = EventDraft(
      .validationError, ts: draft.ts, run: draft.run, sourceKind: .system,
      summary: "Refused from \(draft.run.instanceID): its idempotency_key was used for another "
        + "event (\(existing.id))")
    error.payload.set("reason", "the idempotency_key was used for an event with other content")
    error.payload.set("text", refusedText)
    error.payload.set("earlier_event", existing.id)
    error.idempotencyKey = draft.aliasKey.map { "v" + $0 }
    error.sourceRef = draft.sourceRef
    error.span = draft.span
    error.links = [.byRule("key_used_twice", .causedBy, .eventID(existing.id))]
    return error
  }

  private var refusedText: String {
    var object = JSONObject()
    object.set("event_type", draft.type.rawValue)
    object.set("summary", draft.summary)
    object.set("idempotency_key", draft.idempotencyKey)
    object.set("payload", draft.payload)
    return object.text
  }
}
