import Dispatch
import FleetlogStore
import Synchronization

/// Keeps the full-text index current on a thread of its own, since indexing is slower than
/// appending and must not hold it up.
final class SearchThread: Sendable {
  private let index: Mutex<SearchIndex>
  private let queue = DispatchQueue(label: "fleetlog.search")
  private let isScheduled = Atomic(false)
  private let failure = Mutex<StoreError?>(nil)
  private let onAdvance = Mutex<(@Sendable () -> Void)?>(nil)

  /// - Parameter path: a log that its writer has created.
  init(database path: String) throws(StoreError) {
    index = Mutex(try SearchIndex(database: path))
  }

  /// Why the index could not be brought up to date, as long as that lasts.
  var lastError: StoreError? { failure.withLock { $0 } }

  /// Has `body` called each time the index has taken events in, on the index's own thread.
  func whenAdvanced(_ body: @escaping @Sendable () -> Void) {
    onAdvance.withLock { $0 = body }
  }

  /// Brings the index up to date soon.
  func wake() {
    guard
      isScheduled.compareExchange(
        expected: false, desired: true, ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    queue.async { [self] in
      isScheduled.store(false, ordering: .releasing)
      advance()
    }
  }

  /// Waits until the index is current.
  func finish() throws(StoreError) {
    queue.sync { advance() }
    if let error = lastError { throw error }
  }

  private func advance() {
    do throws(StoreError) {
      while try index.withLock({ (index) throws(StoreError) in try index.advance() }) > 0 {
        onAdvance.withLock { $0 }?()
      }
      failure.withLock { $0 = nil }
    } catch {
      failure.withLock { $0 = error }
    }
  }
}
