import Glibc

/// The wall clock and the monotonic one. Everything below this target is told the time.
enum Clock {
  /// ms since the Unix epoch.
  static func now() -> Int64 { read(CLOCK_REALTIME) }

  /// ms since some moment; never steps.
  static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

  static func sleep(ms: Int) { usleep(UInt32(ms) * 1000) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
