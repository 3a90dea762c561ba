import FleetlogIngest
import FleetlogStore
import Foundation
import Synchronization

/// Keeps the full-text index current on a thread of its own, since indexing is slower than
/// appending and must not hold it up.
final class SearchThread: Sendable {
  private let work: SearchWork

  /// - Parameter path: a log that its writer has created.
  init(database path: String) throws(StoreError) {
    let work = SearchWork(try SearchIndex(database: path))
    self.work = work
    Thread.detachNewThread { work.run() }
  }

  deinit { work.stop() }

  /// Why the index could not be brought up to date, as long as that lasts.
  var lastError: StoreError? { work.failure.withLock { $0 } }

  /// Has `body` called each time the index has taken events in, on the thread that indexes.
  func whenAdvanced(_ body: @escaping @Sendable () -> Void) {
    work.onAdvance.withLock { $0 = body }
  }

  /// Brings the index up to date soon.
  func wake() { work.signal.raise() }

  /// Brings the index up to date before it returns.
  func finish() throws(StoreError) {
    work.advance()
    if let error = lastError { throw error }
  }
}

/// What the thread works on, and keeps alive until it has seen that it is to stop.
private final class SearchWork: Sendable {
  private let index: Monitor<SearchIndex>
  private let isStopped = Atomic(false)
  let signal = WakeSignal()
  let failure = Monitor<StoreError?>(nil)
  let onAdvance = Monitor<(@Sendable () -> Void)?>(nil)

  /// Where an import leaves no core idle, events come first and their full text after them.
  private static let niceness: Int32 = 19

  init(_ index: sending SearchIndex) { self.index = Monitor(index) }

  func run() {
    // Of the calling thread alone, as Linux has it.
    _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, Self.niceness)
    while !isStopped.load(ordering: .acquiring) {
      signal.wait(timeoutMs: nil)
      advance()
    }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    signal.raise()
  }

  func advance() {
    do throws(StoreError) {
      while !isStopped.load(ordering: .acquiring),
        try index.withLock({ (index) throws(StoreError) in try index.advance() }) > 0
      {
        onAdvance.withLock { $0 }?()
      }
      failure.withLock { $0 = nil }
    } catch {
      failure.withLock { $0 = error }
    }
  }
}
