import FleetlogTestSupport
import FleetlogWeb
import Testing

@Suite("Serving requests")
struct ServingTests {
  @Test("A GET reaches the handler and its answer comes back whole")
  func plainGet() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let response = try server.get("/events")
    #expect(response.status == 200)
    #expect(response.text == "path /events")
    #expect(response["Content-Length"] == "12")
    #expect(response["Content-Type"] == "text/plain; charset=utf-8")
  }

  @Test("HEAD is routed as GET and sends its headers without the body")
  func headRequest() throws {
    let server = try HTTPServer.started { .now(.text("\($0.method.rawValue) answered")) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    let response = try client.receive(head: true)
    #expect(response.status == 200)
    #expect(response["Content-Length"] == "12")
    #expect(client.isAtEnd)
  }

  @Test("Two requests sent at once on one connection are answered in order")
  func pipelining() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/first") + .get("/second"))
    #expect(try client.receive().text == "path /first")
    #expect(try client.receive().text == "path /second")
  }

  @Test("Queued requests sent at once on one connection are answered in order")
  func pipelinedQueue() throws {
    let server = try HTTPServer.started { request in .queued { .text(request.path) } }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send((1...20).map { String.get("/\($0)") }.joined())
    for number in 1...20 {
      #expect(try client.receive().text == "/\(number)")
    }
  }

  @Test("A queued reply that blocks every worker holds up no other client")
  func queuedDoesNotBlock() throws {
    let begun = Gate()
    let release = Gate()
    let server = try HTTPServer.started(.onFreePort { $0.workers = 1 }) { request in
      guard request.path == "/slow" else { return .now(.text("quick")) }
      return .held(begun, release, .text("slow"))
    }
    defer { server.stop() }
    let slow = try RawClient(port: server.port)
    defer { release.pass() }
    try slow.send(.get("/slow"))
    begun.wait()
    for _ in 1...10 {
      #expect(try server.get("/").text == "quick")
    }
    release.pass()
    #expect(try slow.receive().text == "slow")
  }

  @Test("A body arrives whole, by length and in chunks")
  func bodies() throws {
    let server = try HTTPServer.started { .now(.bytes($0.body, contentType: "text/plain")) }
    defer { server.stop() }
    let body = String(repeating: "0123456789", count: 20_000)
    let client = try RawClient(port: server.port)
    try client.send(.post("/", body))
    #expect(try client.receive().text == body)
    try client.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    #expect(try client.receive().text == "hello world")
  }

  @Test("A client that waits for 100 Continue gets it and then its answer")
  func expectContinue() throws {
    let server = try HTTPServer.started { .now(.bytes($0.body, contentType: "text/plain")) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.receive().status == 100)
    try client.send("body")
    #expect(try client.receive().text == "body")
  }

  @Test("A request that arrives byte by byte is answered")
  func byteByByte() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    for byte in String.get("/slowly?q=1").utf8 {
      try client.send([byte])
    }
    #expect(try client.receive().text == "path /slowly")
  }

  @Test("Two hundred connections at once are all answered")
  func manyConnections() throws {
    let server = try HTTPServer.started { request in .queued { .text(request.path) } }
    defer { server.stop() }
    let clients = try (0..<200).map { _ in try RawClient(port: server.port) }
    for (number, client) in clients.enumerated() {
      try client.send(.get("/\(number)"))
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.receive().text == "/\(number)")
    }
  }

  @Test("A connection beyond the limit is told 503, and there is room again once one closes")
  func connectionLimit() throws {
    let server = try HTTPServer.started(.onFreePort { $0.connectionLimit = 3 })
    defer { server.stop() }
    var clients: [RawClient] = []
    for _ in 1...3 {
      let client = try RawClient(port: server.port)
      try client.send(.get("/"))
      #expect(try client.receive().status == 200)
      clients.append(client)
    }
    for _ in 1...20 {
      let refused = try RawClient(port: server.port).receive()
      #expect(refused.status == 503)
      #expect(refused["Retry-After"] != nil)
      #expect(refused["X-Content-Type-Options"] == "nosniff")
    }
    clients = []
    var status = 503
    while status == 503 {
      let client = try RawClient(port: server.port)
      try? client.send(.get("/"))
      status = (try? client.receive().status) ?? 503
    }
    #expect(status == 200)
  }

  @Test("Clients that vanish in the middle leave the server answering others")
  func vanishingClients() throws {
    let begun = Gate()
    let release = Gate()
    let server = try HTTPServer.started { request in
      guard request.path == "/slow" else { return .now(.text("quick")) }
      return .held(begun, release, .text(String(repeating: "x", count: 1_000_000)))
    }
    defer { server.stop() }
    do {
      let early = try RawClient(port: server.port)
      try early.send("GET / HTTP/1.1\r\nHo")
      let late = try RawClient(port: server.port)
      try late.send(.get("/slow"))
      begun.wait()
    }
    release.pass()
    #expect(try server.get("/").text == "quick")
  }
}
