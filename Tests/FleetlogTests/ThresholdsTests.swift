import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("Thresholds on the command line")
struct ThresholdsTests {
  private static func rules(_ words: String...) throws -> Synthesizer {
    try Thresholds.rules(
      Arguments(
        words.flatMap { ["--threshold", $0] }, options: [Thresholds.option], environment: [:]))
  }

  @Test("are what the rules say unless they are given")
  func standard() throws {
    let rules = try Self.rules("flood-window=20m")
    #expect(rules.floodWindow == 20 * 60_000)
    #expect(try Self.rules().floodWindow == SynthesisOptions().floodWindow)
  }

  @Test("come from the environment too, several with commas between")
  func environment() throws {
    let arguments = try Arguments(
      [], options: [Thresholds.option],
      environment: ["FLEETLOG_THRESHOLD": "silence=45m,flood-window=90s"])
    #expect(try Thresholds.rules(arguments).floodWindow == 90_000)
  }

  @Test(
    "that can't be are wrong usage",
    arguments: [
      "silence", "silence=", "silence=30", "silence=0m", "noise=30m", "flood-size=0",
      "flood-size=-1", "flood-size=1000001", "flood-size=3m", "=3m",
    ])
  func wrong(_ setting: String) {
    #expect(throws: UsageError.self) { try Self.rules(setting) }
  }

  @Test("decide what is inferred, and a replay needs the same ones")
  func silence() throws {
    try Fleet.with { fleet in
      let name = "\(Scenario.folder)/resumed-silence"
      for file in Fixtures.cases(name, ending: ".jsonl") {
        try fleet.folder.write("\(file).jsonl", Fixtures.bytes("\(name)/\(file).jsonl"))
      }
      let setting = ["--threshold", "silence=4d", "--db", fleet.database]
      #expect(try RunningProgram.run(["ingest", fleet.folder.path.text] + setting).status == 0)
      let stale = ["events", "--type", "stale", "--json", "--db", fleet.database]
      #expect(
        try JSONDocument(try RunningProgram.run(stale).output).root["matched"]?.int == 0)
      #expect(try RunningProgram.run(["replay", "--check"] + setting).status == 0)
      #expect(
        try RunningProgram.run(["replay", "--check", "--db", fleet.database]).status == 1)
    }
  }
}
