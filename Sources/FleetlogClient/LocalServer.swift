import FleetlogEvents
import Glibc

/// One request to a server on this machine, over a plain socket.
struct LocalServer {
  private let address: sockaddr_in
  private let host: String
  /// The log that is meant; nil for whichever the server has.
  private let logID: String?
  /// Shown to the server, which may ask for it.
  private let token: String?

  /// How long connecting, sending and each wait for an answer may take, in ms.
  let patience: Int

  /// - Parameter url: `http://127.0.0.1:7450`; only loopback addresses are gone to.
  init?(url: String, logID: String?, token: String?, patience: Int) {
    guard url.hasPrefix("http://") else { return nil }
    let rest = url.dropFirst(7).split(separator: "/", maxSplits: 1)[...].first ?? ""
    let parts = rest.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]) else { return nil }
    let name = parts[0] == "localhost" ? "127.0.0.1" : String(parts[0])
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, name, &address.sin_addr) == 1, name.hasPrefix("127.") else {
      return nil
    }
    self.address = address
    host = String(rest)
    self.logID = logID
    self.token = token
    self.patience = patience
  }

  enum Outcome {
    case answers([LogAnswer])
    /// Nothing was written for sure.
    case unreachable
    /// The server may have written or not.
    case unsure
  }

  /// Posts events and waits until they are in the log.
  func post(_ lines: [[UInt8]]) -> Outcome {
    let body = EventLine.joined(lines)
    var head = "POST /api/events HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
    head += "Content-Type: application/x-ndjson\r\nAccept: application/json\r\n"
    if let logID { head += "Fleetlog-Log: \(logID)\r\n" }
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    head += "Content-Length: \(body.count)\r\n\r\n"
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return .unreachable }
    defer { close(descriptor) }
    limitWaits(of: descriptor)
    var address = address
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return .unreachable }
    guard send(Array(head.utf8) + body, to: descriptor) else { return .unsure }
    guard let answer = receive(from: descriptor), let reply = Reply(answer) else { return .unsure }
    return outcome(reply, count: lines.count)
  }

  private func outcome(_ reply: Reply, count: Int) -> Outcome {
    guard reply.status == 200 else {
      let isUnsure = reply.status == 503 && reply.body.contains(bytesOf: "\"unsure\"")
      return isUnsure || reply.status == 500 ? .unsure : .unreachable
    }
    let answers = reply.body.split(separator: "\n").compactMap { line in
      (try? JSONDocument(String(line)).root).flatMap { LogAnswer($0) }
    }
    // What answers with something else is no server of ours.
    return answers.count == count ? .answers(answers) : .unsure
  }

  private func limitWaits(of descriptor: Int32) {
    var time = timeval(tv_sec: patience / 1000, tv_usec: patience % 1000 * 1000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  private func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Everything up to the end of the connection.
  private func receive(from descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count < Self.answerLimit {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      if count == 0 { return bytes }
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
      if let reply = Reply(bytes), reply.isWhole { return bytes }
    }
    return nil
  }

  private static let answerLimit = 8 << 20

  private struct Reply {
    let status: Int
    let body: String
    /// Whether the body has the length that the head states.
    let isWhole: Bool

    init?(_ bytes: [UInt8]) {
      let mark = Array("\r\n\r\n".utf8)
      guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
        return nil
      }
      let head = String(decoding: bytes[..<end], as: UTF8.self)
      let words = head.split(separator: " ", maxSplits: 2)
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        return nil
      }
      self.status = status
      let content = bytes[(end + mark.count)...]
      body = String(decoding: content, as: UTF8.self)
      let length = head.split(separator: "\r\n").lazy.map { $0.lowercased() }
        .first { $0.hasPrefix("content-length:") }?.dropFirst(15)
      isWhole = length.flatMap { Int(String($0).trimmed) } == content.count
    }
  }
}
