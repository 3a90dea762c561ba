import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("A served log", .timeLimit(.minutes(10)))
struct AccessTests {
  private func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

  @Test("beyond loopback asks for a token that it makes, which stands in a file of one's own alone")
  func beyondLoopback() throws {
    try Launching.with { launching in
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--host", "0.0.0.0"])
      defer { _ = server.stop() }
      let file = launching.database + "-token"
      var status = stat()
      #expect(stat(file, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      let token = try launching.shell("fleetlog token").text.trimmed
      #expect(token.hasPrefix("fleetlog_"))
      #expect(token.count == 73)
      #expect(try launching.shell("fleetlog token show").text.trimmed == token)
      #expect(try server.get("/events").status == 401)
      #expect(try server.get("/events").body.contains("<form"))
      #expect(try server.get("/events.json").body.contains("token_required"))
      #expect(try server.get("/events", headers: bearer(token)).status == 200)
      // Any address of this machine is answered, and no name that is not its own.
      let port = try #require(server.url.split(separator: ":").last)
      let other = bearer(token).merging(["Host": "192.0.2.7:\(port)"]) { $1 }
      #expect(try server.get("/events", headers: other).status == 200)
      let rebound = bearer(token).merging(["Host": "evil.example:\(port)"]) { $1 }
      #expect(try server.get("/events", headers: rebound).status == 403)
    }
  }

  @Test("takes events of the log’s own programs, which find the token by the log")
  func ownPrograms() throws {
    try Launching.with { launching in
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--token-file", launching.database + "-token"])
      defer { _ = server.stop() }
      let logged = try launching.shell("fleetlog log progress --summary by-server --instance a")
      #expect(logged.status == 0)
      _ = try launching.shell("fleetlog run --role reviewer -- fleetlog log task.done")
      #expect(try launching.only("task.done").text("role") == "reviewer")
      // Without the direct way nothing but the server takes them: the token was shown to it.
      let posted = try launching.shell(
        "FLEETLOG_DB= FLEETLOG_URL=\(server.url) FLEETLOG_TOKEN_FILE=$PWD/log.db-token "
          + "fleetlog log progress --summary by-url --instance a")
      #expect(posted.status == 0)
      #expect(try launching.only("progress") { $0.text("summary") == "by-url" }.int("id") != nil)
    }
  }

  @Test("with a renewed token knows the old one no more, at once")
  func renewed() throws {
    try Launching.with { launching in
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--token-file", launching.database + "-token"])
      defer { _ = server.stop() }
      let old = try launching.shell("fleetlog token").text.trimmed
      let new = try launching.shell("fleetlog token renew").text.trimmed
      #expect(old != new)
      #expect(try server.get("/", headers: bearer(old)).status == 401)
      #expect(try server.get("/", headers: bearer(new)).status == 200)
    }
  }

  @Test("does not start with a token that others may read, and lets nobody in when it becomes so")
  func openToken() throws {
    try Launching.with { launching in
      let file = launching.database + "-token"
      let token = try launching.shell("fleetlog token").text.trimmed
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--token-file", file])
      #expect(try server.get("/", headers: bearer(token)).status == 200)
      chmod(file, 0o644)
      #expect(try server.get("/", headers: bearer(token)).status == 503)
      #expect(server.stop() == 0)
      let refused = try launching.shell("fleetlog serve --token-file \(file) --port 0 .")
      #expect(refused.status == 1)
      #expect(refused.error.contains("readable by others"))
    }
  }

  @Test(
    "refuses options that would leave it open, or that go together",
    arguments: [
      (["--host", "0.0.0.0", "--no-token"], 2, "--no-token"),
      (["--tls-cert", "x"], 2, "--tls-key"),
      (["--tls-cert", "/none", "--tls-key", "/none"], 1, "--tls-cert"),
      (["--public-origin", "fleet.example"], 1, "https://fleet.example"),
      (["--read-only", "."], 2, "--read-only"),
    ])
  func wrongOptions(options: [String], status: Int32, word: String) throws {
    try TemporaryFolder.with { folder in
      let answer = try RunningProgram.run(
        [
          "serve", "--db", folder.path("log.db").text, "--port", "0", "--assets",
          RunningProgram.package.path,
        ] + options)
      #expect(answer.status == status)
      #expect(answer.error.contains(word))
      #expect(answer.output.isEmpty)
    }
  }

  @Test("behind a proxy answers to its origin, and says to others how to allow theirs")
  func publicOrigin() throws {
    try Launching.with { launching in
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--public-origin", "https://fleet.example"])
      defer { _ = server.stop() }
      let token = try launching.shell("fleetlog token").text.trimmed
      func status(_ headers: [String: String]) throws -> Int {
        try server.get("/events", headers: bearer(token).merging(headers) { $1 }).status
      }
      #expect(try status(["Host": "fleet.example"]) == 200)
      #expect(try status(["Host": "fleet.example:443"]) == 200)
      #expect(try status(["Host": "fleet.example:80"]) == 403)
      #expect(try status(["Host": "fleet.example", "Origin": "https://fleet.example"]) == 200)
      // Some proxies name the server as they reach it.
      #expect(try status(["Origin": "https://fleet.example"]) == 200)
      #expect(try status(["Origin": "http://fleet.example"]) == 403)
      let refused = try server.get(
        "/events", headers: bearer(token).merging(["Origin": "https://other.example"]) { $1 })
      #expect(refused.body.contains("--public-origin https://other.example"))
      let page = try server.get("/events", headers: bearer(token))
      #expect(page.body.contains("https://fleet.example/events.json"))
      #expect(
        page.body.contains("$(fleetlog token --token-file \(launching.database)-token)"))
      #expect(!page.body.contains(token))
    }
  }

  @Test("under a further name asks for the token, unless told that something else asks who comes")
  func furtherName() throws {
    try Launching.with { launching in
      for (options, isOpen) in [([], false), (["--no-token"], true)] {
        let server = try RunningServer(
          folders: [launching.folder.path("inbox").text], database: launching.database,
          options: ["--allow-host", "devbox.example"] + options)
        defer { _ = server.stop() }
        let port = try #require(server.url.split(separator: ":").last)
        for host in ["devbox.example:\(port)", "127.0.0.1:\(port)"] {
          let answer = try server.get("/events.json", headers: ["Host": host])
          #expect(answer.status == (isOpen ? 200 : 401), "\(host) \(options)")
        }
        let token = try launching.shell("fleetlog token").text.trimmed
        let known = bearer(token).merging(["Host": "devbox.example:\(port)"]) { $1 }
        #expect(try server.get("/events.json", headers: known).status == 200)
      }
    }
  }

  @Test("over TLS answers, sets cookies for TLS alone, and hangs up on who speaks without")
  func tls() throws {
    try Launching.with { launching in
      let made = try launching.shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
          + "-subj /CN=localhost -keyout key.pem -out cert.pem")
      try #require(made.status == 0, "\(made.error)")
      let token = try launching.shell("fleetlog token").text.trimmed
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: [
          "--tls-cert", launching.folder.path("cert.pem").text, "--tls-key",
          launching.folder.path("key.pem").text, "--token-file", launching.database + "-token",
        ])
      defer { _ = server.stop() }
      #expect(server.url.hasPrefix("https://127.0.0.1:"))
      let page = try launching.shell(
        "curl -sk -m 20 -D - -H 'Authorization: Bearer \(token)' \(server.url)/events")
      #expect(page.text.contains("HTTP/1.1 200 OK"))
      #expect(page.text.contains("Content-Security-Policy:"))
      let door = try launching.shell(
        "curl -sk -m 20 -D - -o /dev/null --data-urlencode token=\(token) \(server.url)/login")
      #expect(door.text.contains("Set-Cookie: __Host-fleetlog-0="))
      #expect(door.text.contains("; Secure"))
      let large = try launching.shell(
        "head -c 300000 /dev/zero | tr '\\0' ' ' > body; curl -sk -m 20 -o /dev/null "
          + "-w '%{http_code}' -H 'Authorization: Bearer \(token)' "
          + "-H 'Content-Type: application/json' --data-binary @body \(server.url)/api/events")
      #expect(large.text == "400")
      let old = try launching.shell(
        "curl -sk -m 20 --tls-max 1.1 -o /dev/null -w '%{http_code}' \(server.url)/")
      #expect(old.text == "000")
      let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
      let plain = try RawClient(port: port)
      try? plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(!String(decoding: plain.receiveToEnd(), as: UTF8.self).contains("HTTP/1.1"))
      // A client that can't speak TLS goes straight to the log.
      #expect(
        try launching.shell("fleetlog log progress --summary direct --instance a").status == 0)
    }
  }

  @Test("says which of the certificate and its key can't be used")
  func badCertificate() throws {
    try TemporaryFolder.with { folder in
      let file = try folder.write("x.pem", "-----BEGIN NOTHING-----\n").text
      let answer = try RunningProgram.run([
        "serve", "--db", folder.path("log.db").text, "--port", "0", "--assets",
        RunningProgram.package.path, "--tls-cert", file, "--tls-key", file, folder.path.text,
      ])
      #expect(answer.status == 1)
      #expect(answer.error.contains("certificate"))
    }
  }

  @Test("read-only shows what another process writes, takes nothing and never becomes the writer")
  func readOnly() throws {
    try Launching.with { launching in
      let none = try launching.shell("fleetlog serve --read-only --port 0")
      #expect(none.status == 1)
      #expect(none.error.contains("there is no log"))
      let writer = try launching.serve()
      let program = try RunningProgram([
        "serve", "--read-only", "--db", launching.database, "--port", "0", "--assets",
        RunningProgram.package.path,
      ])
      let line = try #require(program.line())
      let url = try #require(line.split(separator: " ").last.map(String.init))
      #expect(
        try launching.shell("fleetlog log progress --summary fresh --instance a").status == 0)
      let page = try launching.shell("curl -s -m 20 \(url)events.json?type=progress")
      #expect(page.text.contains("fresh"))
      let metrics = try launching.shell("curl -s -m 20 \(url)metrics").text
      #expect(metrics.contains("version=\"\(Fleetlog.version)\""))
      #expect(!metrics.contains("\nfleetlog_connections_limit 0\n"))
      let post = try launching.shell(
        "curl -s -m 20 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' "
          + "-d '{\"event_type\": \"progress\"}' \(url)api/events")
      #expect(post.text == "405")
      #expect(writer.stop() == 0)
      // Alone it leaves the log to whoever comes to write.
      #expect(try launching.shell("fleetlog ingest inbox").status == 0)
      program.signal(SIGTERM)
      #expect(program.exitStatus() == 0)
    }
  }

  @Test("answers posts beyond the rate with 429 and when to come again")
  func postRate() throws {
    try Launching.with { launching in
      let server = try RunningServer(
        folders: [launching.folder.path("inbox").text], database: launching.database,
        options: ["--post-rate", "1"])
      defer { _ = server.stop() }
      let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
      let client = try RawClient(port: port)
      let post = "POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: 0\r\n\r\n"
      try client.send(String(repeating: post, count: 40))
      let answers = try (0..<40).map { _ in try client.receive() }
      // Ten at once, and one more for each second that this took.
      #expect(answers.prefix(10).allSatisfy { $0.status == 415 })
      let refused = answers.filter { $0.status == 429 }
      #expect(!refused.isEmpty)
      #expect(refused.allSatisfy { $0["Retry-After"] == "1" })
    }
  }
}
