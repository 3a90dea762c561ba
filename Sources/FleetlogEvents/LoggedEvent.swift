/// An event as a process logs it directly: the columns of the log by name, in one JSON object.
package struct LoggedEvent: Sendable {
  package let event: AdmittedEvent
  /// The id of the run as the logger knows it, for whoever can look it up.
  package let runID: Int64?
  package let parentRunID: Int64?
  /// What names the run, and the one that spawned it, in every log.
  package let runKey: String?
  package let parentRunKey: String?
  /// The identity of the log that the ids are of.
  package let logID: String?
  package let instanceID: String?
  package let role: String?
  package let sourceKind: SourceKind
  package let sourceRef: String?
  package let sinkKind: SinkKind?
  package let sinkRef: String?
  package let schemaVersion: Int
  package let sessionID: String?
  package let provenance: String
}

extension EventContract {
  /// Judges an event that a process logs directly.
  ///
  /// More is admitted than from an event block: every type of the catalogue, and any other dotted
  /// type, which never asks for attention. A missing summary is written from type and payload.
  package static func admit(logged line: JSONValue) -> Result<LoggedEvent, Refusal> {
    do throws(Refusal) {
      return .success(try LoggedEvent(line))
    } catch {
      return .failure(error)
    }
  }

  /// The time that a logged object states, also one that is refused; ms since the Unix epoch.
  package static func time(logged line: JSONValue) -> Int64? {
    var columns = Coercion(fields: line)
    return columns.time("ts")
  }

  /// The keys of a logged event; every other key is kept in the payload.
  static let loggedFields: Set<String> = blockFields.union([
    "run_id", "parent_run_id", "run_key", "parent_run_key", "log_id", "instance_id", "role",
    "source_kind", "source_ref", "sink_kind",
    "sink_ref", "payload_json", "related_session_id", "session_id", "session", "provenance",
  ])
}

extension LoggedEvent {
  init(_ line: JSONValue) throws(EventContract.Refusal) {
    func refusal(_ reason: String) -> EventContract.Refusal {
      EventContract.Refusal(reason: reason, text: line.source, index: nil)
    }
    guard line.isObject else { throw refusal("the line is not a JSON object") }
    guard let name = line["event_type"]?.string?.trimmed, !name.isEmpty else {
      throw refusal("event_type is missing or blank")
    }
    let type = EventType(rawValue: name)
    let isKnown = EventTypeCatalogue.entry(for: type) != nil
    guard isKnown || LoggedEvent.isDottedName(name) else {
      throw refusal("unknown event_type \"\(name.prefix(80))\"")
    }
    let fields: JSONValue
    do throws(JSONError) {
      fields = try LoggedEvent.unfolded(line)
    } catch {
      throw refusal("malformed JSON: \(error)")
    }

    var columns = Coercion(fields: fields)
    runID = columns.identifier("run_id")
    parentRunID = columns.identifier("parent_run_id")
    runKey = LoggedEvent.runKey(columns.text("run_key"))
    parentRunKey = LoggedEvent.runKey(columns.text("parent_run_key"))
    logID = columns.text("log_id")
    instanceID = columns.text("instance_id")
    role = columns.text("role")
    sourceKind = columns.choice("source_kind") ?? (role == "operator" ? .operator : .worker)
    sourceRef = columns.text("source_ref")
    sinkKind = columns.choice("sink_kind")
    sinkRef = columns.text("sink_ref")
    schemaVersion =
      columns.identifier("schema_version").flatMap { Int(exactly: $0) }
      ?? EventTypeCatalogue.schemaVersion
    sessionID =
      columns.text("related_session_id") ?? columns.text("session_id") ?? columns.text("session")
    provenance = columns.text("provenance") ?? "worker"

    let summary = fields["summary"]?.string?.trimmed ?? ""
    let isAsking = isKnown ? [] : ["attention_candidate"]
    var event = AdmittedEvent(
      type: type,
      summary: summary.isEmpty ? LoggedEvent.summary(of: type, fields["payload"]) : summary,
      fields: fields, coercion: columns, known: EventContract.loggedFields.subtracting(isAsking))
    if !isKnown { event.attentionCandidate = false }
    self.event = event
  }

  /// Only keys of this kind are taken: a logger has no word in how transcripts' runs are named.
  private static func runKey(_ key: String?) -> String? {
    key.flatMap { $0.hasPrefix(startedRun) && $0.utf8.count <= 100 ? $0 : nil }
  }

  /// Begins the key of a run whose starter names it itself, as `fleetlog run` does.
  package static let startedRun = "run:exec:"

  /// `namespace.verb`, underscores joining words: what an open set of names can still be held to.
  private static func isDottedName(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return name.utf8.count <= 100 && parts.count > 1
      && parts.allSatisfy { part in
        !part.isEmpty
          && part.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
              || $0 == 0x5F || $0 == 0x2D
          }
      }
  }

  /// The object with the columns that the log keeps as JSON text in their own shape:
  /// `payload_json` becomes `payload`, and arrays in quotes become arrays.
  private static func unfolded(_ line: JSONValue) throws(JSONError) -> JSONValue {
    let texts = ["payload", "payload_json", "artifact_refs", "tags", "links"]
    guard texts.contains(where: { line[$0]?.kind == .string }) || line["payload_json"] != nil else {
      return line
    }
    var object = JSONObject()
    for member in line.members where !object.contains(member.key) && member.key != "payload_json" {
      let value = line[member.key]
      object.set(member.key, texts.contains(member.key) ? value.map(parsed) : value)
    }
    if let payload = line["payload_json"], !payload.isNull, !object.contains("payload") {
      object.set("payload", parsed(payload))
    }
    return try JSONDocument(object.bytes).root
  }

  private static func parsed(_ value: JSONValue) -> JSONValue {
    guard let text = value.string?.trimmed, text.hasPrefix("{") || text.hasPrefix("["),
      let root = try? JSONDocument(text).root
    else { return value }
    return root
  }

  /// "Process started: W00001", "Task done: attempt 2, ok true".
  package static func summary(of type: EventType, _ payload: JSONValue?) -> String {
    let words = type.words.prefix(1).uppercased() + type.words.dropFirst()
    let telling = ["summary", "message", "text", "title", "reason", "error", "name"]
    for key in telling {
      if let text = payload?[key]?.string?.trimmed, !text.isEmpty {
        return words + ": " + text.oneLine(limit: 200)
      }
    }
    let facts = (payload?.members ?? []).compactMap { member -> String? in
      switch member.value.kind {
      case .string where !(member.value.string ?? "").trimmed.isEmpty:
        "\(member.key) \((member.value.string ?? "").oneLine(limit: 80))"
      case .number, .bool: "\(member.key) \(member.value.source)"
      default: nil
      }
    }
    return facts.isEmpty ? words : words + ": " + facts.prefix(3).joined(separator: ", ")
  }
}
