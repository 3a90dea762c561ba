import FleetlogEvents

/// The lines into which OpenCode's records are unrolled, from its files and its database alike.
/// `data` is the record as OpenCode wrote it; what stands around it says where it belongs.
enum OpenCodeLine {
  /// Marks the lines.
  static let mark = "opencode"

  /// What is told of a session beside each of its records.
  struct Session: Sendable {
    let id: String
    var directory: String?
    var version: String?
    var parent: String?
    /// ms since the Unix epoch.
    var created: Int?

    init(id: String) { self.id = id }

    init(_ data: JSONValue, id: String) {
      self.id = id
      directory = data["directory"]?.string
      version = data["version"]?.string
      parent = data["parentID"]?.string
      created = data["time"]?["created"]?.int
    }

    fileprivate var json: JSONObject {
      var object = JSONObject()
      object.set("id", id)
      object.set("directory", directory)
      object.set("version", version)
      object.set("parentID", parent)
      object.set("created", created)
      return object
    }
  }

  static func session(_ session: Session, data: JSONValue) -> [UInt8] {
    var line = begin("session", session)
    line.set("data", data)
    return line.bytes
  }

  /// - Parameter parts: of a message that is over: how many model calls they tell of, and texts
  ///   with event blocks, which show how the turn that it ends kept the contract.
  static func message(
    _ id: String, in session: Session, data: JSONValue, parts: [JSONValue]
  ) -> [UInt8] {
    var line = begin("message", session)
    line.set("id", id)
    let steps = parts.count { $0["type"]?.string == "step-finish" }
    if steps > 0 { line.set("steps", steps) }
    let texts = parts.compactMap { $0["type"]?.string == "text" ? $0["text"]?.string : nil }
      .filter { $0.contains(bytesOf: EventBlock.begin) || $0.contains(bytesOf: EventBlock.carrier) }
    if !texts.isEmpty { line.set("texts", texts) }
    line.set("data", data)
    return line.bytes
  }

  static func part(
    _ id: String, of message: String, _ messageData: JSONValue, in session: Session,
    data: JSONValue
  ) -> [UInt8] {
    var line = begin("part", session)
    line.set("id", id)
    line.set("message", message)
    line.set("role", messageData["role"]?.string)
    line.set("model", model(of: messageData))
    line.set("created", messageData["time"]?["created"]?.int)
    line.set("data", data)
    return line.bytes
  }

  private static func begin(_ kind: String, _ session: Session) -> JSONObject {
    var line = JSONObject()
    line.set(mark, kind)
    line.set("session", session.json)
    return line
  }

  /// Whether nothing more comes of a message: a user's is written at once.
  static func isOver(_ message: JSONValue) -> Bool {
    message["role"]?.string != "assistant" || message["time"]?["completed"]?.int != nil
      || message["error"]?.isObject ?? false || message["finish"]?.string != nil
  }

  static func model(of message: JSONValue) -> String? {
    message["modelID"]?.string ?? message["model"]?["modelID"]?.string
  }
}
