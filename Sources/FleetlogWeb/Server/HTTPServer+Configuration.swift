import CMicrohttpd

extension HTTPServer {
  /// How a server listens and what it takes on.
  package struct Configuration: Sendable {
    /// A numeric IPv4 or IPv6 address, or `localhost`, which means 127.0.0.1. Other names are
    /// refused: resolving one could block, or lead to an address nobody meant to open.
    package var host = "127.0.0.1"

    /// 0 to 65535; 0 takes a free port, which `HTTPServer.port` then tells.
    package var port = 7450

    /// Connections at one time, from 1 to 100,000; a further one is answered 503 and closed. Fewer
    /// where the process may not have as many files open; see `HTTPServer.connectionLimit`.
    package var connectionLimit = 4096

    /// Streams at one time, fewer than the connections, so that pages can still be asked for.
    package var streamLimit = 3072

    /// Threads for `HTTPReply.queued` work, from 1 to 1,000.
    package var workers = 4

    /// Bytes of a request body, from 0 to 2^32; a larger one is answered 413.
    package var bodyLimit = 8 * 1024 * 1024

    /// Bytes of all bodies at one time; beyond them a request is answered 503.
    package var bodyMemory = 64 * 1024 * 1024

    /// How long a connection may be silent before it is closed; whole seconds. A connection whose
    /// queued reply is being prepared, or whose stream has nothing to send, is not counted as
    /// silent; a client that does not take what its stream sends is.
    package var idleTimeout: Duration = .seconds(30)

    /// How long a client may take over each step, however busy it looks.
    package var patience = Patience()

    /// How long `stop()` lets requests in hand finish; those that do not are answered 503.
    package var drainDeadline: Duration = .milliseconds(1500)

    /// Further names this server answers to, besides its host, `localhost`, `127.0.0.1` and
    /// `[::1]`: a reverse proxy's name, for one. `name` goes with the server's own port or none,
    /// `name:port` with that port. Anything else in `Host` is refused, lest a page elsewhere reach
    /// this server through a name that resolves to this machine (DNS rebinding).
    package var allowedHosts: [String] = []

    /// Where browsers find this server if that is not where it listens: the address of a reverse
    /// proxy, such as `https://fleet.example`. Its host is answered, and its pages may post.
    package var publicOrigins: [String] = []

    /// Ends the sentence "If that name is right, …" of the answer to a refused `Host`; say how a
    /// person adds to `allowedHosts`.
    package var allowedHostsHint = "add it to the server’s allowed hosts"

    /// Ends the sentence "If that is this server's own address behind a proxy, …" of the answer to
    /// a refused `Origin`, which then follows.
    package var publicOriginHint = "add to the server’s public origins"

    /// Serves HTTPS in place of HTTP.
    package var tls: TLS?

    /// Asked about every request that has passed the other checks, before its body is read and on
    /// a thread that serves many connections: it must not block for long.
    package var admission: @Sendable (HTTPRequest) -> Admission = { _ in .admitted() }

    /// Every answer that the server gives in place of the handler.
    package var errorPage: ErrorPage = HTTPProblem.plainPage

    /// Takes what the HTTP library has to say about connections that went wrong, a line at a time
    /// and from any thread. Most of it is the client's doing, so it goes nowhere by default.
    package var log: @Sendable (String) -> Void = { _ in }

    package init() {}

    /// What serving HTTPS takes, both as PEM.
    package struct TLS: Sendable {
      /// The server's certificate, then those that lead to one that clients know.
      package var certificate: String
      package var key: String

      package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
      }
    }

    /// How long a client may take, whatever it does meanwhile.
    package struct Patience: Sendable {
      /// From the connection, or from the last answer, to the end of the next request's head.
      package var head: Duration = .seconds(30)
      /// From the end of the head to the end of the body.
      package var body: Duration = .seconds(60)
      /// From the answer, or a piece of a stream, to when the client has taken it; besides what
      /// its size takes at `bytesPerSecond`.
      package var answer: Duration = .seconds(60)
      package var bytesPerSecond = 16 * 1024
    }

    /// What becomes of a request.
    package enum Admission: Sendable {
      /// - bodyLimit: bytes, where they are fewer than the server's.
      case admitted(bodyLimit: Int? = nil)
      case refused(HTTPProblem)
    }

    /// Whether only this machine's own programs can connect.
    package var isOnLoopback: Bool { NumericAddress(host)?.isLoopback ?? false }

    /// Where programs on this machine find a server at `port`.
    package func url(port: Int) -> String {
      let scheme = tls == nil ? "http" : "https"
      guard let address = NumericAddress(host), !address.isWildcard else {
        return "\(scheme)://127.0.0.1:\(port)"
      }
      return "\(scheme)://\(address.withPort(port))"
    }

    /// Refuses numbers that no server could work with, before anything is opened.
    func validate() throws(HTTPServerError) {
      try Self.check("connectionLimit", connectionLimit, 1...100_000)
      try Self.check("streamLimit", streamLimit, 0...100_000)
      try Self.check("workers", workers, 1...1_000)
      try Self.check("bodyLimit", bodyLimit, 0...1 << 32)
      if tls != nil, fleetlog_mhd_has_tls() == 0 {
        throw HTTPServerError(
          operation: "serve", place: "HTTPS", cause: "the HTTP library was built without it",
          mend: "Install Debian’s libmicrohttpd12, or put a proxy before this server.")
      }
    }

    private static func check(
      _ name: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(HTTPServerError) {
      guard range.contains(value) else {
        throw HTTPServerError(
          operation: "use the setting", place: "\(name) \(value)",
          cause: "it must lie between \(range.lowerBound) and \(range.upperBound)",
          mend: "Choose a number in that range.")
      }
    }
  }
}
