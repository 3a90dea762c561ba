import Dispatch
import FleetlogThreads
import Glibc

/// Watches folders and everything below them, and says which transcripts exist, change and go.
///
/// A thread of its own sleeps until the kernel (inotify) tells of a change. Where it can't tell,
/// folders are polled, which ``status`` shows. A slow rescan finds what every notice missed.
/// Folders are watched before they are listed, so nothing that appears meanwhile is lost.
package final class DirectoryWatcher: Sendable {
  package struct Options: Sendable {
    /// ms between two listings of everything.
    package var rescanInterval = 60_000
    /// ms between two listings of folders that can't be watched. Grows where listing takes long,
    /// so that polling never takes more than a twentieth of a core.
    package var pollInterval = 2000
    /// The most folders to watch through the kernel; the others are polled. The limit is shared
    /// by all programs of a user, and some may want to be left a part.
    package var maximumWatches = Int.max
    /// Mounts that others watch: passed over, and not even looked at.
    package var otherMounts: Set<FilePath> = []
    /// Which file names count, in which folders.
    package var isCandidate: @Sendable ([UInt8], FilePath) -> Bool = {
      TranscriptName.isCandidate($0, in: $1)
    }

    package init() {}
  }

  private let mailbox = WatchMailbox()
  private let thread: WatchThread

  /// Starts watching.
  ///
  /// - Parameter roots: folders, which need not exist yet and may overlap. A root may be a
  ///   symbolic link; links below it are not followed.
  package init(roots: [FilePath], options: Options = Options()) {
    let mailbox = mailbox
    thread = WatchThread {
      WatchLoop(roots: roots, options: options, mailbox: mailbox).run()
    }
  }

  deinit { stop() }

  /// What changed since the last call, each path once, in the order in which it was noticed; at
  /// first all that exists.
  ///
  /// Sleeps until there is something, ``wake()`` or ``stop()`` is called, or the time is over;
  /// then the answer is empty. For one consumer.
  ///
  /// - Parameter timeoutMs: nil waits without end.
  package func next(timeoutMs: Int?) -> [FileChange] {
    let end = timeoutMs.map { MonotonicClock.now + Int64($0) }
    while true {
      let (changes, isDue) = mailbox.take()
      let rest = end.map { Int($0 - MonotonicClock.now) }
      if !changes.isEmpty || isDue || rest ?? 1 <= 0 { return changes }
      mailbox.ready.wait(timeoutMs: rest)
    }
  }

  /// Ends the sleep of ``next(timeoutMs:)``, now or the next time it is called.
  package func wake() { mailbox.wake() }

  package var status: WatchStatus { mailbox.status }

  /// Ends the thread and waits for it. What was noticed before can still be taken;
  /// ``next(timeoutMs:)`` does not sleep any more.
  ///
  /// - Parameter patienceMs: how long to wait for a thread that a mount may hold; nil without end.
  package func stop(patienceMs: Int? = nil) {
    mailbox.stop()
    thread.join(patienceMs: patienceMs)
  }
}

/// What the watching thread and its consumer share.
final class WatchMailbox: Sendable {
  private struct State {
    var changes: [FileChange] = []
    var places: [FilePath: Int] = [:]
    var status = WatchStatus()
    var listing: (folder: FilePath, since: Int64)?
    var isWoken = false
    var isStopped = false
  }

  private let state = Monitor(State())
  /// Raised for the consumer.
  let ready = WakeSignal()
  /// Raised for the thread.
  let commands = WakeSignal()

  func post(_ changes: [FileChange]) {
    guard !changes.isEmpty else { return }
    let wasEmpty = state.withLock { state in
      let wasEmpty = state.changes.isEmpty
      for change in changes {
        if let place = state.places[change.path] {
          state.changes[place] = change
        } else {
          state.places[change.path] = state.changes.count
          state.changes.append(change)
        }
      }
      return wasEmpty
    }
    if wasEmpty { ready.raise() }
  }

  /// - Returns: isDue where the consumer is not to sleep, whatever has changed.
  func take() -> (changes: [FileChange], isDue: Bool) {
    state.withLock { state in
      let changes = state.changes
      let isDue = state.isWoken || state.isStopped
      state.changes = []
      state.places = [:]
      state.isWoken = false
      return (changes, isDue)
    }
  }

  func wake() {
    state.withLock { $0.isWoken = true }
    ready.raise()
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    ready.raise()
    commands.raise()
  }

  var isStopped: Bool { state.withLock { $0.isStopped } }

  func show(_ status: WatchStatus) { state.withLock { $0.status = status } }

  func showListing(_ folder: FilePath?) {
    let now = folder == nil ? 0 : MonotonicClock.now
    state.withLock { $0.listing = folder.map { ($0, now) } }
  }

  var status: WatchStatus {
    state.withLock { state in
      var status = state.status
      status.listing = state.listing.map {
        WatchStatus.Listing(folder: $0.folder, forMs: MonotonicClock.now - $0.since)
      }
      return status
    }
  }
}

/// A thread that can be waited for. Watching sleeps in the kernel, which must not happen on the
/// threads of Swift's own pool.
private final class WatchThread: Sendable {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Open once the thread has ended, or where there is none.
  private let ended = DispatchSemaphore(value: 0)

  init(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(
      Body { [ended] in
        run()
        ended.signal()
      })
    let result = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    if result == 0 {
      pthread_detach(thread)
    } else {
      body.release()
      ended.signal()
    }
  }

  /// - Parameter patienceMs: nil waits without end.
  func join(patienceMs: Int?) {
    let end = patienceMs.map { DispatchTime.now() + .milliseconds($0) } ?? .distantFuture
    // Left open for whoever waits next.
    if ended.wait(timeout: end) == .success { ended.signal() }
  }
}
