import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Synchronization
import Testing

@testable import fleetlog

@Suite("A clock that is set")
struct ClockStepTests {
  private static let hour: Int64 = 3_600_000

  /// Reads all that is new, as one process whose clock stands at `time`.
  private func read(_ fleet: Fleet, at time: Int64) throws {
    let writer = try Pipeline.create(database: fleet.database)
    let search = try SearchThread(database: fleet.database)
    let pipeline = Pipeline(
      writer: writer, cap: .sha256(limit: TextCap.defaultLimit), search: search, clock: { time })
    for file in FileLister().list([fleet.folder.path]).files { pipeline.take(file) }
    while try pipeline.step() {}
    try pipeline.settle(quietSince: .max)
    try pipeline.judge(until: time)
    try search.finish()
  }

  @Test(
    "to and fro between readings loses and doubles nothing; once it is right, the log replays",
    arguments: [
      [0, -1, 0], [0, 24 * 365 * 10, 0], [0, -24 * 365 * 40, 24], [24, 0, -24, 24], [-1, -2, -3],
    ] as [[Int64]])
  func steps(hours: [Int64]) throws {
    let start: Int64 = 1_767_268_800_000 + Self.hour
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      for (number, hour) in hours.enumerated() {
        let written = lines.text.utf8.count
        lines.prompt("prompt \(number)")
        lines.run("make test", id: "toolu_\(number)")
        lines.result("passed", id: "toolu_\(number)")
        try fleet.folder.append("a.jsonl", Array(lines.text.utf8.dropFirst(written)))
        try read(fleet, at: start + hour * Self.hour)
      }
      let prompts = try fleet.events(.messageUser).map(\.summary)
      #expect(prompts == (0..<hours.count).map { "prompt \($0)" })
      #expect(try fleet.events(.toolCall).count == hours.count)
      #expect(try fleet.events(.toolResult).count == hours.count)
      let replay = try RunningProgram.run(["replay", "--check", "--db", fleet.database])
      #expect(replay.status == 0, "\(replay.output)\(replay.error)")
    }
  }
}
