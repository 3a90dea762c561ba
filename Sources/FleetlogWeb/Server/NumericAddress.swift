import CMicrohttpd
import Glibc

/// An IPv4 or IPv6 address written in numbers.
struct NumericAddress {
  private enum Bytes {
    case v4(in_addr)
    case v6(in6_addr)
  }

  private let bytes: Bytes

  /// Takes `localhost` for 127.0.0.1, which every browser falls back to.
  init?(_ host: String) {
    let unbracketed =
      host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
    let text = unbracketed.equalsIgnoringCase("localhost") ? "127.0.0.1" : String(unbracketed)
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      bytes = .v4(v4)
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      bytes = .v6(v6)
    } else {
      return nil
    }
  }

  /// An address as the system hands it over; `nil` where it is of another kind.
  init?(_ address: UnsafePointer<sockaddr>?) {
    guard let address else { return nil }
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET: bytes = .v4(raw.load(as: sockaddr_in.self).sin_addr)
    case AF_INET6: bytes = .v6(raw.load(as: sockaddr_in6.self).sin6_addr)
    default: return nil
    }
  }

  /// Whether only this machine's own programs can reach it.
  var isLoopback: Bool {
    switch bytes {
    case .v4(let v4): UInt32(bigEndian: v4.s_addr) >> 24 == 127
    case .v6: text == "::1"
    }
  }

  /// Whether it stands for every address of this machine.
  var isWildcard: Bool { text == "0.0.0.0" || text == "::" }

  /// What one client can be told from another by: an IPv4 address, also where it came wrapped in
  /// an IPv6 one, or the first half of an IPv6 address.
  var network: String {
    guard case .v6(var v6) = bytes else { return text }
    return withUnsafeMutableBytes(of: &v6) { octets in
      let isWrapped =
        octets.prefix(10).allSatisfy { $0 == 0 } && octets[10...11].allSatisfy { $0 == 0xFF }
      if isWrapped { return octets[12...].map(String.init).joined(separator: ".") }
      return octets.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
  }

  var family: Int32 {
    switch bytes {
    case .v4: AF_INET
    case .v6: AF_INET6
    }
  }

  /// The one spelling that browsers use as well.
  var text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      let written =
        switch bytes {
        case .v4(var v4): inet_ntop(AF_INET, &v4, buffer.baseAddress, socklen_t(buffer.count))
        case .v6(var v6): inet_ntop(AF_INET6, &v6, buffer.baseAddress, socklen_t(buffer.count))
        }
      return written.map { String(cString: $0) } ?? ""
    }
  }

  func withPort(_ port: Int) -> String {
    switch bytes {
    case .v4: "\(text):\(port)"
    case .v6: "[\(text)]:\(port)"
    }
  }

  func withSocketAddress<Result>(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    switch bytes {
    case .v4(let v4):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr = v4
      return Self.rebind(&address, body)
    case .v6(let v6):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = v6
      return Self.rebind(&address, body)
    }
  }

  private static func rebind<Address, Result>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: address) { typed in
      typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        body(address, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }
}
