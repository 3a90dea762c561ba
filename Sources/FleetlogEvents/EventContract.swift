/// The rules of the event block: what is admitted, mended or refused. Pure; says nothing about
/// where the block stood.
package enum EventContract {
  /// Echoed by blocks as `contract_version`, so that phrasings can be compared.
  package static let version = "1"
  package static let schemaVersions = 1...1

  /// What one block came to.
  package struct BlockResult: Sendable {
    package var events: [AdmittedEvent] = []
    package var refusals: [Refusal] = []
    /// The top-level `summary` of the turn.
    package var turnSummary: String?
    package var contractVersion: String?
  }

  /// Why something was refused. `text` is the refused JSON as the worker wrote it.
  package struct Refusal: Error, Sendable, Equatable {
    package let reason: String
    package let text: String
    /// The event's place in its block's `events`, nil where the whole block was refused.
    package let index: Int?

    package init(reason: String, text: String, index: Int?) {
      self.reason = reason
      self.text = text
      self.index = index
    }
  }

  /// Judges the JSON between BEGIN and END.
  package static func admit(block text: String) -> BlockResult {
    var result = BlockResult()
    do throws(Refusal) {
      try admit(text, into: &result)
    } catch {
      result.refusals.append(error)
    }
    return result
  }

  private static func admit(_ text: String, into result: inout BlockResult) throws(Refusal) {
    func refusal(_ reason: String) -> Refusal { Refusal(reason: reason, text: text, index: nil) }
    let block: JSONValue
    do throws(JSONError) {
      block = try JSONDocument(text).root
    } catch {
      throw refusal("malformed JSON: \(error)")
    }
    guard block.isObject else { throw refusal("the block is not a JSON object") }
    guard isSupported(block["schema_version"]) else {
      throw refusal("unsupported schema_version \(block["schema_version"]?.source ?? "")")
    }
    guard let events = block["events"], events.isArray else {
      throw refusal("there is no \"events\" array")
    }
    if let version = block["contract_version"], !version.isNull {
      result.contractVersion = version.string ?? version.source
    }
    if let summary = block["summary"]?.string?.trimmed, !summary.isEmpty {
      result.turnSummary = summary
    }
    for (index, event) in events.elements.enumerated() {
      do throws(Refusal) {
        result.events.append(try admit(event: event, index: index))
      } catch {
        result.refusals.append(error)
      }
    }
  }

  private static func isSupported(_ version: JSONValue?) -> Bool {
    guard let version, !version.isNull else { return true }
    let number = version.int ?? version.string.flatMap { Int($0.trimmed) }
    return number.map(schemaVersions.contains) ?? false
  }

  /// Judges one element of `events`.
  private static func admit(event: JSONValue, index: Int) throws(Refusal) -> AdmittedEvent {
    func refusal(_ reason: String) -> Refusal {
      let source = event.kind == .string ? "\"\(event.source)\"" : event.source
      return Refusal(reason: reason, text: source, index: index)
    }
    guard event.isObject else { throw refusal("the event is not a JSON object") }
    guard let name = event["event_type"]?.string?.trimmed, !name.isEmpty else {
      throw refusal("event_type is missing or blank")
    }
    let type = EventType(rawValue: name)
    guard let entry = EventTypeCatalogue.entry(for: type) else {
      throw refusal("unknown event_type \"\(name.prefix(80))\"")
    }
    guard entry.family == .worker else {
      throw refusal("event_type \"\(name)\" is not for event blocks: Fleetlog writes it itself")
    }
    guard let summary = event["summary"]?.string?.trimmed, !summary.isEmpty else {
      throw refusal("summary is missing or blank")
    }
    guard isSupported(event["schema_version"]) else {
      throw refusal("unsupported schema_version \(event["schema_version"]?.source ?? "")")
    }
    return AdmittedEvent(type: type, summary: summary, fields: event, known: blockFields)
  }

  /// The keys of an event in a block; every other key is kept in the payload.
  static let blockFields: Set<String> = [
    "event_type", "summary", "schema_version", "ts", "severity", "confidence",
    "attention_candidate", "operator_action_required", "risk_detected", "artifact_refs", "tags",
    "dedupe_key", "expires_at", "idempotency_key", "payload", "links",
  ]

  /// Judges the one-line carrier: the JSON behind `AGENT_NOTIFY_SUMMARY`.
  package static func admit(summaryLine text: String) -> Result<AdmittedEvent, Refusal> {
    func refused(_ reason: String) -> Result<AdmittedEvent, Refusal> {
      .failure(Refusal(reason: EventBlock.carrier + ": " + reason, text: text, index: nil))
    }
    let line: JSONValue
    do throws(JSONError) {
      line = try JSONDocument(text).root
    } catch {
      return refused("malformed JSON: \(error)")
    }
    guard line.isObject else { return refused("not a JSON object") }
    guard isSupported(line["version"]) else {
      return refused("unsupported version \(line["version"]?.source ?? "")")
    }
    guard let status = line["status"]?.string?.trimmed, let type = carrierStatuses[status] else {
      return refused(
        "status is not one of " + carrierStatuses.keys.sorted().joined(separator: ", "))
    }
    guard let summary = line["summary"]?.string?.trimmed, !summary.isEmpty else {
      return refused("summary is missing or blank")
    }
    var event = AdmittedEvent(
      type: type, summary: summary, fields: line, known: ["version", "summary"])
    if type == .completed, isReal(line["action"]?.string) {
      event.operatorActionRequired = true
      event.attentionCandidate = true
    }
    return .success(event)
  }

  private static let carrierStatuses: [String: EventType] = [
    "done": .completed, "blocked": .blocked, "needs_review": .needsReview,
    "needs_decision": .needsDecision, "failed": .failed, "stalled": .stale,
  ]

  private static func isReal(_ action: String?) -> Bool {
    let words = (action ?? "").trimmed.lowercased()
      .trimmingSuffix { $0 == "." || $0 == "!" }
    return !["", "-", "none", "n/a", "na", "no", "nothing", "null", "no action"].contains(words)
      && !words.hasPrefix("none ") && !words.hasPrefix("no action ")
  }
}

/// An event that the contract let in, with its optional fields mended.
package struct AdmittedEvent: Sendable {
  package let type: EventType
  package let summary: String
  /// ms since the Unix epoch; nil: the record's own time.
  package var ts: Int64?
  package var severity: Int
  package var confidence: Double?
  package var attentionCandidate: Bool
  package var operatorActionRequired: Bool
  package var riskDetected: Bool
  package var artifacts: [ArtifactReference]
  package var tags: [String]
  package var dedupeKey: String?
  package var expiresAt: Int64?
  /// As the worker wrote it, not yet prefixed with its session.
  package var idempotencyKey: String?
  package var links: [ContractLink]
  /// The worker's payload and unknown keys, with `_coerced` where something was mended.
  package var payload: JSONObject

  /// - Parameter coercion: what has been mended of the same fields already.
  init(
    type: EventType, summary: String, fields: JSONValue, coercion: Coercion? = nil,
    known: Set<String>
  ) {
    let entry = EventTypeCatalogue.entry(for: type)
    var coercion = coercion ?? Coercion(fields: fields)
    self.type = type
    self.summary = summary.oneLine
    ts = coercion.time("ts")
    severity = coercion.severity() ?? entry?.severity ?? 1
    confidence = coercion.confidence()
    operatorActionRequired = coercion.flag("operator_action_required") ?? false
    riskDetected = coercion.flag("risk_detected") ?? (type == .riskDetected)
    let asked = coercion.flag("attention_candidate")
    if type == .completed {
      attentionCandidate =
        operatorActionRequired || riskDetected || (confidence.map { $0 < 0.5 } ?? false)
      if let asked, asked != attentionCandidate { coercion.note("attention_candidate") }
    } else {
      attentionCandidate = asked ?? entry?.attention ?? false
    }
    artifacts = coercion.artifacts()
    tags = coercion.tags()
    dedupeKey = coercion.text("dedupe_key")
    expiresAt = coercion.time("expires_at")
    idempotencyKey = coercion.text("idempotency_key")
    links = coercion.links()
    payload = coercion.payload(known: known)
    if self.summary != summary { payload.set("_full_summary", summary) }
  }
}

/// A link as a worker writes it; keys are not yet prefixed with its session.
package struct ContractLink: Sendable, Equatable {
  package let relation: RelationType
  package let target: LinkDraft.Target
}
