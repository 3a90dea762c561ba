import FleetlogEvents
import FleetlogStore
import FleetlogWeb
import Foundation
import Synchronization

/// Serves a log that another process writes, or that nobody writes any more: it watches no folder,
/// takes no event and never becomes the log's writer. Open pages hear what others write.
struct ReadOnlyServer {
  private let http: HTTPServer
  private let access: ServeAccess
  private let said: OperatorLog

  init(_ arguments: Arguments, database path: String) throws {
    Signals.block()
    let said = OperatorLog(arguments)
    self.said = said
    let access = try ServeAccess(arguments, database: path, isReadOnly: true)
    let kit = try PageKit(arguments)
    guard try EventWriter.isCurrent(path) else {
      throw Failure(
        "can't serve \(path) read-only: it is of an earlier version of fleetlog; serve or ingest it "
          + "once, which brings it up to date")
    }
    guard FileManager.default.fileExists(atPath: SearchIndex.path(forDatabase: path)) else {
      throw Failure(
        "can't serve \(path) read-only: its full-text index is not beside it; serve it once, which "
          + "makes a new one, or copy \(SearchIndex.path(forDatabase: path)) too")
    }
    let log = try EventLog(
      path: path, limit: access.queryLimit, revealsSecrets: try Reveal.isAsked(serving: arguments))
    let gauges = Gauges()
    var program = ServingProgram()
    program.figures = { gauges.figures }
    program.report = { said.note(.error, "a request failed", ["cause": $0]) }
    let dashboard = Dashboard(
      log: log, live: try LiveHub(log: log, now: { Clock.now() }), kit: kit,
      now: { Clock.now() }, access: access.control,
      publicOrigin: access.origin(port: access.configuration.port), program: program)
    var configuration = access.configuration
    configuration.errorPage = { dashboard.errorPage($0, $1) }
    self.access = access
    http = HTTPServer(configuration: configuration, handler: { dashboard.reply(to: $0) })
    gauges.watch(http)
  }

  /// Serves until SIGTERM or SIGINT.
  func run() throws -> Int32 {
    try http.start()
    access.announce(port: http.port, on: said)
    said.note(.info, "read-only: nothing is watched and nothing is written to the log")
    let asked = DispatchSemaphore(value: 0)
    _ = Signals.whenAsked { asked.signal() }
    asked.wait()
    http.stop()
    return 0
  }
}
