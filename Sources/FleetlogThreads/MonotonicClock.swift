import Glibc

/// The clock that neither jumps nor runs back, whatever is done to the wall clock.
package enum MonotonicClock {
  /// ms since some moment.
  package static var now: Int64 { nanoseconds / 1_000_000 }

  fileprivate static var nanoseconds: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }
}

/// A moment of ``MonotonicClock``, such as one until which a thread waits.
package struct Moment: Comparable {
  private let nanoseconds: Int64

  package static var now: Moment { Moment(after: .zero) }

  package init(after delay: Duration) {
    let (seconds, attoseconds) = delay.components
    nanoseconds =
      MonotonicClock.nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  var timespec: timespec {
    Glibc.timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }

  package func distance(to other: Moment) -> Duration {
    .nanoseconds(other.nanoseconds - nanoseconds)
  }

  package static func < (left: Moment, right: Moment) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}
