import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import Foundation

/// A log and the transcripts it was made of, which can grow.
final class Archive {
  /// How far it is to grow.
  enum Target {
    case bytes(Int)
    case events(Int)

    /// About how many bytes of transcript that takes: by experience, two kilobytes an event.
    var bytes: Int {
      switch self {
      case .bytes(let bytes): bytes
      case .events(let events): events * 1900
      }
    }

    var words: String {
      switch self {
      case .bytes(let bytes): Figures.bytes(Int64(bytes))
      case .events(let events): "\(events) events"
      }
    }
  }

  let transcripts: String
  let database: String
  private let bench: Bench
  private(set) var written: BenchFleet.Written
  /// What it took to write the first part.
  let generation: [BenchFigure]
  private var parts = 1
  /// Bytes of transcript per second that the log took, full text and all, as it last grew.
  private(set) var growth: Double?

  /// Bytes that are written and read in before it is looked again how far the log has come.
  private static let step = 500_000_000

  /// Writes transcripts; the log is still to be made.
  ///
  /// - Parameters:
  ///   - name: of its folder and its log.
  ///   - bytes: of transcript.
  init(_ bench: Bench, name: String, bytes: Int) throws {
    self.bench = bench
    let transcripts = bench.folder + "/" + name
    self.transcripts = transcripts
    database = bench.folder + "/\(name).db"
    bench.say("writing a fleet of \(Figures.bytes(Int64(bytes)))")
    var written = BenchFleet.Written()
    let seconds = try Stopwatch.time {
      written = try BenchFleet(seed: bench.settings.seed, part: "part 0")
        .write(bytes, into: transcripts)
    }
    self.written = written
    let counts = written.counts
    generation = [
      BenchFigure("files", "files", counts.files),
      BenchFigure("transcript_mb", "transcript", Double(counts.bytes) / 1e6, .megabytes),
      BenchFigure("lines", "lines", counts.lines),
      BenchFigure("sessions", "sessions", counts.sessions),
      BenchFigure("subagents", "sub-agents", counts.subagents),
      BenchFigure("tool_calls", "tool calls", counts.toolCalls),
      BenchFigure(
        "generated_mb_per_s", "written at", Double(counts.bytes) / 1e6 / seconds,
        .megabytesPerSecond),
    ]
  }

  func grow(to target: Target) throws {
    switch target {
    case .bytes(let bytes):
      while written.counts.bytes < bytes * 99 / 100 {
        try add(min(Self.step, bytes - written.counts.bytes))
      }
    case .events(let events):
      while true {
        let stored = try self.events()
        let missing = events - stored
        guard missing > 0 else { break }
        let bytesPerEvent = written.counts.bytes / max(1, stored)
        try add(min(Self.step, max(1 << 20, missing * bytesPerEvent)))
      }
    }
  }

  private func add(_ bytes: Int) throws {
    let part = try BenchFleet(seed: bench.settings.seed, part: "part \(parts)")
      .write(bytes, into: transcripts)
    parts += 1
    written.counts += part.counts
    let seconds = try Stopwatch.time { try ingest() }
    growth = Double(part.counts.bytes) / seconds
  }

  /// Makes room for another.
  func remove() throws {
    for name in [transcripts] + ["", "-wal", "-shm", "-writer"].map({ database + $0 })
      + ["", "-wal", "-shm"].map({ database + "-search" + $0 })
    where FileManager.default.fileExists(atPath: name) {
      try FileManager.default.removeItem(atPath: name)
    }
  }

  /// Reads in what is not yet in the log.
  func ingest() throws {
    let child = try ChildProgram(ingestion, folder: bench.folder)
    _ = try check(child)
  }

  var ingestion: [String] { ["ingest", transcripts, "--db", database, "--json"] }

  /// Waits for an import and looks whether it took everything.
  func check(_ child: ChildProgram) throws -> JSONValue {
    let line = child.line()
    try child.wait()
    let summary = try JSONDocument(line ?? "").root
    if let skipped = summary["skipped"]?.elements.first {
      throw Failure(
        "the import passed over \(skipped["path"]?.string ?? ""): "
          + "\(skipped["reason"]?.string ?? "")")
    }
    return summary
  }

  func events() throws -> Int { try EventLog(path: database).overview().events }

  /// How large it is, for the head of a column.
  func words() throws -> String {
    let millions = Double(try events()) / 1e6
    let count = BenchFigure("", "", millions, .ratio).text.dropLast()
    return "\(Figures.bytes(Int64(written.counts.bytes))), \(count) M events"
  }

  /// What the log takes on the disk, by kind of content.
  func size() throws -> [BenchFigure] {
    let sizes = try EventLog(path: database).sizes().filter { $0.kind != "write-ahead log" }
    let transcript = Double(written.counts.bytes)
    let all = sizes.reduce(0) { $0 + $1.bytes }
    return [
      BenchFigure(
        "bytes_per_byte", "bytes of database per byte of transcript", Double(all) / transcript,
        .ratio)
    ]
      + sizes.map { size in
        let key = size.kind.replacing(" ", with: "_")
        let share = Double(size.bytes) / transcript
        return BenchFigure(
          key + "_percent", size.kind + ", of the transcript's bytes", share * 100, .percent)
      }
  }
}
