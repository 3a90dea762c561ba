import FleetlogEvents
import Foundation

/// What can be measured, in the order in which it is.
enum BenchStage: String, CaseIterable, Sendable {
  case generate, ingest, size, append, query, restart, idle

  var title: String {
    switch self {
    case .generate: "The fleet"
    case .ingest: "Cold import"
    case .size: "Database"
    case .append: "Appending to a log of"
    case .query: "Pages of a log of, p50 / p95"
    case .restart: "Start over many files"
    case .idle: "At rest"
    }
  }
}

/// One run of the benchmark. It drives the program's own verbs as child processes and measures
/// them from outside, so it says what a user would see.
final class Bench {
  struct Settings {
    /// Bytes of the fleet that is imported.
    var bytes = 100_000_000
    var seed: UInt64 = 7
    var stages = Set(BenchStage.allCases)
    /// Sizes that a log is grown to, in bytes of transcript and in events; without any, appends and
    /// pages are measured with the fleet's.
    var archives: [Int] = []
    var events: [Int] = []
    /// How many short transcripts are watched at rest and found again at a restart.
    var files = 5000
    /// How long is appended, and rested, at a time.
    var seconds = 5
  }

  let settings: Settings
  /// A folder of its own, removed by whoever gave it.
  let folder: String
  /// Options for `serve`.
  let assets: [String]
  private(set) var results: [BenchResult] = []

  init(_ settings: Settings, folder: String, assets: [String] = []) {
    self.settings = settings
    self.folder = folder
    self.assets = assets
  }

  func run() throws -> [BenchResult] {
    if !settings.stages.isDisjoint(with: [.generate, .ingest, .size, .append, .query]) {
      try measureLog()
    }
    if !settings.stages.isDisjoint(with: [.restart, .idle]) {
      let files = try ManyFiles(self)
      try measure(.restart) { try files.restart() }
      try measure(.idle) { try files.rest() }
    }
    return results
  }

  private func measureLog() throws {
    let archive = try Archive(self, name: "fleet", bytes: settings.bytes)
    try measure(.generate) { archive.generation }
    if settings.stages.contains(.ingest) {
      try measure(.ingest) { try ColdImport(archive, self).measure() }
    } else {
      try archive.ingest()
    }
    try measure(.size) { try archive.size() }
    guard !settings.stages.isDisjoint(with: [.append, .query]) else { return }
    let targets = targets
    guard let smallest = targets.first else { return try measureUse(of: archive) }
    var growing = archive
    if smallest.bytes < archive.written.counts.bytes * 9 / 10 {
      try archive.remove()
      growing = try Archive(self, name: "archive", bytes: smallest.bytes * 9 / 10)
      try growing.ingest()
    }
    for target in targets {
      say("growing the log to \(target.words)")
      try growing.grow(to: target)
      try measureUse(of: growing)
    }
    compareAppends()
  }

  private func measureUse(of archive: Archive) throws {
    let size = try archive.words()
    try measure(.append, size) { try Appending(archive, self).measure() }
    try measure(.query, size) { try PageTimes(archive, self).measure() }
  }

  /// The sizes to measure at, smallest first.
  private var targets: [Archive.Target] {
    let targets =
      settings.archives.map { Archive.Target.bytes($0) }
      + settings.events.map { Archive.Target.events($0) }
    return targets.sorted { $0.bytes < $1.bytes }
  }

  /// The cost of an appended line in the largest log against that in the smallest.
  private func compareAppends() {
    func cost(_ result: BenchResult) -> Double? {
      result.figures.first { $0.key == Appending.costKey }?.value
    }
    let appends = results.indices.filter { results[$0].stage == .append }
    guard appends.count > 1, let first = appends.first, let last = appends.last,
      let small = cost(results[first]), let large = cost(results[last]), small > 0
    else { return }
    results[last].figures.insert(
      BenchFigure(
        "processor_per_line_to_smallest",
        "processor time per appended line, to that at \(results[first].size ?? "")",
        large / small, .ratio), at: 0)
  }

  private func measure(
    _ stage: BenchStage, _ size: String? = nil, _ body: () throws -> [BenchFigure]
  ) throws {
    guard settings.stages.contains(stage) else { return }
    say("measuring: \(stage.rawValue)" + (size.map { ", " + $0 } ?? ""))
    results.append(BenchResult(stage: stage, size: size, figures: try body()))
  }

  func say(_ words: String) { Terminal.show(words) }
}
