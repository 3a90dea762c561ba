import Foundation
import Testing

/// Runs a suite's tests on a thread of their own, beside all others.
///
/// Tests share as many threads as there are processors. One that waits for a process holds its
/// thread meanwhile, and those of a suite that run one after another get at the end of the queue
/// each time: so a suite that mostly waits would be left over, alone, once all others are done.
struct OwnThreadTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let thread = OwnThread()
    defer { thread.end() }
    try await withTaskExecutorPreference(thread) { try await function() }
  }
}

extension Trait where Self == OwnThreadTrait {
  static var onItsOwnThread: OwnThreadTrait { OwnThreadTrait() }
}

/// Unchecked because the condition guards all that changes.
private final class OwnThread: TaskExecutor, @unchecked Sendable {
  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []
  private var isOver = false

  init() { Thread { [self] in work() }.start() }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock {
      jobs.append(job)
      condition.signal()
    }
  }

  /// What was handed over is still done.
  func end() {
    condition.withLock {
      isOver = true
      condition.signal()
    }
  }

  private func work() {
    while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob? {
    condition.withLock {
      while jobs.isEmpty && !isOver { condition.wait() }
      return jobs.isEmpty ? nil : jobs.removeFirst()
    }
  }
}
