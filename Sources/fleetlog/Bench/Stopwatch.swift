import Glibc

/// Time as measurements need it.
enum Stopwatch {
  /// Seconds that `body` takes.
  static func time(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return seconds(since: start)
  }

  /// Seconds of processor time that this process has used so far.
  static var processor: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func seconds(since start: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - start) / .seconds(1)
  }

  /// Looks every few ms until there is something.
  ///
  /// - Throws: where nothing came within so many seconds.
  @discardableResult
  static func wait<Result>(
    _ seconds: Double, for what: String, _ look: () throws -> Result?
  ) throws -> Result {
    let start = ContinuousClock.now
    while self.seconds(since: start) < seconds {
      if let result = try look() { return result }
      usleep(2000)
    }
    throw Failure("waited \(Int(seconds)) s in vain for \(what): is the machine busy?")
  }
}
