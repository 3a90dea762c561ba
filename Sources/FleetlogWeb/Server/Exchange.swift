import FleetlogThreads

/// One request and what becomes of it.
///
/// The library's thread, a worker and a stopping server may each reach for it, hence the lock.
final class Exchange: Sendable {
  /// Path and query as sent.
  let target: [UInt8]

  private struct State: Sendable {
    var verdict: RequestGuard.Verdict?
    var lateProblem: HTTPProblem?
    var body: [UInt8] = []
    var received = 0
    var kept = 0
    var answer: HTTPResponse?
    var isHead = false
  }

  private let state = Monitor(State())

  init(target: [UInt8]) {
    self.target = target
  }

  /// Whether the head has been read and judged.
  var hasBegun: Bool {
    state.withLock { $0.verdict != nil }
  }

  func begin(_ verdict: RequestGuard.Verdict, isHead: Bool) {
    state.withLock { state in
      state.verdict = verdict
      state.isHead = isHead
    }
  }

  /// Whether the client asked for the headers alone.
  var isHead: Bool {
    state.withLock { $0.isHead }
  }

  /// What is asked for, once the head has been judged; without the body.
  var request: HTTPRequest? { state.withLock { $0.verdict?.request } }

  /// Keeps or discards a piece of the body.
  ///
  /// - Parameter room: bytes that may be kept of this piece.
  /// - Returns: the bytes received so far, kept or not, and those kept of this piece.
  func receive(_ bytes: UnsafeRawBufferPointer, room: Int) -> (received: Int, kept: Int) {
    state.withLock { state in
      state.received += bytes.count
      guard let verdict = state.verdict, verdict.problem == nil, state.lateProblem == nil else {
        return (state.received, 0)
      }
      if state.received > verdict.bodyLimit {
        state.lateProblem = RequestGuard.tooLarge("longer than that", limit: verdict.bodyLimit)
        state.body = []
      } else if bytes.count > room {
        state.lateProblem = RequestGuard.noRoom
        state.body = []
      } else {
        state.body.append(contentsOf: bytes)
        state.kept += bytes.count
        return (state.received, bytes.count)
      }
      return (state.received, 0)
    }
  }

  /// Bytes of body that were kept, whether they are still needed or not.
  var kept: Int { state.withLock { $0.kept } }

  /// What the request came to, once it is all there: a request for the handler, or a refusal.
  func outcome() -> (request: HTTPRequest, problem: HTTPProblem?)? {
    state.withLock { state in
      guard let verdict = state.verdict else { return nil }
      let body = state.body
      state.body = []
      return (verdict.request.with(body: body), verdict.problem ?? state.lateProblem)
    }
  }

  /// The answer prepared while the connection slept.
  var answer: HTTPResponse? {
    get { state.withLock { $0.answer } }
    set { state.withLock { $0.answer = newValue } }
  }
}
