import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

/// What people meet: the pages of a served log in a real browser. One browser serves all suites,
/// one after another; each suite has a fleet of its own.
@Suite(
  "The dashboard in a browser", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: WebDriver.isInstalled, "chromedriver is not installed: run make setup-test"),
  .onItsOwnThread, .oneBrowser)
struct BrowserTests {}

/// Gives a suite one browser.
struct BrowserTrait: SuiteTrait, TestScoping {
  @TaskLocal static var driver: WebDriver?

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    try await WebDriver.with { driver in
      try await Self.$driver.withValue(driver) { try await function() }
    }
  }
}

/// Gives a suite a fleet of its own, read and served.
struct ServedFleetTrait: SuiteTrait, TestScoping {
  @TaskLocal fileprivate static var server: ServedFleet?

  fileprivate let write: @Sendable (TemporaryFolder) throws -> Void

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable () async throws -> Void
  ) async throws {
    let home = try TemporaryFolder.make()
    defer { home.remove() }
    try home.makeFolder("transcripts")
    let fleet = Fleet(
      folder: TemporaryFolder(path: home.path("transcripts")), database: home.path("log.db").text)
    try write(fleet.folder)
    // Read to the end before it is served: no page changes while a test looks at it.
    try fleet.ingest()
    let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
    defer { _ = server.stop() }
    let served = ServedFleet(origin: String(server.url))
    try await Self.$server.withValue(served) { try await function() }
  }
}

extension Trait where Self == BrowserTrait {
  static var oneBrowser: BrowserTrait { BrowserTrait() }
}

extension Trait where Self == ServedFleetTrait {
  static func serving(
    _ write: @escaping @Sendable (TemporaryFolder) throws -> Void
  ) -> ServedFleetTrait { ServedFleetTrait(write: write) }

  /// The demo fleet as it was at a certain moment: every format, every kind of event.
  static var servingDemo: ServedFleetTrait { servingDemo(at: 1_772_535_600_000) }

  /// The demo fleet with things that need the operator now.
  static var servingDemoOfToday: ServedFleetTrait { servingDemo(at: Clock.now()) }

  private static func servingDemo(at now: Int64) -> ServedFleetTrait {
    serving { folder in
      var fleet = DemoFleet(seed: 7, start: now)
      try DemoFolder(folder.path.text).writeHistory(of: &fleet, until: now)
      try folder.makeFolder("other/docs/ops")
      try folder.write(
        "other/docs/ops/loop-runner-events.jsonl", Fixtures.bytes("forge-loop/tick.jsonl"))
    }
  }
}

/// The dashboard that the tests of a suite look at.
struct ServedFleet: Sendable {
  /// The dashboard's address, without a slash at its end.
  let origin: String

  /// Runs a body with a new tab of the suite's browser, which shows the suite's fleet.
  static func inTab(
    _ screen: Screen = Screen(), _ body: (Tab) throws -> Void
  ) throws {
    let driver = try #require(BrowserTrait.driver, "the suite lacks .oneBrowser")
    let fleet = try #require(ServedFleetTrait.server, "the suite lacks .serving")
    try Tab.with(screen, of: driver, at: fleet.origin, body)
  }
}
