package import FleetlogEvents
package import FleetlogStore
import FleetlogThreads

/// What moves while pages are open: the log's revision, what needs the operator, and the import if
/// one runs.
///
/// It hands no events out. It wakes the streams, and each asks the log for what lies behind its own
/// cursor, so that following and catching up after an interruption are one path.
package final class LiveHub: Sendable {
  private struct State: Sendable {
    var streams: [ObjectIdentifier: HTTPStream] = [:]
    /// Those of the streams that tell what needs the operator.
    var pulses: Set<ObjectIdentifier> = []
    /// Whether one of them has begun and was told nothing yet.
    var isAsked = false
    var revision: Int64 = 0
    /// nil until somebody wants to know.
    var attention: Attention?
    /// Rises with every change of `attention`.
    var attentionVersion = 0
    var progress: ImportProgress?
    /// Rises with every change of `progress`.
    var progressVersion = 0
    /// Whether there are news of which the streams have not been told.
    var hasNews = false
    var isClosed = false
  }

  /// What the streams share of what they send.
  let stretches: LiveStretches

  private let state = Monitor(State())

  /// - Parameters:
  ///   - log: looked at now and then, since another process may write to it.
  ///   - heartbeat: after this time without news a stream says that it is alive, which also finds
  ///     out the clients that are gone.
  ///   - check: between two looks at the log, as long as there are streams.
  ///   - now: ms since the Unix epoch.
  package init(
    log: EventLog, heartbeat: Duration = .seconds(15), check: Duration = .seconds(1),
    now: @escaping @Sendable () -> Int64
  ) throws(HTTPServerError) {
    stretches = LiveStretches(log: log)
    do throws(ErrnoFailure) {
      // The thread holds the state and not the hub, which can thus go away.
      let thread = try ServerThread.start { [state] in
        Self.watch(log, state, heartbeat: heartbeat, check: min(check, heartbeat), now: now)
      }
      thread.detach()
    } catch {
      throw HTTPServerError(
        operation: "start the thread that wakes", place: "live streams", cause: error.text,
        mend: "Give the process more threads and memory.")
    }
  }

  deinit {
    state.withLock { $0.isClosed = true }
    state.wakeAll()
  }

  /// Says that events up to this id are in the log.
  package func publish(revision: Int64) {
    let isNew = state.withLock { state in
      defer { state.revision = max(state.revision, revision) }
      return revision > state.revision
    }
    if isNew { tellStreams() }
  }

  /// Says that the full-text index has moved on.
  package func publishSearch() { tellStreams() }

  /// Says how far the import has come; nil when none runs.
  package func publish(_ progress: ImportProgress?) {
    let isNew = state.withLock { state in
      guard state.progress != progress else { return false }
      state.progress = progress
      state.progressVersion += 1
      return true
    }
    if isNew { tellStreams() }
  }

  /// Has the streams woken by the hub's own thread: waking thousands takes a while, which is not the
  /// writer's. What comes while it is at it is one more wake-up, however much it was.
  private func tellStreams() {
    state.withLock { $0.hasNews = true }
    state.wakeAll()
  }

  /// Streams that are open.
  var streams: Int { state.withLock { $0.streams.count } }

  package var progress: ImportProgress? { state.withLock { $0.progress } }

  /// The progress with a number that changes when it does.
  var versionedProgress: (ImportProgress?, version: Int) {
    state.withLock { ($0.progress, $0.progressVersion) }
  }

  /// What needs the operator, with a number that changes when it does.
  var versionedAttention: (Attention?, version: Int) {
    state.withLock { ($0.attention, $0.attentionVersion) }
  }

  /// Wakes `stream` from now on, until it ends.
  ///
  /// - Parameter isPulse: whether it tells what needs the operator.
  func attend(to stream: HTTPStream, isPulse: Bool = false) {
    let id = ObjectIdentifier(stream)
    state.withLock { state in
      state.streams[id] = stream
      if isPulse {
        state.pulses.insert(id)
        state.isAsked = true
      }
    }
    state.wakeAll()
    stream.whenEnded { [state] in
      state.withLock { state in
        state.streams[id] = nil
        state.pulses.remove(id)
      }
    }
  }

  private static func wakeStreams(_ state: Monitor<State>) {
    for stream in state.withLock({ Array($0.streams.values) }) { stream.wake() }
  }

  private static func watch(
    _ log: EventLog, _ state: Monitor<State>, heartbeat: Duration, check: Duration,
    now: () -> Int64
  ) {
    var nextBeat = Moment(after: heartbeat)
    var nextCheck = Moment(after: check)
    var needs = NeedWatch()
    while true {
      let mayGoOn = state.wait { state -> Bool? in
        if state.isClosed { return false }
        return state.streams.isEmpty ? nil : true
      }
      guard mayGoOn else { return }
      needs.look(at: log, state, now: now)
      _ = state.wait(until: nextCheck) { $0.isClosed || $0.isAsked || $0.hasNews }
      let (isClosed, hasNews) = state.withLock { state in
        defer { state.hasNews = false }
        return (state.isClosed, state.hasNews)
      }
      if isClosed { return }
      if hasNews { wakeStreams(state) }
      guard nextCheck < .now else { continue }
      nextCheck = Moment(after: check)
      if nextBeat < .now {
        nextBeat = Moment(after: heartbeat)
        for stream in state.withLock({ Array($0.streams.values) }) {
          stream.interject(LiveStream.heartbeat)
        }
      }
      guard let revision = try? log.lastEventID() else { continue }
      let isNew = state.withLock { state in
        defer { state.revision = revision }
        return revision != state.revision
      }
      if isNew { wakeStreams(state) }
    }
  }

  /// Finds out what needs the operator when the log has grown and somebody listens; and now and
  /// then, since what asks may expire.
  private struct NeedWatch {
    private var revision: Int64 = -1
    private var earliest = Moment.now
    private var latest = Moment.now

    mutating func look(at log: EventLog, _ state: Monitor<State>, now: () -> Int64) {
      let time = Moment.now
      let isListenedTo = state.withLock { state in
        state.isAsked = false
        return !state.pulses.isEmpty
      }
      guard isListenedTo, earliest < time, let last = try? log.lastEventID(),
        last != revision || latest < time
      else { return }
      let attention = try? Attention(of: log, now: now())
      // Where it takes long it is asked seldom: a twentieth of one core at most.
      earliest = Moment(after: time.distance(to: .now) * 20)
      guard let attention else { return }
      revision = last
      latest = Moment(after: .seconds(60))
      let isNew = state.withLock { state in
        guard state.attention != attention else { return false }
        state.attention = attention
        state.attentionVersion += 1
        return true
      }
      if isNew { wakeStreams(state) }
    }
  }
}
