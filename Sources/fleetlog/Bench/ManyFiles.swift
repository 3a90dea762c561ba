import Foundation

/// The program over very many short transcripts: a first start, a start with nothing changed, rest.
final class ManyFiles {
  private let bench: Bench
  private let transcripts: String
  private let database: String
  private let writers: LiveWriters
  /// Seconds until a page was answered while everything was still to be read.
  private let firstAnswer: Double
  /// Bytes of memory at most while everything was read.
  private let firstPeak: Int64

  init(_ bench: Bench) throws {
    self.bench = bench
    transcripts = bench.folder + "/files"
    database = bench.folder + "/files.db"
    bench.say("writing \(bench.settings.files) transcripts")
    let fleet = BenchFleet(seed: bench.settings.seed, part: "files")
    _ = try fleet.write(files: bench.settings.files, into: transcripts)
    writers = try LiveWriters(fleet, count: 1, lines: 1, in: transcripts)
    bench.say("reading \(bench.settings.files) transcripts for the first time")
    let server = try ServingChild([transcripts], database: database, bench: bench)
    _ = try PageClient(port: server.port).get("/")
    firstAnswer = server.age
    try server.settle()
    firstPeak = try server.usage().peak
    try server.program.stop()
  }

  func restart() throws -> [BenchFigure] {
    let server = try ServingChild([transcripts], database: database, bench: bench)
    _ = try PageClient(port: server.port).get("/")
    let answered = server.age
    let follower = try LiveFollower(port: server.port, sessions: writers.sessions)
    try writers.work(pause: .zero)
    try Stopwatch.wait(60, for: "an appended line on /live") { () -> Bool? in
      follower.spoken > 0 ? true : nil
    }
    let seen = server.age
    try server.settle()
    let usage = try server.usage()
    follower.stop()
    try server.program.stop()
    return [
      BenchFigure("files", "files", bench.settings.files),
      BenchFigure(
        "cold_first_page_s", "first start, until a page is answered", firstAnswer, .seconds),
      BenchFigure(
        "cold_peak_memory_mb", "first start, memory at most", Double(firstPeak) / 1e6, .megabytes),
      BenchFigure("first_page_s", "nothing changed, until a page is answered", answered, .seconds),
      BenchFigure(
        "append_visible_s", "nothing changed, until a line appended at once is seen", seen, .seconds
      ),
      BenchFigure("processor_s", "nothing changed, processor time", usage.processor, .seconds),
    ]
  }

  func rest() throws -> [BenchFigure] {
    let server = try ServingChild([transcripts], database: database, bench: bench)
    try server.settle()
    // What a parser holds back is written when its file has been quiet for so long.
    usleep(UInt32(bench.settings.seconds) * 1_000_000)
    let before = try server.usage()
    let start = ContinuousClock.now
    usleep(UInt32(bench.settings.seconds) * 1_000_000)
    let after = try server.usage()
    let seconds = Stopwatch.seconds(since: start)
    try server.program.stop()
    return [
      BenchFigure(
        "processor_percent", "processor, of one core",
        (after.processor - before.processor) / seconds * 100, .percent),
      BenchFigure("memory_mb", "memory", Double(after.resident) / 1e6, .megabytes),
      BenchFigure("files", "files watched", bench.settings.files),
    ]
  }
}
