import CMicrohttpd
import Glibc

/// A socket that takes connections at one address.
///
/// The server's own, because the HTTP library's stops accepting without a word when it is at its
/// limit or out of descriptors.
struct ListenSocket: Sendable {
  let descriptor: Int32

  /// The address in numbers, without brackets.
  let address: String
  let port: Int

  /// Binds and listens.
  static func open(host: String, port: Int) throws(HTTPServerError) -> ListenSocket {
    guard let number = UInt16(exactly: port) else {
      throw HTTPServerError(
        operation: "listen on", place: "\(host):\(port)", cause: "there is no such port",
        mend: "Choose a port from 1 to 65535, or 0 for a free one.")
    }
    guard let address = NumericAddress(host) else {
      throw HTTPServerError(
        operation: "listen on", place: "\(host):\(port)",
        cause: "“\(host)” is neither a numeric address nor localhost",
        mend: "Use 127.0.0.1, ::1, localhost, or the address of one of this machine’s interfaces.")
    }
    do {
      return try open(address, port: number)
    } catch {
      throw HTTPServerError(
        operation: "listen on", place: address.withPort(port), cause: error.text,
        mend: mend(for: error.code))
    }
  }

  func close() {
    _ = Glibc.close(descriptor)
  }

  private static func open(
    _ address: NumericAddress, port: UInt16
  ) throws(ErrnoFailure) -> ListenSocket {
    let descriptor = fleetlog_tcp_socket(address.family)
    guard descriptor >= 0 else { throw ErrnoFailure(code: errno) }
    do throws(ErrnoFailure) {
      var yes: Int32 = 1
      // Lets a restarted server bind while connections of the former one are still in TIME_WAIT.
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      let bound = address.withSocketAddress(port: port) { bind(descriptor, $0, $1) }
      guard bound == 0, listen(descriptor, SOMAXCONN) == 0 else {
        throw ErrnoFailure(code: errno)
      }
      return ListenSocket(
        descriptor: descriptor, address: address.text, port: try boundPort(of: descriptor))
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
  }

  private static func boundPort(of descriptor: Int32) throws(ErrnoFailure) -> Int {
    var storage = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        getsockname(descriptor, address, &length)
      }
    }
    guard result == 0 else { throw ErrnoFailure(code: errno) }
    // The port lies at the same place in an IPv4 address.
    return Int(UInt16(bigEndian: storage.sin6_port))
  }

  private static func mend(for code: Int32) -> String {
    switch code {
    case EADDRINUSE:
      "Another program, perhaps an earlier Fleetlog, has that port: stop it, "
        + "choose another port, or take a free one with --port 0."
    case EACCES:
      "Ports below 1024 need privileges: choose a higher one."
    case EADDRNOTAVAIL:
      "No interface of this machine has that address: use 127.0.0.1 or ::1."
    case EAFNOSUPPORT:
      "This machine has that version of IP switched off: use 127.0.0.1."
    default:
      "Use 127.0.0.1 and a port above 1023."
    }
  }
}
