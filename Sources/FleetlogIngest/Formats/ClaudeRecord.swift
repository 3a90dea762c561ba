import FleetlogEvents

/// One line of a Claude Code transcript, as far as all kinds of record are alike.
struct ClaudeRecord {
  let line: RawLine
  let value: JSONValue
  /// The record's `type`; empty where it has none.
  let kind: String
  let uuid: String?
  let parentUUID: String?
  let sessionID: String?
  var agentID: String?
  /// The record's own time in ms since the Unix epoch.
  let time: Int64?
  /// Names a record that has neither an id nor a time: its place among those of its session.
  var standIn: String?

  init(line: RawLine, value: JSONValue) {
    self.line = line
    self.value = value
    kind = value["type"]?.string ?? ""
    uuid = value.name("uuid")
    parentUUID = value.name("parentUuid")
    sessionID = value.name("sessionId") ?? value.name("session_id")
    agentID = value.name("agentId") ?? value.name("parent_tool_use_id").map { "call-" + $0 }
    time = ClaudeRecord.time(of: value)
  }

  private static func time(of value: JSONValue) -> Int64? {
    let stamp = value["timestamp"] ?? value["snapshot"]?["timestamp"]
    if let text = stamp?.string { return Timestamp.parse(text) }
    return stamp?.int.flatMap { (1..<latestTime).contains($0) ? Int64($0) : nil }
  }

  /// The end of the year 9999 in ms.
  private static let latestTime = 253_402_300_800_000

  /// Whether the record says where it was written, which bare notes such as titles do not.
  var hasEnvelope: Bool { uuid != nil || value["cwd"]?.string != nil }

  /// Whether the record's time is that of its writing: a checkpoint that is updated keeps its own.
  var isInOrder: Bool { value["timestamp"] != nil }

  var cwd: String? { value.name("cwd") }
  var isSidechain: Bool { value["isSidechain"]?.bool ?? false }
  var isMeta: Bool { value["isMeta"]?.bool ?? value["isSynthetic"]?.bool ?? false }

  /// What the tool came to, as Claude Code itself keeps it beside the message.
  static func toolUseResult(_ value: JSONValue) -> JSONValue? {
    value["toolUseResult"] ?? value["tool_use_result"]
  }

  var message: JSONValue? { value["message"] }

  /// What identifies the message in every copy; a line without it is known by its request.
  var messageID: String? { message?.name("id") ?? value.name("requestId") ?? uuid ?? standIn }

  /// Whether the source says that a person wrote it, wherever it stands.
  var isHuman: Bool { value["origin"]?["kind"]?.string == "human" }

  /// The blocks of the message, one for a message that is mere text; nil where there is no
  /// message of a known shape.
  var blocks: [ClaudeBlock]? {
    guard let message, !message.isNull else { return nil }
    guard let content = message.isObject ? message["content"] : message else { return nil }
    switch content.kind {
    case .string: return [ClaudeBlock(content)]
    case .array: return content.elements.map(ClaudeBlock.init)
    case .null, .bool, .number, .object: return nil
    }
  }

  /// Begins the key of a fact that this record states.
  ///
  /// With a uuid: the uuid and what the record says, never its session, since a resumed or forked
  /// transcript repeats both under another session. Without: the whole line, the session where
  /// the line does not name it, and where it has no time either the record that it follows.
  func factKey(session: String?, following previous: String?) -> FactKey {
    var key = FactKey()
    if let uuid {
      key.add(uuid)
      if let message {
        key.add(message)
      } else {
        for field in ClaudeRecord.definingFields { key.add(value[field]) }
      }
    } else {
      key.add(value)
      guard kind != "summary" else { return key }
      if sessionID == nil, kind != "file-history-snapshot" { key.add(session) }
      if time == nil { key.add(standIn ?? previous) }
    }
    return key
  }

  private static let definingFields = [
    "type", "subtype", "content", "attachment", "data", "error", "retryAttempt", "durationMs",
    "hookInfos", "hookErrors", "compactMetadata",
  ]
}

/// A block of a message; a bare string counts as text.
struct ClaudeBlock {
  let value: JSONValue

  init(_ value: JSONValue) { self.value = value }

  var kind: String { value.kind == .string ? "text" : value["type"]?.string ?? "" }

  var text: String? { value.string ?? value["text"]?.string }

  var isToolCall: Bool { kind.hasSuffix("tool_use") }
  var isToolResult: Bool { kind.hasSuffix("tool_result") }
}

extension JSONValue {
  /// A string that names something: nil where it is missing, no string, empty, or longer than
  /// any name is.
  func name(_ key: String) -> String? {
    guard let value = self[key], value.rawStringLength <= 1024, let text = value.string,
      !text.isEmpty
    else { return nil }
    return text
  }
}
