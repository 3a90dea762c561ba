import FleetlogTestSupport
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
}
