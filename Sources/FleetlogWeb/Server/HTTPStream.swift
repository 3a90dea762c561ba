import FleetlogThreads

/// An answer whose body is made piece by piece for as long as the client listens.
///
/// While there is nothing to send, the connection is suspended: it costs no thread and no turn of
/// the event loop. Pieces are made on threads of their own, and the next one only when the last
/// has gone out, so a slow client slows nobody else and piles up nothing.
package final class HTTPStream: Sendable {
  /// What making the next piece came to.
  package enum Piece: Sendable {
    case bytes([UInt8])
    /// Nothing yet, but there is more to look at: asked again when the others had their turn.
    case again
    /// Nothing until ``HTTPStream/wake()``.
    case pause
    case end
    /// It can't be finished. The connection is cut, so that the client sees that something is missing.
    case broken
  }

  private enum Phase: Sendable {
    case paused
    /// A piece is being made; whether a wake-up came meanwhile.
    case making(wasWoken: Bool)
    case sending([UInt8], from: Int)
    case ended
    case broken
  }

  private struct State: Sendable {
    var phase = Phase.making(wasWoken: false)
    /// The connection while it is suspended. Taking it out is what gives the right, and the duty,
    /// to resume it.
    var sleeper: MHDConnection?
    var pool: WorkerPool?
    var onEnd: (@Sendable () -> Void)?

    var isOver: Bool {
      switch phase {
      case .ended, .broken: true
      case .paused, .making, .sending: false
      }
    }
  }

  let contentType: String
  let next: @Sendable () -> Piece
  private let state = Monitor(State())

  /// - Parameter next: makes the next piece; called from one thread at a time, and may block.
  package init(contentType: String, next: @escaping @Sendable () -> Piece) {
    self.contentType = contentType
    self.next = next
  }

  /// Has the next piece asked for, if the last call paused.
  package func wake() {
    state.withLock { state in
      switch state.phase {
      case .paused: make(&state)
      case .making: state.phase = .making(wasWoken: true)
      case .sending, .ended, .broken: break
      }
    }
  }

  /// Sends `bytes` if nothing else is on its way, and then asks for the next piece.
  package func interject(_ bytes: [UInt8]) {
    let sleeper = state.withLock { state -> MHDConnection? in
      guard case .paused = state.phase else { return nil }
      state.phase = .sending(bytes, from: 0)
      return Self.takeSleeper(&state)
    }
    sleeper?.resume()
  }

  /// Ends the body. The client sees it end; there is no error.
  package func end() { finish(.ended) }

  private func finish(_ phase: Phase) {
    let (sleeper, onEnd) = state.withLock { state in
      if !state.isOver { state.phase = phase }
      defer { state.onEnd = nil }
      return (Self.takeSleeper(&state), state.onEnd)
    }
    sleeper?.resume()
    onEnd?()
  }

  package var hasEnded: Bool { state.withLock { $0.isOver } }

  /// Has `body` called when the stream ends, on whichever side; at once when it has ended.
  package func whenEnded(_ body: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      if state.isOver { return true }
      let earlier = state.onEnd
      state.onEnd = {
        earlier?()
        body()
      }
      return false
    }
    if isOver { body() }
  }

  // MARK: For the server

  /// Begins to make pieces on the threads of `pool`.
  func start(on pool: WorkerPool) {
    state.withLock { state in
      state.pool = pool
      if case .making = state.phase { make(&state) }
    }
  }

  /// What the library is told that asks for bytes.
  enum Filling: Sendable, Equatable {
    case filled(Int)
    /// The connection has been suspended.
    case suspended
    case ended
    case broken
  }

  /// Fills the library's buffer, or suspends `client` until there is something to fill it with.
  ///
  /// - Parameter willSuspend: called before that.
  func fill(
    _ buffer: UnsafeMutableRawBufferPointer, of client: MHDConnection,
    willSuspend: (MHDConnection) -> Void
  ) -> Filling {
    state.withLock { state in
      switch state.phase {
      case .ended: return .ended
      case .broken: return .broken
      case .sending(let bytes, let start) where start < bytes.count:
        let count = min(buffer.count, bytes.count - start)
        bytes.withUnsafeBytes {
          buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
        }
        state.phase = .sending(bytes, from: start + count)
        return .filled(count)
      case .sending: make(&state)
      case .paused, .making: break
      }
      // Within the lock, lest whoever has a piece looks for the sleeper before it is there.
      willSuspend(client)
      client.suspend()
      state.sleeper = client
      return .suspended
    }
  }

  // MARK: Making pieces

  private func make(_ state: inout State) {
    state.phase = .making(wasWoken: false)
    state.pool?.submit { [self] in take(next()) }
  }

  private func take(_ piece: Piece) {
    switch piece {
    case .end: return finish(.ended)
    case .broken: return finish(.broken)
    case .bytes, .again, .pause: break
    }
    let sleeper = state.withLock { state -> MHDConnection? in
      guard case .making(let wasWoken) = state.phase else { return nil }
      switch piece {
      case .bytes(let bytes) where !bytes.isEmpty:
        state.phase = .sending(bytes, from: 0)
        return Self.takeSleeper(&state)
      case .pause where !wasWoken: state.phase = .paused
      case .bytes, .again, .pause, .end, .broken: make(&state)
      }
      return nil
    }
    sleeper?.resume()
  }

  private static func takeSleeper(_ state: inout State) -> MHDConnection? {
    defer { state.sleeper = nil }
    return state.sleeper
  }
}
