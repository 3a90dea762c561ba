import FleetlogStore
import FleetlogThreads
import FleetlogWeb

/// What the program that serves has to tell for `/metrics`, asked of whoever knows it.
final class Gauges: Sendable {
  private let transactions: TransactionTimes?
  private let intake: EventIntake?
  private let lanes = Monitor<Lanes?>(nil)
  private struct Server { weak var http: HTTPServer? }
  private let server = Monitor(Server())

  /// - Parameters: nil for a program that writes nothing.
  init(transactions: TransactionTimes? = nil, intake: EventIntake? = nil) {
    self.transactions = transactions
    self.intake = intake
  }

  /// Counts what these lanes have read among what waits for the writer.
  func watch(_ lanes: Lanes) { self.lanes.withLock { $0 = lanes } }

  /// Counts the connections of this server.
  func watch(_ http: HTTPServer) { server.withLock { $0.http = http } }

  var figures: ServingFigures {
    var figures = ServingFigures()
    figures.version = Fleetlog.version
    if let transactions { figures.transactions = transactions.histogram }
    if let intake { figures.postedEvents = intake.waiting }
    if let http = server.withLock({ $0.http }) {
      (figures.connections, figures.connectionsTurnedAway) = http.connections
      figures.mostConnections = http.connectionLimit
    }
    if let queued = lanes.withLock({ $0 })?.channel.queued {
      (figures.queuedTurns, figures.queuedBytes) = queued
    }
    return figures
  }
}
