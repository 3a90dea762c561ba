import FleetlogThreads
import Glibc

/// What the watching thread does, over and over: take the kernel's events, list what waits to be
/// listed, hand on what changed, sleep.
final class WatchLoop {
  /// ms of listing after which events and the consumer get their turn again.
  private static let slice: Int64 = 5
  /// Between two looks at the events of busy files: what is written in between coalesces.
  private static let pauseMicroseconds: UInt32 = 2000

  private let options: DirectoryWatcher.Options
  private let mailbox: WatchMailbox
  private let inotify: Inotify?
  private let tree: FolderTree
  private let roots: WatchRoots
  private var rescan: Timer
  private var poll: Timer
  private var overflows = 0
  private var hasLostEvents = false
  private var isComplete = false

  /// When a listing of many folders is due, in ms of ``MonotonicClock``.
  private struct Timer {
    let interval: Int64
    var due: Int64
    /// When it may be done again: so late that listing takes a twentieth of the time at most.
    var restedAt: Int64 = 0
    /// When the running one began.
    var began: Int64?

    mutating func finish(at now: Int64) {
      guard let began else { return }
      restedAt = now + (now - began) * 20
      due = max(began + interval, restedAt)
      self.began = nil
    }
  }

  init(roots: [FilePath], options: DirectoryWatcher.Options, mailbox: WatchMailbox) {
    self.options = options
    self.mailbox = mailbox
    var inotify: Inotify?
    var failure: String?
    do throws(Inotify.Refusal) { inotify = try Inotify() } catch {
      if case .system(let code) = error { failure = SystemError.text(code) }
    }
    self.inotify = inotify
    tree = FolderTree(inotify: inotify, failure: failure, options: options)
    self.roots = WatchRoots(roots, tree: tree, inotify: inotify)
    let now = MonotonicClock.now
    rescan = Timer(interval: Int64(options.rescanInterval), due: now, began: now)
    poll = Timer(interval: Int64(options.pollInterval), due: now + Int64(options.pollInterval))
  }

  func run() {
    roots.review()
    while !mailbox.isStopped {
      let hadEvents = takeEvents()
      startDueListings()
      listForAWhile()
      if tree.hasLostRoot { roots.review() }
      publish()
      guard tree.isSettled else { continue }
      if hadEvents {
        usleep(Self.pauseMicroseconds)
      } else {
        mailbox.commands.wait(timeoutMs: sleepMs, orReadable: inotify?.descriptor)
      }
    }
  }

  private func takeEvents() -> Bool {
    let events = inotify?.read() ?? []
    if events.isEmpty { return false }
    let hasArrival = events.contains(where: roots.isArrival)
    if tree.handle(events) {
      overflows += 1
      hasLostEvents = true
    }
    if hasArrival { roots.review() }
    return true
  }

  private func startDueListings() {
    let now = MonotonicClock.now
    if rescan.began == nil, now >= rescanDue {
      rescan.began = now
      hasLostEvents = false
      roots.recheck()
      tree.enqueueAll(below: roots.open)
    }
    if tree.isPolling, poll.began == nil, now >= poll.due {
      poll.began = now
      tree.enqueuePolled()
    }
  }

  private func listForAWhile() {
    let end = MonotonicClock.now + Self.slice
    while MonotonicClock.now <= end, let folder = tree.dequeue() {
      mailbox.showListing(folder.path)
      tree.visit(folder)
    }
    mailbox.showListing(nil)
    guard tree.isSettled else { return }
    isComplete = true
    let now = MonotonicClock.now
    rescan.finish(at: now)
    poll.finish(at: now)
  }

  /// Lost events hasten the rescan but do not skip its rest: events that are lost while everything
  /// is listed would make one listing follow the other.
  private var rescanDue: Int64 { hasLostEvents ? rescan.restedAt : rescan.due }

  private var sleepMs: Int {
    let due = tree.isPolling ? min(rescanDue, poll.due) : rescanDue
    return Int(max(0, due - MonotonicClock.now))
  }

  private func publish() {
    var status = tree.currentStatus()
    status.roots = roots.states
    status.overflows = overflows
    status.isComplete = isComplete
    // Before the changes, so that who takes them finds them in the status.
    mailbox.show(status)
    mailbox.post(tree.changes)
    tree.changes = []
  }
}
