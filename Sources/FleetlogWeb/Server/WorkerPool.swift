import FleetlogThreads

/// Threads for work that may block, taken in the order it came.
///
/// The queue needs no bound of its own: a connection waits for its one job, so there are never
/// more jobs than connections.
final class WorkerPool: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State: Sendable {
    /// Thousands wait when as many streams are woken: taking the first must not move the others.
    var jobs: ArraySlice<Job> = []
    var isStopping = false
    var threads = 0
  }

  private let state = Monitor(State())
  private let ended = Monitor(0)

  /// Starts `count` threads, or none when the system refuses one.
  init(count: Int) throws(ErrnoFailure) {
    for _ in 0..<count {
      do throws(ErrnoFailure) {
        try startThread()
      } catch {
        stop(by: .now)
        throw error
      }
    }
  }

  func submit(_ job: @escaping Job) {
    state.withLock { $0.jobs.append(job) }
    state.wakeOne()
  }

  /// Drops what no thread has begun and waits for the rest until `moment`. A job that takes longer
  /// keeps its thread until it ends; nobody waits for it.
  func stop(by moment: Moment) {
    let threads = state.withLock { state in
      state.isStopping = true
      state.jobs = []
      return state.threads
    }
    state.wakeAll()
    _ = ended.wait(until: moment) { $0 == threads }
  }

  private func startThread() throws(ErrnoFailure) {
    // The thread holds the two monitors and not the pool, which can thus go away before a job ends.
    let thread = try ServerThread.start { [state, ended] in
      while let job = Self.next(in: state) { job() }
      ended.withLock { $0 += 1 }
      ended.wakeAll()
    }
    thread.detach()
    state.withLock { $0.threads += 1 }
  }

  private static func next(in state: Monitor<State>) -> Job? {
    state.wait { state -> Job?? in
      if let job = state.jobs.popFirst() { return .some(job) }
      return state.isStopping ? .some(nil) : nil
    }
  }
}
