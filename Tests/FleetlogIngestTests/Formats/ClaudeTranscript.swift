import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport

/// Writes the lines of a Claude Code transcript, one second apart, for tests that need but a few.
struct ClaudeTranscript {
  private(set) var text = ""
  var session = "5e551000-0000-4000-8000-000000000001"
  var version = "2.1.90"
  /// Fields that every further record carries, such as an agent's id.
  var envelope = JSONObject()
  private var count = 0

  /// What the lines come to.
  func read(settling: Bool = true) -> FormatOutput {
    FormatRun.read(ClaudeFormat.self, Array(text.utf8), settling: settling)
  }

  mutating func note(_ json: String) { text += json + "\n" }

  /// A record with an envelope; `body` is the inside of a JSON object.
  @discardableResult
  mutating func record(_ type: String, _ body: String) -> String {
    count += 1
    var head = JSONObject()
    head.set("type", type)
    head.set("uuid", "uuid-\(session.prefix(8))-\(count)")
    head.set("sessionId", session)
    head.set("version", version)
    head.set("cwd", "/home/ada/shop")
    head.set("timestamp", Timestamp.format(1_770_000_000_000 + Int64(count) * 1000))
    let extra = envelope.isEmpty ? "" : "," + envelope.text.dropFirst().dropLast()
    note("\(head.text.dropLast())\(extra),\(body)}")
    return "uuid-\(session.prefix(8))-\(count)"
  }

  mutating func prompt(_ text: String) {
    var message = JSONObject()
    message.set("content", text)
    record("user", "\"message\":\(message.text)")
  }

  /// - Parameter blocks: each one JSON.
  mutating func reply(
    _ id: String, _ blocks: String..., stop: String? = nil, output: Int = 5
  ) {
    let stop = stop.map { "\"\($0)\"" } ?? "null"
    record(
      "assistant",
      "\"requestId\":\"req_\(id)\",\"message\":{\"id\":\"\(id)\",\"model\":\"claude-opus-4-5\","
        + "\"content\":[\(blocks.joined(separator: ","))],\"stop_reason\":\(stop),"
        + "\"usage\":{\"input_tokens\":10,\"output_tokens\":\(output),"
        + "\"cache_read_input_tokens\":100,\"cache_creation_input_tokens\":20}}")
  }

  mutating func result(
    _ id: String, _ content: String, isError: Bool? = nil, extra: String = ""
  ) {
    var block = JSONObject()
    block.set("type", "tool_result")
    block.set("tool_use_id", id)
    block.set("content", content)
    block.set("is_error", isError)
    record("user", "\"message\":{\"content\":[\(block.text)]}\(extra)")
  }

  static func text(_ text: String) -> String {
    var block = JSONObject()
    block.set("type", "text")
    block.set("text", text)
    return block.text
  }

  static func thinking(_ text: String) -> String {
    var block = JSONObject()
    block.set("type", "thinking")
    block.set("thinking", text)
    return block.text
  }

  /// - Parameter input: JSON.
  static func call(_ id: String, _ tool: String, _ input: String) -> String {
    "{\"type\":\"tool_use\",\"id\":\"\(id)\",\"name\":\"\(tool)\",\"input\":\(input)}"
  }

  static func bash(_ id: String, _ command: String) -> String {
    var input = JSONObject()
    input.set("command", command)
    return call(id, "Bash", input.text)
  }
}

extension FormatOutput {
  func drafts(_ type: EventType) -> [EventDraft] { drafts.filter { $0.type == type } }

  func summaries(_ type: EventType) -> [String] { drafts(type).map(\.summary) }

  /// A value of the payload of the first event of a type, as JSON text.
  func value(_ key: String, of type: EventType, at index: Int = 0) -> String? {
    let found = drafts(type)
    guard found.indices.contains(index) else { return nil }
    return (try? JSONDocument(found[index].payload.text))?.root[key].map(\.source)
  }
}
