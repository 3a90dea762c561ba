import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("What is asked of events that a page shows")
struct StandingTests {
  @Test("names those that another replaces, and reviews that wait")
  func standing() throws {
    let log = try TemporaryLog()
    let pull = ArtifactReference(
      kind: "github_pr", url: "https://example.org/a/b/pull/12", source: "worker")
    try log.append([
      .sample("inferred", .commitPushed, ts: 1, session: "a"),
      .sample("said", .commitPushed, ts: 2, session: "a") {
        $0.links = [.byRule("test/1", .supersedes, .idempotencyKey("inferred"))]
      },
      .sample("done", .completed, ts: 3, session: "a") {
        $0.operatorActionRequired = true
        $0.artifacts = [pull]
      },
      .sample("closed", .completed, ts: 4, session: "a") { $0.artifacts = [pull] },
    ])
    let reader = try log.reader()
    let events = try reader.events(EventFilter()).rows.map(\.event)
    let ids = Dictionary(uniqueKeysWithValues: events.map { ($0.idempotencyKey ?? "", $0.id) })
    let all = events.map(\.id) + [999]
    #expect(try reader.superseded(of: all) == [try #require(ids["inferred"])])
    let reviews = try reader.reviews(of: all)
    #expect(reviews == [try #require(ids["done"]): pull])
  }
}
