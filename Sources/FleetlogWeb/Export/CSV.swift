import FleetlogEvents

/// Events as a table by RFC 4180, with the column names of the log.
enum CSV {
  private static let columns: [(name: String, value: @Sendable (StoredEvent) -> Cell)] = [
    ("id", { .number($0.id) }),
    ("ts", { .number($0.ts) }),
    ("time", { .text(Timestamp.format($0.ts)) }),
    ("recorded_at", { .number($0.recordedAt) }),
    ("run_id", { .number($0.runID) }),
    ("parent_run_id", { .number($0.parentRunID) }),
    ("instance_id", { .text($0.instanceID) }),
    ("role", { .text($0.role) }),
    ("source_kind", { .text($0.sourceKind) }),
    ("source_ref", { .text($0.sourceRef) }),
    ("sink_kind", { .text($0.sinkKind) }),
    ("sink_ref", { .text($0.sinkRef) }),
    ("event_type", { .text($0.type.rawValue) }),
    ("schema_version", { .number(Int64($0.schemaVersion)) }),
    ("attention_candidate", { .number($0.attentionCandidate ? 1 : 0) }),
    ("operator_action_required", { .number($0.operatorActionRequired ? 1 : 0) }),
    ("risk_detected", { .number($0.riskDetected ? 1 : 0) }),
    ("severity", { .number($0.severity.map(Int64.init)) }),
    ("confidence", { .plain($0.confidence.flatMap { $0.isFinite ? "\($0)" : nil }) }),
    ("summary", { .text($0.summary) }),
    ("payload_json", { .text($0.payload) }),
    ("artifact_refs", { .text($0.artifactRefs) }),
    ("tags", { .text($0.tags) }),
    ("related_session_id", { .text($0.sessionID) }),
    ("related_event_id", { .number($0.relatedEventID) }),
    ("dedupe_key", { .text($0.dedupeKey) }),
    ("idempotency_key", { .text($0.idempotencyKey) }),
    ("expires_at", { .number($0.expiresAt) }),
    ("provenance", { .text($0.provenance) }),
    ("source_file_id", { .number($0.sourceFileID) }),
    ("source_offset", { .number($0.span.map { Int64($0.offset) }) }),
    ("source_length", { .number($0.span.map { Int64($0.length) }) }),
  ]

  /// What stands in a cell; NULL is an empty one.
  private enum Cell {
    case text(String?)
    /// Made by Fleetlog itself, so that it needs no care.
    case plain(String?)

    static func number(_ value: Int64?) -> Cell { .plain(value.map { String($0) }) }
  }

  static let head = Array((columns.map(\.name).joined(separator: ",") + "\r\n").utf8)

  static func append(_ event: StoredEvent, to bytes: inout [UInt8]) {
    for (index, column) in columns.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      switch column.value(event) {
      case .plain(let text): bytes += (text ?? "").utf8
      case .text(let text): append(text ?? "", to: &bytes)
      }
    }
    bytes += "\r\n".utf8
  }

  /// A spreadsheet takes a cell that begins like a formula for one, and a transcript may have
  /// written it: an apostrophe before it makes it text.
  static func append(_ text: String, to bytes: inout [UInt8]) {
    let isFormula = text.utf8.first.map { "=+-@\t\r\n".utf8.contains($0) } ?? false
    guard isFormula || text.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else {
      bytes += text.utf8
      return
    }
    bytes.append(0x22)
    if isFormula { bytes.append(UInt8(ascii: "'")) }
    for byte in text.utf8 {
      if byte == 0x22 { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }
}
