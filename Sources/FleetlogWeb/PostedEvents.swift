package import FleetlogEvents

/// Where posted events go: to whoever writes the log.
package protocol EventSink: Sendable {
  /// Tells the log from every other.
  var logID: String { get }

  /// Takes events, each the bytes of one JSON object, and calls back once from any thread, in the
  /// end at the latest: with an answer for each in their order, or with why none was waited for.
  func take(
    _ events: [[UInt8]],
    answer: @escaping @Sendable (Result<[LogAnswer], EventSinkRefusal>) -> Void)
}

/// Why posted events were not answered one by one.
package struct EventSinkRefusal: Error, Sendable {
  package let code: String
  package let message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}

/// `POST /api/events`: one event, an array of them, or one a line. What each may hold is what a
/// line in the drop folder may; the answer has the shape of the question.
package struct PostedEvents: Sendable {
  static let path = ["api", "events"]
  /// Asked with by those who were given ids by a log and mean that one.
  static let logHeader = "Fleetlog-Log"
  /// Events in one request: they are written in one transaction, for which others wait.
  static let limit = 2000

  enum Shape: Sendable { case one, array, lines }

  let shape: Shape
  let events: [[UInt8]]

  init(_ request: HTTPRequest, of logID: String) throws(HTTPProblem) {
    if let meant = request.headers[Self.logHeader], meant != logID {
      throw HTTPProblem(
        status: 421, code: "other_log",
        message: "This server writes to another log than the one that was meant; look for the "
          + "server of that log anew.")
    }
    let type = try Self.mediaType(request)
    if let coding = request.headers["Content-Encoding"], coding.lowercased() != "identity" {
      throw HTTPProblem(
        status: 415, code: "unsupported_coding",
        message: "The body must come as it is, without a Content-Encoding.")
    }
    guard request.body.contains(where: { !Self.isBlank($0) }) else {
      throw HTTPProblem(
        status: 400, code: "empty_body", message: "The body is empty: send an event as JSON.")
    }
    // Counted before they are taken apart: four million of a byte each would take half a gigabyte.
    if type == .lines {
      shape = .lines
      try Self.check(count: Self.lines(in: request.body))
      events = request.body.split(separator: 0x0A).filter { !$0.allSatisfy(Self.isBlank) }
        .map(Array.init)
    } else {
      let root: JSONValue
      do throws(JSONError) {
        root = try JSONDocument(request.body).root
      } catch {
        throw HTTPProblem(
          status: 400, code: "bad_json",
          message: "The body is not JSON: \(error). Several events are an array, or one a line as "
            + "application/x-ndjson.")
      }
      shape = root.isArray ? .array : .one
      try Self.check(count: root.elementCount)
      events = (root.isArray ? root.elements : [root]).map { Array($0.json) }
    }
  }

  private static func check(count: Int) throws(HTTPProblem) {
    guard count <= limit else {
      throw HTTPProblem(
        status: 413, code: "too_many_events",
        message: "The request holds \(count) events; at most \(limit) are taken at once.")
    }
  }

  /// Lines with something in them.
  private static func lines(in body: [UInt8]) -> Int {
    var count = 0
    var isBlankSoFar = true
    for byte in body {
      if byte == 0x0A {
        isBlankSoFar = true
      } else if isBlankSoFar, !isBlank(byte) {
        isBlankSoFar = false
        count += 1
      }
    }
    return count
  }

  private enum MediaType { case json, lines }

  private static func mediaType(_ request: HTTPRequest) throws(HTTPProblem) -> MediaType {
    let field = request.headers["Content-Type"] ?? ""
    let parts = field.lowercased().split(separator: ";").map { String($0).trimmed }
    let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8)
    if let charset, !["utf-8", "\"utf-8\"", "utf8"].contains(String(charset)) {
      throw HTTPProblem(
        status: 415, code: "unsupported_charset", message: "The body must be UTF-8.")
    }
    switch parts.first {
    case "application/json": return .json
    case "application/x-ndjson", "application/ndjson", "application/jsonl",
      "application/x-jsonlines":
      return .lines
    default:
      throw HTTPProblem(
        status: 415, code: "unsupported_media_type",
        message: "The Content-Type must be application/json for one event or an array, or "
          + "application/x-ndjson for one event a line"
          + (field.isEmpty ? "; there is none." : "; it is “\(field.prefix(100))”."))
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
  }

  /// The events in a body that would be taken.
  package static func read(
    _ body: [UInt8], contentType: String
  ) throws(HTTPProblem) -> [[UInt8]] {
    var headers = HTTPHeaders()
    headers["Content-Type"] = contentType
    return try PostedEvents(
      HTTPRequest(method: .post, path: "/api/events", headers: headers, body: body), of: ""
    ).events
  }

  func response(_ answers: [LogAnswer]) -> HTTPResponse {
    let objects = answers.map(\.json)
    switch shape {
    case .one:
      guard let answer = answers.first, let object = objects.first else { return .json([]) }
      if case .refused = answer { return .json(object.bytes, status: 400) }
      return .json(object.bytes)
    case .array: return .json(Array(JSONObject.array(of: objects).utf8))
    case .lines:
      return .bytes(
        objects.flatMap { $0.bytes + [0x0A] }, contentType: "application/x-ndjson")
    }
  }
}
