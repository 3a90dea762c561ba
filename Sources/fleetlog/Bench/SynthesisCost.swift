import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import Foundation

/// What inferring adds to an import: the same files read with the rules and without, in this
/// process.
struct SynthesisCost {
  private let folder: String
  private let files: [FileChange]

  /// - Parameters:
  ///   - transcripts: a folder of them.
  ///   - folder: where the logs may be made.
  init(of transcripts: String, in folder: String) {
    self.folder = folder
    files = FileLister().list([FilePath(transcripts)]).newestFirst
  }

  /// Processor time of an import with synthesis, to that of one without.
  func ratio() throws -> Double {
    // Once before, so that neither finds the files colder than the other.
    _ = try processor(inferring: false)
    let without = try processor(inferring: false)
    return try processor(inferring: true) / without
  }

  private func processor(inferring: Bool) throws -> Double {
    let database = folder + "/synthesis.db"
    defer {
      for ending in ["", "-wal", "-shm", "-search", "-search-wal", "-search-shm", "-writer"] {
        try? FileManager.default.removeItem(atPath: database + ending)
      }
    }
    let before = Stopwatch.processor
    let writer = try EventWriter(
      path: database, synthesize: inferring ? Synthesizer() : nil
    ) { SessionReducer.apply($0, to: &$1) }
    let search = try SearchThread(database: database)
    let pipeline = Pipeline(writer: writer, cap: .sha256(), search: search, clock: Clock.now)
    for file in files { pipeline.take(file) }
    while try pipeline.step() {}
    try pipeline.settle(quietSince: .max)
    try pipeline.judge()
    try search.finish()
    return Stopwatch.processor - before
  }
}
