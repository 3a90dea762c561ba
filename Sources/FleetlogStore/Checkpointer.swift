import FleetlogThreads

/// Copies pages from a database's write-ahead log back into it on a thread of its own: whoever
/// writes need not wait for the disk meanwhile.
final class Checkpointer: Sendable {
  private enum Order { case rest, copy, stop, stopped }

  private let order = Monitor(Order.rest)

  init(database path: String) {
    let isStarted = DetachedThread.start { [order] in
      Self.run(path, order)
      order.withLock { $0 = .stopped }
      order.wakeAll()
    }
    // The writer then copies more by itself.
    if !isStarted { order.withLock { $0 = .stopped } }
  }

  /// Ends the thread, and its connection with it, so that the writer's is the last to be closed.
  deinit {
    order.withLock { if $0 != .stopped { $0 = .stop } }
    order.wakeAll()
    order.wait { $0 == .stopped ? () : nil }
  }

  /// Has what was committed so far copied back soon.
  func wake() {
    order.withLock { if $0 == .rest { $0 = .copy } }
    order.wakeAll()
  }

  private static func run(_ path: String, _ order: Monitor<Order>) {
    guard let connection = try? Connection(path: path, access: .readWrite) else { return }
    while true {
      let mayGoOn = order.wait { (order) -> Bool? in
        switch order {
        case .rest: return nil
        case .copy:
          order = .rest
          return true
        case .stop, .stopped: return false
        }
      }
      guard mayGoOn else { return }
      // What stands in the way, a full disk or who holds the log, is met by the writer too, which
      // says so; the next commit asks again.
      _ = try? connection.first("PRAGMA wal_checkpoint(PASSIVE)") { $0.int(0) }
    }
  }
}
