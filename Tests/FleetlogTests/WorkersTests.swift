import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("The states of workers")
struct WorkersTests {
  /// A worker that asks, is told to go on, and is done.
  private func fleet(_ body: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      var lines: [String] = []
      func log(_ minute: Int, _ type: String, _ summary: String, _ more: String = "") {
        let time = "2026-03-03T10:\(minute < 10 ? "0" : "")\(minute):00Z"
        lines.append(
          #"{"ts":"\#(time)","event_type":"\#(type)","instance_id":"W1","summary":"\#(summary)"\#(more)}"#
        )
      }
      log(0, "progress", "started on the import")
      log(10, "needs_decision", "SQLite or files?")
      log(20, "decided", "SQLite", #","source_kind":"operator""#)
      log(21, "progress", "writing it")
      log(30, "completed", "the import is done")
      try fleet.folder.write("W1.jsonl", lines.joined(separator: "\n") + "\n")
      try fleet.ingest()
      try body(fleet)
    }
  }

  private func report(_ fleet: Fleet, at time: String) throws -> String {
    let moment = try #require(Timestamp.parse(time))
    return try WorkerReport(fleet.log, at: moment).lines.first ?? "nobody"
  }

  @Test("can be asked for as of any moment of the log")
  func moments() throws {
    try fleet { fleet in
      let table = [
        ("2026-03-03T09:59:00Z", "nobody"), ("2026-03-03T10:01:00Z", "reported working"),
        ("2026-03-03T10:15:00Z", "reported waiting_on_operator"),
        ("2026-03-03T10:22:00Z", "reported working"), ("2026-03-03T10:40:00Z", "reported complete"),
      ]
      for (time, expected) in table {
        let found = try report(fleet, at: time)
        #expect(found.contains(expected), "\(time)")
      }
    }
  }

  @Test("need the operator until all that they asked for is answered, by whomever")
  func answered() throws {
    try Fleet.with { fleet in
      func line(_ minute: Int, _ type: String, _ who: String, _ more: String) -> String {
        #"{"ts":"2026-03-03T10:0\#(minute):00Z","event_type":"\#(type)","instance_id":"\#(who)",\#(more)}"#
          + "\n"
      }
      func resolving(_ key: String) -> String {
        #""links":[{"relation_type":"resolves","to":{"dedupe_key":"\#(key)"}}]"#
      }
      try fleet.folder.write(
        "W1.jsonl",
        line(0, "blocked", "W1", #""summary":"no token","dedupe_key":"one""#)
          + line(1, "needs_decision", "W1", #""summary":"whose?","dedupe_key":"two""#))
      try fleet.folder.write(
        "boss.jsonl",
        line(2, "decided", "boss", resolving("two")) + line(4, "decided", "boss", resolving("one")))
      try fleet.ingest()
      func state(at minute: Int) throws -> WorkerState {
        let moment = try #require(Timestamp.parse("2026-03-03T10:0\(minute):30Z"))
        let query = WorkerQuery(moment: moment, isNow: false)
        let workers = try fleet.log.workers(query, by: Synthesizer()).workers
        return try #require(workers.first { $0.run.instanceID == "W1" }).state
      }
      #expect(try state(at: 1).need == .stuck)
      #expect(try state(at: 3).need == .stuck)
      let last = try state(at: 4)
      #expect(last.need == nil)
      #expect(last.inferred.status == .unknown)
      #expect(last.reasons.map(\.words).contains("answered"))
    }
  }

  @Test("need the operator for as long as what they asked stands among the needs, a week")
  func forgotten() throws {
    try Fleet.with { fleet in
      try fleet.folder.write(
        "W1.jsonl",
        #"{"ts":"2026-03-03T10:00:00Z","event_type":"blocked","instance_id":"W1","summary":"no key"}"#
          + "\n")
      try fleet.ingest()
      let asked = try #require(Timestamp.parse("2026-03-03T10:00:00Z"))
      for (days, isNeeded) in [(Int64(6), true), (8, false)] {
        let moment = asked + days * 86_400_000
        var query = WorkerQuery(moment: moment, isNow: true)
        query.includesAll = true
        let worker = try #require(
          try fleet.log.workers(query, by: Synthesizer()).workers.first {
            $0.run.instanceID == "W1"
          })
        #expect(worker.state.inferred.status == .blocked)
        #expect((worker.state.need != nil) == isNeeded)
        #expect(try (fleet.log.needs(now: moment, limit: 9).total == 1) == isNeeded)
      }
    }
  }

  @Test(
    "are the same whether the projection is read or the events are folded",
    arguments: Scenario.names)
  func foldedAnew(_ name: String) throws {
    try Scenario(name).read { fleet in
      let log = try fleet.log
      let moment = try #require(try log.overview().lastEventAt) + 60_000
      let projected = try WorkerReport(log, at: moment).lines
      let connection = try Connection(path: fleet.database, access: .readWrite)
      try connection.run("DELETE FROM worker_states")
      #expect(try WorkerReport(log, at: moment).lines == projected)
    }
  }

  @Test("are a table and JSON on the command line")
  func commandLine() throws {
    try fleet { fleet in
      let at = ["workers", "--db", fleet.database, "--at", "2026-03-03T10:15:00Z"]
      let table = try RunningProgram.run(at)
      #expect(table.status == 0)
      #expect(table.output.contains("W1      waiting_on_operator ("))
      let json = try JSONDocument(RunningProgram.run(at + ["--json"]).output).root
      let worker = try #require(json["workers"]?.elements.first)
      #expect(worker["worker_reported_state"]?["state"]?.string == "waiting_on_operator")
      #expect(worker["need"]?.string == "stuck")
      let refused = try RunningProgram.run(["workers", "--db", fleet.database, "--state", "happy"])
      #expect(refused.status == 2)
    }
  }
}
