import FleetlogTestSupport
import Foundation
import Testing

@Suite("Runs that start runs")
struct HierarchyTests {
  /// Three levels: a supervisor, a worker that dies by a real signal, one that emits an event block,
  /// one that starts another.
  private static let supervisor = #"""
    fleetlog run --role worker --instance crasher -- sh -c 'kill -SEGV $$'
    echo "crasher ended with $?"
    fleetlog run --role worker --instance speaker -- sh -c '
      echo "<!--HAPI_EVENTS_BEGIN-->"
      echo "{\"schema_version\":1,\"events\":[{\"event_type\":\"blocked\",\"summary\":\"CI is down\"}]}"
      echo "<!--HAPI_EVENTS_END-->"
      exit 4'
    echo "speaker ended with $?"
    echo reached > half.txt
    while [ ! -e go.txt ]; do sleep 0.02; done
    fleetlog run --role worker --instance outer -- sh -c '
      fleetlog run --role subagent --instance inner -- fleetlog log progress --summary deep
      exit 5'
    echo "outer ended with $?"
    """#

  @Test("are a tree, and each end and event is its own run's", arguments: [false, true])
  func tree(isKilled: Bool) throws {
    try Launching.with { launching in
      try launching.folder.write("supervisor.sh", Array(Self.supervisor.utf8))
      var server = try launching.serve()
      let started = try launching.start(
        "fleetlog run --role supervisor --instance boss -- sh supervisor.sh")
      _ = try launching.wait(for: "half.txt")
      if isKilled {
        server.program.signal(SIGKILL)
        _ = server.program.exitStatus()
      }
      try launching.folder.write("go.txt", [])
      let outcome = started.finish()
      #expect(outcome.status == 0)
      #expect(outcome.text.contains("crasher ended with 139\n"))
      #expect(outcome.text.contains("speaker ended with 4\n"))
      #expect(outcome.text.contains("outer ended with 5\n"))
      #expect(outcome.text.contains("HAPI_EVENTS_BEGIN"))
      if isKilled { server = try launching.serve() }
      _ = try server.wait(for: "CI is down", at: "/events.json?type=blocked")
      #expect(server.stop() == 0)
      // On a loaded machine any of it may have gone by way of the drop folder, and still wait there.
      for _ in 0..<2 { #expect(try launching.shell("fleetlog ingest inbox").status == 0) }

      var runs: [String: Int] = [:]
      for start in try launching.events("--type process.started") {
        let name = start.text("instance_id") ?? ""
        #expect(runs.updateValue(start.int("id") ?? 0, forKey: name) == nil, "\(name) twice")
        #expect(start.int("run_id") == start.int("id"))
      }
      #expect(Set(runs.keys) == ["boss", "crasher", "speaker", "outer", "inner"])
      func parent(_ name: String) throws -> Int? {
        try launching.only("process.started") { $0.text("instance_id") == name }
          .int("parent_run_id")
      }
      #expect(try parent("boss") == nil)
      for name in ["crasher", "speaker", "outer"] { #expect(try parent(name) == runs["boss"]) }
      #expect(try parent("inner") == runs["outer"])

      let spawns = try launching.events("--type worker.spawned")
      #expect(spawns.compactMap { $0.int("run_id") }.sorted().count == 4)
      #expect(spawns.filter { $0.int("run_id") == runs["boss"] }.count == 3)

      for (name, code) in [("boss", 0), ("speaker", 4), ("outer", 5), ("inner", 0)] {
        let ended = try launching.only("process.exited") { $0.int("run_id") == runs[name] }
        #expect(ended.payload.int("exit_code") == code, "\(name)")
      }
      let crash = try launching.only("worker.crashed")
      #expect(crash.int("run_id") == runs["crasher"])
      #expect(crash.payload.text("signal") == "SIGSEGV")
      let blocked = try launching.only("blocked")
      #expect(blocked.int("run_id") == runs["speaker"])
      #expect(try launching.only("progress").int("run_id") == runs["inner"])
      let replay = try launching.shell("fleetlog replay --check")
      #expect(replay.status == 0, "\(replay.text) \(replay.error)")
    }
  }

  @Test("a worker that was spawned is linked to, and says so in JSON")
  func spawnLinks() throws {
    try Launching.with { launching in
      _ = try launching.shell("fleetlog run -- sh -c 'fleetlog run -- true'")
      let server = try launching.serve()
      let spawned = try launching.only("worker.spawned")
      let page = try server.get("/events/\(spawned.int("id") ?? 0).json").body
      #expect(page.contains("\"spawned\""))
      #expect(server.stop() == 0)
    }
  }

  @Test("parents that are not there, or the run itself, change nothing else")
  func strangeParents() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        PARENT_RUN_ID=999999 fleetlog log process.started --instance lost
        PARENT_RUN_ID=nonsense fleetlog log process.started --instance odd
        fleetlog log progress --run 1 --parent-run 1 --summary mine
        """)
      #expect(outcome.status == 0)
      let lost = try launching.only("process.started") { $0.text("instance_id") == "lost" }
      #expect(lost["parent_run_id"] as? Int == nil)
      #expect(lost.payload.int("_parent_run_id") == 999_999)
      #expect(try launching.only("progress").int("run_id") == lost.int("id"))
    }
  }
}
