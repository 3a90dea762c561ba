import FleetlogEvents
import FleetlogStore

/// `/metrics`: the log, its reading and its serving in figures, for Prometheus.
///
/// Labels come from closed sets, or from ten files at most: what agents write can't make this page
/// grow. What counts up begins anew with the process, except where it is read from the log.
enum MetricsPage {
  static func text(_ request: PageRequest, from log: EventLog) throws -> [UInt8] {
    try request.allowOnly()
    var text = PrometheusText()
    let figures = request.program.figures()
    text.family("fleetlog_build_info", .gauge, "Constant 1; the versions are its labels.")
    text.sample(
      [
        ("version", figures.version), ("sqlite", EventLog.sqliteVersion),
        ("schema", "\(EventLog.schemaVersion)"), ("contract", EventContract.version),
      ], 1)
    let gauges = try log.gauges()
    events(gauges, try request.meter.refusals(in: log), into: &text)
    reading(gauges, figures, request, into: &text)
    storage(gauges, into: &text)
    serving(request, figures, into: &text)
    process(request, into: &text)
    return text.bytes
  }

  private static func events(
    _ gauges: LogGauges, _ refusals: [(kind: RefusalKind, count: Int)],
    into text: inout PrometheusText
  ) {
    text.family(
      "fleetlog_events", .gauge,
      "Events in the log by type; types that loggers made up are counted as other.")
    var counts: [String: Int] = [:]
    for (type, count) in gauges.events {
      let isKnown = EventTypeCatalogue.entry(for: EventType(rawValue: type)) != nil
      counts[isKnown ? type : "other", default: 0] += count
    }
    for (type, count) in counts.sorted(by: { $0.key < $1.key }) {
      text.sample([("type", type)], count)
    }
    text.family(
      "fleetlog_last_event_id", .gauge, "The number of the newest event.", gauges.lastEventID)
    text.family(
      "fleetlog_validation_errors_total", .counter,
      "Refused event blocks and events of this log by kind.")
    for (kind, count) in refusals { text.sample([("code", kind.rawValue)], count) }
  }

  private static func reading(
    _ gauges: LogGauges, _ figures: ServingFigures, _ request: PageRequest,
    into text: inout PrometheusText
  ) {
    text.family("fleetlog_sources", .gauge, "Transcript files by format and state.")
    for source in gauges.sources {
      text.sample([format(source), ("state", source.state.rawValue)], source.files)
    }
    let read = gauges.sources.filter { $0.state == .reading }
    text.family("fleetlog_ingest_lag_bytes", .gauge, "Bytes seen and not yet read.")
    for source in read { text.sample([format(source)], source.unreadBytes) }
    text.family(
      "fleetlog_ingest_lag_seconds", .gauge,
      "Since the file that has waited longest to be read was written to; 0 where none waits.")
    for source in read {
      let waiting = source.waitingSince.map { max(0, request.now - $0) } ?? 0
      text.sample(seconds: Double(waiting) / 1000, [format(source)])
    }
    text.family(
      "fleetlog_source_lag_bytes", .gauge, "The files that are farthest behind, ten at most.")
    for file in gauges.farthestBehind { text.sample([("source", file.path)], file.unreadBytes) }
    text.family(
      "fleetlog_import_backlog_bytes", .gauge, "Bytes that the import under way has still to read.",
      request.progress.map { max(0, $0.bytes - $0.bytesDone) } ?? 0)
    text.family(
      "fleetlog_queue_turns", .gauge, "Readings that wait for the writer.", figures.queuedTurns)
    text.family(
      "fleetlog_queue_bytes", .gauge, "Bytes of lines that wait for the writer.",
      figures.queuedBytes)
    text.family(
      "fleetlog_posted_events_waiting", .gauge, "Posted events that wait for the writer.",
      figures.postedEvents)
    text.family("fleetlog_transaction_seconds", .histogram, "Write transactions, with their sync.")
    text.histogram(figures.transactions)
  }

  private static func format(_ source: LogGauges.Sources) -> (name: String, value: String) {
    ("format", source.format ?? "none")
  }

  private static func storage(_ gauges: LogGauges, into text: inout PrometheusText) {
    text.family("fleetlog_database_bytes", .gauge, "The log's file.", gauges.databaseBytes)
    text.family(
      "fleetlog_wal_bytes", .gauge, "The log's write-ahead log.", gauges.writeAheadLogBytes)
    text.family(
      "fleetlog_search_bytes", .gauge, "The full-text index with its write-ahead log.",
      gauges.searchBytes)
    text.family(
      "fleetlog_search_lag_events", .gauge, "Events that full text has not taken in yet.",
      gauges.searchLag)
  }

  private static func serving(
    _ request: PageRequest, _ figures: ServingFigures, into text: inout PrometheusText
  ) {
    text.family("fleetlog_connections", .gauge, "Open connections.", figures.connections)
    text.family(
      "fleetlog_connections_limit", .gauge, "Connections that may be open at one time.",
      figures.mostConnections)
    text.family(
      "fleetlog_connections_refused_total", .counter, "Connections that there was no room for.",
      figures.connectionsTurnedAway)
    text.family(
      "fleetlog_degraded_reasons", .gauge, "What /healthz finds wrong now, besides files.",
      request.program.troubles().count)
    text.family("fleetlog_live_streams", .gauge, "Clients of /live.", request.meter.streams())
    text.family("fleetlog_request_seconds", .histogram, "From question to answer, by route.")
    for (route, times) in request.meter.routes { text.histogram(times, [("route", route)]) }
    text.family(
      "fleetlog_problems_total", .counter, "Answers that say what is wrong, by HTTP status.")
    for (status, count) in request.meter.problems { text.sample([("status", "\(status)")], count) }
  }

  private static func process(_ request: PageRequest, into text: inout PrometheusText) {
    let process = ProcessGauges.now()
    text.family("process_cpu_seconds_total", .counter, "Processor time, user and system.")
    text.sample(seconds: process.processorTime)
    text.family("process_start_time_seconds", .gauge, "Since the Unix epoch.")
    text.sample(seconds: Double(request.meter.startedAt) / 1000)
    func gauge(_ name: String, _ help: String, _ value: (some BinaryInteger)?) {
      if let value { text.family(name, .gauge, help, value) }
    }
    gauge("process_resident_memory_bytes", "Memory in use.", process.residentMemory)
    gauge("process_threads", "Threads.", process.threads)
    gauge("process_open_fds", "Open files and sockets.", process.openFiles)
    gauge("process_max_fds", "Files and sockets that may be open.", process.mostOpenFiles)
  }
}
