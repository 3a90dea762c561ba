package import FleetlogEvents
package import FleetlogStore

/// What moves while pages are open: the log's revision, and the import if one runs.
///
/// It hands no events out. It wakes the streams, and each asks the log for what lies behind its own
/// cursor, so that following and catching up after an interruption are one path.
package final class LiveHub: Sendable {
  private struct State: Sendable {
    var streams: [ObjectIdentifier: HTTPStream] = [:]
    var revision: Int64 = 0
    var progress: ImportProgress?
    /// Rises with every change of `progress`.
    var progressVersion = 0
    var isClosed = false
  }

  private let state = Monitor(State())

  /// - Parameters:
  ///   - log: looked at now and then, since another process may write to it.
  ///   - heartbeat: after this time without news a stream says that it is alive, which also finds
  ///     out the clients that are gone.
  ///   - check: between two looks at the log, as long as there are streams.
  package init(
    log: EventLog, heartbeat: Duration = .seconds(15), check: Duration = .seconds(1)
  ) throws(HTTPServerError) {
    do throws(ErrnoFailure) {
      // The thread holds the state and not the hub, which can thus go away.
      let thread = try ServerThread.start { [state] in
        Self.watch(log, state, heartbeat: heartbeat, check: min(check, heartbeat))
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
    if isNew { Self.wakeStreams(state) }
  }

  /// Says that the full-text index has moved on.
  package func publishSearch() { Self.wakeStreams(state) }

  /// Says how far the import has come; nil when none runs.
  package func publish(_ progress: ImportProgress?) {
    let isNew = state.withLock { state in
      guard state.progress != progress else { return false }
      state.progress = progress
      state.progressVersion += 1
      return true
    }
    if isNew { Self.wakeStreams(state) }
  }

  package var progress: ImportProgress? { state.withLock { $0.progress } }

  /// The progress with a number that changes when it does.
  var versionedProgress: (ImportProgress?, version: Int) {
    state.withLock { ($0.progress, $0.progressVersion) }
  }

  /// Wakes `stream` from now on, until it ends.
  func attend(to stream: HTTPStream) {
    let id = ObjectIdentifier(stream)
    state.withLock { $0.streams[id] = stream }
    state.wakeAll()
    stream.whenEnded { [state] in
      state.withLock { $0.streams[id] = nil }
    }
  }

  private static func wakeStreams(_ state: Monitor<State>) {
    for stream in state.withLock({ Array($0.streams.values) }) { stream.wake() }
  }

  private static func watch(
    _ log: EventLog, _ state: Monitor<State>, heartbeat: Duration, check: Duration
  ) {
    var nextBeat = Moment(after: heartbeat)
    while true {
      let mayGoOn = state.wait { state -> Bool? in
        if state.isClosed { return false }
        return state.streams.isEmpty ? nil : true
      }
      guard mayGoOn, !state.wait(until: Moment(after: check), for: { $0.isClosed }) else { return }
      if nextBeat < Moment(after: .zero) {
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
}
