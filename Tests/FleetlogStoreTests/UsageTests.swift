import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Tokens by session, run and hour")
struct UsageTests {
  private static let day: Int64 = 86_400_000

  private func call(
    _ key: String, _ input: Int, _ output: Int = 1, ts: Int64 = 1000, session: String = "s1",
    model: String? = "m", run: RunIdentity? = nil, version: Int? = nil,
    _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    .sample(key, .llmCallCompleted, ts: ts, session: session) {
      if let run { $0.run = run }
      $0.payload.set("model_name", model)
      $0.payload.set("input_tokens", input)
      $0.payload.set("output_tokens", output)
      if version != nil {
        $0.version = version
        $0.dedupeKey = "response of " + key.prefix { $0 != "/" }
      }
      change(&$0)
    }
  }

  private func connection(_ log: TemporaryLog) throws -> Connection {
    try Connection(path: log.path, access: .readWrite)
  }

  /// Every row of the three tables, as text.
  private func tables(_ connection: Connection) throws -> [String] {
    try ["usage_runs", "usage_hours", "usage_sessions"].flatMap { table in
      let columns = try connection.rows("SELECT name FROM pragma_table_info('\(table)')") {
        $0.text(0)
      }.joined(separator: ", ")
      return try connection.rows("SELECT json_array(\(columns)) FROM \(table) ORDER BY 1") {
        "\(table) \($0.text(0))"
      }
    }
  }

  /// The same, counted from the events alone.
  private func recounted(_ connection: Connection) throws -> [String] {
    let runs = "run_id, day, model, band"
    let hours = "hour, model, band"
    func rows(_ table: String, _ key: String, _ sql: String, _ values: [Value] = []) throws
      -> [String]
    {
      let columns = "\(key), \(UsageLedger.columns)"
      return try connection.rows(
        "WITH c(\(columns)) AS (\(sql)) SELECT json_array(\(columns)) FROM c ORDER BY 1", values
      ) { "\(table) \($0.text(0))" }
    }
    let sessions = try connection.rows("SELECT id FROM sessions ORDER BY id") { $0.text(0) }
    return try rows("usage_runs", runs, UsageLedger.ofRuns)
      + rows("usage_hours", hours, UsageLedger.ofHours)
      + sessions.flatMap {
        try rows(
          "usage_sessions", "session_id, day, model, band, is_subagent", UsageLedger.shown,
          [.text($0)])
      }
  }

  @Test("Calls are told apart by day, model and length, and summed within")
  func shares() throws {
    let log = try TemporaryLog()
    try log.append(
      call("a", 10, 2, ts: 5), call("b", 20, 3, ts: Self.day - 1),
      call("c", 40, 4, ts: Self.day), call("d", 80, 5, model: "n"),
      call("e", 200_001, 6), call("f", 1, model: nil), call("g", 5, ts: -1),
      call("h", 100_000, 7, model: "n"), call("i", 272_001, 8, model: "n"))
    let shares = try #require(try log.reader().usage(ofSessions: ["s1"])["s1"])
    let rows = shares.map {
      "\($0.day) \($0.model) \($0.band) \($0.usage.calls) \($0.usage.input) \($0.usage.output)"
    }
    #expect(
      rows == [
        "-1 m 0 1 5 1", "0  0 1 1 1", "0 m 0 2 30 5", "0 m 2 1 200001 6",
        "0 n 0 2 100080 12", "0 n 3 1 272001 8", "1 m 0 1 40 4",
      ])
    #expect(shares.total.input == 10 + 20 + 40 + 80 + 200_001 + 1 + 5 + 100_000 + 272_001)
  }

  @Test("Of a response's versions the last one counts, in whatever order they come")
  func versions() throws {
    let drafts = (1...3).map { call("r/\($0)", 10 * $0, $0, version: $0) }
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]] {
      for isOneBatch in [true, false] {
        let log = try TemporaryLog()
        let batches = isOneBatch ? [order.map { drafts[$0] }] : order.map { [drafts[$0]] }
        for batch in batches { try log.append(batch) }
        let connection = try connection(log)
        #expect(
          try tables(connection) == [
            "usage_runs [1,0,\"m\",0,1,30,3,0,0,0]", "usage_hours [0,\"m\",0,1,30,3,0,0,0]",
            "usage_sessions [\"s1\",0,\"m\",0,0,1,30,3,0,0,0]",
          ], "\(order)")
      }
    }
  }

  @Test("A resumed session shows what it repeats; runs and hours count it once, in any order")
  func copies() throws {
    let first = [EventDraft.started("s1"), call("a", 10), call("b", 20)]
    let resumed = [
      EventDraft.started("s2"), call("a", 10, session: "s2"), call("b", 20, session: "s2"),
      call("c", 40, session: "s2"),
    ]
    for batches in [[first, resumed], [resumed, first]] {
      let log = try TemporaryLog()
      for batch in batches + batches { try log.append(batch) }
      let reader = try log.reader()
      let shown = try reader.usage(ofSessions: ["s1", "s2"])
      #expect(shown["s1"]?.total.input == 30)
      #expect(shown["s2"]?.total.input == 70)
      let hours = try reader.usage(since: 0, until: 3_600_000)
      #expect(hours.map(\.share.usage.input) == [70])
    }
  }

  @Test("A run's roll-up holds everything below it once, also where its parents go in a circle")
  func rollUp() throws {
    let log = try TemporaryLog()
    func run(_ name: String) -> RunIdentity { .sample(name) }
    try log.append(
      .started("a", parent: "c"), .started("b", parent: "a"), .started("c", parent: "b"),
      .started("d", parent: "b"), call("1", 1, session: "a"), call("2", 2, session: "b"),
      call("3", 4, session: "c"), call("4", 8, session: "d"))
    let reader = try log.reader()
    let ids = try ["a", "b", "c", "d"].map { try #require(try reader.session($0)?.runs.first?.id) }
    #expect(try reader.usage(below: ids[0]).total.input == 15)
    #expect(try reader.usage(below: ids[3]).total.input == 8)
    #expect(try reader.usage(ofRuns: ids)[ids[1]]?.total.input == 2)
    #expect(try reader.usage(ofChildSessions: "d").isEmpty)
    #expect(try reader.usage(ofChildSessions: "b").total.input == 13)
  }

  @Test("Sub-agents are told apart within their session")
  func subagents() throws {
    let log = try TemporaryLog()
    let kid = RunIdentity(key: "run:kid", instanceID: "kid", role: "subagent", sessionID: "s1")
    try log.append(.started("s1"), call("a", 10), call("b", 20, run: kid))
    let shares = try #require(try log.reader().usage(ofSessions: ["s1"])["s1"])
    #expect(shares.filter(\.isSubagent).total.input == 20)
    #expect(shares.total.input == 30)
  }

  @Test("A worker can't take a call out of the totals by its own link")
  func hostileLink() throws {
    let log = try TemporaryLog()
    try log.append(
      call("a", 10),
      .sample("x", .progress) {
        $0.links = [
          LinkDraft(.supersedes, .idempotencyKey("a"), metadata: JSONObject(["by": "worker"]))
        ]
      })
    #expect(try log.reader().usage(since: 0, until: 3_600_000).map(\.share.usage.input) == [10])
  }

  @Test("Whatever is read in whatever order, the tables equal a count of the events")
  func random() throws {
    var random = SeededGenerator.new()
    for round in 0..<6 {
      let log = try TemporaryLog()
      for _ in 0..<25 {
        let drafts = (0..<(1 + random.below(8))).map { _ in
          let session = random.one(of: ["s1", "s2", "s3"])
          let response = random.below(12)
          let version = 1 + random.below(3)
          let isVersioned = response % 2 == 0
          let odd: [Int] = [0, 5, -3, 250_000, Int.max]
          // One fact is one: its figures follow from its name.
          return call(
            isVersioned ? "r\(response)/\(version)" : "r\(response)",
            odd[response % odd.count], version, ts: Int64(response) * 7 * 3_600_000 - Self.day,
            session: session, model: ["m", "n", nil][response % 3],
            version: isVersioned ? version : nil)
        }
        try log.append(drafts)
      }
      let connection = try connection(log)
      #expect(
        try tables(connection).sorted() == recounted(connection).sorted(),
        "seed \(random.seed), round \(round)")
    }
  }

  @Test("A log of the version before is counted as if it had been read today")
  func migrated() throws {
    let log = try TemporaryLog()
    let kid = RunIdentity(key: "run:kid", instanceID: "kid", role: "subagent", sessionID: "s1")
    try log.append(
      .started("s1"), call("a/1", 10, 1, version: 1), call("a/2", 20, 2, version: 2),
      call("b", 250_000, 3, model: "n"), call("c", 7, run: kid),
      call("d", 1) {
        $0.payload = JSONObject(["input_tokens": "12", "model_name": "q"])
        $0.payload.set("output_tokens", 2.5)
        $0.payload.set("cache_read_tokens", -4)
        $0.payload.set("cache_write_tokens", 9)
        $0.payload.set("cache_write_1h_tokens", 11)
      })
    try log.append(
      call("a/1", 10, 1, session: "s2", version: 1), call("b", 250_000, 3, session: "s2"))
    let connection = try connection(log)
    let before = try tables(connection)
    #expect(before.count > 8)
    let older = try Connection(path: log.path("older.db"), access: .readWrite)
    try Migrations.apply(to: older, upTo: 7)
    try older.run("ATTACH ? AS new", [.text(log.path)])
    for table in ["runs", "sessions", "events", "event_links", "session_copies"] {
      let columns = try older.rows("SELECT name FROM pragma_table_info(?)", [.text(table)]) {
        $0.text(0)
      }.joined(separator: ", ")
      try older.run("INSERT INTO main.\(table) (\(columns)) SELECT \(columns) FROM new.\(table)")
    }
    try older.run("DETACH new")
    _ = try EventWriter(path: log.path("older.db"), holdsLock: false) { _, _ in }
    #expect(try tables(older) == before)
    #expect(try tables(older).sorted() == recounted(older).sorted())
  }
}
