package import FleetlogEvents
import FleetlogThreads

/// How long the transactions of a writer took, from their begin to where they are on the disk or
/// rolled back. Written by the one thread and read by any.
package final class TransactionTimes: Sendable {
  private let times = Monitor(DurationHistogram())

  package var histogram: DurationHistogram { times.withLock { $0 } }

  func note(_ duration: Duration) { times.withLock { $0.add(duration) } }
}
