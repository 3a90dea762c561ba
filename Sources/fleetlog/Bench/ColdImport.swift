import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import Foundation

/// A first import, against what this machine can do with the same bytes and rows.
struct ColdImport {
  private let archive: Archive
  private let bench: Bench

  init(_ archive: Archive, _ bench: Bench) {
    self.archive = archive
    self.bench = bench
  }

  private struct Import {
    /// Seconds from the start until every event could be read, and until every word was found.
    var visible = 0.0
    var complete = 0.0
    var processor = 0.0
    /// Bytes.
    var peak: Int64 = 0
    var events = 0
  }

  func measure() throws -> [BenchFigure] {
    let megabytes = Double(archive.written.counts.bytes) / 1e6
    bench.say("ingest: reading and parsing alone")
    let limits = try Limits(folder: archive.transcripts)
    bench.say("ingest: the import")
    let measured = try importAll()
    bench.say("ingest: inserting the same rows alone")
    let before = Stopwatch.processor
    let rows = try BareInsert.events(of: archive.database, into: bench.folder + "/rows.db")
    let texts = try BareInsert.fullText(of: archive.database, into: bench.folder + "/texts.db")
    let alone = limits.processor + Stopwatch.processor - before
    for name in ["rows.db", "texts.db"] {
      for ending in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: bench.folder + "/" + name + ending)
      }
    }
    guard rows.rows == measured.events, texts.rows == measured.events else {
      throw Failure("\(measured.events) events were imported and \(rows.rows) inserted alone")
    }
    bench.say("ingest: with and without synthesis")
    let synthesis = try SynthesisCost(of: archive.transcripts, in: bench.folder).ratio()
    let events = Double(measured.events)
    return [
      BenchFigure(
        "visible_to_insert", "events visible, to a bare SQLite insert of the same rows",
        rows.seconds / measured.visible, .ratio),
      BenchFigure(
        "visible_to_formats", "events visible, to reading and parsing alone",
        limits.formats / measured.visible, .ratio),
      BenchFigure(
        "visible_to_json", "events visible, to reading and parsing JSON alone",
        limits.json / measured.visible, .ratio),
      BenchFigure(
        "visible_to_reading", "events visible, to reading the bytes alone",
        limits.reading / measured.visible, .ratio),
      BenchFigure(
        "complete_to_insert",
        "full text complete, to bare SQLite inserts of the same rows and text, one after the other",
        (rows.seconds + texts.seconds) / measured.complete, .ratio),
      BenchFigure(
        "processor_to_alone", "processor time, to parsing into events and both bare inserts alone",
        measured.processor / alone, .ratio),
      BenchFigure(
        "synthesis_to_none", "processor time with synthesis, to that without", synthesis, .ratio),
      BenchFigure(
        "visible_mb_per_s", "events visible", megabytes / measured.visible, .megabytesPerSecond),
      BenchFigure("visible_events_per_s", "events visible", events / measured.visible, .perSecond),
      BenchFigure(
        "complete_mb_per_s", "full text complete", megabytes / measured.complete,
        .megabytesPerSecond),
      BenchFigure(
        "complete_events_per_s", "full text complete", events / measured.complete, .perSecond),
      BenchFigure(
        "reading_mb_per_s", "limit: reading the bytes", megabytes / limits.reading,
        .megabytesPerSecond),
      BenchFigure(
        "json_mb_per_s", "limit: parsing JSON", megabytes / limits.json, .megabytesPerSecond),
      BenchFigure(
        "formats_mb_per_s", "limit: parsing into events", megabytes / limits.formats,
        .megabytesPerSecond),
      BenchFigure(
        "insert_mb_per_s", "limit: inserting the rows", megabytes / rows.seconds,
        .megabytesPerSecond),
      BenchFigure(
        "full_text_mb_per_s", "limit: inserting the text", megabytes / texts.seconds,
        .megabytesPerSecond),
      BenchFigure(
        "processor_s_per_gb", "processor time per GB", measured.processor / megabytes * 1000,
        .seconds),
      BenchFigure(
        "peak_memory_mb", "memory at most", Double(measured.peak) / 1e6, .megabytes),
      BenchFigure("events", "events", measured.events),
    ]
  }

  private func importAll() throws -> Import {
    var measured = Import()
    let start = ContinuousClock.now
    let child = try ChildProgram(archive.ingestion, folder: bench.folder)
    var log: EventLog?
    var last: Int64 = 0
    while child.isRunning {
      if let usage = child.usage { measured.peak = max(measured.peak, usage.peak) }
      // The child makes the full-text index last; a reader that came first would make it.
      if log == nil, FileManager.default.fileExists(atPath: archive.database + "-search-shm") {
        log = try? EventLog(path: archive.database)
      }
      if let now = try? log?.lastEventID(), now > last {
        last = now
        measured.visible = Stopwatch.seconds(since: start)
      }
      usleep(5000)
    }
    measured.complete = Stopwatch.seconds(since: start)
    let summary = try archive.check(child)
    measured.processor = child.processor
    measured.events = try archive.events()
    if last < Int64(measured.events) { measured.visible = measured.complete }
    let counts = archive.written.counts
    guard summary["lines"]?.int == counts.lines, summary["bytes"]?.int == counts.bytes else {
      throw Failure(
        "\(counts.lines) lines were written and \(summary["lines"]?.int ?? 0) imported")
    }
    return measured
  }
}

/// What reading and parsing take without a database, on one thread, in seconds.
private struct Limits {
  private(set) var reading = 0.0
  private(set) var json = 0.0
  private(set) var formats = 0.0
  /// Of the processor, for `formats`.
  private(set) var processor = 0.0

  init(folder: String) throws {
    let files = FileLister().list([FilePath(folder)]).files.map(\.path)
    reading = try Stopwatch.time { try Self.read(files) }
    json = try Stopwatch.time {
      try Self.read(lines: files) { _, lines in
        for line in lines { _ = try JSONDocument(line.bytes) }
      }
    }
    let before = Stopwatch.processor
    formats = try Stopwatch.time {
      var parser: (any TranscriptFormat)?
      try Self.read(lines: files) { path, lines in
        if let path {
          parser?.finish()
          let sample = FormatCatalogue.sample(
            path: path.text, lines: lines.prefix(FormatCatalogue.sampleLines).map(\.bytes))
          parser = FormatCatalogue.detect(sample)?
            .init(file: TranscriptFile(path: path.text, modifiedAt: 0), state: nil)
        }
        var output = FormatOutput()
        for line in lines { parser?.read(line, into: &output) }
      }
      parser?.finish()
    }
    processor = Stopwatch.processor - before
  }

  private static func read(_ files: [FilePath]) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    for file in files {
      let descriptor = open(file.text, O_RDONLY | O_CLOEXEC)
      defer { close(descriptor) }
      var count = 0
      repeat { count = Foundation.read(descriptor, &buffer, buffer.count) } while count > 0
      guard count == 0 else {
        throw Failure("can't read \(file): \(String(cString: strerror(errno)))")
      }
    }
  }

  /// - Parameter take: is given the path with the first lines of each file, nil with further ones.
  private static func read(
    lines files: [FilePath], _ take: (FilePath?, [RawLine]) throws -> Void
  ) throws {
    var reader = TailReader()
    for file in files {
      var cursor: Cursor?
      while true {
        let batch = try reader.read(file, from: cursor)
        try take(cursor == nil ? file : nil, batch.lines)
        cursor = batch.next
        if batch.reachedEnd { break }
      }
    }
  }
}

extension TranscriptFormat {
  fileprivate mutating func finish() {
    var output = FormatOutput()
    settle(into: &output)
  }
}
