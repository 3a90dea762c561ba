import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogWeb
@testable import fleetlog

@Suite("A view copied as a command")
struct CopyAsTests {
  /// What a shell prints for a command, in which the program is the one built.
  private func shell(_ command: String) throws -> String {
    let process = ChildProcess()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.environment = [
      "PATH": RunningProgram.path.deletingLastPathComponent().path + ":/usr/bin:/bin"
    ]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  @Test("run by a shell, it gives the events of the page, for every filter and every odd value")
  func sameEvents() throws {
    try Fleet.with { fleet in
      let odd = "it's $(touch x) \"a\" `b` \\ \n* ~ --limit ;é"
      func line(_ build: (inout JSONObject) -> Void) -> String {
        var line = JSONObject()
        line.set("event_type", "blocked")
        line.set("summary", "odd ledger")
        build(&line)
        return line.text
      }
      var lines = ClaudeLines()
      lines.prompt("Count the ledger")
      lines.run("make test", id: "toolu_1")
      lines.result("passed", id: "toolu_1")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.folder.write(
        "b.jsonl",
        (1...4).map { number in
          line {
            $0.set("ts", 1_767_300_000_000 + number)
            $0.set("instance_id", odd)
            $0.set("role", odd)
            $0.set("tags", [odd])
            $0.set("session", odd)
            $0.set("severity", number)
            $0.set("idempotency_key", "k\(number)")
          }
        }.joined(separator: "\n") + "\n")
      try fleet.ingest()
      let log = try fleet.log
      let run = try #require(try fleet.events().first { $0.instanceID == odd }).runID
      let session = try #require(try fleet.events().first { $0.instanceID == odd }?.sessionID)
      let filters: [[(String, String)]] = [
        [], [("q", "ledger")], [("q", "\"odd ledger\" -count")], [("q", "-count")],
        [("type", "blocked"), ("type", "tool_call")], [("session", session)],
        [("session", lines.session), ("session", session)], [("run", "\(run)")],
        [("instance", odd)], [("role", odd)], [("source_kind", "worker")], [("agent", "claude")],
        [("project", odd)], [("branch", "--db")], [("tag", odd)], [("min_severity", "3")],
        [("attention", "1")], [("action_required", "1")], [("risk", "1")],
        [("since", "1767300000002")], [("until", "1767300000003")], [("sort", "oldest")],
        [("sort", "rank"), ("q", "ledger")], [("limit", "2")],
        [("limit", "2"), ("after", "1767300000003_100000")],
      ]
      for parameters in filters {
        let filter = try EventFilter(parameters: parameters, now: 0)
        let copy = CopyAs(filter: filter, database: fleet.database, origin: nil)
        let printed = try JSONDocument(try shell(copy.command + " --json")).root
        let page = try log.events(filter)
        #expect(
          printed["events"]?.elements.map { $0["id"]?.int ?? 0 }
            == page.rows.map { Int($0.event.id) }, "\(copy.command)")
        #expect(printed["next"]?.string == page.next?.description)
      }
    }
  }
}
