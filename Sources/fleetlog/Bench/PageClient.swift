import Glibc

/// A connection to the dashboard on this machine: asks for pages, or follows a stream.
final class PageClient {
  private let descriptor: Int32
  private let port: Int
  private var unread: [UInt8] = []
  private var start = 0
  /// Set while a body comes in chunks.
  private var chunks: ChunkDecoder?

  init(port: Int) throws {
    self.port = port
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Self.failure("open a socket") }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let result = withUnsafePointer(to: address) { typed in
      typed.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Self.failure("connect to port \(port)") }
  }

  deinit { close(descriptor) }

  private static func failure(_ operation: String) -> Failure {
    Failure("can't \(operation): \(String(cString: strerror(errno)))")
  }

  /// Ends the connection; a thread that reads from it comes to its end.
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// The whole answer to a GET.
  ///
  /// - Throws: where the status is not 200.
  func get(_ target: String) throws -> [UInt8] {
    let head = try ask(target)
    guard let length = Self.field("content-length", head).flatMap({ Int($0) }) else {
      throw Failure("the answer to \(target) does not say its length")
    }
    while unread.count - start < length {
      guard try readMore() else { throw Failure("the answer to \(target) was cut off") }
    }
    let body = Array(unread[start..<start + length])
    start += length
    return body
  }

  /// Begins a stream of server-sent events.
  func follow(_ target: String) throws {
    let head = try ask(target)
    guard Self.field("transfer-encoding", head) == "chunked" else { return }
    let body = unread[start...]
    var decoder = ChunkDecoder()
    unread = []
    start = 0
    decoder.decode(body, into: &unread)
    chunks = decoder
  }

  /// The next line of a stream; nil when it has ended.
  func line() throws -> ArraySlice<UInt8>? {
    var searched = start
    while true {
      if let end = unread[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = unread[start..<end]
        start = end + 1
        return line
      }
      searched = unread.count - start
      guard try readMore() else { return nil }
      searched += start
    }
  }

  private func ask(_ target: String) throws -> [Substring] {
    let request = "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n"
    guard Array(request.utf8).write(to: descriptor) else {
      throw Self.failure("ask for \(target)")
    }
    var head = ""
    while true {
      guard let line = try line() else { throw Failure("no answer to \(target)") }
      if line.count <= 1 { break }
      head += String(decoding: line, as: UTF8.self) + "\n"
    }
    let lines = head.split(whereSeparator: \.isNewline)
    guard lines.first?.hasPrefix("HTTP/1.1 200") == true else {
      throw Failure("\(target) was answered with \(lines.first ?? "nothing")")
    }
    return lines
  }

  private static func field(_ name: String, _ head: [Substring]) -> String? {
    head.first { $0.lowercased().hasPrefix(name + ":") }.map {
      String($0.dropFirst(name.count + 1).drop(while: { $0 == " " }))
    }
  }

  private func readMore() throws -> Bool {
    if start > 0 {
      unread.removeFirst(start)
      start = 0
    }
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure("hear from the server") }
      if chunks?.decode(chunk[..<count], into: &unread) == nil { unread += chunk[..<count] }
      return count > 0
    }
  }
}

/// Takes the transfer encoding off a body, as it comes.
private struct ChunkDecoder {
  /// Bytes of the chunk that are still to come, with the line end behind it; nil in the line that
  /// says how many.
  private var left: Int?
  private var size = 0

  mutating func decode(_ bytes: ArraySlice<UInt8>, into body: inout [UInt8]) {
    var rest = bytes
    while let byte = rest.first {
      if let left {
        let taken = rest.prefix(left)
        body += taken.prefix(max(0, left - 2))
        rest = rest.dropFirst(taken.count)
        self.left = taken.count == left ? nil : left - taken.count
      } else {
        rest = rest.dropFirst()
        if byte == UInt8(ascii: "\n") {
          left = size + 2
          size = 0
        } else if let digit = Character(UnicodeScalar(byte)).hexDigitValue {
          size = size << 4 | digit
        }
      }
    }
  }
}
