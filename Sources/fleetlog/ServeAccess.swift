import FleetlogClient
import FleetlogThreads
import FleetlogWeb
import Foundation

/// How the dashboard listens, and whom it answers: what the options of `serve` say of both.
struct ServeAccess {
  static let options = [
    Option(name: "host", value: "ADDRESS", help: "address to listen on (default 127.0.0.1)"),
    Option(name: "port", value: "PORT", help: "port (default 7450; 0 takes a free one)"),
    Option(
      name: "allow-host", value: "NAME",
      help: "further name by which browsers may reach it; asks for the token", isRepeatable: true),
    Option(
      name: "public-origin", value: "URL",
      help: "where browsers find it behind a proxy, as https://fleet.example; asks for the token",
      isRepeatable: true),
    Option(
      name: "token-file", value: "FILE",
      help: "asks for the token in this file (beyond loopback always, then default LOG-token)"),
    Option(
      name: "no-token", value: nil,
      help: "asks for none though it has another name or a proxy, which asks who comes"),
    Option(name: "tls-cert", value: "FILE", help: "serves HTTPS: the certificate chain, as PEM"),
    Option(name: "tls-key", value: "FILE", help: "the key of that certificate, as PEM"),
    Option(
      name: "post-rate", value: "N",
      help: "POST requests a second from one address (default 100; 0 for as many as come)"),
    Option(
      name: "query-limit", value: "SECONDS",
      help: "how long a page's questions may take until they are stopped (default 10)"),
  ]

  var configuration = HTTPServer.Configuration()
  let control: AccessControl
  /// The token's file, where one is asked for.
  let tokenFile: String?
  /// ms.
  let queryLimit: UInt64
  private let publicOrigins: [String]

  /// Makes the token, if one is asked for and there is none.
  init(_ arguments: Arguments, database: String, isReadOnly: Bool = false) throws {
    configuration.host = arguments.value("host") ?? configuration.host
    configuration.port = try arguments.int("port", in: 0...65535) ?? configuration.port
    configuration.allowedHosts = arguments.values("allow-host")
    publicOrigins = arguments.values("public-origin")
    configuration.publicOrigins = publicOrigins
    configuration.allowedHostsHint =
      "start fleetlog with --allow-host NAME, or with --public-origin https://NAME if it is that "
      + "of a proxy"
    configuration.publicOriginHint = "start fleetlog with --public-origin "
    configuration.tls = try Self.tls(arguments)
    let rate = try arguments.int("post-rate", in: 0...100_000) ?? 100
    queryLimit = UInt64(try arguments.int("query-limit", in: 1...3600) ?? 10) * 1000
    tokenFile = try Self.tokenFile(arguments, database, configuration)
    if let tokenFile { try Self.check(tokenFile) }
    let isSecure =
      configuration.tls != nil
      || (!publicOrigins.isEmpty
        && publicOrigins.allSatisfy { $0.lowercased().hasPrefix("https:") })
    let cookieName = "fleetlog-\(configuration.port)"
    let demand = tokenFile.map { path in
      AccessControl.Demand(
        token: { try? TokenFile(path).read() }, file: path,
        cookieName: cookieName, isSecure: isSecure)
    }
    let control = AccessControl(
      demand, postsPerSecond: rate, isReadOnly: isReadOnly, clock: { MonotonicClock.now })
    self.control = control
    configuration.admission = { control.admit($0) }
  }

  /// Where the token must be, nil where none is asked for.
  private static func tokenFile(
    _ arguments: Arguments, _ database: String, _ configuration: HTTPServer.Configuration
  ) throws -> String? {
    let places = LogPlaces(
      environment: ProcessInfo.processInfo.environment, database: database)
    if arguments.has("no-token") {
      guard configuration.isOnLoopback else {
        throw UsageError(
          "--no-token can't be had on \(configuration.host): whoever reaches that address could "
            + "read the log; listen on 127.0.0.1 behind a proxy that asks who comes")
      }
      return nil
    }
    if let path = arguments.value("token-file") { return LogPlaces.absolute(path) }
    // Who gives it another name has something lead there that reaches beyond this machine, or may.
    let isReachable =
      !configuration.isOnLoopback || !configuration.publicOrigins.isEmpty
      || !configuration.allowedHosts.isEmpty
    return isReachable ? places.tokenFile : nil
  }

  private static func check(_ path: String) throws {
    do throws(TokenFile.Trouble) {
      _ = try TokenFile(path).readOrMake()
    } catch {
      throw Failure("can't use the token file \(path): \(error.explanation)")
    }
  }

  private static func tls(_ arguments: Arguments) throws -> HTTPServer.Configuration.TLS? {
    switch (arguments.value("tls-cert"), arguments.value("tls-key")) {
    case (nil, nil): return nil
    case (let certificate?, let key?):
      return HTTPServer.Configuration.TLS(
        certificate: try text(of: certificate, arguments.called("tls-cert")),
        key: try text(of: key, arguments.called("tls-key")))
    default: throw UsageError("--tls-cert and --tls-key go together: name both files")
    }
  }

  private static func text(of path: String, _ option: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path), data.contains(0x2D) else {
      throw Failure("can't read \(path), named by \(option): it must be a PEM file")
    }
    return String(decoding: data, as: UTF8.self)
  }

  /// What the pages call the dashboard's own address; nil for `http://` and the host asked for.
  func origin(port: Int) -> String? {
    publicOrigins.first ?? (configuration.tls == nil ? nil : configuration.url(port: port))
  }

  /// Tells where the dashboard is, on stdout, and what there is to know of it.
  func announce(port: Int, on log: OperatorLog) {
    Terminal.print("Fleetlog is at \(configuration.url(port: port))/")
    for origin in publicOrigins { log.note(.info, "served through a proxy", ["origin": origin]) }
    if let tokenFile {
      log.note(
        .info, "it asks for its token",
        ["shown_by": "fleetlog token --token-file \(tokenFile)"])
    }
    if !configuration.isOnLoopback, configuration.tls == nil {
      log.note(
        .warning, "the network between can read along, the token too",
        ["mend": "give --tls-cert and --tls-key"])
    }
  }
}
