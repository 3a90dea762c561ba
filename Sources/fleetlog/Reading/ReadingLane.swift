import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogThreads
import Foundation

/// Reads the transcripts of one mount, on a thread of its own: a mount that hangs takes nobody else
/// along. What it reads waits in the ``PortionChannel`` to be committed.
final class ReadingLane: Sendable {
  /// What a lane's thread is at.
  struct Activity: Sendable {
    let path: FilePath
    /// ms of the monotonic clock.
    let since: Int64
  }

  /// Where a lane's files come from.
  enum Source: Sendable {
    case watcher(DirectoryWatcher)
    /// Changes are only ordered, as for a folder that is read once.
    case orders(WakeSignal)
  }

  let index: Int
  let source: Source
  private let channel: PortionChannel
  private let activityState = Monitor<Activity?>(nil)
  private let failure = Monitor<StoreError?>(nil)

  init(index: Int, source: Source, channel: PortionChannel) {
    self.index = index
    self.source = source
    self.channel = channel
  }

  /// The file that is being read just now.
  var activity: Activity? { activityState.withLock { $0 } }

  /// Why the log could not be asked what it knows, as long as that lasts.
  var lastError: StoreError? { failure.withLock { $0 } }

  /// What ends the sleep of a lane with this source.
  static func wake(_ source: Source) -> @Sendable () -> Void {
    switch source {
    case .watcher(let watcher): { watcher.wake() }
    case .orders(let signal): { signal.raise() }
    }
  }

  /// - Parameters:
  ///   - database: the log that says how far files are known.
  ///   - territory: which of the paths that the log knows are this lane's.
  func start(
    database: String, rules: ReadingRules, territory: @escaping @Sendable (FilePath) -> Bool
  ) {
    Thread.detachNewThread { [self] in
      var work = LaneWork(lane: self, channel: channel, rules: rules, territory: territory)
      work.run(database: database)
    }
  }

  /// What has changed; sleeps where nothing has.
  fileprivate func changes(timeoutMs: Int?) -> [FileChange] {
    switch source {
    case .watcher(let watcher): return watcher.next(timeoutMs: timeoutMs)
    case .orders(let signal):
      if timeoutMs != 0 { signal.wait(timeoutMs: timeoutMs) }
      return []
    }
  }

  fileprivate var hasListedAll: Bool {
    if case .watcher(let watcher) = source { watcher.status.isComplete } else { false }
  }

  fileprivate func isAt(_ path: FilePath?) {
    let now = path == nil ? 0 : MonotonicClock.now
    activityState.withLock { $0 = path.map { Activity(path: $0, since: now) } }
  }

  fileprivate func note(_ error: StoreError?) { failure.withLock { $0 = error } }
}

/// What a lane's thread remembers and does.
private struct LaneWork {
  let lane: ReadingLane
  let channel: PortionChannel
  let rules: ReadingRules
  let territory: @Sendable (FilePath) -> Bool
  private var queue: ReadingQueue
  /// What each file was like when the turn that read it to its end began, so that an unchanged
  /// one costs no turn and what was appended meanwhile gets another.
  private var finished: [FilePath: FileStamp] = [:]
  /// The bytes of each unfinished file that were counted as to be read, or that were read by an
  /// earlier process.
  private var counted: [FilePath: Int64] = [:]
  /// Files that the log knows and that have not been seen since it was opened.
  private var unseen: Set<FilePath> = []
  private var hasNotedMissing = false
  /// Segments that don't count until their manifest names them, by the manifest.
  private var awaiting: [FilePath: Set<FilePath>] = [:]
  /// Files that could not be read, to be tried again.
  private var unreadable: Set<FilePath> = []
  /// When they are tried again, in ms of the monotonic clock.
  private var retryAt: Int64 = 0

  /// ms between two attempts at what can't be read.
  private static let retryInterval: Int64 = 2000

  init(
    lane: ReadingLane, channel: PortionChannel, rules: ReadingRules,
    territory: @escaping @Sendable (FilePath) -> Bool
  ) {
    self.lane = lane
    self.channel = channel
    self.rules = rules
    self.territory = territory
    queue = ReadingQueue(rules.order)
  }

  mutating func run(database: String) {
    guard var reader = untilItWorks({ (work) throws(StoreError) in try work.open(database) })
    else { return }
    while let goesOn = untilItWorks({ (work) throws(StoreError) in try work.round(&reader) }),
      goesOn
    {}
  }

  /// Tries again what the log refuses, since that passes by itself.
  ///
  /// - Returns: nil where the lane is to end.
  private mutating func untilItWorks<Result>(
    _ body: (inout LaneWork) throws(StoreError) -> Result
  ) -> Result? {
    while true {
      do throws(StoreError) {
        let result = try body(&self)
        lane.note(nil)
        return result
      } catch {
        lane.note(error)
        if channel.pauseOrStop(lane.index, ms: Int(Self.retryInterval)) { return nil }
      }
    }
  }

  /// Learns from the log how far files have been read.
  private mutating func open(_ database: String) throws(StoreError) -> PortionReader {
    let known = try SourceLedger(database: database)
    for record in try known.present() {
      let path = FilePath(text: record.path)
      guard territory(path) else { continue }
      unseen.insert(path)
      if record.format == nil, let manifest = WorkRailManifests.manifest(for: path) {
        awaiting[manifest, default: []].insert(path)
      }
      guard record.state == .reading, let cursor = record.cursor.flatMap({ Cursor(text: $0) }),
        cursor.isAtEnd(ofSize: record.size)
      else {
        counted[path] = record.offset
        continue
      }
      finished[path] = FileStamp(
        identity: FileIdentity(device: record.device, inode: record.inode), size: record.size,
        modifiedAt: record.modifiedAt)
    }
    return PortionReader(
      known: known, rules: rules, inbox: FilePath(text: Places.inbox(of: database)))
  }

  /// Takes note of what changed, then takes one turn.
  ///
  /// - Returns: false where the lane is to end.
  private mutating func round(_ reader: inout PortionReader) throws(StoreError) -> Bool {
    // Asked before the changes, which include all that was listed when it was true.
    let hasListedAll = lane.hasListedAll
    let orders = channel.orders(lane.index, isIdle: queue.isEmpty && hasSeenAll)
    if orders.isStopped { return false }
    let mayRest = queue.isEmpty && orders.isEmpty
    let changes = orders.changes + lane.changes(timeoutMs: mayRest ? pause : 0)
    if !changes.isEmpty { channel.markBusy(lane.index) }
    for path in orders.reread {
      guard channel.drain(lane.index) else { return false }
      finished[path] = nil
      queue.add(path, isLive: true)
    }
    reader.forget(upTo: channel.tickets(lane.index).settled)
    for change in changes where !take(change, &reader) { return false }
    if (hasListedAll && !hasNotedMissing) || orders.looksForMissing {
      hasNotedMissing = true
      guard noteMissing(&reader) else { return false }
    }
    retryUnreadable()
    guard let (path, isLive) = queue.next() else { return true }
    return try read(at: path, isLive: isLive, &reader)
  }

  /// ms until something is to be looked at again without a change; nil for never.
  private var pause: Int? {
    unreadable.isEmpty && hasSeenAll ? nil : Int(Self.retryInterval)
  }

  /// Whether nothing stands below the lane's folders that it has not seen.
  private var hasSeenAll: Bool {
    if case .watcher = lane.source { hasNotedMissing } else { true }
  }

  private mutating func read(
    at path: FilePath, isLive: Bool, _ reader: inout PortionReader
  ) throws(StoreError) -> Bool {
    lane.isAt(path)
    defer { lane.isAt(nil) }
    if let earlier = try reader.predecessor(of: path) {
      queue.again(path, modifiedAt: FileStamp.of(path)?.modifiedAt ?? 0)
      return try read(at: earlier, isLive: isLive, &reader)
    }
    if reader.mustWait(for: path) {
      guard channel.drain(lane.index) else { return false }
      reader.forget(upTo: channel.tickets(lane.index).settled)
    }
    let portion: FilePortion
    do throws(StoreError) {
      portion = try reader.portion(at: path, ticket: channel.tickets(lane.index).next)
    } catch {
      queue.putBack(path)
      throw error
    }
    lane.isAt(nil)
    release(portion)
    if portion.reachedEnd {
      counted[path] = nil
      finished[path] = portion.skipped == nil ? portion.stamp : nil
      if portion.isUnreadable(now: Clock.now()) {
        unreadable.insert(path)
      } else {
        unreadable.remove(path)
      }
    } else {
      queue.again(path, modifiedAt: portion.stamp?.modifiedAt ?? 0)
    }
    return channel.send(portion, from: lane.index, isLive: isLive)
  }

  /// Gives segments that waited for a manifest another turn once it has had one.
  private mutating func release(_ portion: FilePortion) {
    if case .passedOver(.some) = portion.content,
      let manifest = WorkRailManifests.manifest(for: portion.path)
    {
      awaiting[manifest, default: []].insert(portion.path)
    } else if let segments = awaiting.removeValue(forKey: portion.path) {
      for segment in segments.sorted() { queue.add(segment, isLive: true) }
    }
  }

  /// Takes note of a file that exists, changed or went.
  private mutating func take(_ change: FileChange, _ reader: inout PortionReader) -> Bool {
    let path = change.path
    unseen.remove(path)
    guard let stamp = change.stamp else {
      finished[path] = nil
      counted[path] = nil
      unreadable.remove(path)
      return sendGone(path, &reader)
    }
    let last = finished[path]
    if let last, last.identity == stamp.identity, last.size == stamp.size,
      last.modifiedAt == stamp.modifiedAt, !mayHaveChangedUnseen(path, stamp)
    {
      return true
    }
    let known = counted[path] ?? last?.size ?? 0
    channel.found(
      lane.index, files: queue.holds(path) ? 0 : 1, bytes: max(0, stamp.size - known))
    counted[path] = max(known, stamp.size)
    queue.add(path, isLive: last != nil, modifiedAt: stamp.modifiedAt)
    return true
  }

  /// Whether a file that looks as it did may be another all the same: what is rewritten in place
  /// can keep its size, and two versions can fall into one tick of the file system's clock.
  private func mayHaveChangedUnseen(_ path: FilePath, _ stamp: FileStamp) -> Bool {
    SourceForm(of: path.name) != .lines && Clock.now() - stamp.modifiedAt < Self.clockTick
  }

  /// ms; longer than any file system's.
  private static let clockTick: Int64 = 2000

  private func sendGone(_ path: FilePath, _ reader: inout PortionReader) -> Bool {
    channel.send(
      reader.gone(path, ticket: channel.tickets(lane.index).next), from: lane.index,
      isLive: false)
  }

  /// Notes which files went while nobody watched; done once everything has been listed.
  private mutating func noteMissing(_ reader: inout PortionReader) -> Bool {
    for path in unseen where FileStamp.of(path) == nil {
      guard sendGone(path, &reader) else { return false }
    }
    unseen = []
    return true
  }

  /// Gives files that could not be read another turn: a disk or a mount recovers without a notice.
  private mutating func retryUnreadable() {
    guard !unreadable.isEmpty, MonotonicClock.now >= retryAt else { return }
    retryAt = MonotonicClock.now + Self.retryInterval
    for path in unreadable { queue.add(path, isLive: true) }
  }
}
