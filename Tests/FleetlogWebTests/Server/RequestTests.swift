import FleetlogTestSupport
import FleetlogWeb
import Testing

@Suite("What a handler sees of a request")
struct RequestTests {
  private func seen(_ target: String, _ headers: String...) throws -> String {
    var text = ""
    let server = try HTTPServer.started { .now(.text($0.described)) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get(target, headers))
    text = try client.receive().text
    return text
  }

  @Test(
    "The path is split before it is decoded",
    arguments: [
      ("/", "/ [] []"),
      ("/a/b%2Fc", "/a/b%2Fc [a,b/c] []"),
      ("/a/", "/a/ [a,] []"),
      ("//a", "//a [,a] []"),
      ("/%E4%BA%8B%E4%BB%B6", "/%E4%BA%8B%E4%BB%B6 [事件] []"),
      ("/a+b", "/a+b [a+b] []"),
      ("/a/../b", "/a/../b [a,..,b] []"),
    ])
  func paths(target: String, expected: String) throws {
    #expect(try seen(target) == expected)
  }

  @Test(
    "Query items keep their order, their repeats and the lack of a value",
    arguments: [
      ("/?a=1&b=2&a=3", "/ [] [a=1,b=2,a=3]"),
      ("/?attention&q=", "/ [] [attention,q=]"),
      ("/?q=a%20b+c%2Bd", "/ [] [q=a b c+d]"),
      ("/?q=a=b?c", "/ [] [q=a=b?c]"),
      ("/?&&a=1&&", "/ [] [a=1]"),
      ("/?%71=%E2%9C%93", "/ [] [q=✓]"),
    ])
  func queries(target: String, expected: String) throws {
    #expect(try seen(target) == expected)
  }

  @Test("A query of thousands of items is taken whole")
  func manyItems() throws {
    let count = 3_900
    let server = try HTTPServer.started { .now(.text("\($0.query.count)")) }
    defer { server.stop() }
    let target = "/?" + String(repeating: "a&", count: count)
    #expect(try server.get(target).text == "\(count)")
  }

  @Test("Raw UTF-8 in a path and query is taken as if it were escaped")
  func rawUnicode() throws {
    #expect(try seen("/é?q=ü") == "/é [é] [q=ü]")
  }

  @Test("Headers are found whatever their case, and blanks around a value are dropped")
  func headers() throws {
    let server = try HTTPServer.started { .now(.text($0.headers["x-thing"] ?? "none")) }
    defer { server.stop() }
    #expect(try server.get("/", "X-THING: \t yes \t ", "X-Thing: no").text == "yes")
  }

  @Test("A large head that arrives in pieces is read whole")
  func largeHead() throws {
    let value = String(repeating: "v", count: 1_000)
    let server = try HTTPServer.started { .now(.text($0.headers["X-19"] ?? "none")) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
    for number in 0..<20 {
      try client.send("X-\(number): \(value)\r\n")
    }
    try client.send("\r\n")
    #expect(try client.receive().text == value)
  }

  @Test(
    "An address that cannot be decoded is a 400 that names the parameter",
    arguments: [
      ("/a%ff", nil), ("/a%00b", nil), ("/a%4", nil), ("/a%zz", nil), ("/%C0%80", nil),
      ("/?q=%ff", "q"), ("/?a=1&q=x%00y", "q"), ("/?q=%", "q"), ("/?q=%g1", "q"),
      ("/?q=%ED%A0%80", "q"), ("/?%ff=1", "%ff"), ("/?%00", "%00"),
    ] as [(String, String?)])
  func badEncoding(target: String, parameter: String?) throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let response = try server.get(target, "Accept: application/json")
    #expect(response.status == 400)
    #expect(response["Content-Type"] == "application/json")
    #expect(response.text.hasPrefix("{\"error\":{\"code\":\"bad_encoding\",\"message\":\""))
    if let parameter {
      #expect(response.text.hasSuffix(",\"parameter\":\"\(parameter)\"}}"))
    } else {
      #expect(!response.text.contains("\"parameter\""))
    }
  }

  @Test("An undecodable parameter is explained as a page to people, with its name escaped")
  func badEncodingPage() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let response = try server.get("/?%3Cb%3E=%ff", "Accept: text/html,*/*;q=0.8")
    #expect(response.status == 400)
    #expect(response["Content-Type"] == "text/html; charset=utf-8")
    #expect(response.text.contains("&lt;b&gt;"))
    #expect(!response.text.contains("<b>"))
  }

  @Test(
    "Errors are JSON for .json paths and where Accept ranks JSON first",
    arguments: [
      ("/events.json?q=%ff", "", true),
      ("/events?q=%ff", "", false),
      ("/events?q=%ff", "Accept: */*", false),
      ("/events?q=%ff", "Accept: application/json, */*", true),
      ("/events?q=%ff", "Accept: text/html;q=0.5, application/json;q=0.9", true),
      ("/events?q=%ff", "Accept: text/html, application/json;q=0.9", false),
      ("/events?q=%ff", "Accept: application/json;q=0", false),
    ])
  func errorForm(target: String, accept: String, isJSON: Bool) throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let headers = accept.isEmpty ? "X-None: 1" : accept
    let response = try server.get(target, headers)
    #expect(response.status == 400)
    #expect((response["Content-Type"] == "application/json") == isJSON)
  }
}

extension HTTPRequest {
  fileprivate var described: String {
    let items = query.map { item in item.name + (item.value.map { "=\($0)" } ?? "") }
    return "\(path) [\(segments.joined(separator: ","))] [\(items.joined(separator: ","))]"
  }
}
