import CNettle

/// Who may ask, and how often: by the log's token, which programs show with each request and a
/// browser once, to get a cookie for it.
package final class AccessControl: Sendable {
  /// How a server asks for its token.
  package struct Demand: Sendable {
    /// The token as it is now; nil where it can't be read, and then nobody is let in.
    let token: @Sendable () -> String?
    /// Where the token stands, to be named to who has come in.
    let file: String
    let cookieName: String
    /// Whether browsers reach the server over TLS alone.
    let isSecure: Bool

    /// - Parameter cookieName: should tell the servers of one machine apart, since browsers send a
    ///   cookie to every port of a host.
    package init(
      token: @escaping @Sendable () -> String?, file: String, cookieName: String, isSecure: Bool
    ) {
      self.token = token
      self.file = file
      // Browsers take a cookie of such a name only from the host itself, and only over TLS.
      self.cookieName = isSecure ? "__Host-" + cookieName : cookieName
      self.isSecure = isSecure
    }
  }

  /// What became of an attempt to sign in.
  enum SignIn {
    /// The value of `Set-Cookie`.
    case done(cookie: String)
    case wrongToken
    /// Seconds until another attempt is looked at.
    case tooMany(wait: Int)
  }

  /// Wrong tokens from one address that are looked at: at once, and a second.
  private static let guesses = (burst: 10, perSecond: 0.1)
  /// Bytes of a form that are read of who has not signed in.
  private static let formLimit = 4096
  /// POST requests at once, in seconds' worth.
  private static let burstSeconds = 10

  private let demand: Demand?
  private let sessions = BrowserSessions()
  private let guessLimit: RateLimit
  private let postLimit: RateLimit?
  private let isReadOnly: Bool
  private let clock: @Sendable () -> Int64

  /// - Parameters:
  ///   - demand: nil where no token is asked for.
  ///   - postsPerSecond: POST requests of one address; 0 for as many as come.
  ///   - isReadOnly: nothing may be changed, by whomever.
  ///   - clock: ms that never run back.
  package init(
    _ demand: Demand? = nil, postsPerSecond: Int = 0, isReadOnly: Bool = false,
    clock: @escaping @Sendable () -> Int64
  ) {
    self.demand = demand
    self.isReadOnly = isReadOnly
    self.clock = clock
    guessLimit = RateLimit(
      burst: Self.guesses.burst, perSecond: Self.guesses.perSecond, clock: clock)
    postLimit =
      postsPerSecond > 0
      ? RateLimit(
        burst: postsPerSecond * Self.burstSeconds, perSecond: Double(postsPerSecond), clock: clock)
      : nil
  }

  package var asksForToken: Bool { demand != nil }
  var tokenFile: String? { demand?.file }

  // MARK: Requests

  /// Decides from a request's head whether it may go on.
  package func admit(_ request: HTTPRequest) -> HTTPServer.Configuration.Admission {
    if request.method == .post {
      if let wait = postLimit?.take(request.peer) { return .refused(Self.tooManyPosts(wait)) }
      if isReadOnly, !Self.isOpenToAll(request) { return .refused(Self.readOnly) }
    }
    guard let demand else { return .admitted() }
    if Self.isOpenToAll(request) { return .admitted(bodyLimit: Self.formLimit) }
    guard let token = demand.token() else { return .refused(Self.noToken) }
    if let field = request.headers["Authorization"] {
      return admit(bearer: field, token: token, peer: request.peer)
    }
    if isSignedIn(request, demand, token) { return .admitted() }
    return .refused(
      HTTPProblem(
        status: 401, code: "token_required", message: Self.how,
        headers: ["WWW-Authenticate": "Bearer realm=\"Fleetlog\""]))
  }

  /// The files that pages are made of, and the ways in and out.
  private static func isOpenToAll(_ request: HTTPRequest) -> Bool {
    request.segments.first == Routes.assets || request.segments == [Routes.signIn]
      || request.segments == [Routes.signOut]
  }

  private func admit(
    bearer field: String, token: String, peer: String
  ) -> HTTPServer.Configuration.Admission {
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].equalsIgnoringCase("Bearer") else {
      return .refused(Self.wrongToken("The Authorization header must be “Bearer” and the token."))
    }
    if let wait = guessLimit.take(peer) { return .refused(Self.tooManyGuesses(wait)) }
    guard Self.areEqual(parts[1].trimmingOptionalWhitespace, token) else {
      return .refused(Self.wrongToken("The token that came with the request is not this log’s."))
    }
    guessLimit.giveBack(peer)
    return .admitted()
  }

  private func isSignedIn(_ request: HTTPRequest, _ demand: Demand, _ token: String) -> Bool {
    cookies(of: request, demand).contains { sessions.isOpen($0, token: token, now: clock()) }
  }

  private func cookies(of request: HTTPRequest, _ demand: Demand) -> [String] {
    request.headers.filter { $0.name.equalsIgnoringCase("Cookie") }
      .flatMap { $0.value.split(separator: ";") }
      .compactMap { pair in
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmingOptionalWhitespace == demand.cookieName else {
          return nil
        }
        return parts[1].trimmingOptionalWhitespace
      }
  }

  // MARK: Browsers

  /// Whether this request comes from a browser that has signed in.
  func isSignedIn(_ request: HTTPRequest) -> Bool {
    guard let demand, let token = demand.token() else { return false }
    return isSignedIn(request, demand, token)
  }

  func signIn(with text: String, peer: String) -> SignIn {
    if let wait = guessLimit.take(peer) { return .tooMany(wait: wait) }
    guard let demand, let token = demand.token(), Self.areEqual(text, token) else {
      return .wrongToken
    }
    guessLimit.giveBack(peer)
    let id = sessions.open(token: token, now: clock())
    return .done(cookie: cookie(demand, id, seconds: BrowserSessions.lifetime / 1000))
  }

  /// Ends the session of the browser that asks.
  ///
  /// - Returns: the value of `Set-Cookie` that takes its cookie away.
  func signOut(_ request: HTTPRequest) -> String? {
    guard let demand else { return nil }
    for id in cookies(of: request, demand) { sessions.close(id) }
    return cookie(demand, "", seconds: 0)
  }

  private func cookie(_ demand: Demand, _ value: String, seconds: Int64) -> String {
    "\(demand.cookieName)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
      + (demand.isSecure ? "; Secure" : "")
  }

  /// Takes as long whatever the first difference is. The length is no secret.
  private static func areEqual(_ text: String, _ token: String) -> Bool {
    let (left, right) = (Array(text.utf8), Array(token.utf8))
    guard left.count == right.count, !right.isEmpty else { return false }
    return nettle_memeql_sec(left, right, left.count) == 1
  }

  // MARK: Refusals

  private static let how =
    "This log asks for its token: send it as “Authorization: Bearer …”. `fleetlog token` shows it, "
    + "on the machine that serves the log."

  private static func wrongToken(_ message: String) -> HTTPProblem {
    HTTPProblem(
      status: 401, code: "wrong_token", message: message + " `fleetlog token` shows it.",
      headers: ["WWW-Authenticate": "Bearer realm=\"Fleetlog\", error=\"invalid_token\""])
  }

  private static let noToken = HTTPProblem(
    status: 503, code: "no_token",
    message: "The file with this log’s token is gone or others may read it, so nobody is let in. "
      + "`fleetlog token` says more and makes a new one.", headers: ["Retry-After": "30"])

  private static let readOnly = HTTPProblem(
    status: 405, code: "read_only", message: "This server only shows its log and takes nothing.",
    headers: ["Allow": "GET, HEAD"])

  private static func tooManyGuesses(_ wait: Int) -> HTTPProblem {
    HTTPProblem(
      status: 429, code: "too_many_attempts",
      message: "Too many wrong tokens came from this address: try again in \(wait) s.",
      headers: ["Retry-After": String(wait)])
  }

  private static func tooManyPosts(_ wait: Int) -> HTTPProblem {
    HTTPProblem(
      status: 429, code: "too_many_requests",
      message: "Too many requests that write came from this address: try again in \(wait) s, or "
        + "send several events in one.",
      headers: ["Retry-After": String(wait)])
  }
}
