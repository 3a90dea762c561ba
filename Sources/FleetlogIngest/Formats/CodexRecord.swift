import FleetlogEvents

/// One line of a rollout in one shape, whichever of the format's dialects it was written in.
struct CodexRecord {
  enum Family: String, Codable {
    case sessionMeta, turnContext, responseItem, eventMessage, compacted
    /// Known state of the program that is no activity.
    case state
    case unknown
  }

  let family: Family
  /// The payload's type; for an unknown family the record's.
  let kind: String
  let payload: JSONValue
  let value: JSONValue
  let line: RawLine
  /// The record's own time, ms since the Unix epoch.
  let ownTime: Int64?
  /// The record's time, borrowed where it has none of its own.
  var ts: Int64 = 0
  /// Where a borrowed time was taken from.
  var timeSource: String?

  init(_ value: JSONValue, line: RawLine) {
    self.value = value
    self.line = line
    ownTime = CodexRecord.time(value["timestamp"]) ?? CodexRecord.time(value["created_at"])
    let type = value["type"]?.string ?? ""
    if let payload = value["payload"], payload.isObject {
      self.payload = payload
      family = CodexRecord.families[type] ?? .unknown
      kind = family == .unknown ? type : payload["type"]?.string ?? ""
    } else {
      payload = value
      (family, kind) = CodexRecord.flat(value, type: type)
    }
  }

  private static let families: [String: Family] = [
    "session_meta": .sessionMeta, "turn_context": .turnContext, "response_item": .responseItem,
    "event_msg": .eventMessage, "compacted": .compacted, "world_state": .state,
    "inter_agent_communication": .state, "inter_agent_communication_metadata": .state,
    // The same figures stand in `token_count`.
    "token_usage_record": .state,
  ]

  /// Builds before 0.32 wrote the payloads bare, the thread's own facts first.
  private static func flat(_ value: JSONValue, type: String) -> (Family, String) {
    if type.isEmpty {
      if isFlatMeta(value) { return (.sessionMeta, "") }
      if value["record_type"]?.string == "state" { return (.state, "state") }
      if value["role"]?.string != nil { return (.responseItem, "message") }
      return (.unknown, "without a type")
    }
    if type == "message" || type == "reasoning" || type.hasSuffix("_call") || isResult(type) {
      return (.responseItem, type)
    }
    return (.unknown, type)
  }

  private static func isFlatMeta(_ value: JSONValue) -> Bool {
    value["id"]?.string != nil && value["timestamp"]?.string != nil
      && (value["instructions"] != nil || value["git"] != nil)
  }

  static func isResult(_ kind: String) -> Bool {
    kind.hasSuffix("_call_output") || kind.hasSuffix("_result") || kind == "tool_search_output"
  }

  /// Whether a record could only be Codex's. Other agents' records carry a session id and a uuid
  /// in each line; the flat dialect has `created_at` beside a role or a call instead.
  static func isCodex(_ value: JSONValue) -> Bool {
    guard value["sessionId"] == nil, value["uuid"] == nil, value["event_type"] == nil else {
      return false
    }
    let type = value["type"]?.string ?? ""
    if let payload = value["payload"], payload.isObject {
      return families[type] != nil && value["timestamp"] != nil
        && (type != "session_meta" || payload["id"]?.string != nil)
    }
    if type.isEmpty, isFlatMeta(value) { return true }
    let isSpeech =
      value["role"]?.string != nil && (value["message"] ?? value["content"])?.isObject == false
    let isCall = ["function_call", "function_result", "function_call_output"].contains(type)
    return value["created_at"]?.string != nil && (isSpeech || isCall)
  }

  /// The record's place in its thread: its own number where it has one, else its line's.
  var ordinal: String {
    value["ordinal"]?.int.map { "ordinal \($0)" } ?? "line \(line.number)"
  }

  /// What the record calls itself, for people.
  var name: String {
    let type = value["type"]?.string ?? ""
    return type.isEmpty || type == kind || kind.isEmpty
      ? kind + (kind.isEmpty ? type : "")
      : type + "/" + kind
  }

  /// ms since the Unix epoch from ISO-8601, seconds or ms.
  static func time(_ value: JSONValue?) -> Int64? {
    if let text = value?.string { return Timestamp.parse(text) }
    guard let number = value?.double, number > 0, number < 1e15 else { return nil }
    return Int64(number < 1e11 ? number * 1000 : number)
  }

  /// A span of time as ms, from seconds, `1.5s`, or seconds and nanoseconds.
  static func duration(_ value: JSONValue?) -> Int? {
    guard let value else { return nil }
    var seconds = value.double
    if let whole = value["secs"]?.double {
      seconds = whole + (value["nanos"]?.double ?? 0) / 1e9
    } else if let text = value.string, text.hasSuffix("ms") {
      seconds = Double(text.dropLast(2)).map { $0 / 1000 }
    } else if let text = value.string, text.hasSuffix("s") {
      seconds = Double(text.dropLast())
    }
    guard let seconds, seconds >= 0, seconds < 1e9 else { return nil }
    return Int((seconds * 1000).rounded())
  }

  /// The texts of a message's content: a string, or the parts that hold text.
  static func texts(_ content: JSONValue?) -> [String] {
    if let text = content?.string { return [text] }
    return content?.elements.compactMap { $0["text"]?.string ?? $0.string } ?? []
  }
}
