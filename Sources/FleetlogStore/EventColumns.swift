import FleetlogEvents

/// The columns of `events` in the order in which rows are written and read.
enum EventColumns {
  static let names = [
    "id", "ts", "recorded_at", "run_id", "parent_run_id", "instance_id", "role", "source_kind",
    "source_ref", "sink_kind", "sink_ref", "event_type", "schema_version", "attention_candidate",
    "operator_action_required", "risk_detected", "severity", "confidence", "summary",
    "payload_json", "artifact_refs", "tags", "related_session_id", "related_event_id",
    "dedupe_key", "idempotency_key", "expires_at", "provenance", "source_file_id",
    "source_offset", "source_length", "payload_packed",
  ]

  /// A payload is read as a whole, however it is kept.
  static let list = names.dropLast().map { $0 == "payload_json" ? payload : "e." + $0 }
    .joined(separator: ", ")

  /// How many columns `list` has.
  static let count = Int32(names.count - 1)

  static let payload = "unpacked(e.payload_json, e.payload_packed)"

  static let insert =
    "INSERT INTO events (" + names.joined(separator: ", ") + ") VALUES ("
    + names.map { _ in "?" }.joined(separator: ", ") + ") ON CONFLICT DO NOTHING"

  static func values(_ event: StoredEvent, payload: TextPacker.Packed) -> [Value] {
    [
      .int(event.id), .int(event.ts), .int(event.recordedAt), .int(event.runID),
      Value(event.parentRunID), .text(event.instanceID), .text(event.role),
      .text(event.sourceKind), Value(event.sourceRef), Value(event.sinkKind),
      Value(event.sinkRef), .text(event.type.rawValue), Value(event.schemaVersion),
      Value(event.attentionCandidate), Value(event.operatorActionRequired),
      Value(event.riskDetected), Value(event.severity), Value(event.confidence),
      .text(event.summary), payload.text, Value(event.artifactRefs), Value(event.tags),
      Value(event.sessionID), Value(event.relatedEventID), Value(event.dedupeKey),
      Value(event.idempotencyKey), Value(event.expiresAt), Value(event.provenance),
      Value(event.sourceFileID), Value(event.span?.offset), Value(event.span?.length),
      payload.packed,
    ]
  }

  /// What an event says, without where and when it was recorded and what ids that gave it.
  static func content(_ event: StoredEvent) -> [Value] {
    zip(names, values(event, payload: TextPacker.Packed(whole: event.payload))).filter {
      !recording.contains($0.0)
    }.map(\.1)
  }

  private static let recording: Set<String> = [
    "id", "recorded_at", "run_id", "parent_run_id", "related_event_id", "idempotency_key",
    "source_file_id", "source_offset", "source_length",
  ]

  /// Reads an event whose columns begin at `first`.
  static func read(_ row: Statement, from first: Int32 = 0) -> StoredEvent {
    func text(_ column: Int32) -> String { row.text(first + column) }
    func optional(_ column: Int32) -> String? { row.optionalText(first + column) }
    func int(_ column: Int32) -> Int64 { row.int(first + column) }
    func optionalInt(_ column: Int32) -> Int64? { row.optionalInt(first + column) }
    let offset = optionalInt(29)
    return StoredEvent(
      id: int(0), ts: int(1), recordedAt: int(2), runID: int(3), parentRunID: optionalInt(4),
      instanceID: text(5), role: text(6), sourceKind: text(7), sourceRef: optional(8),
      sinkKind: optional(9), sinkRef: optional(10), type: EventType(rawValue: text(11)),
      schemaVersion: Int(int(12)), attentionCandidate: row.bool(first + 13),
      operatorActionRequired: row.bool(first + 14), riskDetected: row.bool(first + 15),
      severity: optionalInt(16).map { Int($0) }, confidence: row.optionalReal(first + 17),
      summary: text(18), payload: optional(19), artifactRefs: optional(20), tags: optional(21),
      sessionID: optional(22), relatedEventID: optionalInt(23), dedupeKey: optional(24),
      idempotencyKey: optional(25), expiresAt: optionalInt(26), provenance: optional(27),
      sourceFileID: optionalInt(28),
      span: offset.map { SourceSpan(offset: $0, length: optionalInt(30) ?? 0) })
  }
}

extension Connection {
  private static let eventByID = "SELECT \(EventColumns.list) FROM events e WHERE e.id = ?"

  func event(_ id: Int64) throws(StoreError) -> StoredEvent? {
    try first(Self.eventByID, [.int(id)]) { EventColumns.read($0) }
  }
}
