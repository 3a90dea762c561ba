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

  init(_ arguments: Arguments, database path: String) throws {
    Signals.block()
    try Places.makeFolder(of: path)
    let cap = TextCap.sha256(
      limit: try arguments.int("max-text", in: 1024...(1 << 30)) ?? TextCap.defaultLimit)
    let writer = try Pipeline.create(database: path)
    search = try SearchThread(database: path)
    pipeline = try Pipeline(writer: writer, cap: cap, search: search, clock: Clock.now)
    let dashboard = try Dashboard(
      log: try EventLog(path: path), assets: try Places.assets(arguments),
      now: { Clock.now() })
    var configuration = HTTPServer.Configuration()
    configuration.host = arguments.value("host") ?? configuration.host
    configuration.port = try arguments.int("port", in: 0...65535) ?? configuration.port
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
    let stop = Signals.whenAsked { watcher.wake() }
    search.wake()
    var trouble = Trouble()
    while !stop.isRaised {
      let timeout = pipeline.hasWork ? trouble.pause : quietCheck
      for change in watcher.next(timeoutMs: timeout) {
        trouble.note { () throws(StoreError) in try pipeline.take(change) }
      }
      trouble.note { () throws(StoreError) in
        _ = try pipeline.step()
        if !pipeline.hasWork {
          isHolding = try pipeline.settle(quietSince: Clock.now() - Pipeline.quietTime)
        }
      }
    }
    watcher.stop()
    http.stop()
    try search.finish()
    return 0
  }

  /// Whether some parser waits for its file to be quiet; only then the clock matters.
  private var isHolding = true

  private var quietCheck: Int? { isHolding ? 2000 : nil }

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
