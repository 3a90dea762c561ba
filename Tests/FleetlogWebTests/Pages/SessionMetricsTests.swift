import FleetlogDerive
import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("What a session came to, on its page")
struct SessionMetricsTests {
  private let mark = WorkerFacts.Mark(id: 5, ts: 9)

  private func view(
    _ change: (inout RunMetrics) -> Void, traces: [RunTrace] = [],
    contradictions: [SessionMetricsView.Contradiction: Int64] = [:]
  ) throws -> SessionMetricsView {
    var run = RunMetrics()
    change(&run)
    var session = SessionSummary(id: "s", startedAt: 0, lastAt: 600_000)
    session.turns = 2
    session.toolCalls = 8
    session.toolErrors = 1
    let metrics = try #require(
      SessionMetrics(session: session, runs: [(false, run)], traces: traces))
    return SessionMetricsView(metrics, session: "s", contradictions: contradictions)
  }

  private func row(_ view: SessionMetricsView, _ name: String) -> MetricRow? {
    view.rows.first { $0.name == name }
  }

  @Test("both grades stand side by side, each with its receipt, and where they differ it is said")
  func grades() throws {
    let view = try view(
      { run in
        run.reported[.filesChanged] = ReportedMetric(value: .count(3), mark: mark)
        run.reported[.linesAdded] = ReportedMetric(value: .count(1214), mark: mark)
        run.reported[.linesRemoved] = ReportedMetric(value: .count(61), mark: mark)
        run.difference = RunMetrics.Difference(
          filesChanged: 9, linesAdded: 214, linesRemoved: 61, mark: .init(id: 7, ts: 9))
        run.active = 60_000
      },
      contradictions: [
        .init(field: "metrics_files_changed", claim: 5): 12,
        // Of an earlier report, which no longer holds.
        .init(field: "metrics_lines_added", claim: 4): 11,
      ])
    let files = try #require(row(view, "Files"))
    #expect(files.reported?.text == "3 files")
    #expect(files.reported?.url == "/events/5")
    #expect(files.observed.map(\.text) == ["9 files in commits"])
    #expect(files.observed.first?.url == "/events/7")
    #expect(files.contradictionURL == "/events/12")
    #expect(row(view, "Lines")?.reported?.text == "+1,214 −61")
    #expect(row(view, "Lines")?.contradictionURL == nil)
    #expect(row(view, "Time")?.observed.first?.text == "10 min, 1 min of it at work")
    #expect(row(view, "Work")?.observed.first?.text == "2 turns, 8 tool calls, 1 failed (12.5 %)")
    #expect(view.hasReports)
  }

  @Test("a malformed field is told as such, a nested object is pointed at")
  func malformed() throws {
    let view = try view { run in
      run.reported[.outcome] = ReportedMetric(value: nil, mark: mark)
      run.nested = WorkerFacts.Mark(id: 4, ts: 1)
    }
    #expect(row(view, "Outcome")?.reported?.text == "malformed")
    #expect(row(view, "Outcome")?.reported?.isMalformed == true)
    #expect(view.nestedURL == "/events/4")
  }

  @Test("start, end and what changed between them are linked")
  func repository() throws {
    let view = try view { run in
      run.head = RunMetrics.Head(commit: String(repeating: "a", count: 40), mark: mark)
      run.headEnd = RunMetrics.Head(commit: String(repeating: "b", count: 40), mark: mark)
    }
    let row = try #require(self.row(view, "Repository"))
    #expect(row.observed.map(\.text) == ["from aaaaaaaaaaaa", "to bbbbbbbbbbbb", "what changed"])
    #expect(row.observed.last?.url == "/sessions/s/diff-summary")
  }

  @Test("a session of which nothing is known has no metrics")
  func nothing() {
    let session = SessionSummary(id: "s", startedAt: 0, lastAt: 5)
    #expect(SessionMetrics(session: session, runs: [(false, RunMetrics())], traces: []) == nil)
    #expect(SessionMetrics(session: session, runs: [], traces: []) == nil)
  }

  @Test("sub-agents stand apart and are in the sum")
  func usage() throws {
    let prices = try PriceTable(
      json: Array(
        #"{"prices": [{"model": "m", "from": "1970-01-01", "input": 1, "output": 1}]}"#.utf8),
      place: "prices.json")
    func share(_ model: String, _ input: Int, isSubagent: Bool = false, day: Int64 = 0)
      -> UsageShare
    {
      UsageShare(
        day: day, model: model, band: 0, isSubagent: isSubagent,
        usage: TokenUsage(input: input))
    }
    let view = try #require(
      UsageView(
        [
          share("m", 1_000_000), share("m", 500_000, day: 1), share("m", 250_000, isSubagent: true),
          share("n", 7),
        ], children: [share("m", 2_000_000, isSubagent: true)], prices: prices))
    #expect(view.rows.map(\.name) == ["m", "n", "m", "m"])
    #expect(view.rows.map(\.who) == [nil, nil, "sub-agents", "sub-agents’ own sessions"])
    #expect(view.rows.map(\.cost.text) == ["$1.50", "no price", "$0.25", "$2.00"])
    #expect(view.rows.map(\.usage.calls) == [2, 1, 1, 1])
    #expect(view.total.cost.text == "$3.75 +")
    #expect(view.total.usage.input == 3_750_007)
    #expect(UsageView([], children: [], prices: prices) == nil)
  }
}
