/// Twenty sessions at work beside a log of some size: how long until a reader of the live stream
/// sees a line, and what a line costs.
struct Appending {
  static let costKey = "processor_us_per_line"
  private static let writers = 20
  /// Between two lines, of whichever writer.
  private static let pause = Duration.milliseconds(10)

  private let archive: Archive
  private let bench: Bench

  init(_ archive: Archive, _ bench: Bench) {
    self.archive = archive
    self.bench = bench
  }

  func measure() throws -> [BenchFigure] {
    let lines = Double(bench.settings.seconds) * (.seconds(1) / Self.pause)
    let events = try archive.events()
    let fleet = BenchFleet(seed: bench.settings.seed, part: "live at \(events) events")
    let writers = try LiveWriters(
      fleet, count: Self.writers, lines: Int(lines) / Self.writers, in: archive.transcripts)
    let server = try ServingChild([archive.transcripts], database: archive.database, bench: bench)
    try server.settle()
    let follower = try LiveFollower(port: server.port, sessions: writers.sessions)
    let before = try server.usage().processor
    try writers.work(pause: Self.pause)
    try Stopwatch.wait(30, for: "\(writers.spoken) appended events on /live") { () -> Bool? in
      follower.spoken >= writers.spoken ? true : nil
    }
    try server.settle()
    let usage = try server.usage()
    follower.stop()
    try server.program.stop()
    guard follower.spoken == writers.spoken else {
      throw Failure("\(writers.spoken) events were appended and \(follower.spoken) came on /live")
    }
    // A line that says what others said already comes to no event.
    let delays = writers.appended.compactMap { line, time in
      follower.arrival(of: line).map { ($0 - time) / .milliseconds(1) }
    }
    let times = Percentiles(delays)
    let growth = archive.growth.map {
      BenchFigure(
        "growth_mb_per_s", "import of what it last grew by, with full text", $0 / 1e6,
        .megabytesPerSecond)
    }
    return [
      BenchFigure("visible_p50_ms", "append to visible, median", times[50] ?? 0, .milliseconds),
      BenchFigure("visible_p95_ms", "95 % within", times[95] ?? 0, .milliseconds),
      BenchFigure("visible_p99_ms", "99 % within", times[99] ?? 0, .milliseconds),
      BenchFigure(
        Self.costKey, "processor time per line",
        (usage.processor - before) / Double(writers.appended.count) * 1e6, .microseconds),
      BenchFigure("memory_mb", "memory", Double(usage.resident) / 1e6, .megabytes),
      BenchFigure("lines", "lines, of 20 writers", writers.appended.count),
      BenchFigure("lines_with_events", "of them with an event at once", times.count),
    ] + (growth.map { [$0] } ?? [])
  }
}
