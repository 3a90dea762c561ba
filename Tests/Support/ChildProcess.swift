package import Foundation

/// A process whose end is waited for as it comes. Foundation's own waiting looks every 50 ms, and
/// the tests start thousands of processes.
package final class ChildProcess: Process, @unchecked Sendable {
  // Set once; a semaphore is made for several threads.
  private let ended = DispatchSemaphore(value: 0)

  override package func run() throws {
    terminationHandler = { [ended] _ in ended.signal() }
    do {
      try super.run()
    } catch {
      ended.signal()
      throw error
    }
  }

  /// Whoever asks again finds the end as well, and so does who asks for one that never began.
  override package func waitUntilExit() {
    ended.wait()
    ended.signal()
  }
}
