import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import FleetlogThreads
import Testing

@testable import FleetlogWeb

/// Takes every event as new, or none where it has a refusal.
private struct Taking: EventSink {
  let logID = "this"
  var refusal: EventSinkRefusal?

  func take(
    _ events: [[UInt8]],
    answer: @escaping @Sendable (Result<[LogAnswer], EventSinkRefusal>) -> Void
  ) {
    if let refusal { return answer(.failure(refusal)) }
    answer(
      .success(
        events.enumerated().map { place, bytes in
          (try? JSONDocument(bytes)) == nil
            ? .refused(code: "bad_json", reason: "not JSON", id: nil)
            : .logged(id: Int64(place + 1), isNew: place != 1, runID: 1, instanceID: "W00001")
        }))
  }
}

@Suite("POST /api/events")
struct PostedEventsTests {
  private func post(
    _ body: String, _ headers: [String: String] = ["Content-Type": "application/json"],
    method: HTTPMethod = .post, refusal: EventSinkRefusal? = nil
  ) throws -> HTTPResponse {
    let log = try TemporaryLog()
    let reader = try log.reader()
    var program = ServingProgram()
    program.events = Taking(refusal: refusal)
    let dashboard = try Dashboard(
      log: reader, live: LiveHub(log: reader, now: { TemporaryLog.recordedAt }),
      kit: .ofThisPackage(), now: { 0 }, program: program)
    var fields = HTTPHeaders()
    for (name, value) in headers { fields[name] = value }
    let reply = dashboard.reply(
      to: HTTPRequest(
        method: method, path: "/api/events", segments: ["api", "events"], headers: fields,
        body: Array(body.utf8)))
    switch reply {
    case .now(let response): return response
    case .later(let begin):
      let answer = Monitor<HTTPResponse?>(nil)
      begin { response in answer.withLock { $0 = response } }
      return try #require(answer.withLock { $0 })
    case .queued, .stream: throw Unexpected()
    }
  }

  private struct Unexpected: Error {}

  private func text(_ response: HTTPResponse) -> String {
    String(decoding: response.body, as: UTF8.self)
  }

  @Test("one event is answered with an object, an array with an array, lines with lines")
  func shapes() throws {
    let one = try post(#"{"event_type":"progress"}"#)
    #expect(one.status == 200)
    #expect(text(one) == #"{"id":1,"status":"new","run_id":1,"instance_id":"W00001"}"#)
    let array = try post(#"[{"a":1},{"a":2}]"#)
    #expect(
      try JSONDocument(array.body).root.elements.map { $0["status"]?.string } == [
        "new", "existing",
      ])
    let lines = try post(
      "{\"a\":1}\n\n{bad\r\n", ["Content-Type": "application/x-ndjson; charset=utf-8"])
    #expect(lines.headers["Content-Type"] == "application/x-ndjson")
    #expect(text(lines).split(separator: "\n").count == 2)
    #expect(text(lines).contains("bad_json"))
  }

  @Test(
    "what can't be taken is told by its status",
    arguments: [
      ("{}", "text/plain", 415), ("{}", "", 415), ("{}", "application/json; charset=latin1", 415),
      ("{", "application/json", 400), ("  \n", "application/json", 400),
    ])
  func refused(body: String, type: String, status: Int) throws {
    let response = try post(body, ["Content-Type": type])
    #expect(response.status == status)
    #expect(try JSONDocument(response.body).root["error"]?["message"]?.string?.isEmpty == false)
  }

  @Test("too many at once are refused")
  func many() throws {
    let body =
      "[" + Array(repeating: "{}", count: PostedEvents.limit + 1).joined(separator: ",") + "]"
    #expect(try post(body).status == 413)
  }

  @Test("who means another log is sent away")
  func otherLog() throws {
    let headers = ["Content-Type": "application/json", "Fleetlog-Log": "that"]
    #expect(try post("{}", headers).status == 421)
  }

  @Test("a log that is busy is a 503 that says when to come again")
  func busy() throws {
    let response = try post("{}", refusal: EventSinkRefusal(code: "busy", message: "busy"))
    #expect(response.status == 503)
    #expect(response.headers["Retry-After"] == "1")
  }

  @Test("it can't be read there")
  func method() throws {
    let response = try post("", method: .get)
    #expect(response.status == 405)
    #expect(response.headers["Allow"] == "POST")
  }
}
