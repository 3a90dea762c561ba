import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

/// `FLEETLOG_KILLS` sets how often the process is killed, `FLEETLOG_TEST_SEED` repeats a run.
@Suite("A process that is killed at any instant", .onItsOwnThread, .timeLimit(.minutes(30)))
struct CrashTests {
  private static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  @Test("leaves the log that one undisturbed reading of the same files gives")
  func kills() throws {
    let seed = UInt64(Self.number("FLEETLOG_TEST_SEED") ?? Int.random(in: 1...1_000_000))
    let kills = Self.number("FLEETLOG_KILLS") ?? 20
    print("crash test: FLEETLOG_TEST_SEED=\(seed), \(kills) kills")
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("live")
      try fleet.folder.makeFolder("history")
      var run = try CrashRun(fleet, seed: seed)
      for kill in 1...kills { try run.round(kill, of: kills) }
      try run.finish()
      try Fleet.with { clean in
        try clean.ingest(run.churn.inOrderOfBirth)
        let found = try LogContent(database: fleet.database)
        let expected = try LogContent(database: clean.database)
        #expect(expected.tables["events"]?.isEmpty == false)
        let missing = expected.rows(notIn: found)
        let surplus = found.rows(notIn: expected)
        if !missing.isEmpty || !surplus.isEmpty {
          Issue.record(
            """
            seed \(seed): \(missing.count) rows are missing and \(surplus.count) are too many, \
            such as
            - \(missing.prefix(15).joined(separator: "\n- "))
            + \(surplus.prefix(15).joined(separator: "\n+ "))
            """)
        }
      }
      let log = try Connection(path: fleet.database, access: .readOnly)
      #expect(try log.rows("PRAGMA integrity_check") { $0.text(0) } == ["ok"])
      let replay = try Replay.run(
        log: fleet.database, scratch: fleet.folder.path("scratch.db").text,
        synthesize: Synthesizer(), project: SessionReducer.apply, now: Clock.now())
      #expect(replay.inferredEvents > 0)
      for difference in replay.differences.prefix(5) { Issue.record("seed \(seed): \(difference)") }
    }
  }
}

extension Fleet {
  /// Reads some files once, in their order.
  fileprivate func ingest(_ files: [FilePath]) throws {
    let writer = try Pipeline.create(database: database)
    let search = try SearchThread(database: database)
    let pipeline = Pipeline(writer: writer, cap: .sha256(), search: search, clock: Clock.now)
    for file in files { pipeline.take(change(file)) }
    while try pipeline.step() {}
    try pipeline.settle(quietSince: .max)
    try search.finish()
  }
}

/// One churned fleet, and the processes that read it and are killed.
private struct CrashRun {
  let fleet: Fleet
  let live: TemporaryFolder
  var churn: Churn

  init(_ fleet: Fleet, seed: UInt64) throws {
    self.fleet = fleet
    live = TemporaryFolder(path: fleet.folder.path("live"))
    let history = TemporaryFolder(path: fleet.folder.path("history"))
    churn = try Churn(live: live, history: history, seed: seed)
  }

  private func serve() throws -> RunningProgram {
    try RunningProgram([
      "serve", live.path.text, "--db", fleet.database, "--port", "0", "--assets",
      RunningProgram.package.path,
    ])
  }

  /// Starts the process, goes on writing, kills it, and writes some more while nobody reads.
  mutating func round(_ round: Int, of rounds: Int) throws {
    let steps = churn.stepsLeft / (rounds - round + 1)
    let unread = churn.stepsLeft - steps / 4
    let server = try serve()
    let lasts = churn.stepsLeft - steps
    while churn.stepsLeft > max(unread, lasts) { try step(isRead: { _ in false }) }
    // A process that lives a moment only may die before it has opened its log.
    usleep(churn.pause(upTo: 400_000))
    while churn.stepsLeft > lasts + steps / 4 {
      try step(isRead: awaitRead)
      usleep(churn.pause(upTo: 4000))
    }
    usleep(churn.pause(upTo: 60_000))
    server.signal(SIGKILL)
    #expect(server.exitStatus() == 128 + SIGKILL)
    while churn.stepsLeft > lasts { try step(isRead: isRead) }
  }

  /// Lets a process read everything to its end, and its parsers say their last.
  mutating func finish() throws {
    try churn.finish()
    let server = try serve()
    for file in FileLister().list([live.path]).files {
      #expect(try awaitRead(file.path), "\(file.path) was not read to its end")
    }
    server.signal(SIGTERM)
    #expect(server.exitStatus() == 0)
    let last = try RunningProgram.run(["ingest", live.path.text, "--db", fleet.database])
    #expect(last.status == 0, "\(last.error)")
  }

  private mutating func step(isRead: (FilePath) throws -> Bool) throws {
    let done = try churn.step(isRead: isRead)
    if ProcessInfo.processInfo.environment["FLEETLOG_VERBOSE"] != nil { print(done) }
  }

  /// Whether the log holds all complete lines of a file.
  private func isRead(_ path: FilePath) throws -> Bool {
    guard FileManager.default.fileExists(atPath: fleet.database),
      let log = try? Connection(path: fleet.database, access: .readOnly)
    else { return false }
    let known = try? log.first(
      "SELECT cursor, state, size FROM files WHERE path = ? AND state <> 'gone'",
      [.text(path.text)]
    ) { (cursor: $0.optionalText(0), state: $0.text(1), size: $0.int(2)) }
    guard let known else { return false }
    if known.state == "unrecognised" { return known.size == FileStamp.of(path)?.size }
    var reader = TailReader()
    let rest = try reader.read(path, from: known.cursor.flatMap { Cursor(text: $0) })
    return (rest.restart == nil || known.cursor == nil) && rest.lines.isEmpty
      && rest.skipped.isEmpty
  }

  private func awaitRead(_ path: FilePath) throws -> Bool {
    for _ in 0..<1500 {
      if try isRead(path) { return true }
      usleep(20_000)
    }
    Issue.record("\(path) was not read within half a minute")
    return false
  }
}
