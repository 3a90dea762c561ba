import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("What is asked of events that a page shows")
struct StandingTests {
  @Test("names those that another replaces")
  func standing() throws {
    let log = try TemporaryLog()
    try log.append([
      .sample("inferred", .commitPushed, ts: 1, session: "a"),
      .sample("said", .commitPushed, ts: 2, session: "a") {
        $0.links = [.byRule("test/1", .supersedes, .idempotencyKey("inferred"))]
      },
    ])
    let reader = try log.reader()
    let events = try reader.events(EventFilter()).rows.map(\.event)
    let ids = Dictionary(uniqueKeysWithValues: events.map { ($0.idempotencyKey ?? "", $0.id) })
    let all = events.map(\.id) + [999]
    #expect(try reader.superseded(of: all) == [try #require(ids["inferred"])])
  }
}
