/// More than is taken, and what follows a refusal on the same connection.
extension AttackGroup {
  private static func long(_ count: Int, _ text: String = "a") -> String {
    String(repeating: text, count: count)
  }

  private static let json = "Content-Type: application/json"

  static let limits = AttackGroup(
    name: "more than is taken",
    attacks: [
      .get("an address of 8 KB", "/" + long(8191), is: 404),
      .get("an address of one byte more", "/" + long(8192), is: 414),
      .get("a query of thousands of parts", "/?" + long(4000, "a&"), is: 400),
      .get("an address of escapes alone", "/" + long(2730, "%41"), is: 404),
      .head(
        "an address of 100 KB", "GET /\(long(100_000)) HTTP/1.1", "Host: {host}",
        is: .closesByLibrary(414)),
      .head(
        "a header of 60 KB", "GET / HTTP/1.1", "Host: {host}", "X: \(long(60_000))",
        is: .closesByLibrary(431)),
      .head(
        "a header's name of 40 KB", "GET / HTTP/1.1", "Host: {host}", "\(long(40_000)): 1",
        is: .closesByLibrary(431)),
      .head(
        "five thousand headers", "GET / HTTP/1.1", "Host: {host}", long(5000, "X: 1\r\n") + "Y: 1",
        is: .closesByLibrary(431)),
      .head(
        "a cookie of 40 KB", "GET / HTTP/1.1", "Host: {host}", "Cookie: a=\(long(40_000))",
        is: .closesByLibrary(431)),
      .get("a header of 8 KB", "/nowhere", "X: \(long(8000))", is: 404),
      .get("a hundred languages", "/nowhere", "Accept: " + long(500, "text/x;q=0.1,"), is: 404),
      .get("weights that are none", "/nowhere", "Accept-Encoding: gzip;q=NaN, *;q=-1", is: 404),
      .get("a range of bytes", "/assets/fleetlog.css", "Range: bytes=0-0,0-0,0-0", is: 200),
      .head(
        "a body announced as too large", "POST /api/events HTTP/1.1", "Host: {host}",
        "Content-Length: 99999999999", is: .closes(413)),
      .head(
        "a body announced as too large, held back", "POST /api/events HTTP/1.1", "Host: {host}",
        "Content-Length: 8388609", "Expect: 100-continue", is: .closes(413)),
      Attack(
        "a body one byte too large",
        Attack.request("POST /api/events", [json, "Content-Length: 8388609"]) + long(8_388_609),
        .keeps([413])),
      .post("no body", "", json, is: 400),
      .post("half a document", #"{"event_type": "#, json, is: 400),
      .post("a document of 100,000 levels", long(100_000, "["), json, is: 400),
      .post("a document of 100,000 objects", long(100_000, #"{"a":"#), json, is: 400),
      .post("a number of 100,000 digits", long(100_000, "9"), json, is: 400),
      .post("two thousand events and one", "[" + long(2000, "{},") + "{}]", json, is: 413),
      .post("four million events in one", "[" + long(4_194_000, "0,") + "0]", json, is: 413),
      .post(
        "four million lines in one", long(4_194_000, "a\n"), "Content-Type: application/x-ndjson",
        is: 413),
      .post(
        "eight million blank lines", long(8_388_608, "\n"), "Content-Type: application/x-ndjson",
        is: 400),
      .post("a body in UTF-16", "{}", "Content-Type: application/json; charset=utf-16", is: 415),
      .post("a body said to be compressed", "{}", json, "Content-Encoding: gzip", is: 415),
      .post(
        "an event for another log", "{}", json, "Fleetlog-Log: 00000000", is: 421),
      Attack(
        "a body that is no text",
        bytes: Array(Attack.request("POST /api/events", [json, "Content-Length: 4"]).utf8)
          + [0xFF, 0xFE, 0, 0x80], .keeps([400])),
      .get("a body where none is looked for", "/nowhere", "Content-Length: 0", is: 404),
      Attack(
        "an unknown expectation",
        Attack.request("POST /api/events", [json, "Content-Length: 0", "Expect: the-unexpected"]),
        .keeps([400])),
    ])

  private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n"
  private static let next = Attack.request("GET /nowhere")

  static let pipelines = AttackGroup(
    name: "one request behind another",
    attacks: [
      Attack("two good ones", next + next, .keeps([404, 404])),
      Attack(
        "twenty good ones", String(repeating: next, count: 20),
        .keeps(.init(repeating: 404, count: 20))),
      Attack(
        "one of which the end is unclear",
        Attack.request("POST /api/events", ["Content-Length: 2", "Content-Length: 3"]) + "{}"
          + next,
        .closes(400)),
      .post("a request within a refused body", smuggled, "Origin: http://evil.example", is: 403),
      .post(
        "a request within a body of another type", smuggled, "Content-Type: text/plain", is: 415),
      Attack(
        "a request behind the last chunk",
        Attack.request("POST /api/events", [json, "Transfer-Encoding: chunked"])
          + "2\r\n{}\r\n0\r\n\r\n"
          + next, .keeps([400, 404])),
      Attack(
        "a request behind a goodbye", Attack.request("GET /nowhere", ["Connection: close"]) + next,
        .closes(404)),
      Attack(
        "a request behind a goodbye in capitals",
        Attack.request("GET /nowhere", ["Connection: CLOSE"]) + next, .closes(404)),
      Attack(
        "another protocol asked for",
        Attack.request(
          "GET /nowhere",
          [
            "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAAP__",
          ]),
        .keeps([404])),
      Attack("a HEAD", Attack.request("HEAD /events"), .keeps([200]), isHead: true),
      Attack("a HEAD of nothing", Attack.request("HEAD /nowhere"), .keeps([404]), isHead: true),
      Attack("a HEAD of a stream", Attack.request("HEAD /live"), .keeps([200]), isHead: true),
      Attack(
        "a HEAD of an export", Attack.request("HEAD /events.csv"), .keeps([200]), isHead: true),
    ])
}
