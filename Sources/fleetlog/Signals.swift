import FleetlogThreads
import Foundation
import Glibc
import Synchronization

/// SIGTERM and SIGINT, taken by a thread of their own.
enum Signals {
  /// Says whether a signal has come.
  final class Flag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    fileprivate func raise() { raised.store(true, ordering: .releasing) }
  }

  private static var stopping: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    return signals
  }

  /// Keeps the signals from every thread that is started after this.
  static func block() {
    var signals = stopping
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Raises the flag and calls `body` when the process is asked to stop. Asked again after a
  /// second, it ends at once; sooner it is the same wish, told twice by a shell or a supervisor.
  static func whenAsked(_ body: @escaping @Sendable () -> Void) -> Flag {
    let flag = Flag()
    Thread.detachNewThread {
      var signals = stopping
      var signal: Int32 = 0
      sigwait(&signals, &signal)
      flag.raise()
      body()
      let asked = MonotonicClock.now
      repeat { sigwait(&signals, &signal) } while MonotonicClock.now - asked < 1000
      _exit(130)
    }
    return flag
  }
}
