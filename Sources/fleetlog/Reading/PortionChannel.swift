import FleetlogIngest
import FleetlogStore
import FleetlogThreads

/// Between the lanes that read and the one writer that commits: portions go one way, changes and what
/// must be read again the other. Bounded, so that reading waits for a writer that can't keep up.
final class PortionChannel: Sendable {
  /// One portion on its way, and whose it is.
  struct Sent: Sendable {
    let portion: FilePortion
    let lane: Int
    fileprivate let weight: Int
  }

  /// What a lane is asked to do.
  struct Orders: Sendable {
    var changes: [FileChange] = []
    /// Files whose portions the log refused, since it had gone on otherwise.
    var reread: [FilePath] = []
    /// Whether files that the log knows are to be looked for.
    var looksForMissing = false
    var isStopped = false

    var isEmpty: Bool {
      changes.isEmpty && reread.isEmpty && !looksForMissing && !isStopped
    }
  }

  private struct Lane {
    var orders = Orders()
    /// Portions that were sent, and those of them that were committed or refused.
    var sent = 0
    var settled = 0
    /// Bytes on their way.
    var weight = 0
    var isIdle: Bool
    /// Files and bytes that were found to be read.
    var files = 0
    var bytes: Int64 = 0
    let wake: @Sendable () -> Void

    var isBusy: Bool { !isIdle || settled < sent }
  }

  private struct State {
    var portions: ArraySlice<Sent> = []
    var lanes: [Lane] = []
    var isWoken = false

    /// A file's own portions keep their order.
    mutating func add(_ sent: Sent, isLive: Bool) {
      if isLive, !portions.contains(where: { $0.portion.path == sent.portion.path }) {
        portions.insert(sent, at: portions.startIndex)
      } else {
        portions.append(sent)
      }
    }
  }

  private let state = Monitor(State())
  /// Raised for the writer.
  private let ready = WakeSignal()
  /// Raised for lanes that wait for room or for the log.
  private let room: [WakeSignal]

  /// Bytes of lines that one lane may have on their way. A portion that is larger goes alone.
  private static let laneWeight = 16 << 20

  /// - Parameter lanes: for each lane, what ends its sleep, and whether it has nothing to read
  ///   until it is told so.
  init(lanes: [(wake: @Sendable () -> Void, isIdle: Bool)]) {
    room = lanes.map { _ in WakeSignal() }
    state.withLock { $0.lanes = lanes.map { Lane(isIdle: $0.isIdle, wake: $0.wake) } }
  }

  // MARK: For the writer

  /// Portions to be committed together, in the order in which they were read.
  ///
  /// - Parameter bytes: after so many the group is full.
  func take(upTo bytes: Int, portions limit: Int) -> [Sent] {
    state.withLock { state in
      var taken: [Sent] = []
      var weight = 0
      while taken.count < limit, weight < bytes, let next = state.portions.popFirst() {
        taken.append(next)
        weight += next.weight
      }
      return taken
    }
  }

  /// Sleeps until there are portions, ``wake()`` is called or the time is over; it may end sooner.
  ///
  /// - Parameter timeoutMs: nil waits without end.
  func wait(timeoutMs: Int?) {
    let isDue = state.withLock { state in
      defer { state.isWoken = false }
      return state.isWoken || !state.portions.isEmpty
    }
    if !isDue { ready.wait(timeoutMs: timeoutMs) }
  }

  /// Sleeps until there are portions, or until no lane has any more to read.
  func waitUntilReadOrIdle() {
    while state.withLock({ $0.portions.isEmpty && $0.lanes.contains { !$0.isIdle } }) {
      ready.wait(timeoutMs: nil)
    }
  }

  /// Ends the writer's sleep.
  func wake() {
    state.withLock { $0.isWoken = true }
    ready.raise()
  }

  /// Notes that portions were committed, or refused: those files are read again.
  func settle(_ portions: [Sent], refused: [Sent]) {
    let wakes = state.withLock { state in
      for portion in portions {
        state.lanes[portion.lane].settled += 1
        state.lanes[portion.lane].weight -= portion.weight
      }
      for portion in refused {
        state.lanes[portion.lane].orders.reread.append(portion.portion.path)
        state.lanes[portion.lane].isIdle = false
      }
      return Set(refused.map(\.lane)).map { state.lanes[$0].wake }
    }
    for lane in Set(portions.map(\.lane)) { room[lane].raise() }
    for wake in wakes { wake() }
  }

  func order(_ lane: Int, _ change: (inout Orders) -> Void) {
    let wake = state.withLock { state in
      change(&state.lanes[lane].orders)
      state.lanes[lane].isIdle = false
      return state.lanes[lane].wake
    }
    wake()
  }

  func stop() {
    let count = state.withLock { $0.lanes.count }
    for lane in 0..<count {
      order(lane) { $0.isStopped = true }
      room[lane].raise()
    }
  }

  /// Whether some portion is on its way or some lane has more to read.
  var hasWork: Bool { state.withLock { $0.lanes.contains { $0.isBusy } } }

  /// Whether a lane has portions on their way or more to read.
  func isBusy(_ lane: Int) -> Bool { state.withLock { $0.lanes[lane].isBusy } }

  /// Whether something waits to be committed.
  var hasPortions: Bool { state.withLock { !$0.portions.isEmpty } }

  /// Portions that wait to be committed, and the bytes of all that are on their way.
  var queued: (portions: Int, bytes: Int) {
    state.withLock { state in (state.portions.count, state.lanes.reduce(0) { $0 + $1.weight }) }
  }

  /// Files and bytes that were found to be read so far.
  var found: (files: Int, bytes: Int64) {
    state.withLock { state in
      (state.lanes.reduce(0) { $0 + $1.files }, state.lanes.reduce(0) { $0 + $1.bytes })
    }
  }

  // MARK: For the lanes

  /// What a lane is to do.
  ///
  /// - Parameter isIdle: whether it would rest if there were no orders.
  func orders(_ lane: Int, isIdle: Bool) -> Orders {
    let (orders, rests) = state.withLock { state in
      let orders = state.lanes[lane].orders
      state.lanes[lane].orders = Orders()
      let wasIdle = state.lanes[lane].isIdle
      state.lanes[lane].isIdle = isIdle && orders.isEmpty
      return (orders, state.lanes[lane].isIdle && !wasIdle)
    }
    if rests { ready.raise() }
    return orders
  }

  /// Hands a portion over; waits until there is room for it.
  ///
  /// - Parameter isLive: whether the portion is one of a file that is being written to, which goes
  ///   before an archive's.
  /// - Returns: false where the lane was stopped meanwhile, and the portion dropped.
  func send(_ portion: FilePortion, from lane: Int, isLive: Bool) -> Bool {
    let weight = portion.weight
    while true {
      let isSent: Bool? = state.withLock { state in
        if state.lanes[lane].orders.isStopped { return nil }
        let used = state.lanes[lane].weight
        guard used == 0 || used + weight <= Self.laneWeight else { return false }
        state.lanes[lane].sent += 1
        state.lanes[lane].weight += weight
        state.add(Sent(portion: portion, lane: lane, weight: weight), isLive: isLive)
        return true
      }
      guard let isSent else { return false }
      if isSent {
        ready.raise()
        return true
      }
      room[lane].wait(timeoutMs: nil)
    }
  }

  /// Waits until every portion of a lane is in the log.
  ///
  /// - Returns: false where the lane was stopped meanwhile.
  func drain(_ lane: Int) -> Bool {
    while true {
      let isDone: Bool? = state.withLock { state in
        let lane = state.lanes[lane]
        return lane.orders.isStopped ? nil : lane.settled == lane.sent
      }
      guard let isDone else { return false }
      if isDone { return true }
      room[lane].wait(timeoutMs: nil)
    }
  }

  func markBusy(_ lane: Int) { state.withLock { $0.lanes[lane].isIdle = false } }

  /// Sleeps a while, less where the lane's portions get on.
  ///
  /// - Returns: whether the lane was stopped.
  func pauseOrStop(_ lane: Int, ms: Int) -> Bool {
    room[lane].wait(timeoutMs: ms)
    return state.withLock { $0.lanes[lane].orders.isStopped }
  }

  /// The number of the lane's next portion, and of the last that is in the log.
  func tickets(_ lane: Int) -> (next: Int, settled: Int) {
    state.withLock { ($0.lanes[lane].sent + 1, $0.lanes[lane].settled) }
  }

  func found(_ lane: Int, files: Int, bytes: Int64) {
    state.withLock { state in
      state.lanes[lane].files += files
      state.lanes[lane].bytes += bytes
    }
  }
}
