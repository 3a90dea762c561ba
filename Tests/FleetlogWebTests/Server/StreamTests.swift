import FleetlogStore
import FleetlogTestSupport
import FleetlogThreads
import Glibc
import Testing

@testable import FleetlogWeb

@Suite("Streams")
struct StreamTests {
  /// What a test has its stream send, in order.
  private final class Script: Sendable {
    private let pieces = Monitor<[HTTPStream.Piece]>([])
    let asked = Gate()

    func add(_ piece: HTTPStream.Piece) { pieces.withLock { $0.append(piece) } }

    func stream() -> HTTPStream {
      HTTPStream(contentType: "text/plain") { [self] in
        asked.pass()
        return pieces.withLock { $0.isEmpty ? .pause : $0.removeFirst() }
      }
    }
  }

  private func text(_ text: String) -> HTTPStream.Piece { .bytes(Array(text.utf8)) }

  @Test("pieces are sent as they are made, and the body ends where the stream does")
  func pieces() throws {
    let script = Script()
    let stream = script.stream()
    let server = try HTTPServer.started { _ in .stream(stream) }
    defer { server.stop() }
    script.add(text("one"))
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    let head = try client.receive()
    #expect(head.status == 200)
    #expect(head["Content-Type"] == "text/plain")
    #expect(head["Cache-Control"] == "no-store")
    #expect(head["Content-Encoding"] == nil)
    #expect(try client.receiveChunk() == Array("one".utf8))
    script.asked.wait(for: 2)
    script.add(.again)
    script.add(text(""))
    script.add(text("two"))
    stream.wake()
    #expect(try client.receiveChunk() == Array("two".utf8))
    script.add(.end)
    stream.wake()
    #expect(try client.receiveChunk() == nil)
  }

  @Test("a piece larger than every buffer arrives whole")
  func largePiece() throws {
    let script = Script()
    let bytes = (0..<3_000_000).map { UInt8($0 % 251) }
    script.add(.bytes(bytes))
    script.add(.end)
    let server = try HTTPServer.started { _ in .stream(script.stream()) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    #expect(try client.receive().status == 200)
    var received: [UInt8] = []
    while let chunk = try client.receiveChunk() { received += chunk }
    #expect(received == bytes)
  }

  @Test("a wake-up while a piece is being made is not lost")
  func wakeWhileMaking() throws {
    let isInside = Gate()
    let mayLeave = Gate()
    let turns = Monitor(0)
    let stream = HTTPStream(contentType: "text/plain") {
      let turn = turns.withLock { turns in
        turns += 1
        return turns
      }
      guard turn == 1 else { return turn == 2 ? .bytes([1]) : .pause }
      isInside.pass()
      mayLeave.wait()
      return .pause
    }
    let server = try HTTPServer.started { _ in .stream(stream) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    isInside.wait()
    stream.wake()
    mayLeave.pass()
    #expect(try client.receive().status == 200)
    #expect(try client.receiveChunk() == [1])
  }

  @Test("an answer that was looked up first may be a stream, with headers of its own")
  func streamAfterLookUp() throws {
    let script = Script()
    script.add(text("one"))
    script.add(.end)
    let server = try HTTPServer.started { _ in
      .queued {
        HTTPResponse(streaming: script.stream(), headers: ["Content-Security-Policy": "sandbox"])
      }
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    let head = try client.receive()
    #expect(head.status == 200)
    #expect(head["Content-Security-Policy"] == "sandbox")
    #expect(head["X-Content-Type-Options"] == "nosniff")
    #expect(try client.receiveChunk() == Array("one".utf8))
    #expect(try client.receiveChunk() == nil)
    try client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try client.receive(head: true).status == 200)
  }

  @Test("a stream that breaks is cut, and does not look as if it had ended")
  func broken() throws {
    let script = Script()
    script.add(text("one"))
    script.add(.broken)
    let server = try HTTPServer.started { _ in .stream(script.stream()) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/"))
    #expect(try client.receive().status == 200)
    #expect(try client.receiveChunk() == Array("one".utf8))
    #expect(throws: RawClient.Failure.self) { try client.receiveChunk() }
  }

  @Test("HEAD gets the head of a stream and no body")
  func head() throws {
    let script = Script()
    let server = try HTTPServer.started { request in
      request.path == "/stream" ? .stream(script.stream()) : .now(.text("page"))
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let head = try client.receive(head: true)
    #expect(head.status == 200)
    #expect(head["Content-Type"] == "text/plain")
    try client.send(.get("/page"))
    #expect(try client.receive().text == "page")
  }

  @Test("beyond the limit of streams the answer is 503, and one that ends makes room")
  func limit() throws {
    let stream = Script().stream()
    let server = try HTTPServer.started(.onFreePort { $0.streamLimit = 1 }) { request in
      .stream(request.path == "/first" ? stream : Script().stream())
    }
    defer { server.stop() }
    let first = try RawClient(port: server.port)
    try first.send(.get("/first"))
    #expect(try first.receive().status == 200)
    let refused = try server.get("/", "Accept: application/json")
    #expect(refused.status == 503)
    #expect(refused["Retry-After"] == "5")
    #expect(refused.text.contains("too_many_streams"))
    first.hangUp()
    while try server.get("/").status == 503 { stream.interject([1]) }
  }

  @Test("a client that goes ends its stream, as soon as something is sent to it")
  func clientGone() throws {
    let ended = Gate()
    let script = Script()
    let stream = script.stream()
    stream.whenEnded { ended.pass() }
    let server = try HTTPServer.started { _ in .stream(stream) }
    defer { server.stop() }
    do {
      let client = try RawClient(port: server.port)
      try client.send(.get("/"))
      #expect(try client.receive().status == 200)
    }
    while !stream.hasEnded {
      stream.interject([1])
      usleep(1000)
    }
    ended.wait()
  }

  @Test("a client that reads nothing is cut off by the idle timeout, and its memory with it")
  func slowReader() throws {
    let ended = Gate()
    let piece = [UInt8](repeating: 7, count: 1 << 20)
    let stream = HTTPStream(contentType: "text/plain") { .bytes(piece) }
    stream.whenEnded { ended.pass() }
    let server = try HTTPServer.started(.onFreePort { $0.idleTimeout = .seconds(1) }) { request in
      request.path == "/stream" ? .stream(stream) : .now(.text("page"))
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(.get("/stream"))
    #expect(try server.get("/page").status == 200)
    ended.wait()
    #expect(stream.hasEnded)
    withExtendedLifetime(client) {}
  }

  @Test("stopping ends every open stream, asleep or sending, and nobody waits for them")
  func stop() throws {
    let piece = [UInt8](repeating: 7, count: 1 << 16)
    let server = try HTTPServer.started(.onFreePort { $0.drainDeadline = .seconds(60) }) {
      request in
      .stream(
        HTTPStream(contentType: "text/plain") { request.path == "/busy" ? .bytes(piece) : .pause })
    }
    let asleep = try (0..<100).map { _ in
      let client = try RawClient(port: server.port)
      try client.send(.get("/asleep"))
      #expect(try client.receive().status == 200)
      return client
    }
    let busy = try RawClient(port: server.port)
    try busy.send(.get("/busy"))
    #expect(try busy.receive().status == 200)
    #expect(try busy.receiveChunk() != nil)
    let drained = Gate()
    onOwnThread {
      _ = busy.receiveToEnd()
      drained.pass()
    }
    server.stop()
    drained.wait()
    for client in asleep { #expect(try client.receiveChunk() == nil) }
  }
}
