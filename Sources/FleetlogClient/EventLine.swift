import FleetlogEvents

/// One event as a line of JSON under the log's own column names: what every way into a log carries.
struct EventLine {
  var object = JSONObject()

  init(
    _ type: String, _ payload: [String: EventValue], _ details: FleetlogClient.Details
  ) {
    object.set("event_type", type)
    object.set("ts", details.time ?? Host.now)
    object.set("summary", details.summary)
    if !payload.isEmpty { object.set("payload", json: EventValue.object(payload)) }
    object.set("severity", details.severity)
    object.set("confidence", details.confidence)
    object.set("operator_action_required", details.operatorActionRequired)
    object.set("risk_detected", details.riskDetected)
    if !details.tags.isEmpty { object.set("tags", details.tags) }
    object.set("session_id", details.sessionID)
    object.set("dedupe_key", details.dedupeKey)
    // A line may go more than one way; its key is what makes it one fact.
    object.set("idempotency_key", details.idempotencyKey ?? Nonce.make())
  }

  static func joined(_ lines: [[UInt8]]) -> [UInt8] {
    Array(lines.map { $0 + [0x0A] }.joined())
  }
}
