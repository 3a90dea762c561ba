import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("A process that may have few files open", .timeLimit(.minutes(10)))
struct DescriptorTests {
  @Test("takes fewer connections, turns the others away, and loses nothing of what it reads")
  func exhaustion() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("before")
      try fleet.folder.write("a.jsonl", lines.text)
      let server = try RunningServer(
        folders: [fleet.folder.path.text], database: fleet.database,
        launcher: ["prlimit", "--nofile=64:64"])
      _ = try server.wait(for: "before", at: "/events.json")
      let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
      // More than there is room for, each in the middle of a request.
      let clients = (0..<80).compactMap { _ in try? RawClient(port: port) }
      for client in clients { try? client.send("GET / HTTP/1.1\r\nHo") }
      var written = lines.text.utf8.count
      for number in 0..<20 {
        lines.prompt("while there is no room \(number)")
        try fleet.folder.append("a.jsonl", Array(lines.text.utf8.dropFirst(written)))
        try fleet.folder.write("b\(number).jsonl", "{\"what\":\"is this\"}\n")
        written = lines.text.utf8.count
      }
      for client in clients { client.hangUp() }
      _ = try server.wait(for: "while there is no room 19", at: "/events.json?sort=newest")
      let counted = try server.wait(for: #""matched":21,"#, at: "/events.json?type=message.user")
      #expect(counted.contains("while there is no room 0"))
      _ = try server.wait(for: #""status":"ok""#, at: "/healthz.json")
      #expect(server.stop() == 0)
    }
  }

  @Test("or says at its start that it can't work with so few")
  func tooFew() throws {
    try Fleet.with { fleet in
      let result = try RunningProgram.run(
        [
          "serve", fleet.folder.path.text, "--db", fleet.database, "--port", "0", "--assets",
          RunningProgram.package.path,
        ], launcher: ["prlimit", "--nofile=20:20"])
      #expect(result.status == 1)
      #expect(result.error.contains("ulimit -n") || result.error.contains("open"))
    }
  }
}
