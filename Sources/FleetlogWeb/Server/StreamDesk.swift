import FleetlogThreads

/// The streams that are open, and the threads that make their pieces: apart from those of the
/// pages, so that no number of streams keeps a page waiting.
final class StreamDesk: Sendable {
  private struct State: Sendable {
    var streams: [ObjectIdentifier: HTTPStream] = [:]
    var isClosed = false
  }

  private let limit: Int
  private let workers: WorkerPool
  private let state = Monitor(State())

  init(limit: Int) throws(ErrnoFailure) {
    self.limit = limit
    workers = try WorkerPool(count: 2)
  }

  enum Admission { case admitted, full, closed }

  /// Counts a stream in and starts it, unless there are as many as allowed.
  func admit(_ stream: HTTPStream) -> Admission {
    let id = ObjectIdentifier(stream)
    let admission = state.withLock { state in
      if state.isClosed { return Admission.closed }
      if state.streams.count >= limit { return .full }
      state.streams[id] = stream
      return .admitted
    }
    guard admission == .admitted else { return admission }
    stream.whenEnded { [self] in state.withLock { $0.streams[id] = nil } }
    stream.start(on: workers)
    return .admitted
  }

  /// Ends every stream, and admits none from here on.
  func close() {
    let streams = state.withLock { state in
      state.isClosed = true
      return Array(state.streams.values)
    }
    for stream in streams { stream.end() }
  }

  func stopWorkers(by moment: Moment) { workers.stop(by: moment) }
}
