import FleetlogIngest
import FleetlogStore
import FleetlogThreads
import Foundation
import Synchronization

/// Keeps the full-text index current beside the writer, since indexing is slower than appending and
/// must not hold it up.
///
/// Two threads take turns. While an archive is being imported one indexes that only has what the
/// others leave of the processors: a writer that wakes up takes its place at once, so events come
/// first and their full text after them. Otherwise one does that no busy machine starves.
final class SearchThread: Sendable {
  private let work: SearchWork

  /// - Parameter path: a log that its writer has created.
  init(database path: String) throws(StoreError) {
    let work = SearchWork(try SearchIndex(database: path))
    self.work = work
    for pace in SearchWork.Pace.allCases { Thread.detachNewThread { work.run(at: pace) } }
  }

  deinit { work.stop() }

  /// Why the index could not be brought up to date, as long as that lasts.
  var lastError: StoreError? { work.failure.withLock { $0 } }

  /// Has `body` called each time the index has taken events in, on the thread that indexes.
  func whenAdvanced(_ body: @escaping @Sendable () -> Void) {
    work.onAdvance.withLock { $0 = body }
  }

  /// Brings the index up to date soon.
  ///
  /// - Parameter isImporting: whether more is being read, so that the writer comes first.
  func wake(isImporting: Bool = false) { work.wake(isImporting ? .yielding : .prompt) }

  /// Notes that nothing more is being read.
  func yieldNoMore() { if work.isYielding { work.wake(.prompt) } }

  /// Brings the index up to date, if that takes no longer than `moment`. What is left then is left
  /// to the next start: the index knows how far it is.
  func settle(within moment: Duration) {
    work.wake(.prompt)
    work.waitUntilCurrent(Moment(after: moment))
  }

  /// Brings the index up to date before it returns.
  func finish() throws(StoreError) {
    work.wake(.prompt)
    work.advance(while: { true })
    if let error = lastError { throw error }
  }
}

/// What the threads work on, and keep alive until they have seen that they are to stop.
final class SearchWork: Sendable {
  enum Pace: Int, CaseIterable, AtomicRepresentable {
    case prompt, yielding
  }

  private let index: Monitor<SearchIndex>
  private let isStopped = Atomic(false)
  /// Events taken in since memory was given back.
  private let indexed = Atomic(0)
  private let pace = Atomic(Pace.prompt)
  private let signals = [WakeSignal(), WakeSignal()]
  /// How often the index was asked to become current, and the last of those that has come true.
  private struct Requests { var asked = 0, met = 0 }
  private let requests = Monitor(Requests())
  let failure = Monitor<StoreError?>(nil)
  let onAdvance = Monitor<(@Sendable () -> Void)?>(nil)

  /// Where no core is idle, others come first: of a core that one other thread wants, a tenth is
  /// left. At 19 it was a hundredth, and an archive's full text took hours beside two compilers.
  private static let niceness: Int32 = 10
  /// Events after which there is memory to give back: about a batch of them.
  private static let large = 8000
  /// `SCHED_IDLE` of Linux' sched.h, which the module map leaves out.
  private static let idlePolicy: Int32 = 5

  init(_ index: sending SearchIndex) { self.index = Monitor(index) }

  func run(at own: Pace) {
    // Both of the calling thread alone, as Linux has it.
    if own == .prompt || !Self.runsWhenIdle() {
      _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, Self.niceness)
    }
    while !isStopped.load(ordering: .acquiring) {
      signals[own.rawValue].wait(timeoutMs: nil)
      advance(while: { self.pace.load(ordering: .acquiring) == own })
    }
  }

  var isYielding: Bool { pace.load(ordering: .acquiring) == .yielding }

  /// Has the calling thread run where nobody else wants to; false where the system refuses.
  private static func runsWhenIdle() -> Bool {
    var none = sched_param()
    return sched_setscheduler(0, idlePolicy, &none) == 0
  }

  func wake(_ pace: Pace) {
    requests.withLock { $0.asked += 1 }
    self.pace.store(pace, ordering: .releasing)
    signals[pace.rawValue].raise()
  }

  func waitUntilCurrent(_ moment: Moment) {
    _ = requests.wait(until: moment, for: { $0.met == $0.asked })
  }

  /// Full text is the last step of an import: when it is done there, all is.
  private func giveMemoryBack() {
    guard !isYielding, indexed.load(ordering: .relaxed) >= Self.large else { return }
    indexed.store(0, ordering: .relaxed)
    FreeMemory.giveBack()
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    for signal in signals { signal.raise() }
  }

  func advance(while goesOn: () -> Bool) {
    do throws(StoreError) {
      while !isStopped.load(ordering: .acquiring), goesOn() {
        let asked = requests.withLock { $0.asked }
        let taken = try index.withLock { (index) throws(StoreError) in try index.advance() }
        // Only who has tried can say that it works again.
        failure.withLock { $0 = nil }
        guard taken > 0 else {
          giveMemoryBack()
          requests.withLock { $0.met = max($0.met, asked) }
          requests.wakeAll()
          return
        }
        indexed.add(taken, ordering: .relaxed)
        onAdvance.withLock { $0 }?()
      }
    } catch {
      failure.withLock { $0 = error }
    }
  }
}
