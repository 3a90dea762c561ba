import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("The cause of a symptom")
struct RootCauseTests {
  private static func link(_ relation: RelationType, _ key: String) -> LinkDraft {
    var metadata = JSONObject()
    metadata.set("by", "worker")
    return LinkDraft(relation, .idempotencyKey(key), metadata: metadata)
  }

  private static func log(_ edges: [(String, RelationType, String)]) throws -> TemporaryLog {
    let log = try TemporaryLog()
    let names = Set(edges.flatMap { [$0.0, $0.2] }).sorted()
    for (index, name) in names.enumerated() {
      try log.append(
        .sample(name, .blocked, ts: Int64(index)) { draft in
          draft.links = edges.filter { $0.0 == name }.map { link($0.1, $0.2) }
        })
    }
    return log
  }

  @Test("is found along blocked by and caused by")
  func chain() throws {
    let log = try Self.log([("c", .blockedBy, "b"), ("b", .causedBy, "a"), ("d", .blockedBy, "b")])
    let reader = try log.reader()
    let c = try #require(try log.event("c")?.id)
    #expect(try reader.rootCause(of: c)?.idempotencyKey == "a")
    let b = try #require(try log.event("b")?.id)
    #expect(try reader.symptoms(of: b).map(\.idempotencyKey) == ["c", "d"])
  }

  @Test("of a circle is its earliest event")
  func circle() throws {
    let log = try Self.log([("b", .blockedBy, "c"), ("c", .blockedBy, "d"), ("d", .blockedBy, "b")])
    let reader = try log.reader()
    for name in ["b", "c", "d"] {
      let id = try #require(try log.event(name)?.id)
      #expect(try reader.rootCause(of: id)?.idempotencyKey == "b")
      #expect(try reader.symptoms(of: id).count == 2)
    }
  }

  @Test("is the event itself where nothing leads further")
  func alone() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", .blocked))
    let id = try #require(try log.event("a")?.id)
    #expect(try log.reader().rootCause(of: id)?.id == id)
    #expect(try log.reader().rootCause(of: 99) == nil)
  }
}
