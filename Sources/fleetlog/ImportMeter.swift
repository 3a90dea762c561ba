import FleetlogEvents

/// Tells when an import runs and how far it has come, from what the pipeline has counted.
struct ImportMeter {
  /// So many bytes to read, or so many ms of reading without a pause, make an import: a fleet at
  /// work writes lines that are read within a moment.
  private static let bytesOfImport: Int64 = 4 << 20
  private static let msOfImport: Int64 = 1000
  /// ms between two reports, and ms over which the rate is taken.
  private static let interval: Int64 = 250
  private static let window: Int64 = 5000

  private struct Sample {
    let time: Int64
    let bytes: Int64
  }

  private var start: (time: Int64, progress: Pipeline.Progress)?
  private var samples: [Sample] = []
  private var reportedAt: Int64 = 0
  private var isImport = false

  /// What is to be told now; nothing where it is not time for that.
  enum Report: Equatable {
    case importing(ImportProgress)
    case over
  }

  /// - Parameters:
  ///   - searchLag: events that the full-text index is behind.
  ///   - now: ms of a clock that never steps.
  mutating func report(
    _ progress: Pipeline.Progress, isReading: Bool, searchLag: () -> Int, now: Int64
  ) -> Report? {
    guard isReading || isImport else {
      start = nil
      return nil
    }
    let start = start ?? (now, progress)
    self.start = start
    isImport =
      isImport || progress.bytes - progress.bytesDone >= Self.bytesOfImport
      || now - start.time >= Self.msOfImport
    guard isImport, !isReading || now - reportedAt >= Self.interval else { return nil }
    reportedAt = now
    let lag = searchLag()
    guard isReading || lag > 0 else {
      self = ImportMeter()
      return .over
    }
    var report = ImportProgress()
    report.files = progress.files - start.progress.filesDone
    report.filesDone = progress.filesDone - start.progress.filesDone
    report.bytes = progress.bytes - start.progress.bytesDone
    report.bytesDone = progress.bytesDone - start.progress.bytesDone
    report.bytesPerSecond = rate(progress.bytesDone, now)
    if report.bytesPerSecond > 0 {
      report.secondsLeft =
        max(0, report.bytes - report.bytesDone) / report.bytesPerSecond + 1
    }
    report.searchLag = lag
    return .importing(report)
  }

  private mutating func rate(_ bytes: Int64, _ now: Int64) -> Int64 {
    samples.append(Sample(time: now, bytes: bytes))
    while samples.count > 2, now - samples[0].time > Self.window { samples.removeFirst() }
    guard let first = samples.first, now > first.time else { return 0 }
    return max(0, (bytes - first.bytes) * 1000 / (now - first.time))
  }

  /// Whether an import is under way, or its full text is.
  var isRunning: Bool { isImport }
}
