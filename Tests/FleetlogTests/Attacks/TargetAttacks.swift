/// The first line of a request, and whom it is addressed to.
extension AttackGroup {
  private static func line(_ name: String, _ line: String, is outcome: Attack.Outcome) -> Attack {
    .head(name, line, "Host: {host}", is: outcome)
  }

  static let requestLines = AttackGroup(
    name: "the first line",
    attacks: [
      Attack("HTTP/0.9", "GET /\r\n", .closesByLibrary(400)),
      Attack(
        "HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .closesByLibrary(505)),
      line("a later HTTP/1, read as ours", "GET / HTTP/1.2", is: .keeps([200])),
      line("a far later HTTP", "GET / HTTP/9.9", is: .closesByLibrary(505)),
      line("a version of three parts", "GET / HTTP/1.1.1", is: .closesByLibrary(400)),
      line("a version in small letters", "GET / http/1.1", is: .closesByLibrary(400)),
      line("another protocol", "GET / ICAP/1.0", is: .closesByLibrary(400)),
      line("two blanks", "GET  / HTTP/1.1", is: .closes(400)),
      line("a blank in the path", "GET /a b HTTP/1.1", is: .keeps([400])),
      line("tabs", "GET\t/\tHTTP/1.1", is: .hangsUp),
      line("a NUL in the path", "GET /a\u{0}b HTTP/1.1", is: .closes(400)),
      line("a NUL in the method", "GE\u{0}T / HTTP/1.1", is: .closes(400)),
      line("a control character in the path", "GET /a\u{1}b HTTP/1.1", is: .keeps([400])),
      line("a DEL in the path", "GET /a\u{7F}b HTTP/1.1", is: .keeps([400])),
      line("the whole address of here", "GET http://{host}/ HTTP/1.1", is: .keeps([400])),
      line(
        "the whole address of elsewhere", "GET http://evil.example/ HTTP/1.1", is: .keeps([400])),
      line("a path without a slash", "GET events HTTP/1.1", is: .keeps([400])),
      line("a file's address", "GET file:///etc/passwd HTTP/1.1", is: .keeps([400])),
      line("a star", "OPTIONS * HTTP/1.1", is: .keeps([405])),
      line("a tunnel", "CONNECT evil.example:443 HTTP/1.1", is: .keeps([405])),
      line("TRACE, which would show cookies", "TRACE / HTTP/1.1", is: .keeps([405])),
      line("PUT", "PUT /events/1 HTTP/1.1", is: .keeps([405])),
      line("DELETE", "DELETE /events/1 HTTP/1.1", is: .keeps([405])),
      line("PROPFIND", "PROPFIND / HTTP/1.1", is: .keeps([405])),
      line("a method in small letters", "get / HTTP/1.1", is: .keeps([405])),
      line(
        "a method of a kilobyte", String(repeating: "A", count: 1024) + " / HTTP/1.1",
        is: .keeps([405])),
      line("POST to a page", "POST /events HTTP/1.1", is: .keeps([405])),
      line("a host in the path", "GET //evil.example/ HTTP/1.1", is: .keeps([404])),
      Attack(
        "a TLS greeting", bytes: [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3, 13, 10, 13, 10],
        .hangsUp),
      Attack("another protocol's greeting", "SSH-2.0-OpenSSH_9.2\r\n\r\n", .hangsUp),
      Attack(
        "bytes of no meaning",
        bytes: (0..<64).map { UInt8(($0 * 37 + 129) % 256) } + [13, 10, 13, 10],
        .hangsUp),
      Attack(
        "blank lines before a request", "\r\n\r\n" + Attack.request("GET /nowhere"), .keeps([404])),
    ])

  private static func host(_ name: String, _ host: String, _ status: Int = 403) -> Attack {
    .head(name, "GET / HTTP/1.1", "Host: \(host)", is: .keeps([status]))
  }

  static let hosts = AttackGroup(
    name: "names that lead here (DNS rebinding)",
    attacks: [
      host("another name", "evil.example"),
      host("another name with the port", "evil.example:{port}"),
      host("a name that begins like here", "127.0.0.1.evil.example:{port}"),
      host("a name that ends like here", "evil-localhost:{port}"),
      host("a subdomain of localhost", "evil.localhost:{port}"),
      host("localhost with a dot", "localhost.:{port}"),
      host("another port", "127.0.0.1:1"),
      host("every address", "0.0.0.0:{port}"),
      host("the address as one number", "2130706433:{port}"),
      host("the address in hexadecimal", "0x7f000001:{port}"),
      host("the address cut short", "127.1:{port}"),
      host("another loopback address", "127.0.0.2:{port}"),
      host("the address wrapped in IPv6", "[::ffff:127.0.0.1]:{port}"),
      host("a name in front of here", "evil.example@{host}", 400),
      host("here in front of a name", "{host}@evil.example", 400),
      host("two names in one", "{host}, evil.example", 400),
      host("two ports", "{host}:80", 400),
      host("a port that is no number", "127.0.0.1:http", 400),
      host("a port beyond all", "127.0.0.1:99999", 400),
      host("an open bracket", "[::1", 400),
      host("a path", "{host}/evil", 400),
      host("markup", "<script>alert(1)</script>", 400),
      host("nothing", "", 400),
      .head("no name at all", "GET / HTTP/1.1", "X: 1", is: .keeps([400])),
      .head("no name at all in HTTP/1.0", "GET / HTTP/1.0", "X: 1", is: .closes(400)),
      .head(
        "two names", "GET / HTTP/1.1", "Host: {host}", "Host: evil.example", is: .keeps([400])),
      .head(
        "the same name twice", "GET / HTTP/1.1", "Host: {host}", "Host: {host}", is: .keeps([400])),
      .get(
        "a name that a proxy would tell", "/", "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example", "X-Original-URL: /evil.example", is: 200,
        absent: ["evil.example"]),
      .post("an event under another name", "{}", "Host: evil.example", is: 400),
    ])
}
