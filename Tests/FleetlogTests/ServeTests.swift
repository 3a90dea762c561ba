import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("fleetlog serve", .timeLimit(.minutes(10)))
struct ServeTests {
  private func serving(_ body: (Fleet, RunningServer) throws -> Void) throws {
    try Fleet.with { fleet in
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      try body(fleet, server)
      #expect(server.stop() == 0)
    }
  }

  @Test("a new file and a line appended to an old one appear, with the event that it holds")
  func live() throws {
    try serving { fleet, server in
      var lines = ClaudeLines()
      lines.prompt("first words")
      try fleet.folder.write("a.jsonl", lines.text)
      _ = try server.wait(for: "first words", at: "/events")
      let written = lines.text.utf8.count
      lines.say(
        "Stuck.\n\(EventBlock.begin)\n"
          + #"{"events":[{"event_type":"blocked","summary":"the host answers 403"}]}"#
          + "\n\(EventBlock.end)")
      lines.say("\(EventBlock.begin)\n{broken\n\(EventBlock.end)")
      try fleet.folder.append("a.jsonl", Array(lines.text.utf8.dropFirst(written)))
      let blocked = try server.wait(for: "the host answers 403", at: "/events.json?type=blocked")
      #expect(blocked.contains(#""attention_candidate":1"#))
      let refused = try server.wait(for: "{broken", at: "/validation")
      #expect(refused.contains("malformed JSON"))
      try fleet.folder.makeFolder("new/deep")
      try fleet.folder.write("new/deep/b.jsonl", lines.text.replacing("first", with: "other"))
      _ = try server.wait(for: "other words", at: "/events.json?q=other")
    }
  }

  @Test("an agent's folder that is not there yet is no trouble, and is read once it is")
  func laterAgent() throws {
    try Fleet.with { fleet in
      let home = fleet.folder.path("home").text
      let server = try RunningServer(
        folders: [], database: fleet.database,
        launcher: [
          "-u", "CLAUDE_CONFIG_DIR", "-u", "CODEX_HOME", "-u", "GEMINI_CLI_HOME", "-u",
          "WORKRAIL_DATA_DIR", "-u", "XDG_DATA_HOME", "-u", "FLEETLOG_FOLDER", "HOME=" + home,
        ])
      var lines = ClaudeLines()
      lines.prompt("first words")
      try fleet.folder.makeFolder("home/.claude/projects/-home-dev-ledger")
      try fleet.folder.write("home/.claude/projects/-home-dev-ledger/a.jsonl", lines.text)
      _ = try server.wait(for: "first words", at: "/events")
      // Those of the other agents are still not there.
      #expect(try server.get("/healthz.json").body.contains(#""status":"ok""#))
      #expect(server.stop() == 0)
    }
  }

  @Test("stops in good order where full text can’t be written; the next start goes on with it")
  func stopsBehind() throws {
    try Fleet.with { fleet in
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      var lines = ClaudeLines()
      lines.prompt("first words")
      let index = try Connection(
        path: SearchIndex.path(forDatabase: fleet.database), access: .readWrite)
      try index.script("BEGIN IMMEDIATE", operation: "hold the index")
      try fleet.folder.write("a.jsonl", lines.text)
      _ = try server.wait(for: "first words", at: "/events")
      #expect(server.stop() == 0)
      try index.script("ROLLBACK", operation: "let the index go")
      let next = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      _ = try next.wait(for: "first words", at: "/events.json?q=words")
      #expect(next.stop() == 0)
    }
  }

  @Test("every page and its JSON twin answer")
  func pages() throws {
    try serving { fleet, server in
      var lines = ClaudeLines()
      lines.prompt("hello")
      try fleet.folder.write("a.jsonl", lines.text)
      _ = try server.wait(for: "hello", at: "/events")
      let folders = try server.get("/healthz.json").body
      #expect(folders.contains(#"\#(fleet.folder.path.text)","state":"watched","files":1"#))
      for path in [
        "/", "/events", "/events/1", "/sessions", "/sessions/\(lines.session)", "/sources",
        "/validation", "/healthz",
      ] {
        let page = try server.get(path)
        #expect(page.status == 200, "\(path)")
        #expect(page.body.hasPrefix("<!doctype html>"), "\(path)")
        let twin = try server.get(path == "/" ? "/.json" : path + ".json")
        #expect(twin.status == 200, "\(path).json")
        #expect((try? JSONDocument(twin.body)) != nil, "\(path).json")
      }
    }
  }

  @Test("garbage in a query names its parameter; garbage in the search box is text")
  func garbage() throws {
    try serving { _, server in
      for (query, parameter) in [
        ("min_severity=9", "min_severity"), ("since=yesterday", "since"), ("run=x", "run"),
        ("limit=0", "limit"), ("after=1", "after"), ("nonsense=1", "nonsense"),
        ("source_kind=robot", "source_kind"), ("q=%ff", "q"),
      ] {
        let page = try server.get("/events?" + query)
        #expect(page.status == 400, "\(query)")
        #expect(page.body.contains(parameter), "\(query)")
        let twin = try server.get("/events.json?" + query)
        #expect(twin.status == 400, "\(query)")
        let error = try JSONDocument(twin.body).root["error"]
        #expect(error?["parameter"]?.string == parameter, "\(query)")
      }
      for text in ["%22unterminated", "%28%29%2A%3A%5E", "AND+OR+NOT", "NEAR%28", "-", "a%00b"] {
        let status = try server.get("/events?q=" + text).status
        #expect(status == (text == "a%00b" ? 400 : 200), "\(text)")
      }
    }
  }

  @Test("a second writer is refused while readers are welcome")
  func secondWriter() throws {
    try serving { fleet, server in
      let second = try RunningProgram.run([
        "ingest", fleet.folder.path.text, "--db", fleet.database,
      ])
      #expect(second.status == 1)
      #expect(second.error.contains("another fleetlog"))
      #expect(try RunningProgram.run(["sessions", "--db", fleet.database]).status == 0)
    }
  }

  @Test("a second server is told where the first one serves, and what may stand beside it")
  func secondServer() throws {
    try serving { fleet, server in
      var lines = ClaudeLines()
      lines.prompt("first words")
      try fleet.folder.write("a.jsonl", lines.text)
      // What is watched is read only once the notice of the server is written.
      _ = try server.wait(for: "first words", at: "/events")
      let second = try RunningProgram.run([
        "serve", fleet.folder.path.text, "--db", fleet.database, "--port", "0",
        "--assets", RunningProgram.package.path,
      ])
      #expect(second.status == 1)
      for words in ["another fleetlog (process ", "serves it at \(server.url);", "--read-only"] {
        #expect(second.error.contains(words), "\(second.error)")
      }
    }
  }

  @Test("a foreign Host is refused with an explanation")
  func foreignHost() throws {
    try serving { _, server in
      let answer = try server.get("/", headers: ["Host": "evil.example"])
      #expect(answer.status == 403)
      #expect(answer.body.contains("evil.example"))
    }
  }
}
