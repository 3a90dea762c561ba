import Glibc

/// A value behind a lock, with a condition that threads can wait for; for all that threads share.
///
/// A pthread lock rather than `Synchronization.Mutex`: ThreadSanitizer understands the former and
/// reports races that do not exist for the latter, which would hide the ones that do.
///
/// Unchecked because `value` is only ever reached with `mutex` held, and the two pthread objects
/// keep one address from `init` to `deinit`.
package final class Monitor<Value>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var value: Value

  package init(_ value: sending Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // The wall clock can be set back while a thread waits; the monotonic one cannot.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }

  /// Waits until `body` returns something, trying again after each wake-up.
  package func wait<Result>(for body: (inout Value) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }

  /// Waits until `condition` holds or the moment has passed, and says which it was.
  package func wait(until moment: Moment, for holds: (Value) -> Bool) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    var time = moment.timespec
    while !holds(value) {
      if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return holds(value) }
    }
    return true
  }

  package func wakeOne() {
    pthread_cond_signal(condition)
  }

  package func wakeAll() {
    pthread_cond_broadcast(condition)
  }
}
