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

/// The `scheme://host[:port]` of a page.
struct WebOrigin: Hashable, Sendable {
  /// `http` or `https`.
  let scheme: String
  let name: String
  let port: Int

  /// `nil` for anything else, such as `null` or an address with a path.
  init?(_ text: String) {
    let parts = text.split(separator: "://", maxSplits: 1)
    guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()),
      let authority = Authority(String(parts[1]))
    else { return nil }
    scheme = parts[0].lowercased()
    name = authority.name
    port = authority.port ?? Self.usualPort(scheme)
  }

  var usualPort: Int { Self.usualPort(scheme) }

  var hasUsualPort: Bool { port == usualPort }

  private static func usualPort(_ scheme: String) -> Int { scheme == "https" ? 443 : 80 }
}

/// The names this server answers to.
struct HostNames: Sendable {
  private let ownNames: [String]
  private let ownPort: Int
  private let exact: Set<Authority>
  private let publicOrigins: Set<WebOrigin>
  private let publicHosts: Set<Authority>
  /// Bound to every address of this machine, it answers to any address in numbers: what a hostile
  /// page can have resolved to this machine is a name.
  private let answersToNumbers: Bool

  /// - Parameters:
  ///   - address: the numeric address that was bound.
  ///   - allowed: further names, as in `HTTPServer.Configuration.allowedHosts`.
  ///   - publicOrigins: as in `HTTPServer.Configuration.publicOrigins`.
  init(
    address: String, port: Int, allowed: [String], publicOrigins: [String]
  ) throws(HTTPServerError) {
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
    var (origins, hosts): (Set<WebOrigin>, Set<Authority>) = ([], [])
    for text in publicOrigins {
      guard let origin = WebOrigin(text) else {
        throw HTTPServerError(
          operation: "read the public origin", place: "“\(text)”",
          cause: "it is not the origin of a page",
          mend: "Write it like https://fleet.example or https://fleet.example:8443, without a path."
        )
      }
      origins.insert(origin)
      hosts.insert(Authority(name: origin.name, port: origin.port))
      if origin.hasUsualPort { hosts.insert(Authority(name: origin.name, port: nil)) }
    }
    self.publicOrigins = origins
    publicHosts = hosts
    answersToNumbers = NumericAddress(address)?.isWildcard ?? false
    for name in ["127.0.0.1", "localhost", "[::1]"] where !names.contains(name) {
      names.append(name)
    }
    ownNames = names
    ownPort = port
    self.exact = exact
  }

  func contains(_ host: Authority) -> Bool {
    exact.contains(host) || publicHosts.contains(host)
      || (isOwn(name: host.name) && (host.port == nil || host.port == ownPort))
  }

  private func isOwn(name: String) -> Bool {
    ownNames.contains(name)
      || (answersToNumbers && NumericAddress(name) != nil && name != "localhost")
  }

  /// Whether a page of that origin is one of this server's own.
  ///
  /// - Parameter host: what the request itself was addressed to, already accepted.
  func isOwn(origin: String, host: Authority) -> Bool {
    guard let origin = WebOrigin(origin) else { return false }
    func isSame(_ other: Authority) -> Bool {
      origin.name == other.name && origin.port == other.port ?? origin.usualPort
    }
    if publicOrigins.contains(origin) { return true }
    // At a public name, pages of another scheme or port are not ours.
    return (!publicHosts.contains(host) && isSame(host)) || exact.contains(where: isSame)
  }

  /// The names with their ports, for people.
  var description: String {
    let own = ownNames.map { "\($0):\(ownPort)" }
    let further = exact.union(publicHosts.filter { $0.port != nil }).map {
      "\($0.name):\($0.port ?? ownPort)"
    }.sorted()
    return (own + further).joined(separator: ", ")
  }
}
