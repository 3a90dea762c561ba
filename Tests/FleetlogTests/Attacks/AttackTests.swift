import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

/// A served log under attack over plain sockets. Each group has a server of its own, a process as
/// people run it.
@Suite("An HTTP attack", .onItsOwnThread, .timeLimit(.minutes(10)))
struct AttackTests {
  static func underAttack(
    token: String? = nil, _ body: (Target, Fleet) throws -> Void
  ) throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("a transcript that nobody else should read")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      var options: [String] = []
      if let token {
        let file = fleet.database + "-token"
        try Data(token.utf8).write(to: URL(fileURLWithPath: file))
        chmod(file, 0o600)
        options = ["--token-file", file]
      }
      let server = try RunningServer(
        folders: [fleet.folder.path.text], database: fleet.database, options: options)
      let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
      try body(
        Target(
          port: port, secrets: [token].compactMap { $0 },
          places: [fleet.database, fleet.folder.path.text, RunningProgram.package.path]), fleet)
      #expect(server.stop() == 0, "it did not end as it should")
    }
  }

  @Test("leaves nothing but the answer it deserves", arguments: AttackGroup.all)
  func attack(group: AttackGroup) throws {
    try Self.underAttack { target, _ in
      for attack in group.attacks { target.suffer(attack) }
      let goesOn = try target.answers()
      #expect(goesOn, "after \(group.name) it answers nobody")
    }
  }

  @Test("is one of at least a hundred and fifty, each with a name of its own")
  func count() {
    let all = (AttackGroup.all + AttackGroup.tokens).flatMap { group in
      group.attacks.map { "\(group.name): \($0.name)" }
    }
    #expect(all.count >= 150)
    #expect(Set(all).count == all.count)
  }

  @Test("without the token opens nothing", arguments: AttackGroup.tokens)
  func token(group: AttackGroup) throws {
    try Self.underAttack(token: AttackGroup.token) { target, _ in
      for attack in group.attacks { target.suffer(attack) }
      let goesOn = try target.answers()
      #expect(goesOn, "after \(group.name) it answers nobody")
    }
  }

  @Test("by clients that leave in the middle keeps nobody else out")
  func leaving() throws {
    try Self.underAttack { target, _ in
      for number in 0..<300 {
        let client = try RawClient(port: target.port)
        switch number % 6 {
        case 0: break
        case 1: try client.send("GE")
        case 2: try client.send(target.text(Attack.request("GET /events")))
        case 3:
          try client.send("POST /api/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        case 4: try client.send(target.text(Attack.request("GET /live")))
        default:
          try client.send(target.text(Attack.request("GET /events.csv")))
          client.reset()
        }
      }
      #expect(try target.answers())
    }
  }

  @Test("by clients that ask for documents and take none of them is turned away beyond sixteen")
  func exports() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      // More than fits between a server and a client that does not read.
      for number in 0..<40 {
        lines.prompt(String(repeating: "number \(number) ", count: 40_000))
      }
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      let port = try #require(server.url.split(separator: ":").last.flatMap { Int($0) })
      let target = Target(port: port, secrets: [], places: [])
      let ask = target.text(Attack.request("GET /events.ndjson"))
      var idle: [RawClient] = []
      for _ in 0..<16 {
        let client = try RawClient(port: port)
        try client.send(ask)
        #expect(try client.receive(head: true).status == 200)
        idle.append(client)
      }
      let refusal = try server.get("/events.csv?type=message.user")
      #expect(refusal.status == 503 && refusal.body.contains("at one time"))
      #expect(try target.answers())
      for client in idle { client.reset() }
      idle = []
      _ = try server.wait(for: "process.started", at: "/events.csv?type=process.started")
      #expect(server.stop() == 0)
    }
  }
}
