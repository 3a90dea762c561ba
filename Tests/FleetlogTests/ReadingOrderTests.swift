import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The way of reading changes nothing that is inferred")
struct ReadingOrderTests {
  /// How often each set of transcripts is read in another way.
  private static let rounds =
    ProcessInfo.processInfo.environment["FLEETLOG_READING_ROUNDS"].flatMap { Int($0) } ?? 3

  @Test("Scenarios, cut into pieces, in any order, with restarts", arguments: Scenario.names)
  func scenario(_ name: String) throws {
    let folder = Fixtures.url("\(Scenario.folder)/\(name)")
    try Self.check(Transcripts(below: folder))
  }

  @Test(
    "Real transcripts, cut into pieces, in any order, with restarts",
    .enabled(if: Corpus.folder != nil, "no corpus: name its folder in FLEETLOG_CORPUS"))
  func corpus() throws {
    let folder = try #require(Corpus.folder)
    try Self.check(
      Transcripts(below: folder, only: Corpus.transcripts.filter { $0.hasSuffix(".jsonl") }))
  }

  private static func check(_ transcripts: Transcripts) throws {
    let whole = try transcripts.read(nil)
    for _ in 0..<rounds {
      let random = SeededGenerator.new()
      let pieces = try transcripts.read(random)
      let missing = Set(whole).subtracting(pieces).sorted()
      let added = Set(pieces).subtracting(whole).sorted()
      #expect(missing.isEmpty && added.isEmpty, "seed \(random.seed)")
      for row in missing.prefix(5) { Issue.record("missing: \(row)") }
      for row in added.prefix(5) { Issue.record("added: \(row)") }
    }
  }
}

/// Transcripts in memory, to be written piece by piece.
private struct Transcripts {
  private let files: [(path: String, bytes: [UInt8])]
  private static let readAt: Int64 = 1_800_000_000_000

  init(below folder: URL, only names: [String]? = nil) throws {
    let names =
      names
      ?? (FileManager.default.subpaths(atPath: folder.path) ?? []).filter {
        $0.hasSuffix(".jsonl")
      }.sorted()
    files = try names.map { name in
      (name, [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
    }
  }

  /// What is inferred of all of them: read whole, or in random pieces of which each is the next of
  /// a random file, by a process that is often another one.
  func read(_ random: SeededGenerator?) throws -> [String] {
    try Fleet.with { fleet in
      var random = random
      var left = files.map { (path: $0.path, bytes: $0.bytes[...]) }
      var reader = try Reader(fleet)
      while !left.isEmpty {
        let index = random?.below(left.count) ?? 0
        var count = left[index].bytes.count
        if count > 1, random != nil {
          count = random?.chance(4) == true ? count : 1 + (random?.below(min(count, 200_000)) ?? 0)
        }
        try Self.append(left[index].bytes.prefix(count), to: left[index].path, fleet)
        left[index].bytes = left[index].bytes.dropFirst(count)
        try reader.take(fleet.folder.path(left[index].path))
        if left[index].bytes.isEmpty { left.remove(at: index) }
        if random?.chance(15) == true { reader = try Reader(fleet) }
        if random?.chance(25) == true { try reader.judge() }
      }
      try reader.finish()
      return try Replay.inferred(in: fleet.database)
    }
  }

  private static func append(_ bytes: ArraySlice<UInt8>, to path: String, _ fleet: Fleet) throws {
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty { try fleet.folder.makeFolder(folder) }
    try fleet.folder.append(path, bytes)
    // What has no time of its own has its file's.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_767_000_000)],
      ofItemAtPath: fleet.folder.path(path).text)
  }

  /// One process's life.
  private final class Reader {
    private let pipeline: Pipeline
    private let search: SearchThread

    init(_ fleet: Fleet) throws {
      let writer = try Pipeline.create(database: fleet.database, holdsLock: false)
      search = try SearchThread(database: fleet.database)
      pipeline = Pipeline(
        writer: writer, cap: .sha256(), search: search, clock: { Transcripts.readAt })
    }

    func take(_ path: FilePath) throws {
      pipeline.take(change(path))
      while try pipeline.step() {}
    }

    /// As if nothing were left to read, though there is: what is wrong then is mended later.
    func judge() throws { try pipeline.judge() }

    func finish() throws {
      try pipeline.settle(quietSince: .max)
      try pipeline.judge()
      try search.finish()
    }
  }
}
