import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("/metrics")
struct MetricsTests {
  /// A dashboard over a log of its own.
  private struct Bench {
    let log: TemporaryLog
    let dashboard: Dashboard

    init(_ figures: ServingFigures = ServingFigures()) throws {
      log = try TemporaryLog()
      let reader = try log.reader()
      var program = ServingProgram()
      program.figures = { figures }
      dashboard = try Dashboard(
        log: reader, live: LiveHub(log: reader, now: { 0 }), kit: .ofThisPackage(),
        now: { TemporaryLog.recordedAt }, program: program)
    }

    @discardableResult
    func ask(_ target: String) throws -> HTTPResponse {
      let parsed = try RequestTarget(Array(target.utf8))
      let request = HTTPRequest(
        method: .get, path: parsed.path, segments: parsed.segments, query: parsed.query,
        headers: [:])
      switch dashboard.reply(to: request) {
      case .now(let response): return response
      case .queued(let answer): return answer()
      case .later, .stream: throw PrometheusReader.Malformed(description: "\(target) waits")
      }
    }

    func metrics() throws -> PrometheusReader {
      try PrometheusReader(String(decoding: try ask("/metrics").body, as: UTF8.self))
    }
  }

  private static func refused(_ key: String, _ reason: String) -> EventDraft {
    .sample(key, .validationError) { $0.payload.set("reason", reason) }
  }

  @Test("is in Prometheus' own format and names the versions")
  func format() throws {
    var figures = ServingFigures()
    figures.version = "1.2.3"
    figures.queuedTurns = 3
    figures.queuedBytes = 4096
    figures.postedEvents = 5
    figures.transactions.add(.milliseconds(20))
    let bench = try Bench(figures)
    let answer = try bench.ask("/metrics")
    #expect(answer.status == 200)
    #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    let metrics = try bench.metrics()
    let build = metrics.samples.first { $0.name == "fleetlog_build_info" }
    #expect(build?.labels["version"] == "1.2.3")
    #expect(metrics.value("fleetlog_queue_turns") == 3)
    #expect(metrics.value("fleetlog_queue_bytes") == 4096)
    #expect(metrics.value("fleetlog_posted_events_waiting") == 5)
    #expect(metrics.value("fleetlog_transaction_seconds_bucket", ["le": "0.025"]) == 1)
    #expect(metrics.value("fleetlog_transaction_seconds_bucket", ["le": "0.01"]) == 0)
    try metrics.checkHistogram("fleetlog_transaction_seconds")
    #expect(metrics.value("process_resident_memory_bytes") ?? 0 > 1_000_000)
    #expect(metrics.value("process_open_fds") ?? 0 >= 3)
    #expect(metrics.value("fleetlog_database_bytes") ?? 0 > 0)
  }

  @Test("counts events by known types, and all made up ones as one")
  func events() throws {
    let bench = try Bench()
    try bench.log.append(
      .sample("a", .blocked), .sample("b", .blocked), .sample("c", .completed),
      .sample("d", EventType(rawValue: "x.\"made\"\nup")), .sample("e", EventType(rawValue: "y.z")))
    let metrics = try bench.metrics()
    #expect(metrics.value("fleetlog_events", ["type": "blocked"]) == 2)
    #expect(metrics.value("fleetlog_events", ["type": "completed"]) == 1)
    #expect(metrics.value("fleetlog_events", ["type": "other"]) == 2)
    let types = metrics.samples.filter { $0.name == "fleetlog_events" }.map(\.labels["type"])
    let known = EventTypeCatalogue.entries.map(\.type.rawValue)
    #expect(types.filter { !known.contains($0 ?? "") } == ["other"])
    #expect(
      metrics.value("fleetlog_search_lag_events") == metrics.value("fleetlog_last_event_id"))
  }

  @Test("counts refusals by kind, each once however often it is asked")
  func refusals() throws {
    let bench = try Bench()
    try bench.log.append(
      Self.refused("a", "malformed JSON: at 3"), Self.refused("b", "malformed JSON: at 9"),
      Self.refused("c", "unknown event_type \"dance\""))
    for _ in 0..<2 {
      let metrics = try bench.metrics()
      #expect(metrics.value("fleetlog_validation_errors_total", ["code": "bad_json"]) == 2)
      #expect(metrics.value("fleetlog_validation_errors_total", ["code": "unknown_type"]) == 1)
      #expect(metrics.value("fleetlog_validation_errors_total", ["code": "no_events"]) == 0)
    }
    try bench.log.append(Self.refused("d", "unsupported schema_version 7"))
    let metrics = try bench.metrics()
    #expect(metrics.value("fleetlog_validation_errors_total", ["code": "bad_json"]) == 2)
    #expect(
      metrics.value("fleetlog_validation_errors_total", ["code": "unsupported_version"]) == 1)
  }

  @Test("tells how far reading is behind, by format, and names ten files at most")
  func lag() throws {
    let bench = try Bench()
    let hostile = "/a \"quoted\"\\path\nwith a break"
    for number in 0..<30 {
      let size = Int64(number) * 10
      _ = try bench.log.writer.sources.add(
        SourceFile(
          path: number == 29 ? hostile : "/logs/\(number).jsonl", device: 1, inode: Int64(number),
          size: size, modifiedAt: TemporaryLog.recordedAt - size * 1000),
        state: .reading, format: number % 2 == 0 ? "claude" : "codex", parserVersion: 1)
    }
    let metrics = try bench.metrics()
    let even = (0..<30).filter { $0 % 2 == 0 }.map { $0 * 10 }
    #expect(
      metrics.value("fleetlog_ingest_lag_bytes", ["format": "claude"])
        == Double(even.reduce(0, +)))
    #expect(metrics.value("fleetlog_ingest_lag_seconds", ["format": "codex"]) == 290)
    #expect(metrics.value("fleetlog_sources", ["format": "codex", "state": "reading"]) == 15)
    let named = metrics.samples.filter { $0.name == "fleetlog_source_lag_bytes" }
    #expect(named.count == 10)
    #expect(named.first?.labels["source"] == hostile)
    #expect(named.first?.value == 290)
  }

  @Test("counts how long each route took, by its pattern, and the answers that say what is wrong")
  func requests() throws {
    let bench = try Bench()
    for id in 1...3 { try bench.ask("/events/\(id)") }
    try bench.ask("/events?since=yesterday")
    try bench.ask("/nowhere")
    let metrics = try bench.metrics()
    #expect(metrics.value("fleetlog_request_seconds_count", ["route": "/events/:id"]) == 3)
    try metrics.checkHistogram("fleetlog_request_seconds", ["route": "/events/:id"])
    #expect(metrics.value("fleetlog_request_seconds_count", ["route": "/events"]) == 1)
    #expect(metrics.value("fleetlog_problems_total", ["status": "404"]) == 4)
    #expect(metrics.value("fleetlog_problems_total", ["status": "400"]) == 1)
  }

  @Test("an unknown parameter is refused")
  func parameters() throws {
    let answer = try Bench().ask("/metrics?format=json")
    #expect(answer.status == 400)
  }

  @Test("the reader of these tests finds what is malformed")
  func reader() {
    for text in [
      "a 1\n", "# TYPE a gauge\na 1", "# TYPE a gauge\na{b=c} 1\n", "# TYPE a gauge\na x\n",
      "# TYPE a gauge\na 1\na 1\n", "# TYPE a gauge\na{b=\"c\\d\"} 1\n", "# TYPE a number\n",
    ] {
      #expect(throws: PrometheusReader.Malformed.self, "\(text)") { try PrometheusReader(text) }
    }
  }
}
