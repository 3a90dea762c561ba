import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("What is inferred")
struct ScenarioTests {
  @Test("A scenario comes to what a person expects", arguments: Scenario.names)
  func golden(_ name: String) throws {
    let scenario = try Scenario(name)
    try Golden.verify(scenario.run(), against: "\(Scenario.folder)/\(name)/expected.txt")
  }

  @Test("The order of reading changes nothing", arguments: Scenario.names)
  func reversed(_ name: String) throws {
    let scenario = try Scenario(name)
    #expect(try scenario.run(reversed: true) == scenario.run())
  }

  /// For judging precision by hand: `FLEETLOG_FIRINGS=FILE` writes there what every rule found in
  /// the corpus, with its evidence.
  @Test(
    "What rules find in real transcripts can be listed",
    .enabled(if: Corpus.folder != nil && Scenario.firings != nil, "FLEETLOG_FIRINGS names no file"))
  func firings() throws {
    let corpus = try #require(Corpus.folder)
    let file = try #require(Scenario.firings)
    try Fleet.with { fleet in
      for name in Corpus.transcripts {
        try fleet.folder.makeFolder((name as NSString).deletingLastPathComponent)
        try fleet.folder.write(name, Data(contentsOf: corpus.appendingPathComponent(name)))
      }
      try fleet.ingest()
      let report = try ScenarioReport(database: fleet.database, title: "Corpus")
      try Data(report.text.utf8).write(to: URL(fileURLWithPath: file))
    }
  }
}
