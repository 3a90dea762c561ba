import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Plans of the questions people click")
struct QueryPlanTests {
  /// A log with many rows, made by SQL alone.
  private static func large(_ rows: Int) throws -> TemporaryLog {
    let log = try TemporaryLog()
    let connection = try Connection(path: log.path, access: .readWrite)
    try connection.script(
      """
      BEGIN;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
      INSERT INTO events (ts, recorded_at, run_id, instance_id, role, source_kind, event_type,
        attention_candidate, risk_detected, severity, summary, related_session_id, idempotency_key)
      SELECT i * 500, 0, i % 97, 'w' || (i % 97), iif(i % 5, 'worker', 'subagent'),
        iif(i % 3, 'worker', 'system'), 'type' || (i % 20), i % 50 = 0, i % 400 = 0, 1 + i % 3,
        'summary ' || i, 's' || (i % 997), 'k' || i FROM n;
      COMMIT;
      """, operation: "fill a log")
    return log
  }

  /// How SQLite goes about a filter's page, and the kinds of steps that don't scale.
  private func plan(
    _ query: EventQuery, sorts: Bool, _ log: TemporaryLog
  ) throws -> (steps: String, isBad: Bool) {
    let pool = ConnectionPool(path: log.path)
    let (sql, values) = query.page
    let steps = try pool.withConnection { (connection) throws(StoreError) in
      try connection.rows("EXPLAIN QUERY PLAN " + sql, values) { $0.text(3) }
    }
    let isBad = steps.contains { step in
      (step.contains("TEMP B-TREE") && !(sorts && query.isScattered))
        || (step.hasPrefix("SCAN e") && !step.contains("INDEX"))
    }
    return (steps.joined(separator: "\n"), isBad)
  }

  @Test("The severe are found by an index that holds no others", arguments: 2...5)
  func severe(_ severity: Int) throws {
    let log = try Self.large(20_000)
    let index = severity >= 4 ? "events_grave" : "events_severe"
    for after in [nil, EventCursor(ts: 6_000_000, id: 12_000)] {
      var filter = EventFilter()
      filter.minSeverity = severity
      filter.after = after
      let plan = try plan(EventQuery(filter), sorts: false, log)
      #expect(plan.steps.contains(index), "\(plan.steps)")
    }
  }

  @Test("Every page comes off an index, in order; only what is gathered from many places is sorted")
  func plans() throws {
    let log = try Self.large(200_000)
    let filters: [(String, (inout EventFilter) -> Void)] = [
      ("first page", { _ in }),
      ("type", { $0.types = ["type3"] }),
      ("run", { $0.runs = [5] }),
      ("role", { $0.roles = ["subagent"] }),
      ("source kind", { $0.sourceKinds = ["system"] }),
      ("session", { $0.sessions = ["s5"] }),
      ("two sessions", { $0.sessions = ["s5", "s6"] }),
      ("instance", { $0.instances = ["w5"] }),
      ("agent", { $0.agents = ["claude"] }),
      ("project", { $0.projects = ["/p"] }),
      ("branch", { $0.branches = ["main"] }),
      ("tag", { $0.tags = ["t"] }),
      ("severity", { $0.minSeverity = 2 }),
      ("high severity", { $0.minSeverity = 4 }),
      ("attention", { $0.attention = true }),
      ("action required", { $0.actionRequired = true }),
      ("risk", { $0.risk = true }),
      ("since", { $0.since = 50_000_000 }),
      ("until", { $0.until = 50_000_000 }),
      (
        "type and since",
        {
          $0.types = ["type3"]
          $0.since = 50_000_000
        }
      ),
      (
        "session and since",
        {
          $0.sessions = ["s5"]
          $0.since = 50_000_000
        }
      ),
      (
        "attention and since",
        {
          $0.attention = true
          $0.since = 50_000_000
        }
      ),
      (
        "session and type",
        {
          $0.sessions = ["s5"]
          $0.types = ["type3"]
        }
      ),
      ("several types", { $0.types = ["type3", "type4"] }),
      ("text", { $0.text = "summary" }),
    ]
    for (name, change) in filters {
      for sort in [EventFilter.Sort.newest, .oldest] {
        for after in [nil, EventCursor(ts: 60_000_000, id: 120_000)] {
          var filter = EventFilter()
          change(&filter)
          filter.sort = sort
          filter.after = after
          for route in [EventQuery.Route.walk, .gather] {
            let plan = try plan(EventQuery(filter, route: route), sorts: route == .gather, log)
            #expect(!plan.isBad, "\(name), \(sort), \(route):\n\(plan.steps)")
          }
        }
      }
    }
  }
}
