import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

/// The answers of the store against those of a loop over every event.
@Suite("Filters against brute force")
struct QueryOracleTests {
  /// A log of random events, and everything that is needed to know the answers.
  private final class World {
    let log: TemporaryLog
    let reader: EventLog
    let events: [StoredEvent]
    var shownIn: [Int64: Set<String>] = [:]
    var facts: [String: [String: String]] = [:]
    let seed: UInt64

    init(events count: Int) throws {
      var random = SeededGenerator.new()
      seed = random.seed
      log = try TemporaryLog()
      var copies: [String: Set<String>] = [:]
      var batch: [EventDraft] = []
      for session in 0..<8 {
        let facts = [
          "agent": ["claude", "codex"][session % 2], "cwd": "/p\(session % 3)",
          "git_branch": "b\(session % 4)",
        ]
        self.facts["s\(session)"] = facts
        batch.append(
          .started("s\(session)", ts: World.time(&random)) { draft in
            for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
              draft.payload.set(key, value)
            }
          })
      }
      let types: [EventType] = [.progress, .blocked, .toolCall, .toolResult, .failed, .messageUser]
      for number in 0..<count {
        let draft = EventDraft.sample(
          "e\(number)", random.one(of: types), ts: World.time(&random),
          session: "s\(random.below(8))", summary: "word\(random.below(30)) text"
        ) {
          $0.sourceKind = random.one(of: SourceKind.allCases)
          $0.attentionCandidate = random.chance(5)
          $0.operatorActionRequired = random.chance(20)
          $0.riskDetected = random.chance(20)
          $0.severity = 1 + random.below(5)
          $0.tags = (0..<3).filter { _ in random.chance(4) }.map { "t\($0)" }
        }
        batch.append(draft)
        if random.chance(10) {
          var copy = draft
          copy.run = .sample("s\(random.below(8))")
          batch.append(copy)
          if let session = copy.run.sessionID { copies["e\(number)", default: []].insert(session) }
        }
      }
      for start in stride(from: 0, to: batch.count, by: 300) {
        try log.append(Array(batch[start..<min(start + 300, batch.count)]))
      }
      reader = try log.reader()
      events = try log.events()
      for event in events {
        let copied = copies[event.idempotencyKey ?? ""] ?? []
        shownIn[event.id] = copied.union([event.sessionID].compactMap { $0 })
      }
    }

    /// Few milliseconds over a long time, so that there are both ties and gaps.
    private static func time(_ random: inout SeededGenerator) -> Int64 {
      1_760_000_000_000 + Int64(random.below(400)) * 1_700_017
    }

    func matches(_ event: StoredEvent, _ filter: EventFilter) -> Bool {
      func isAny(_ wanted: [String], _ value: String?) -> Bool {
        wanted.isEmpty || value.map(wanted.contains) == true
      }
      let facts = event.sessionID.flatMap { self.facts[$0] } ?? [:]
      let tags = event.tags.flatMap { try? JSONDocument($0).root.elements.compactMap(\.string) }
      let words = (filter.text ?? "").split(separator: " ").map(String.init)
      let text = event.summary.split(separator: " ").map(String.init)
      return isAny(filter.types, event.type.rawValue)
        && (filter.sessions.isEmpty || !(shownIn[event.id] ?? []).isDisjoint(with: filter.sessions))
        && (filter.runs.isEmpty || filter.runs.contains(event.runID))
        && isAny(filter.instances, event.instanceID) && isAny(filter.roles, event.role)
        && isAny(filter.sourceKinds, event.sourceKind) && isAny(filter.agents, facts["agent"])
        && isAny(filter.projects, facts["cwd"]) && isAny(filter.branches, facts["git_branch"])
        && (filter.tags.isEmpty || !Set(tags ?? []).isDisjoint(with: filter.tags))
        && (event.severity ?? 0) >= (filter.minSeverity ?? 0)
        && (!filter.attention || event.attentionCandidate)
        && (!filter.actionRequired || event.operatorActionRequired)
        && (!filter.risk || event.riskDetected)
        && event.ts >= filter.since ?? .min && event.ts < filter.until ?? .max
        && words.allSatisfy { word in
          word.hasPrefix("-") ? !text.contains(String(word.dropFirst())) : text.contains(word)
        }
    }

    func answer(_ filter: EventFilter) -> [StoredEvent] {
      events.filter { matches($0, filter) }.sorted { ($0.ts, $0.id) > ($1.ts, $1.id) }
    }
  }

  private typealias Change = @Sendable (inout EventFilter) -> Void

  /// Each filter of the interface, alone.
  private static let changes: [(name: String, change: Change)] = [
    ("type", { $0.types = ["blocked"] }), ("types", { $0.types = ["failed", "tool_call"] }),
    ("session", { $0.sessions = ["s1"] }), ("sessions", { $0.sessions = ["s2", "s3", "s9"] }),
    ("run", { $0.runs = [2, 5] }), ("instance", { $0.instances = ["worker-s4", "worker-s5"] }),
    ("role", { $0.roles = ["worker"] }), ("source_kind", { $0.sourceKinds = ["operator"] }),
    ("source_kinds", { $0.sourceKinds = ["system", "channel"] }),
    ("agent", { $0.agents = ["codex"] }), ("project", { $0.projects = ["/p0", "/p1"] }),
    ("branch", { $0.branches = ["b3"] }), ("tag", { $0.tags = ["t0"] }),
    ("tags", { $0.tags = ["t1", "t2", "t1"] }),
    ("facts", { ($0.agents, $0.projects, $0.branches) = (["codex"], ["/p0", "/p1"], ["b1"]) }),
    ("severity 1", { $0.minSeverity = 1 }),
    ("severity 2", { $0.minSeverity = 2 }), ("severity 4", { $0.minSeverity = 4 }),
    ("attention", { $0.attention = true }), ("action", { $0.actionRequired = true }),
    ("risk", { $0.risk = true }), ("since", { $0.since = 1_760_200_123_456 }),
    ("until", { $0.until = 1_760_500_000_000 }),
    ("span", { ($0.since, $0.until) = (1_760_100_000_000, 1_760_650_000_001) }),
    ("text", { $0.text = "word7" }), ("without", { $0.text = "text -word7" }),
    ("only without", { $0.text = "-word1 -word2" }), ("oldest", { $0.sort = .oldest }),
  ]

  private static let everything: (name: String, change: Change) = ("everything", { _ in })

  @Test("Each filter alone and every pair finds exactly the events it describes")
  func filters() throws {
    let world = try World(events: 850)
    for (place, first) in Self.changes.enumerated() {
      for second in Self.changes[place...] {
        var filter = EventFilter()
        first.change(&filter)
        second.change(&filter)
        filter.limit = 500
        let expected = world.answer(filter)
        let page = try world.reader.events(filter)
        let name = "\(first.name) and \(second.name), seed \(world.seed)"
        let survey = try world.reader.survey(filter)
        #expect(survey?.isWhole != false, "\(name)")
        let surveyed = try world.reader.events(filter, survey: survey)
        #expect(surveyed.rows.map(\.event) == page.rows.map(\.event), "\(name)")
        #expect(surveyed.matched == expected.count && surveyed.next == page.next, "\(name)")
        #expect(page.matched == expected.count, "\(name)")
        #expect(page.matchedIsExact, "\(name)")
        #expect(page.partialReason == nil, "\(name)")
        #expect((page.next != nil) == (expected.count > 500), "\(name)")
        var found: [StoredEvent] = page.rows.map(\.event)
        if page.next != nil, first.name == second.name || filter.text != nil {
          var rest = filter
          rest.after = page.next
          while rest.after != nil, found.count <= 3000 {
            let more = try world.reader.events(rest)
            found += more.rows.map(\.event)
            rest.after = more.next
          }
        } else if page.next != nil {
          let shown = filter.sort == .oldest ? expected.reversed() : expected
          #expect(found == Array(shown.prefix(500)), "\(name)")
          continue
        }
        if filter.text != nil {
          // Within a second, hits of a search come as they were recorded.
          #expect(Set(found.map(\.id)) == Set(expected.map(\.id)), "\(name)")
          #expect(found.count == expected.count, "\(name)")
          let seconds = found.map { $0.ts / 1000 }
          #expect(seconds == seconds.sorted(by: filter.sort == .oldest ? (<) : (>)), "\(name)")
        } else {
          #expect(found == (filter.sort == .oldest ? expected.reversed() : expected), "\(name)")
        }
      }
    }
  }

  @Test("Both routes to what lies scattered find the same, in the same order")
  func routes() throws {
    let world = try World(events: 1200)
    let pool = ConnectionPool(path: world.log.path)
    var scattered = 0
    for (place, first) in Self.changes.enumerated() {
      for second in Self.changes[place...] {
        var filter = EventFilter()
        first.change(&filter)
        second.change(&filter)
        filter.limit = 90
        for after in [nil, world.answer(filter).dropFirst(40).first] {
          filter.after = after.map { EventCursor(ts: $0.ts, id: $0.id) }
          guard EventQuery(filter).isScattered else { continue }
          scattered += 1
          let found = try [EventQuery.Route.walk, .gather].map { route in
            let (sql, values) = EventQuery(filter, route: route).page
            return try pool.withConnection { (connection) throws(StoreError) in
              try connection.rows(sql, values) { $0.int(0) }
            }
          }
          let name = "\(first.name) and \(second.name), seed \(world.seed)"
          #expect(found[0] == found[1], "\(name)")
        }
      }
    }
    #expect(scattered > 300)
  }

  @Test("A histogram counts what a loop counts, in contiguous buckets of one round width")
  func histograms() throws {
    let world = try World(events: 850)
    for (name, change) in Self.changes + [Self.everything] {
      for buckets in [5, 60, 300] {
        var filter = EventFilter()
        change(&filter)
        let expected = world.answer(filter)
        let histogram = try world.reader.histogram(filter, buckets: buckets)
        let what = "\(name) in \(buckets), seed \(world.seed)"
        #expect(histogram.isExact, "\(what)")
        #expect(histogram.buckets.count <= buckets, "\(what)")
        #expect(
          histogram.buckets.first?.count != 0 && histogram.buckets.last?.count != 0, "\(what)")
        for (place, bucket) in histogram.buckets.enumerated() {
          let end = bucket.start + histogram.bucketWidth
          #expect(bucket.start % histogram.bucketWidth == 0)
          if place > 0 {
            #expect(bucket.start == histogram.buckets[place - 1].start + histogram.bucketWidth)
          }
          let inside = expected.filter { $0.ts >= bucket.start && $0.ts < end }
          #expect(bucket.count == inside.count, "\(what), \(bucket.start)")
          #expect(bucket.attention == inside.count(where: \.attentionCandidate), "\(what)")
        }
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == expected.count, "\(what)")
      }
    }
  }

  @Test("Facets count what a loop counts, the most frequent first")
  func facets() throws {
    let world = try World(events: 850)
    for (name, change) in Self.changes + [Self.everything] {
      var filter = EventFilter()
      change(&filter)
      let events = world.answer(filter)
      let columns: [(String, (StoredEvent) -> String?)] = [
        ("type", { $0.type.rawValue }), ("source_kind", { $0.sourceKind }), ("role", { $0.role }),
        ("agent", { world.facts[$0.sessionID ?? ""]?["agent"] }),
        ("project", { world.facts[$0.sessionID ?? ""]?["cwd"] }),
        ("branch", { world.facts[$0.sessionID ?? ""]?["git_branch"] }),
      ]
      let facets = try world.reader.facets(filter)
      #expect(facets.map(\.parameter) == columns.map(\.0))
      for (facet, column) in zip(facets, columns) {
        let counts = Dictionary(grouping: events.compactMap(column.1)) { $0 }.mapValues(\.count)
        let expected = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let what = "\(name), \(column.0), seed \(world.seed)"
        #expect(facet.values.map(\.name) == expected.map(\.key), "\(what)")
        #expect(facet.values.map(\.count) == expected.map(\.value), "\(what)")
        #expect(facet.isExact)
      }
    }
  }

  @Test("A histogram of times that lie absurdly far apart is still a small one")
  func farApart() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1", ts: -Timestamp.latest), .sample("a", ts: Int64.max - 1), .sample("b", ts: 0),
      .sample("c", ts: Timestamp.latest), .sample("d", ts: Int64.min))
    let reader = try log.reader()
    for buckets in [0, 1, 2, 10, 100] {
      var filter = EventFilter()
      #expect(try reader.histogram(filter, buckets: buckets).buckets.count <= max(buckets, 30))
      filter.sourceKinds = ["worker"]
      #expect(try reader.histogram(filter, buckets: buckets).buckets.count <= max(buckets, 30))
    }
    #expect(try reader.events(EventFilter()).rows.count == 5)
  }
}
