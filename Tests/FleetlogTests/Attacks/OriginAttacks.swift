/// What a page elsewhere makes its reader's browser send (CSRF, and reading across origins).
extension AttackGroup {
  private static func event(_ name: String, _ headers: String..., is status: Int = 403) -> Attack {
    let body = #"{"event_type": "progress"}"#
    return Attack(
      name,
      Attack.request(
        "POST /api/events",
        ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] + headers) + body,
      .keeps([status]))
  }

  private static func read(
    _ name: String, _ target: String, _ headers: String..., is status: Int = 403
  ) -> Attack {
    Attack(name, Attack.request("GET \(target)", headers), .keeps([status]))
  }

  static let origins = AttackGroup(
    name: "what pages elsewhere send",
    attacks: [
      event("an event of a page elsewhere", "Origin: http://evil.example"),
      event("of a page without an origin", "Origin: null"),
      event("of a page on another port", "Origin: http://127.0.0.1:1"),
      event("of a page on the usual port", "Origin: http://127.0.0.1"),
      event("of a page at another name of here", "Origin: http://localhost:{port}"),
      event("of an address that begins like here", "Origin: http://{host}.evil.example"),
      event("of an address with here as its user", "Origin: http://{host}@evil.example"),
      event("of an address with a path", "Origin: http://{host}/evil"),
      event("of the same name in HTTPS", "Origin: https://127.0.0.1"),
      event("of a file", "Origin: file://"),
      event("of an extension", "Origin: chrome-extension://abcdef"),
      event("of nothing", "Origin:"),
      event("of two origins", "Origin: http://{host}", "Origin: http://evil.example"),
      event("of two origins in one", "Origin: http://{host} http://evil.example"),
      event("told by the browser as from elsewhere", "Sec-Fetch-Site: cross-site"),
      event("told by the browser as from a neighbour", "Sec-Fetch-Site: same-site"),
      event(
        "told with our origin as from elsewhere", "Origin: http://{host}",
        "Sec-Fetch-Site: cross-site"),
      event("told in a word nobody knows", "Sec-Fetch-Site: SAME-ORIGIN"),
      event(
        "a form sent by following it", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document"),
      event("of our own page, which is taken", "Origin: http://{host}", is: 200),
      event("of a program, which is taken", is: 200),
      .post("a form's text", "{}", "Content-Type: text/plain", is: 415),
      .post("a form", "a=1", "Content-Type: application/x-www-form-urlencoded", is: 415),
      .post("a form with files", "--x--", "Content-Type: multipart/form-data; boundary=x", is: 415),
      .post(
        "a type that only begins like JSON", "{}", "Content-Type: application/json-evil", is: 415),
      .post("no type", "{}", is: 415),
      Attack(
        "a question before a request",
        Attack.request(
          "OPTIONS /api/events",
          [
            "Origin: http://evil.example", "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: content-type",
          ]), .keeps([405])),
      read("the live stream, by a page elsewhere", "/live", "Origin: http://evil.example"),
      read(
        "the live stream, told by the browser", "/live", "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors"),
      read(
        "the live stream, by a neighbour", "/live", "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Mode: cors"),
      read("events, by a page elsewhere", "/events.json", "Origin: http://evil.example"),
      read(
        "a page as a script", "/events.json", "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: script"),
      read(
        "a page as an image", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: image"),
      read(
        "a page in a frame", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: iframe"),
      read(
        "a page as an object", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: object"),
      read(
        "an export, by a page elsewhere", "/events.csv", "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors"),
      read(
        "a socket, by a page elsewhere", "/live", "Origin: http://evil.example",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
      read(
        "a link from elsewhere, which is followed", "/", "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", is: 200),
      read(
        "a method in a header", "/events.json", "X-HTTP-Method-Override: DELETE",
        "X-HTTP-Method: POST", is: 200),
      Attack(
        "signing out, by a page elsewhere",
        Attack.request(
          "POST /logout", ["Origin: http://evil.example", "Content-Length: 0"]), .keeps([403])),
      Attack(
        "signing in, by a page elsewhere",
        Attack.request(
          "POST /login", ["Origin: http://evil.example", "Content-Length: 0"]), .keeps([403])),
    ])
}
