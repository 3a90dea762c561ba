import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogThreads

/// Every lane of a reading process: one for what lies on this machine's disks, and one for each
/// network mount at or below the watched folders, since those are what hangs.
final class Lanes: Sendable {
  private struct Lane {
    let reading: ReadingLane
    /// The mount that it reads; nil for the machine's own disks.
    let mount: FilePath?
  }

  let channel: PortionChannel
  private let lanes: [Lane]

  /// How long one file may take to be opened and read before its mount is said to hang, in ms.
  private static let patience: Int64 = 10_000

  /// Lanes that watch folders.
  static func watching(_ roots: [FilePath]) -> Lanes {
    let plan = MountTable.current().split(roots)
    var sources = [(mount: FilePath?, source: ReadingLane.Source)]()
    var options = DirectoryWatcher.Options()
    options.otherMounts = Set(plan.silent.keys)
    sources.append((nil, .watcher(DirectoryWatcher(roots: plan.local, options: options))))
    for (mount, roots) in plan.silent.sorted(by: { $0.key < $1.key }) {
      var options = options
      options.otherMounts.remove(mount)
      sources.append((mount, .watcher(DirectoryWatcher(roots: roots, options: options))))
    }
    return Lanes(sources)
  }

  /// One lane that reads what it is told to.
  static func ordered() -> Lanes { Lanes([(nil, .orders(WakeSignal()))]) }

  private init(_ sources: [(mount: FilePath?, source: ReadingLane.Source)]) {
    let channel = PortionChannel(
      lanes: sources.map { lane in
        let isOrdered = if case .orders = lane.source { true } else { false }
        return (ReadingLane.wake(lane.source), isOrdered)
      })
    self.channel = channel
    lanes = sources.enumerated().map { index, lane in
      Lane(
        reading: ReadingLane(index: index, source: lane.source, channel: channel),
        mount: lane.mount)
    }
  }

  func start(database: String, rules: ReadingRules) {
    for lane in lanes {
      let index = lane.reading.index
      lane.reading.start(database: database, rules: rules) { [self] path in
        owner(of: path) == index
      }
    }
  }

  /// The lane that reads a path: that of the innermost mount.
  private func owner(of path: FilePath) -> Int {
    let mounted = lanes.filter { $0.mount.map { path.isWithin($0) } ?? false }
    let innermost = mounted.max { ($0.mount?.bytes.count ?? 0) < ($1.mount?.bytes.count ?? 0) }
    return innermost?.reading.index ?? 0
  }

  /// Whether more may be read of a path just now.
  func isBusy(_ path: FilePath) -> Bool { channel.isBusy(owner(of: path)) }

  /// How well each lane's folders are watched.
  var statuses: [WatchStatus] {
    lanes.compactMap { lane in
      if case .watcher(let watcher) = lane.reading.source { watcher.status } else { nil }
    }
  }

  /// What is wrong with the reading just now, in sentences for people.
  var troubles: [String] {
    let now = MonotonicClock.now
    return lanes.flatMap { lane in
      var sentences: [String] = []
      if let error = lane.reading.lastError {
        sentences.append("Reading waits: Fleetlog \(error).")
      }
      if let activity = lane.reading.activity, now - activity.since > Self.patience {
        sentences.append(
          "\(activity.path) has not answered for \((now - activity.since) / 1000) s: its mount "
            + "may hang. Other folders are read on.")
      }
      return sentences
    }
  }

  /// Ends the lanes and their watchers. One that hangs is left behind.
  func stop() {
    channel.stop()
    for lane in lanes {
      if case .watcher(let watcher) = lane.reading.source { watcher.stop(patienceMs: 500) }
    }
  }
}
