import Glibc

/// A socket that says exactly what a test tells it to, however wrong, and reads what comes back.
///
/// Unchecked because a test uses a client from one thread at a time.
package final class RawClient: @unchecked Sendable {
  private let descriptor: Int32
  private var unread: [UInt8] = []

  package struct Failure: Error {
    package let what: String
  }

  /// Connects to this machine, by IPv4 unless told otherwise.
  package init(port: Int, ipv6: Bool = false) throws {
    // Not for children of other tests, which would keep the connection open.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(ipv6 ? AF_INET6 : AF_INET, kind, 0)
    guard descriptor >= 0 else { throw Failure(what: "socket: \(errno)") }
    // Long enough for the busiest machine; only a server that never answers runs into it.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let result = ipv6 ? connect6(UInt16(port)) : connect4(UInt16(port))
    guard result == 0 else { throw Failure(what: "connect: \(errno)") }
  }

  deinit {
    close(descriptor)
  }

  /// Ends the connection in both directions.
  package func hangUp() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// Ends the connection as a machine does that was switched off and on: with a reset.
  package func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
  }

  package func send(_ text: String) throws {
    try send(Array(text.utf8))
  }

  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(what: "send: \(errno)") }
      sent += count
    }
  }

  /// Reads one response; of an answer to HEAD there is no body to read.
  package func receive(head: Bool = false) throws -> RawResponse {
    while true {
      if let end = unread.firstRange(of: Array("\r\n\r\n".utf8)) {
        let headText = String(decoding: unread[..<end.lowerBound], as: UTF8.self)
        unread.removeFirst(end.upperBound)
        var response = RawResponse(headText)
        let length = head ? 0 : response["Content-Length"].flatMap { Int($0) } ?? 0
        while unread.count < length {
          guard try readMore() else { throw Failure(what: "closed within the body") }
        }
        response.body = Array(unread[..<length])
        unread.removeFirst(length)
        return response
      }
      guard try readMore() else {
        throw Failure(what: "closed before an answer, after \(unread.count) bytes")
      }
    }
  }

  /// The next piece of a body that comes in chunks; nil at its end.
  package func receiveChunk() throws -> [UInt8]? {
    let size = try receiveLine()
    guard let count = Int(size, radix: 16) else { throw Failure(what: "no chunk but “\(size)”") }
    while unread.count < count + 2 {
      guard try readMore() else { throw Failure(what: "closed within a chunk") }
    }
    let chunk = Array(unread[..<count])
    unread.removeFirst(count + 2)
    return chunk.isEmpty ? nil : chunk
  }

  private func receiveLine() throws -> String {
    while true {
      if let end = unread.firstRange(of: Array("\r\n".utf8)) {
        let line = String(decoding: unread[..<end.lowerBound], as: UTF8.self)
        unread.removeFirst(end.upperBound)
        return line
      }
      guard try readMore() else { throw Failure(what: "closed before a chunk") }
    }
  }

  /// Everything until the server closes the connection.
  package func receiveToEnd() -> [UInt8] {
    while (try? readMore()) == true {}
    return unread
  }

  /// Whether the server has closed the connection, with nothing left to read.
  package var isAtEnd: Bool {
    unread.isEmpty && (try? readMore()) != true
  }

  /// Whether the server has ended the connection, without waiting for it or reading anything.
  package var hasEnded: Bool {
    // POLLRDHUP, which the C library declares only to programs that ask for GNU extensions.
    var entry = pollfd(fd: descriptor, events: 0x2000, revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  private func readMore() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count >= 0 else { throw Failure(what: "recv: \(errno)") }
    unread += chunk[..<count]
    return count > 0
  }

  package static var machineHasIPv6: Bool {
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    inet_pton(AF_INET6, "::1", &address.sin6_addr)
    return withSocketAddress(address) { bind(descriptor, $0, $1) } == 0
  }

  private func connect4(_ port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    return Self.withSocketAddress(address) { connect(descriptor, $0, $1) }
  }

  private func connect6(_ port: UInt16) -> Int32 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    inet_pton(AF_INET6, "::1", &address.sin6_addr)
    return Self.withSocketAddress(address) { connect(descriptor, $0, $1) }
  }

  private static func withSocketAddress<Address>(
    _ address: Address, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafePointer(to: address) { typed in
      typed.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call($0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}

/// A response as it came over the wire.
package struct RawResponse {
  package let status: Int
  package let headers: [(name: String, value: String)]
  package var body: [UInt8] = []

  package init(_ head: String) {
    let lines = head.split(separator: "\r\n")
    status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    headers = lines.dropFirst().map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
    }
  }

  package subscript(name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  package var text: String {
    String(decoding: body, as: UTF8.self)
  }
}
