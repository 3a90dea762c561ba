/// The `host[:port]` of a `Host` header, of an `Origin`, or of a setting.
struct Authority: Hashable, Sendable {
  /// In lower case; an IPv6 address keeps its brackets.
  let name: String
  let port: Int?

  /// `nil` for anything but a name or bracketed address with an optional port.
  init?(_ text: String) {
    let lowercased = text.lowercased()
    let rest: Substring
    if lowercased.hasPrefix("[") {
      guard let end = lowercased.firstIndex(of: "]") else { return nil }
      name = String(lowercased[...end])
      rest = lowercased[lowercased.index(after: end)...]
    } else {
      let name = lowercased.prefix { $0 != ":" }
      self.name = String(name)
      rest = lowercased[name.endIndex...]
    }
    guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else { return nil }
    guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
    let digits = rest.dropFirst()
    if digits.isEmpty {
      port = nil
    } else {
      guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
        let number = Int(digits), number <= 65535
      else { return nil }
      port = number
    }
  }

  init(name: String, port: Int?) {
    self.name = name
    self.port = port
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && !"/?#@\\\"<>,;".utf8.contains(byte)
  }
}

/// The names this server answers to.
struct HostNames: Sendable {
  private let ownNames: [String]
  private let ownPort: Int
  private let exact: Set<Authority>

  /// - Parameters:
  ///   - address: the numeric address that was bound.
  ///   - allowed: further names, as in `HTTPServer.Configuration.allowedHosts`.
  init(address: String, port: Int, allowed: [String]) throws(HTTPServerError) {
    var names = [address.contains(":") ? "[\(address)]" : address]
    var exact: Set<Authority> = []
    for entry in allowed {
      guard let authority = Authority(entry) else {
        throw HTTPServerError(
          operation: "read the allowed host", place: "“\(entry)”",
          cause: "it is not a name or a name with a port",
          mend: "Write it like fleet.example or fleet.example:8443, without a scheme or path.")
      }
      if authority.port == nil { names.append(authority.name) } else { exact.insert(authority) }
    }
    for name in ["127.0.0.1", "localhost", "[::1]"] where !names.contains(name) {
      names.append(name)
    }
    ownNames = names
    ownPort = port
    self.exact = exact
  }

  func contains(_ host: Authority) -> Bool {
    exact.contains(host)
      || (ownNames.contains(host.name) && (host.port == nil || host.port == ownPort))
  }

  /// Whether a page of that origin is one of this server's own.
  ///
  /// - Parameter host: what the request itself was addressed to, already accepted.
  func isOwn(origin: String, host: Authority) -> Bool {
    let parts = origin.split(separator: "://", maxSplits: 1)
    guard parts.count == 2, let authority = Authority(String(parts[1])) else { return false }
    let defaultPort: Int
    switch parts[0].lowercased() {
    case "http": defaultPort = 80
    case "https": defaultPort = 443
    default: return false
    }
    func isSame(_ other: Authority) -> Bool {
      authority.name == other.name
        && authority.port ?? defaultPort == other.port ?? defaultPort
    }
    return isSame(host) || exact.contains(where: isSame)
  }

  /// The names with their ports, for people.
  var description: String {
    let own = ownNames.map { "\($0):\(ownPort)" }
    let further = exact.map { "\($0.name):\($0.port ?? ownPort)" }.sorted()
    return (own + further).joined(separator: ", ")
  }
}
