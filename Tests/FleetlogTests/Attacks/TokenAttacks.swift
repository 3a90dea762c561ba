/// What somebody tries who has not the token. Each group is for a server of its own, since wrong
/// tokens are counted.
extension AttackGroup {
  static let token = "fleetlog_" + String(repeating: "0123456789abcdef", count: 4)

  static let tokens = [withoutToken, forgedTokens, forgedCookies, forms, guesses]

  private static func shut(_ name: String, _ target: String, _ headers: String...) -> Attack {
    Attack(
      name, Attack.request("GET \(target)", headers), .keeps([401]),
      absent: ["nobody else should read"], present: ["WWW-Authenticate: Bearer"])
  }

  private static let withoutToken = AttackGroup(
    name: "no token",
    attacks: [
      shut("the overview", "/"),
      shut("the events", "/events"),
      shut("the events as JSON", "/events.json"),
      shut("one event", "/events/1"),
      shut("the table", "/events.csv"),
      shut("an export", "/export/sessions/x.html"),
      shut("the drawing", "/graph.svg"),
      shut("the live stream", "/live"),
      shut("the status", "/healthz"),
      shut("the way events come in", "/api/events"),
      shut("what is not there", "/nowhere"),
      shut("the token in the address", "/events.json?token=\(token)&access_token=\(token)"),
      shut("a path that begins like the way in", "/login/../events"),
      shut("the way in with a slash", "/login/"),
      shut("the way in, doubled", "//login"),
      shut("the way in as JSON", "/login.json"),
      shut("the way in in capitals", "/LOGIN"),
      shut("assets that lead out", "/assets%2F..%2Fevents"),
      shut("an event as an asset", "/events/assets"),
      shut("a name that says it is here", "/events", "X-Forwarded-For: 127.0.0.1"),
      shut("the name of a user", "/events", "X-Remote-User: root", "X-Forwarded-User: root"),
      .get("behind the assets", "/assets/../events", is: 404),
      .get("the style, for the door", "/assets/fleetlog.css", is: 200),
      .get("the door", "/login", is: 200, absent: ["nobody else should read"]),
      .get("the door, in other letters", "/%6Cogin", is: 200),
      .get("the way out by a link", "/logout", is: 405),
      .post("an event", "{}", "Content-Type: application/json", is: 401),
      Attack(
        "an event whose body never comes",
        Attack.request(
          "POST /api/events", ["Content-Length: 1000", "Expect: 100-continue"]), .closes(401)),
      Attack("a HEAD", Attack.request("HEAD /"), .keeps([401]), isHead: true),
      .head("a method that is none", "BREW / HTTP/1.1", "Host: {host}", is: .keeps([405])),
    ])

  private static let forgedTokens = AttackGroup(
    name: "a token that is none",
    attacks: [
      shut(
        "another token", "/", "Authorization: Bearer fleetlog_\(String(repeating: "0", count: 64))"),
      shut("a token cut short", "/", "Authorization: Bearer \(token.dropLast())"),
      shut("a token with more behind", "/", "Authorization: Bearer \(token)0"),
      shut("a token in capitals", "/", "Authorization: Bearer \(token.uppercased())"),
      shut("two tokens in one", "/", "Authorization: Bearer \(token), \(token)"),
      shut(
        "a wrong token before the right one", "/", "Authorization: Bearer x",
        "Authorization: Bearer \(token)"),
      shut("no scheme", "/", "Authorization: \(token)"),
      shut("another scheme", "/", "Authorization: Basic \(token)"),
      shut("a scheme that begins like ours", "/", "Authorization: Bearerx \(token)"),
      shut("nothing behind the scheme", "/", "Authorization: Bearer"),
      shut("nothing", "/", "Authorization:"),
      shut("the token for a proxy", "/", "Proxy-Authorization: Bearer \(token)"),
      shut(
        "a wrong token with a cookie of the right one", "/", "Authorization: Bearer x",
        "Cookie: fleetlog-0=\(token)"),
      .get(
        "the right token, which is let in", "/events", "Authorization: Bearer \(token)", is: 200),
      .get(
        "the right token in small letters", "/events.json", "authorization: bearer \(token)",
        is: 200),
    ])

  private static let forgedCookies = AttackGroup(
    name: "a cookie that is none",
    attacks: [
      shut("the token as a cookie", "/", "Cookie: fleetlog-0=\(token)"),
      shut("an empty one", "/", "Cookie: fleetlog-0="),
      shut("one without a value", "/", "Cookie: fleetlog-0"),
      shut("zeros", "/", "Cookie: fleetlog-0=\(String(repeating: "0", count: 64))"),
      shut("in quotes", "/", "Cookie: fleetlog-0=\"\(token)\""),
      shut("a wildcard", "/", "Cookie: fleetlog-0=*"),
      shut("another name", "/", "Cookie: session=1; admin=true; fleetlog=1"),
      shut("a name with a prefix", "/", "Cookie: __Host-fleetlog-0=\(token)"),
      shut(
        "a hundred", "/", "Cookie: " + (0..<100).map { "fleetlog-0=\($0)" }.joined(separator: "; ")
      ),
      shut("two lines", "/", "Cookie: fleetlog-0=a", "Cookie: fleetlog-0=b"),
      shut("commas", "/", "Cookie: fleetlog-0=a, fleetlog-0=b"),
      shut("markup", "/", "Cookie: fleetlog-0=<script>alert(1)</script>"),
    ])

  private static func form(
    _ name: String, _ fields: String, _ headers: String..., is status: Int,
    absent: [String] = ["evil.example", "Injected"], present: [String] = []
  ) -> Attack {
    Attack(
      name,
      Attack.request(
        "POST /login",
        (headers.contains { $0.hasPrefix("Content-Type") }
          ? headers : headers + ["Content-Type: application/x-www-form-urlencoded"]) + [
            "Content-Length: \(fields.utf8.count)"
          ]) + fields, .keeps([status]), absent: absent, present: present)
  }

  private static let forms = AttackGroup(
    name: "the door",
    attacks: [
      form(
        "the right token, which is let in", "token=\(token)&to=/events?q=a", is: 303,
        present: ["Location: /events?q=a", "HttpOnly", "SameSite=Strict", "Path=/"]),
      form(
        "then to another host", "token=\(token)&to=//evil.example", is: 303,
        present: ["Location: /"]),
      form(
        "then to another address", "token=\(token)&to=https://evil.example/", is: 303,
        present: ["Location: /"]),
      form(
        "then over a backslash", "token=\(token)&to=/%5Cevil.example", is: 303,
        present: ["Location: /"]),
      form(
        "then over a tab", "token=\(token)&to=/%09/evil.example", is: 303, present: ["Location: /"]),
      form(
        "then to a script", "token=\(token)&to=javascript:alert(1)", is: 303,
        present: ["Location: /"]),
      form(
        "with a header in the target", "token=\(token)&to=/%0d%0aInjected:%201", is: 303,
        present: ["Location: /"]),
      form("a wrong token", "token=wrong&to=/", is: 401, present: ["not the token"]),
      form("no token", "to=/", is: 401, present: ["Enter the token"]),
      form(
        "markup as the target", "token=x&to=/%22%3E%3Cscript%3Ealert(1)", is: 401,
        absent: ["<script>alert"]),
      form(
        "markup as the token", "token=%3Cscript%3Ealert(1)%3C/script%3E", is: 401,
        absent: ["<script>alert"]),
      form("fields that can't be decoded", "token=%ff", is: 400),
      form("a field with a NUL", "token=a%00b", is: 400),
      form("JSON", #"{"token": "\#(token)"}"#, "Content-Type: application/json", is: 415),
      form("plain text", "token=\(token)", "Content-Type: text/plain", is: 415),
      form(
        "of a page elsewhere", "token=\(token)", "Origin: http://evil.example", is: 403, absent: []),
      form("of a page without an origin", "token=\(token)", "Origin: null", is: 403),
      form(
        "of 5 KB", "token=" + String(repeating: "a", count: 5000), is: 413),
      Attack(
        "of chunks without an end in sight",
        Attack.request(
          "POST /login",
          ["Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked"])
          + String(repeating: "400\r\n" + String(repeating: "a", count: 1024) + "\r\n", count: 8)
          + "0\r\n\r\n", .keeps([413])),
    ])

  /// Ten wrong tokens at once are looked at. In one breath, since the count recovers with time.
  private static let guesses = AttackGroup(
    name: "guessing",
    attacks: [
      Attack(
        "ten guesses, one more, the right token, the door, and none",
        (1...11).map { Attack.request("GET /", ["Authorization: Bearer guess-\($0)"]) }.joined()
          + Attack.request("GET /", ["Authorization: Bearer \(token)"])
          + Attack.request(
            "POST /login",
            [
              "Content-Type: application/x-www-form-urlencoded",
              "Content-Length: \(token.utf8.count + 6)",
            ]) + "token=\(token)" + Attack.request("GET /"),
        .keeps(Array(repeating: 401, count: 10) + [429, 429, 429, 401]))
    ])
}
