import FleetlogClient
import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("The processes of runs")
struct ProcessWatchTests {
  /// Looks as often as it takes to believe that a process is gone, each time as if the interval
  /// were over; what is found is written as a server writes it.
  private func look(
    _ launching: Launching, _ watch: ProcessWatch = ProcessWatch(), times: Int = 2
  ) throws -> [EventDraft] {
    let writer = try Pipeline.create(database: launching.database)
    var found: [EventDraft] = []
    for round in 0..<times {
      watch.noteAppended()
      let drafts = try watch.look(
        writer, now: Clock.now(), moment: Int64(round) * ProcessWatch.interval)
      if !drafts.isEmpty {
        _ = try writer.commit(EventBatch(drafts: drafts), now: Clock.now())
        _ = try writer.judge(until: Clock.now(), now: Clock.now())
      }
      found += drafts
    }
    return found
  }

  /// A run whose command waits; gone with its command when `body` is through.
  private func withRun(
    _ launching: Launching, _ body: (_ launcher: Int32, _ command: Int32) throws -> Void
  ) throws {
    let started = try launching.start(
      """
      fleetlog run -- sh -c 'echo $$ > command.txt; exec sleep 300' &
      echo $! > launcher.txt; wait
      """)
    let launcher = try #require(Int32(try launching.wait(for: "launcher.txt")))
    let command = try #require(Int32(try launching.wait(for: "command.txt")))
    defer {
      kill(launcher, SIGKILL)
      kill(command, SIGKILL)
      _ = started.finish()
    }
    try body(launcher, command)
  }

  @Test("a run whose launcher is killed at once is found to have vanished, once and for good")
  func killed() throws {
    try Launching.with { launching in
      try withRun(launching) { (launcher, _) throws in
        #expect(try look(launching).isEmpty)
        kill(launcher, SIGKILL)
        // The shell reaps it; only then is its number free.
        while kill(launcher, 0) == 0 { Thread.sleep(forTimeInterval: 0.01) }
        #expect(try look(launching, times: 1).isEmpty, "one look is not believed")
        let found = try look(launching)
        #expect(found.map(\.type) == [.processExited])
        #expect(try look(launching).isEmpty, "what was told is not told again")
        let crash = try launching.only("worker.crashed")
        #expect(crash.text("provenance")?.hasPrefix("hub-inferred: the process is gone") == true)
        let gone = try #require(try launching.only("process.exited").int("id"))
        #expect(crash.payload["evidence"] as? [Int] == [gone])
        let replay = try launching.shell("fleetlog replay --check")
        #expect(replay.status == 0, "\(replay.error)")
      }
    }
  }

  @Test("a run whose command is killed is told by its launcher, and not again")
  func commandKilled() throws {
    try Launching.with { launching in
      try withRun(launching) { (launcher, command) throws in
        kill(command, SIGKILL)
        while kill(launcher, 0) == 0 { Thread.sleep(forTimeInterval: 0.01) }
        #expect(try look(launching, times: 3).isEmpty)
        #expect(try launching.only("process.exited").payload.text("signal") == "SIGKILL")
      }
    }
  }

  @Test("as long as no process may be there, nothing is looked at")
  func idle() throws {
    try Launching.with { launching in
      _ = try launching.shell("fleetlog run -- true")
      let watch = ProcessWatch()
      #expect(watch.nextLook == 0)
      #expect(try look(launching, watch).isEmpty)
      #expect(watch.nextLook == nil)
    }
  }

  @Test("a process is another's where its number was given anew, and nobody's on another machine")
  func marks() throws {
    let own = try #require(ProcessMark.own)
    #expect(own.standing == .alive)
    func changed(_ key: String, _ value: String) throws -> ProcessMark {
      var object = JSONObject()
      for member in try JSONDocument(own.json.bytes).root.members {
        if member.key == key {
          object.set(key, json: value)
        } else {
          object.set(member.key, member.value)
        }
      }
      return try #require(ProcessMark(try JSONDocument(object.bytes).root))
    }
    #expect(try changed("started_ticks", "1").standing == .gone)
    #expect(try changed("pid", "4194304").standing == .gone)
    #expect(try changed("host", "\"elsewhere\"").standing == .elsewhere)
    #expect(try changed("boot_id", "\"before\"").standing == .elsewhere)
    #expect(try changed("pid_namespace", "\"pid:[1]\"").standing == .elsewhere)
    for odd in ["{}", "{\"pid\":0}", "{\"pid\":-1,\"started_ticks\":1}"] {
      #expect(ProcessMark(try JSONDocument(odd).root) == nil)
    }
  }
}
