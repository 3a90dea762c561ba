import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("The overview")
struct OverviewPageTests {
  private func page(
    _ groups: [NeedGroup], workers: [Worker] = [], events: Int? = nil, now: Int64 = 10
  ) throws -> String {
    let overview = LogOverview(
      events: events ?? groups.count, sessions: 33, sources: 1, validationErrors: 0,
      lastEventID: 1, firstEventAt: 1, lastEventAt: 2, searchLag: 0)
    var sessions: [String: SessionSummary] = [:]
    var names: [Int64: WorkerName] = [:]
    for (run, id) in zip(Int64(1)..., ["a", "b", "c"]) {
      sessions[id] = SessionSummary(id: id, startedAt: 0, lastAt: 0)
      names[run] = WorkerName(
        instance: "worker-\(id)", role: "worker", project: "/srv/project-\(id)")
    }
    let page = OverviewPage(
      overview: overview,
      needs: NeedList(
        groups: groups, counts: Dictionary(grouping: groups, by: \.need).mapValues(\.count),
        events: 9, older: 0),
      workers: WorkerList(workers: workers, known: workers.count, partialReason: nil),
      query: WorkerQuery(moment: now, isNow: true), sessions: sessions,
      names: WorkerNames(names), contradictions: [1: 44],
      span: RecentSpan(of: overview, now: now),
      activity: Histogram(bucketWidth: 1, buckets: [], isExact: true),
      spend: SpendDrawing(bars: [], width: 1, now: now) { _, _ in Location() }, delivered: [],
      now: now)
    return try Templates.ofThisPackage().fill(page).text
  }

  private func ask(
    _ id: Int64, _ session: String, _ summary: String, _ type: EventType = .blocked,
    provenance: String? = nil
  ) -> StoredEvent {
    .sample(
      type, id: id, ts: id, run: ["a": 1, "b": 2][session] ?? 3, instance: "worker-\(session)",
      session: session, text: summary, attention: true,
      provenance: provenance)
  }

  @Test("workers stopped by one cause are one row that begins with the first")
  func oneCause() throws {
    let html = try page([
      NeedGroup(
        need: .stuck, root: ask(1, "a", "login expired, first"),
        symptoms: [ask(2, "b", "login expired, second"), ask(3, "c", "login expired, third")],
        isShared: true)
    ])
    #expect(html.contains("3 workers, one cause"))
    #expect(html.contains("login expired, first"))
    #expect(!html.contains("login expired, second"))
    #expect(html.contains("first project-a, then"))
    #expect(html.contains("<a class=\"symptom\" href=\"/events/2\">project-b</a>"))
    #expect(html.contains("href=\"/graph?root=1\""))
  }

  @Test("what was inferred looks inferred and leads to its evidence")
  func inferred() throws {
    let html = try page([
      NeedGroup(
        need: .alarm,
        root: ask(1, "a", "no output", .stale, provenance: "hub-inferred: no output for 30 min"),
        causes: [ask(2, "a", "npm install")])
    ])
    #expect(html.contains("dot tone-stale inferred"))
    #expect(html.contains("inferred: no output for 30 min"))
    #expect(html.contains("<a href=\"/events/1\">evidence (1)</a>"))
  }

  @Test("a side of a contradiction says so wherever it is shown")
  func contradiction() throws {
    let html = try page([NeedGroup(need: .handover, root: ask(1, "a", "done", .completed))])
    #expect(html.contains("href=\"/events/44\">contradicted</a>"))
  }

  @Test("where nobody is at work it says when the newest was and leads to what was before")
  func quiet() throws {
    let html = try page([], events: 3538, now: 90_000_000)
    #expect(html.contains("0 live workers"))
    #expect(html.contains("The newest event is of <time datetime=\"1970-01-01T00:00:00.002Z\""))
    #expect(html.contains("<a href=\"/sessions\">33 sessions</a>"))
    #expect(html.contains("<a href=\"/workers?all=1\">every worker ever heard of</a>"))
    #expect(!html.contains("<table"))
  }

  @Test("an empty log says how it fills, without figures")
  func empty() throws {
    let html = try page([])
    #expect(html.contains("The log is empty."))
    #expect(!html.contains("Needs you"))
  }
}
