import FleetlogTestSupport
import FleetlogWeb
import Testing

@Suite("Starting and stopping")
struct LifecycleTests {
  private typealias Change = @Sendable (inout HTTPServer.Configuration) -> Void

  private static let unworkableSettings: [(place: String, change: Change)] = [
    ("fleet.example:0", { $0.host = "fleet.example" }),
    ("127.0.0.1:65536", { $0.port = 65_536 }),
    ("127.0.0.1:-1", { $0.port = -1 }),
    ("203.0.113.1:0", { $0.host = "203.0.113.1" }),
    ("“http://fleet.example”", { $0.allowedHosts = ["http://fleet.example"] }),
    ("connectionLimit 0", { $0.connectionLimit = 0 }),
    ("connectionLimit \(Int.max)", { $0.connectionLimit = .max }),
    ("workers 0", { $0.workers = 0 }),
    ("bodyLimit -1", { $0.bodyLimit = -1 }),
  ]

  @Test("Port 0 takes a free port, which the server then tells")
  func freePort() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    #expect(server.port > 0)
    #expect(try server.get("/").status == 200)
  }

  @Test(
    "Every way to write a loopback host works", arguments: ["127.0.0.1", "localhost", "0.0.0.0"])
  func hostsOfIPv4(host: String) throws {
    let server = try HTTPServer.started(.onFreePort { $0.host = host })
    defer { server.stop() }
    #expect(try server.get("/").status == 200)
  }

  @Test(
    "The IPv6 loopback address works, with brackets and without",
    .enabled(if: RawClient.machineHasIPv6), arguments: ["::1", "[::1]"])
  func hostsOfIPv6(host: String) throws {
    let server = try HTTPServer.started(.onFreePort { $0.host = host })
    defer { server.stop() }
    let client = try RawClient(port: server.port, ipv6: true)
    try client.send("GET / HTTP/1.1\r\nHost: [::1]:\(server.port)\r\n\r\n")
    #expect(try client.receive().status == 200)
  }

  @Test("Starting on a taken port says what is wrong and what to do")
  func takenPort() throws {
    let first = try HTTPServer.started()
    defer { first.stop() }
    var configuration = HTTPServer.Configuration()
    configuration.port = first.port
    let second = HTTPServer(configuration: configuration) { _ in .now(.text("second")) }
    do throws(HTTPServerError) {
      try second.start()
      Issue.record("two servers share a port")
    } catch {
      #expect(error.operation == "listen on")
      #expect(error.place == "127.0.0.1:\(first.port)")
      #expect(error.cause == "Address already in use")
      #expect(error.mend.contains("port 0"))
      #expect(error.description.hasPrefix("could not listen on 127.0.0.1:\(first.port): Address"))
    }
    #expect(try first.get("/").status == 200)
  }

  @Test(
    "A setting that cannot work is refused at the start, with the setting named",
    arguments: unworkableSettings)
  private func badSettings(place: String, change: Change) throws {
    let server = HTTPServer(configuration: .onFreePort(change)) { _ in .now(.text("never")) }
    let error = try #require(throws: HTTPServerError.self) { try server.start() }
    #expect(error.place == place)
  }

  @Test("A server starts once")
  func startTwice() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    #expect(throws: HTTPServerError.self) { try server.start() }
    #expect(try server.get("/").status == 200)
  }

  @Test("Stopping answers all fifty requests in hand, and nobody can connect afterwards")
  func stopInFlight() throws {
    let begun = Gate()
    let release = Gate()
    let stopped = Gate()
    let server = try HTTPServer.started(
      .onFreePort {
        $0.workers = 50
        $0.drainDeadline = .seconds(60)
      }
    ) { request in
      .held(begun, release, .text(request.path))
    }
    defer { server.stop() }
    let clients = try (0..<50).map { number in
      let client = try RawClient(port: server.port)
      try client.send(.get("/\(number)"))
      return client
    }
    begun.wait(for: 50)
    onOwnThread {
      server.stop()
      stopped.pass()
    }
    // Refused connections show that the stop has begun while the fifty are still in hand.
    while (try? RawClient(port: server.port)) != nil {}
    release.pass()
    for (number, client) in clients.enumerated() {
      let response = try client.receive()
      #expect(response.text == "/\(number)")
      #expect(response["Connection"] == "close")
    }
    stopped.wait()
    #expect(throws: RawClient.Failure.self) { try RawClient(port: server.port) }
  }

  @Test("Requests that outlast the deadline are answered 503 and do not hold up the stop")
  func stopPastDeadline() throws {
    let begun = Gate()
    let release = Gate()
    defer { release.pass() }
    let server = try HTTPServer.started(
      .onFreePort {
        $0.workers = 2
        $0.drainDeadline = .milliseconds(20)
      }
    ) { _ in
      .held(begun, release, .text("too late"))
    }
    defer { server.stop() }
    let clients = try (0..<10).map { _ in
      let client = try RawClient(port: server.port)
      try client.send(.get("/"))
      return client
    }
    begun.wait(for: 2)
    // The other eight wait for a worker; whichever of them had not been read yet when the
    // server stopped is closed without an answer.
    server.stop()
    let statuses = clients.map { try? $0.receive().status }
    #expect(statuses.count { $0 == 503 } >= 2)
    #expect(statuses.allSatisfy { $0 == 503 || $0 == nil })
  }

  @Test("A request that comes on an open connection while stopping is answered 503")
  func requestWhileStopping() throws {
    let begun = Gate()
    let release = Gate()
    let stopped = Gate()
    let server = try HTTPServer.started(.onFreePort { $0.drainDeadline = .seconds(60) }) {
      request in
      guard request.path == "/slow" else { return .now(.text("quick")) }
      return .held(begun, release, .text("slow"))
    }
    defer { server.stop() }
    let idle = try RawClient(port: server.port)
    try idle.send(.get("/"))
    #expect(try idle.receive().text == "quick")
    let slow = try RawClient(port: server.port)
    try slow.send(.get("/slow"))
    begun.wait()
    onOwnThread {
      server.stop()
      stopped.pass()
    }
    while (try? RawClient(port: server.port)) != nil {}
    var last = try idle.answerOrEnd(.get("/"))
    while last?.status == 200 { last = try idle.answerOrEnd(.get("/")) }
    #expect(last == nil || last?.status == 503)
    release.pass()
    #expect(try slow.receive().text == "slow")
    stopped.wait()
  }

  @Test("Stopping twice, at once and before a start is harmless")
  func stopTwice() throws {
    let server = try HTTPServer.started()
    defer { server.stop() }
    let stops = Gate()
    for _ in 1...4 {
      onOwnThread {
        server.stop()
        stops.pass()
      }
    }
    stops.wait(for: 4)
    server.stop()
    #expect(throws: HTTPServerError.self) { try server.start() }
    HTTPServer { _ in .now(.text("never")) }.stop()
  }

  @Test("A server that is let go of stops by itself")
  func letGo() throws {
    var configuration = HTTPServer.Configuration()
    configuration.port = 0
    var server: HTTPServer? = HTTPServer(configuration: configuration) { _ in .now(.text("hi")) }
    try server?.start()
    let port = try #require(server?.port)
    server = nil
    #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
  }

  @Test("Stopping under load leaves nothing unanswered half way")
  func stopUnderLoad() throws {
    for _ in 1...20 {
      let server = try HTTPServer.started { request in .queued { .text(request.path) } }
      defer { server.stop() }
      let clients = try (0..<40).map { _ in try RawClient(port: server.port) }
      for client in clients { try client.send(.get("/a") + .get("/b") + .get("/c")) }
      server.stop()
      for client in clients {
        while let response = try? client.receive() {
          #expect(response.status == 503 || response.text.hasPrefix("/"))
        }
      }
    }
  }
}

extension RawClient {
  /// `nil` when the server has closed the connection.
  fileprivate func answerOrEnd(_ request: String) throws -> RawResponse? {
    guard (try? send(request)) != nil else { return nil }
    return try? receive()
  }
}
