import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("The graph of links")
struct GraphQueryTests {
  private func link(_ relation: RelationType, _ key: String, by rule: String = "test/1")
    -> LinkDraft
  {
    .byRule(rule, relation, .idempotencyKey(key))
  }

  private func event(
    _ key: String, _ type: EventType = .blocked, ts: Int64, session: String = "s1",
    asks: Bool = true, _ links: LinkDraft...
  ) -> EventDraft {
    .sample(key, type, ts: ts, session: session) { draft in
      draft.attentionCandidate = asks
      draft.links = links
    }
  }

  private func sentences(_ graph: LinkGraph) -> Set<String> {
    let keys = Dictionary(
      graph.nodes.map { ($0.event.id, $0.event.idempotencyKey ?? "") }, uniquingKeysWith: { $1 })
    return Set(
      graph.edges.map { "\(keys[$0.from] ?? "?") \($0.relation.rawValue) \(keys[$0.to] ?? "?")" })
  }

  private func graph(
    _ drafts: [EventDraft], _ change: (inout GraphQuery, TemporaryLog) throws -> Void = { _, _ in }
  ) throws -> LinkGraph {
    let log = try TemporaryLog()
    try log.append(drafts)
    var query = GraphQuery()
    try change(&query, log)
    return try log.reader().graph(query)
  }

  private var sample: [EventDraft] {
    [
      event("root", ts: 1000, session: "a"),
      event("two", ts: 2000, session: "b", link(.blockedBy, "root")),
      event("free", .progress, ts: 3000, session: "a", asks: false, link(.resolves, "root")),
      event("other", ts: 9000, session: "c"),
      event("last", .progress, ts: 9500, session: "c", asks: false, link(.resolves, "other")),
    ]
  }

  @Test("begins with what asks for attention and holds what it is linked to, in the order of time")
  func whole() throws {
    let graph = try graph(sample)
    #expect(
      sentences(graph)
        == ["two blocked_by root", "free resolves root", "last resolves other"])
    #expect(graph.nodes.map(\.event.ts) == [1000, 2000, 3000, 9000, 9500])
    #expect(graph.nodes.filter(\.isOver).map(\.event.idempotencyKey) == ["root", "other"])
  }

  @Test("is narrowed by relation, session, time and root")
  func filters() throws {
    let resolved = try graph(sample) { query, _ in query.relations = [.resolves] }
    #expect(sentences(resolved) == ["free resolves root", "last resolves other"])
    let session = try graph(sample) { query, _ in query.session = "c" }
    #expect(sentences(session) == ["last resolves other"])
    let late = try graph(sample) { query, _ in query.since = 5000 }
    #expect(sentences(late) == ["last resolves other"])
    let early = try graph(sample) { query, _ in query.until = 5000 }
    #expect(sentences(early) == ["two blocked_by root", "free resolves root"])
    let rooted = try graph(sample) { query, log in query.root = try log.event("two")?.id }
    #expect(sentences(rooted) == ["two blocked_by root", "free resolves root"])
  }

  @Test("leaves out which result belongs to which call")
  func dull() throws {
    let graph = try graph([
      event("call", .toolCall, ts: 1, asks: false),
      event("result", .toolResult, ts: 2, asks: false, link(.causedBy, "call", by: "pair")),
      event("failed", .failed, ts: 3, link(.causedBy, "result")),
    ])
    #expect(sentences(graph) == ["failed caused_by result"])
  }

  @Test("tolerates circles")
  func circle() throws {
    let graph = try graph([
      event("one", ts: 1, link(.blockedBy, "two")), event("two", ts: 2, link(.blockedBy, "one")),
    ]) { query, log in query.root = try log.event("one")?.id }
    #expect(sentences(graph) == ["one blocked_by two", "two blocked_by one"])
  }

  @Test("shows a root that nothing is linked to alone, and nothing for one that is not there")
  func lonely() throws {
    let alone = try graph([event("one", ts: 1)]) { query, log in
      query.root = try log.event("one")?.id
    }
    #expect(alone.nodes.count == 1)
    #expect(try graph([event("one", ts: 1)]) { query, _ in query.root = 99 }.nodes.isEmpty)
  }

  @Test("that has more links than fit says so, and one that holds all does not")
  func tooMany() throws {
    func graph(leaves: Int) throws -> LinkGraph {
      let hubs = (0..<10).map { event("hub \($0)", ts: 2, link(.blockedBy, "root")) }
      let ends = (0..<leaves).map { event("end \($0)", ts: 3, link(.blockedBy, "hub \($0 % 10)")) }
      return try self.graph([event("root", ts: 1)] + hubs + ends) { query, log in
        query.root = try log.event("root")?.id
      }
    }
    let cut = try graph(leaves: 1600)
    #expect(cut.partialReason != nil)
    #expect(cut.edges.count == 1500)
    for leaves in [1400, 1490] {
      let whole = try graph(leaves: leaves)
      #expect(whole.partialReason == nil)
      #expect(whole.edges.count == 10 + leaves)
    }
    #expect(try graph(leaves: 1491).partialReason != nil)
  }

  @Test("says so where one event has more links than fit, and not where they just fit")
  func manyOfOne() throws {
    func graph(leaves: Int) throws -> LinkGraph {
      let ends = (0..<leaves).map {
        event("end \($0)", .progress, ts: 3, asks: false, link(.blockedBy, "root"))
      }
      return try self.graph([event("root", ts: 1)] + ends)
    }
    let whole = try graph(leaves: 200)
    #expect(whole.partialReason == nil)
    #expect(whole.edges.count == 200)
    let cut = try graph(leaves: 201)
    #expect(cut.partialReason != nil)
    #expect(cut.edges.count == 200)
  }

  @Test("says so where more events ask than it begins with, and not where they just fit")
  func manySeeds() throws {
    func graph(asking: Int) throws -> LinkGraph {
      try self.graph((0..<asking).map { event("asks \($0)", ts: Int64($0)) })
    }
    #expect(try graph(asking: 300).partialReason == nil)
    #expect(try graph(asking: 301).partialReason != nil)
  }

  @Test("says by its edges which a rule drew")
  func inferred() throws {
    let graph = try graph([
      event("one", ts: 1),
      event(
        "said", ts: 2,
        LinkDraft(.blockedBy, .idempotencyKey("one"), metadata: JSONObject(["by": "worker"]))),
      event("drawn", ts: 3, link(.duplicates, "one")),
    ])
    let inferred = graph.edges.filter(\.isInferred).map(\.relation)
    #expect(inferred == [.duplicates])
  }
}
