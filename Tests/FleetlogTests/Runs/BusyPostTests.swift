import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("Events posted to a busy server", .timeLimit(.minutes(10)))
struct BusyPostTests {
  private func post(_ number: Int, to server: RunningServer) throws -> (status: Int, body: String) {
    try server.post(
      #"{"event_type":"task.done","instance_id":"poster","idempotency_key":"\#(number)"}"#,
      to: "/api/events")
  }

  @Test("each is answered with its id while an import is under way, and stands once in the log")
  func importing() throws {
    try Fleet.with { fleet in
      for session in 0..<30 {
        var lines = ClaudeLines(session: String(format: "5e551011-0000-4000-8000-%012d", session))
        for call in 0..<400 {
          let id = "toolu_\(session)_\(call)"
          lines.run("make part-\(call)", id: id)
          lines.result(String(repeating: "compiled a file of part \(call)\n", count: 60), id: id)
        }
        try fleet.folder.write("\(session).jsonl", lines.text)
      }
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      _ = try server.wait(for: "\"import\":{", at: "/healthz.json")
      var ids: [Int] = []
      for number in 0..<10 {
        let answer = try post(number, to: server)
        #expect(answer.status == 200, "\(answer.body)")
        let root = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        ids.append(try #require(root?["id"] as? Int, "\(answer.body)"))
      }
      #expect(try server.get("/healthz.json").body.contains("\"import\":{"), "it was over too soon")
      let page = try server.get("/events.json?type=task.done&instance=poster").body
      for id in ids { #expect(page.contains("\"id\":\(id),")) }
      #expect(Set(ids).count == 10)
      #expect(server.stop() == 0)
      #expect(try fleet.events { $0.types = ["task.done"] }.count == 10)
    }
  }

  @Test("one that the log keeps waiting is refused in time, and sent again is written once")
  func locked() throws {
    try Fleet.with { fleet in
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      #expect(try post(1, to: server).status == 200)
      let other = try Connection(path: fleet.database, access: .readWrite)
      try other.script("BEGIN IMMEDIATE", operation: "hold the log")
      let refused = try post(2, to: server)
      #expect(refused.status == 503, "\(refused.body)")
      #expect(refused.body.contains("log"), "\(refused.body)")
      try other.script("ROLLBACK", operation: "let the log go")
      #expect(try post(2, to: server).status == 200)
      #expect(server.stop() == 0)
      #expect(try fleet.events { $0.types = ["task.done"] }.count == 2)
    }
  }
}
