import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("The tree of runs")
struct RunQueryTests {
  private static let hour: Int64 = 3_600_000
  private let log: TemporaryLog

  /// A supervisor that was last heard of long ago, its worker, and that one's worker, which is at
  /// work; and a run of its own.
  init() throws {
    log = try TemporaryLog()
    try log.append(
      .started("top", ts: Self.hour), .started("mid", ts: 2 * Self.hour, parent: "top"),
      .started("low", ts: 9 * Self.hour, parent: "mid"), .started("other", ts: 3 * Self.hour),
      Self.call("a", "top", 1, ts: Self.hour), Self.call("b", "low", 10, ts: 9 * Self.hour),
      Self.call("c", "mid", 100, ts: 2 * Self.hour), Self.call("d", "other", 7, ts: 3 * Self.hour))
  }

  private static func call(
    _ key: String, _ session: String, _ tokens: Int, ts: Int64
  ) -> EventDraft {
    .sample(key, .llmCallCompleted, ts: ts, session: session) {
      $0.payload.set("input_tokens", tokens)
    }
  }

  private func tree(_ change: (inout RunQuery) -> Void = { _ in }) throws -> RunTree {
    var query = RunQuery()
    change(&query)
    return try log.reader().runs(query, now: 10 * Self.hour, by: Synthesizer())
  }

  private func lines(_ tree: RunTree) -> [String] {
    tree.nodes.map { String(repeating: ".", count: $0.depth) + ($0.run.sessionID ?? "") }
  }

  @Test("holds every run once, with the usage of everything below it")
  func whole() throws {
    let tree = try tree()
    #expect(lines(tree) == ["top", ".mid", "..low", "other"])
    #expect(tree.nodes.map(\.usage.total.tokens) == [111, 110, 10, 7])
  }

  @Test("of a span of time holds what was active then, and who stands above it")
  func active() throws {
    #expect(lines(try tree { $0.since = 8 * Self.hour }) == ["top", ".mid", "..low"])
    #expect(lines(try tree { $0.until = 2 * Self.hour }) == ["top"])
    #expect(
      lines(
        try tree {
          $0.since = 3 * Self.hour
          $0.until = 8 * Self.hour
        }) == ["other"])
  }

  @Test("holds whole trees of what is asked for by name")
  func named() throws {
    #expect(lines(try tree { $0.instances = ["worker-low"] }) == ["top", ".mid", "..low"])
    #expect(lines(try tree { $0.session = "mid" }) == ["mid", ".low"])
    #expect(lines(try tree { $0.roles = ["nobody"] }) == [])
  }

  @Test("of one run holds everything above and below it")
  func family() throws {
    let reader = try log.reader()
    let mid = try #require(try reader.session("mid")?.runs.first?.id)
    let tree = try #require(try reader.tree(of: mid, now: 10 * Self.hour, by: Synthesizer()))
    #expect(lines(tree) == ["top", ".mid", "..low"])
    #expect(try reader.tree(of: 999, now: 10 * Self.hour, by: Synthesizer()) == nil)
  }

  @Test("names a parent that was never seen, and one that is its own")
  func odd() throws {
    try log.append(
      .started("lost", parent: "never"), .started("self", parent: "self"))
    let odd = try tree().nodes.filter { $0.oddity != nil }
    #expect(odd.map(\.run.sessionID) == ["lost", "self"])
    #expect(odd.map(\.oddity) == [.missingParent(key: "run:never"), .ownParent])
  }
}
