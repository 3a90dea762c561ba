import CMicrohttpd
import FleetlogThreads
import Glibc

/// The thread that takes connections in, or turns them away with an answer.
struct Acceptor: Sendable {
  private let socket: ListenSocket
  private let isStopping: Monitor<Bool>
  private let thread: ServerThread

  /// Owns `socket` from here on, unless it throws.
  static func start(
    _ socket: ListenSocket, daemon: MHDDaemon, core: ServerCore
  ) throws(ErrnoFailure) -> Acceptor {
    let isStopping = Monitor(false)
    let loop = AcceptLoop(
      listener: socket.descriptor, daemon: daemon, core: core, isStopping: isStopping,
      refusal: core.refusal())
    let thread = try ServerThread.start { loop.run() }
    return Acceptor(socket: socket, isStopping: isStopping, thread: thread)
  }

  /// Takes no more connections. Those already taken are not affected.
  func stop() {
    isStopping.withLock { $0 = true }
    // Unlike closing it, this makes a thread that waits in accept return.
    shutdown(socket.descriptor, Int32(SHUT_RDWR))
    thread.join()
    socket.close()
  }

}

extension HTTPResponse {
  /// The answer as bytes, with which its connection ends.
  var closingWireFormat: [UInt8] {
    var head = "HTTP/1.1 \(status) \(reason)\r\nConnection: close\r\n"
    for field in headers {
      head += "\(field.name): \(field.value)\r\n"
    }
    head += "Content-Length: \(body.count)\r\n\r\n"
    return Array(head.utf8) + body
  }

  private var reason: String {
    MHD_get_reason_phrase_for(UInt32(status)).map { String(cString: $0) } ?? "Refused"
  }
}

private struct AcceptLoop: Sendable {
  let listener: Int32
  let daemon: MHDDaemon
  let core: ServerCore
  let isStopping: Monitor<Bool>
  let refusal: [UInt8]?

  func run() {
    while true {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let client = accept(&address, &length)
      let reason = errno
      if isStopping.withLock({ $0 }) {
        if client >= 0 { close(client) }
        return
      }
      guard client >= 0 else {
        pause(after: reason)
        continue
      }
      guard core.admitConnection() else {
        refuse(client)
        continue
      }
      if !daemon.add(client, from: address, length: length) { core.forgetConnection() }
    }
  }

  private func accept(_ address: inout sockaddr_storage, _ length: inout socklen_t) -> Int32 {
    withUnsafeMutablePointer(to: &address) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        fleetlog_accept(listener, address, &length)
      }
    }
  }

  /// Without a pause, running out of descriptors or memory would spin this thread until some are
  /// given back, since the connection that could not be taken stays at the head of the queue.
  private func pause(after reason: Int32) {
    if reason != EINTR, reason != ECONNABORTED { usleep(10_000) }
  }

  private func refuse(_ client: Int32) {
    defer { close(client) }
    guard let refusal else { return }
    // Closing a socket with unread bytes resets the connection, and the answer with it.
    withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
      _ = recv(client, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
    }
    _ = refusal.withUnsafeBytes { bytes in
      send(client, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
    shutdown(client, Int32(SHUT_WR))
  }
}
