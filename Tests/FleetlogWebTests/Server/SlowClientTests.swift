import FleetlogTestSupport
import FleetlogWeb
import Glibc
import Testing

/// Clients that are never silent for long, and never done.
@Suite("A client that takes its time")
struct SlowClientTests {
  private func impatient(
    _ change: @Sendable (inout HTTPServer.Configuration.Patience) -> Void
  ) -> HTTPServer.Configuration {
    .onFreePort { change(&$0.patience) }
  }

  /// Sends bytes one by one until the server has had enough; gives up after a time that no machine
  /// should need.
  private func drip(_ client: RawClient, _ byte: String) -> Bool {
    for _ in 0..<20_000 {
      guard (try? client.send(byte)) != nil else { return true }
      usleep(1000)
      if client.hasEnded { return true }
    }
    return false
  }

  @Test("over the head of a request is told 408 and cut")
  func slowHead() throws {
    let server = try HTTPServer.started(impatient { $0.head = .milliseconds(100) })
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    #expect(drip(client, "x"))
    let answer = try client.receive()
    #expect(answer.status == 408)
    #expect(answer["Connection"] == "close")
    #expect(answer["X-Content-Type-Options"] == "nosniff")
    #expect(try server.get("/").status == 200)
  }

  @Test("over the first line is cut without a word, as is who says nothing")
  func slowLine() throws {
    let server = try HTTPServer.started(impatient { $0.head = .milliseconds(100) })
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("GET /")
    #expect(drip(client, "a"))
    #expect(client.receiveToEnd().isEmpty)
    #expect(try RawClient(port: server.port).receiveToEnd().isEmpty)
    let idle = try RawClient(port: server.port)
    try idle.send(.get("/"))
    #expect(try idle.receive().status == 200)
    #expect(idle.isAtEnd)
  }

  @Test("over the body is told 408 and cut")
  func slowBody() throws {
    let server = try HTTPServer.started(impatient { $0.body = .milliseconds(100) })
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
    #expect(drip(client, "x"))
    #expect(try client.receive().status == 408)
  }

  @Test("over taking an answer is cut, however large the answer")
  func slowReader() throws {
    let size = 64 << 20
    let server = try HTTPServer.started(
      impatient {
        $0.answer = .milliseconds(100)
        $0.bytesPerSecond = 1 << 40
      }
    ) { request in
      .now(
        .bytes(Array(repeating: 0x78, count: request.path == "/" ? 1 : size), contentType: "x/y"))
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/large"))
    // Nothing is read until the server has cut the connection, which closes it to sending as well.
    #expect(drip(client, "x"))
    #expect(client.receiveToEnd().count < size)
    #expect(try server.get("/").status == 200)
  }

  @Test("over taking a stream is cut, and the stream ends")
  func slowStream() throws {
    let ended = Gate()
    let server = try HTTPServer.started(
      impatient {
        $0.answer = .milliseconds(100)
        $0.bytesPerSecond = 1 << 40
      }
    ) { _ in
      let stream = HTTPStream(contentType: "text/plain") {
        .bytes(Array(repeating: 0x78, count: 1 << 20))
      }
      stream.whenEnded { ended.pass() }
      return .stream(stream)
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    ended.wait()
    client.hangUp()
  }

  @Test("keeps a stream that has nothing to send for as long as it likes")
  func quietStream() throws {
    let next = Gate()
    let server = try HTTPServer.started(
      impatient {
        $0.head = .milliseconds(40)
        $0.body = .milliseconds(40)
        $0.answer = .milliseconds(40)
      }
    ) { request in
      guard request.path == "/stream" else { return .now(.text("hi")) }
      let stream = HTTPStream(contentType: "text/plain") { .pause }
      onOwnThread {
        next.wait()
        stream.interject(Array("late".utf8))
      }
      return .stream(stream)
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/stream"))
    #expect(try client.receive().status == 200)
    // Others are cut meanwhile, each after more than the stream's patience.
    for _ in 1...5 { #expect(try RawClient(port: server.port).receiveToEnd().isEmpty) }
    next.pass()
    #expect(try client.receiveChunk() == Array("late".utf8))
  }

  @Test("keeps an answer that the server itself is slow over")
  func slowServer() throws {
    let begun = Gate()
    let release = Gate()
    let server = try HTTPServer.started(
      impatient {
        $0.head = .milliseconds(40)
        $0.body = .milliseconds(40)
        $0.answer = .seconds(60)
      }
    ) { request in
      .held(begun, release, .text("at last"))
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    begun.wait()
    for _ in 1...5 { #expect(try RawClient(port: server.port).receiveToEnd().isEmpty) }
    release.pass()
    #expect(try client.receive().text == "at last")
  }
}
