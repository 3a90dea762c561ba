import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogWeb
import Foundation

/// Watches folders and serves the dashboard.
enum ServeCommand: Verb {
  static let name = "serve"
  static let operands = "[DIR…]"
  static let help = "Watches folders of transcripts and serves the dashboard."
  static let options = [
    CommonOptions.database,
    Option(name: "host", value: "ADDRESS", help: "address to listen on (default 127.0.0.1)"),
    Option(name: "port", value: "PORT", help: "port (default 7450; 0 takes a free one)"),
    Option(
      name: "allow-host", value: "NAME", help: "further name by which browsers may reach it",
      isRepeatable: true),
    Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
    Option(
      name: "max-text", value: "BYTES",
      help: "text kept whole up to this size, cut beyond it (default 1048576)"),
  ]

  static func run(_ arguments: Arguments) throws -> Int32 {
    var folders = arguments.positional
    if folders.isEmpty {
      let inbox = Places.inbox
      try Places.makeFolder(of: inbox + "/x")
      folders =
        [inbox] + Places.agentFolders.filter { FileManager.default.fileExists(atPath: $0) }
    }
    let server = try Server(arguments, database: CommonOptions.database(arguments))
    return try server.run(watching: folders)
  }
}

extension Places {
  /// The dashboard's files, as the arguments and the environment name them.
  static func assets(_ arguments: Arguments) throws(Assets.Failure) -> Assets {
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    // The option's environment twin is FLEETLOG_ASSETS itself.
    return try Assets.locate(
      option: arguments.value("assets"), environment: nil, executable: executable)
  }
}

/// Everything that runs while the dashboard is served: the watcher, the pipeline, the index, the
/// HTTP server. The pipeline stays on the thread that calls ``run(watching:)``.
final class Server {
  private let http: HTTPServer
  private let pipeline: Pipeline
  private let search: SearchThread
  private let log: EventLog
  private let live: LiveHub
  private var meter = ImportMeter()
  private let health: Health

  init(_ arguments: Arguments, database path: String) throws {
    Signals.block()
    try Places.makeFolder(of: path)
    let cap = TextCap.sha256(
      limit: try arguments.int("max-text", in: 1024...(1 << 30)) ?? TextCap.defaultLimit)
    // Before the log is made: wrong usage leaves nothing behind.
    let port = try arguments.int("port", in: 0...65535)
    let writer = try Pipeline.create(database: path)
    let health = Health()
    self.health = health
    search = try SearchThread(database: path)
    pipeline = try Pipeline(
      writer: writer, cap: cap, search: search, order: .newestFirst, clock: Clock.now)
    log = try EventLog(path: path)
    live = try LiveHub(log: log)
    search.whenAdvanced { [live] in live.publishSearch() }
    let dashboard = try Dashboard(
      log: log, live: live, assets: try Places.assets(arguments),
      now: { Clock.now() }, troubles: { health.troubles })
    var configuration = HTTPServer.Configuration()
    configuration.host = arguments.value("host") ?? configuration.host
    configuration.port = port ?? configuration.port
    configuration.allowedHosts = arguments.values("allow-host")
    configuration.allowedHostsHint = "start fleetlog with --allow-host NAME"
    configuration.errorPage = { dashboard.errorPage($0, $1) }
    guard Self.isLoopback(configuration.host) else {
      throw Failure(
        "can't serve on \(configuration.host): beyond this machine the dashboard would be open to "
          + "everybody; use 127.0.0.1 behind a proxy that asks who comes")
    }
    http = HTTPServer(configuration: configuration, handler: { dashboard.reply(to: $0) })
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
  }

  /// Serves until SIGTERM or SIGINT, then finishes what is in hand.
  func run(watching folders: [String]) throws -> Int32 {
    try http.start()
    Terminal.print("Fleetlog is at http://\(hostForURL):\(http.port)/")
    for folder in folders { Terminal.say("watching \(Terminal.safe(folder))") }
    let watcher = DirectoryWatcher(roots: folders.map { FilePath($0) })
    health.watch(watcher)
    let stop = Signals.whenAsked { watcher.wake() }
    search.wake()
    while !stop.isRaised {
      // Asked before the changes, which include all that was listed when it was true.
      let isListed = watcher.status.isComplete
      changes += watcher.next(timeoutMs: pause)
      retry()
      do throws(StoreError) {
        try work(isListed: isListed)
        if trouble != nil { Terminal.say("fleetlog: writing works again") }
        trouble = nil
      } catch {
        if trouble != error.description { Terminal.say("fleetlog: \(error)") }
        trouble = error.description
      }
      health.note(.log, trouble.map { "Fleetlog \($0)." })
      publish()
    }
    watcher.stop()
    http.stop()
    try search.finish()
    return 0
  }

  /// Tells the open pages how far the log and the import have come.
  private func publish() {
    live.publish(revision: pipeline.progress.appended.revision)
    let report = meter.report(
      pipeline.progress, isReading: pipeline.hasWork,
      searchLag: { (try? log.searchLag()) ?? 0 }, now: Clock.monotonic())
    switch report {
    case .importing(let progress): live.publish(progress)
    case .over: live.publish(nil)
    case nil: break
    }
  }

  /// Whether some parser waits for its file to be quiet; only then the clock matters.
  private var isHolding = true

  /// What the log could not take note of yet.
  private var changes: ArraySlice<FileChange> = []
  private var hasNotedMissing = false
  /// What keeps the log from being written, such as a full disk: said once, tried again.
  private var trouble: String?
  /// When what failed is tried again, in ms of the monotonic clock.
  private var retryAt: Int64 = 0

  /// ms between two attempts at what fails.
  private static let retryInterval: Int64 = 2000

  private func work(isListed: Bool) throws(StoreError) {
    while let change = changes.first {
      try pipeline.take(change)
      changes.removeFirst()
    }
    if isListed, !hasNotedMissing {
      try pipeline.noteMissing()
      hasNotedMissing = true
    }
    _ = try pipeline.step()
    if !pipeline.hasWork {
      isHolding = try pipeline.settle(quietSince: Clock.now() - Pipeline.quietTime)
    }
  }

  /// ms until something is to be looked at again without a change; nil for never.
  private var pause: Int? {
    if trouble != nil { return 1000 }
    if pipeline.hasWork { return 0 }
    if meter.isRunning { return 250 }
    let mayPass = isHolding || pipeline.hasUnreadable || search.lastError != nil
    return mayPass || !hasNotedMissing ? Int(Self.retryInterval) : nil
  }

  /// Tries again what fails by itself and passes by itself.
  private func retry() {
    let failure = search.lastError
    health.note(.fullText, failure.map { "The full-text index lags: Fleetlog \($0)." })
    guard Clock.monotonic() >= retryAt else { return }
    retryAt = Clock.monotonic() + Self.retryInterval
    pipeline.retryUnreadable()
    if failure != nil { search.wake() }
  }

  private var hostForURL: String { "127.0.0.1" }
}

/// Errors of the log that pass by themselves, such as a full disk: said once, tried again.
private struct Trouble {
  private var last: String?

  /// ms to wait before the next attempt.
  var pause: Int { last == nil ? 0 : 1000 }

  mutating func note(_ body: () throws(StoreError) -> Void) {
    do throws(StoreError) {
      try body()
      if last != nil { Terminal.say("fleetlog: writing works again") }
      last = nil
    } catch {
      if last != error.description { Terminal.say("fleetlog: \(error)") }
      last = error.description
    }
  }
}
