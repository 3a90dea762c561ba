import Dispatch
import Foundation

/// Shows a fleet that does not exist: its transcripts are written into a folder and served.
enum DemoCommand: Verb {
  static let name = "demo"
  static let usesSettings = false
  static let help =
    "Writes a small, lively fleet of transcripts into a temporary folder and serves it."
  static let options =
    [
      Option(
        name: "db", value: "FILE", help: "a new log (default fleetlog.db in the demo's folder)"),
      Option(name: "host", value: "ADDRESS", help: "address to listen on (default 127.0.0.1)"),
      Option(name: "port", value: "PORT", help: "port (default 7450; 0 takes a free one)"),
      Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
      Option(
        name: "folder", value: "DIR",
        help: "empty or new folder for the fleet, which stays (default: a temporary one)"),
      Option(name: "once", value: nil, help: "writes the history and exits; needs --folder"),
      Option(name: "seed", value: "N", help: "another number, another fleet (default 7)"),
    ] + OperatorLog.options

  static func run(_ arguments: Arguments) throws -> Int32 {
    let seed = UInt64(try arguments.int("seed", in: 0...Int.max) ?? 7)
    if arguments.has("once") {
      guard let path = arguments.value("folder") else {
        throw UsageError("--once needs --folder DIR: there it leaves the transcripts")
      }
      let now = Clock.now()
      var fleet = DemoFleet(seed: seed, start: now)
      try openFolder(path).writeHistory(of: &fleet, until: now)
      Terminal.print(path)
      return 0
    }
    // Before the folder exists, so that a signal in between leaves nothing behind.
    Signals.block()
    guard let path = arguments.value("folder") else {
      let path = try makeTemporaryFolder()
      defer { try? FileManager.default.removeItem(atPath: path) }
      return try serve(DemoFolder(path), seed: seed, arguments)
    }
    return try serve(openFolder(path), seed: seed, arguments)
  }

  private static func serve(
    _ folder: DemoFolder, seed: UInt64, _ arguments: Arguments
  ) throws -> Int32 {
    let database = arguments.value("db") ?? folder.path + "/fleetlog.db"
    guard !FileManager.default.fileExists(atPath: database) else {
      throw Failure(
        "won't write invented events into \(database), which exists: name a new file with --db, "
          + "or leave --db and FLEETLOG_DB away")
    }
    let server = try Server(arguments, database: database)
    let now = Clock.now()
    var fleet = DemoFleet(seed: seed, start: now)
    try folder.writeHistory(of: &fleet, until: now)
    Terminal.say("the demo fleet is at work in \(Terminal.safe(folder.path))")
    let live = DemoThread(fleet, in: folder.path)
    defer { live.stop() }
    return try server.run(watching: folder.transcripts)
  }

  private static func openFolder(_ path: String) throws -> DemoFolder {
    let files = FileManager.default
    try files.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    guard try files.contentsOfDirectory(atPath: path).isEmpty else {
      throw Failure("won't mix the demo into \(path), which is not empty: name a new folder")
    }
    return DemoFolder(path)
  }

  private static func makeTemporaryFolder() throws -> String {
    let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    let path = parent + "/fleetlog-demo-" + UUID().uuidString.lowercased()
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    return path
  }
}

/// Keeps the fleet at work until it is stopped.
final class DemoThread: Sendable {
  private let stopped = DispatchSemaphore(value: 0)
  private let finished = DispatchSemaphore(value: 0)

  /// ms after which the fleet does not catch up with what it slept through.
  private static let patience: Int64 = 30_000

  init(_ fleet: DemoFleet, in path: String) {
    let (stopped, finished) = (stopped, finished)
    Thread.detachNewThread {
      defer { finished.signal() }
      do {
        try Self.work(fleet, DemoFolder(path), until: stopped)
      } catch {
        Terminal.say("fleetlog demo: the fleet stands still: \(Terminal.safe("\(error)"))")
      }
    }
  }

  /// Returns when the last line is written.
  func stop() {
    stopped.signal()
    finished.wait()
  }

  private static func work(
    _ fleet: DemoFleet, _ folder: DemoFolder, until stopped: DispatchSemaphore
  ) throws {
    var fleet = fleet
    var random = DemoRandom(seed: 0, "torn lines")
    while true {
      let wait = min(max(fleet.nextTime - Clock.now(), 20), 60_000)
      if stopped.wait(timeout: .now() + .milliseconds(Int(wait))) == .success { return }
      try fleet.advance(to: Clock.now(), patience: patience) { change, time in
        try folder.apply(change, at: time, isTorn: random.chance(0.1)) {
          usleep(UInt32(random.int(60...240)) * 1000)
        }
      }
    }
  }
}
