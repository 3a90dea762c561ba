import FleetlogStore
import FleetlogThreads
import Testing

@testable import FleetlogWeb

@Suite("Who is let in")
struct AccessControlTests {
  private let clock = TestClock()
  private let token = Monitor<String?>("the-token-of-this-log")

  private func control(isSecure: Bool = false, posts: Int = 0, readOnly: Bool = false)
    -> AccessControl
  {
    let demand = AccessControl.Demand(
      token: { [token] in token.withLock { $0 } }, file: "/no/token", cookieName: "fleetlog-1",
      isSecure: isSecure)
    return AccessControl(demand, postsPerSecond: posts, isReadOnly: readOnly) { [clock] in clock.now
    }
  }

  private func request(
    _ headers: HTTPHeaders = [:], method: HTTPMethod = .get, path: String = "/events",
    peer: String = "192.0.2.1"
  ) -> HTTPRequest {
    HTTPRequest(
      method: method, path: path, segments: path.split(separator: "/").map(String.init),
      headers: headers, peer: peer)
  }

  /// nil where the request is let in.
  private func refusal(_ control: AccessControl, _ request: HTTPRequest) -> Int? {
    guard case .refused(let problem) = control.admit(request) else { return nil }
    return problem.status
  }

  private func signedIn(_ control: AccessControl) throws -> HTTPHeaders {
    guard case .done(let cookie) = control.signIn(with: "the-token-of-this-log", peer: "p") else {
      throw HTTPProblem(status: 401, code: "", message: "the right token is refused")
    }
    return ["Cookie": "a=b; " + (cookie.split(separator: ";").first ?? "")]
  }

  @Test("a program by the token, and nobody by another")
  func bearer() {
    let control = control()
    #expect(refusal(control, request()) == 401)
    #expect(refusal(control, request(["Authorization": "Bearer the-token-of-this-log"])) == nil)
    #expect(refusal(control, request(["Authorization": "bearer  the-token-of-this-log "])) == nil)
    for field in ["Bearer the-token-of-this-lo", "Bearer", "Basic the-token-of-this-log", ""] {
      #expect(refusal(control, request(["Authorization": field])) == 401)
    }
  }

  @Test("a browser by a cookie that is not the token and that its scripts can't read")
  func cookie() throws {
    let control = control()
    guard case .done(let cookie) = control.signIn(with: "the-token-of-this-log", peer: "p") else {
      Issue.record("the right token is refused")
      return
    }
    #expect(!cookie.contains("the-token-of-this-log"))
    #expect(cookie.hasSuffix("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict"))
    let secure = self.control(isSecure: true)
    guard case .done(let bound) = secure.signIn(with: "the-token-of-this-log", peer: "p") else {
      Issue.record("the right token is refused")
      return
    }
    #expect(bound.hasPrefix("__Host-fleetlog-1="))
    #expect(bound.hasSuffix("; SameSite=Strict; Secure"))
    let headers = try signedIn(control)
    #expect(refusal(control, request(headers)) == nil)
    #expect(refusal(self.control(), request(headers)) == 401, "another server's cookie")
  }

  @Test("no longer who signed out, whose week is over, or whose token was renewed")
  func ends() throws {
    let control = control()
    let first = try signedIn(control)
    let second = try signedIn(control)
    #expect(control.signOut(request(first))?.contains("Max-Age=0") == true)
    #expect(refusal(control, request(first)) == 401)
    #expect(refusal(control, request(second)) == nil)
    clock.advance(ms: BrowserSessions.lifetime)
    #expect(refusal(control, request(second)) == 401)
    let third = try signedIn(control)
    token.withLock { $0 = "the-next-token-of-this-log" }
    #expect(refusal(control, request(third)) == 401)
    #expect(refusal(control, request(["Authorization": "Bearer the-token-of-this-log"])) == 401)
    #expect(
      refusal(control, request(["Authorization": "Bearer the-next-token-of-this-log"])) == nil)
  }

  @Test("nobody while the token can't be read")
  func noToken() throws {
    let control = control()
    let headers = try signedIn(control)
    token.withLock { $0 = nil }
    #expect(refusal(control, request(headers)) == 503)
    #expect(refusal(control, request(["Authorization": "Bearer "])) == 503)
    guard case .wrongToken = control.signIn(with: "", peer: "p") else {
      Issue.record("an empty token opens")
      return
    }
  }

  @Test("nobody for a while from where ten wrong tokens came; elsewhere and by cookie go on")
  func guessing() throws {
    let control = control()
    let headers = try signedIn(control)
    let wrong: HTTPHeaders = ["Authorization": "Bearer wrong"]
    let right: HTTPHeaders = ["Authorization": "Bearer the-token-of-this-log"]
    for _ in 1...10 { #expect(refusal(control, request(wrong)) == 401) }
    #expect(refusal(control, request(wrong)) == 429)
    #expect(refusal(control, request(right)) == 429)
    guard case .tooMany(wait: 10) = control.signIn(with: "x", peer: "192.0.2.1") else {
      Issue.record("the door is no way round")
      return
    }
    #expect(refusal(control, request(right, peer: "192.0.2.2")) == nil)
    #expect(refusal(control, request(headers)) == nil)
    clock.advance(ms: 10_000)
    #expect(refusal(control, request(right)) == nil)
  }

  @Test("anybody to what the door is made of, with a small body")
  func door() {
    for path in ["/assets/fleetlog.css", "/login", "/logout"] {
      guard case .admitted(let limit) = control().admit(request(method: .post, path: path)) else {
        Issue.record("\(path) is shut")
        continue
      }
      #expect(limit == 4096)
    }
  }

  @Test("as many posts as are allowed, of each")
  func posts() {
    let control = control(posts: 2)
    let headers: HTTPHeaders = ["Authorization": "Bearer the-token-of-this-log"]
    for _ in 1...20 { #expect(refusal(control, request(headers, method: .post)) == nil) }
    #expect(refusal(control, request(headers, method: .post)) == 429)
    #expect(refusal(control, request(headers)) == nil)
    #expect(refusal(control, request(headers, method: .post, peer: "192.0.2.9")) == nil)
    clock.advance(ms: 500)
    #expect(refusal(control, request(headers, method: .post)) == nil)
  }

  @Test("nobody to write where the log is only shown")
  func readOnly() {
    let control = control(readOnly: true)
    let headers: HTTPHeaders = ["Authorization": "Bearer the-token-of-this-log"]
    #expect(refusal(control, request(headers, method: .post, path: "/api/events")) == 405)
    #expect(refusal(control, request(headers)) == nil)
    #expect(refusal(control, request(method: .post, path: "/login")) == nil)
  }

  @Test("keeps 256 browsers; one more takes the place of whose time is over first")
  func manyBrowsers() throws {
    let control = control()
    let first = try signedIn(control)
    clock.advance(ms: 1)
    var last = first
    for _ in 1...256 { last = try signedIn(control) }
    #expect(refusal(control, request(first)) == 401)
    #expect(refusal(control, request(last)) == nil)
  }
}

@Suite("Where the door leads")
struct SignInTargetTests {
  @Test(
    "never off this server",
    arguments: [
      "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "",
      "evil", "/\t/evil.example", "/a\r\nX: 1", "/é",
    ])
  func elsewhere(address: String) {
    #expect(SignInPage.local(address) == "/")
  }

  @Test("to the page that was asked for")
  func here() {
    let request = HTTPRequest(
      path: "/events/a%2Fb", segments: ["events", "a/b"],
      query: [QueryItem(name: "q", value: "a&b"), QueryItem(name: "attention", value: nil)])
    #expect(SignInPage.target(of: request) == "/events/a%2Fb?q=a%26b&attention=")
    #expect(SignInPage.target(of: HTTPRequest(path: "/login", segments: ["login"])) == "/")
  }
}
