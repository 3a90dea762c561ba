import CMicrohttpd
import FleetlogThreads
import Glibc

/// Cuts the connections of clients that take too long over one step.
///
/// The HTTP library only counts silence, so a client that sends or takes a byte now and then could
/// keep a connection for ever. Here each step has an end: the head of a request, its body, and
/// taking the answer. While the server itself is at work, and while a stream has nothing to send,
/// nothing is counted.
final class ConnectionWatch: Sendable {
  private struct Entry: Sendable {
    let socket: Int32
    /// When the step at hand must be over; nil while nothing is counted.
    var deadline: Moment?
    /// Whether a request has begun to arrive that has not been answered: its client is told 408.
    var isRequestUnderWay = false
  }

  private struct State: Sendable {
    var entries: [UInt: Entry] = [:]
    var isClosed = false
    /// Whether the thread waits without an end, since there is nothing to count.
    var isAsleep = false

    var isCounting: Bool { entries.values.contains { $0.deadline != nil } }
  }

  private let state = Monitor(State())
  private let limits: HTTPServer.Configuration.Patience
  private let thread: ServerThread

  /// - Parameter farewell: sent to a client whose request did not arrive in time; nil where it
  ///   could not be read, as under TLS.
  init(
    _ limits: HTTPServer.Configuration.Patience, farewell: [UInt8]?
  ) throws(ErrnoFailure) {
    self.limits = limits
    let shortest = min(limits.head, limits.body, limits.answer)
    let pause = max(.milliseconds(5), min(.seconds(1), shortest / 4))
    thread = try ServerThread.start { [state] in
      Self.run(state, pause: pause, farewell: farewell)
    }
  }

  func stop() {
    state.withLock { $0.isClosed = true }
    state.wakeAll()
    thread.join()
  }

  // MARK: What the library tells, of a connection by its id

  func isOpened(_ id: UInt, socket: Int32) {
    guard socket >= 0 else { return }
    state.withLock { $0.entries[id] = Entry(socket: socket) }
    awaitsRequest(id)
  }

  /// Must be called before the socket is closed, whose number may then be another's.
  func isClosed(_ id: UInt) { state.withLock { $0.entries[id] = nil } }

  func awaitsRequest(_ id: UInt) { begin(id, limits.head) { $0.isRequestUnderWay = false } }

  func requestLineIsRead(_ id: UInt) {
    state.withLock { $0.entries[id]?.isRequestUnderWay = true }
  }

  func headIsRead(_ id: UInt) { begin(id, limits.body) { $0.isRequestUnderWay = true } }

  func requestIsRead(_ id: UInt) { rests(id) }

  /// - Parameter bytes: of the answer, or of the piece of it, that the client is to take now.
  func isAnswered(_ id: UInt, bytes: Int) {
    begin(id, limits.answer + .seconds(bytes / limits.bytesPerSecond)) {
      $0.isRequestUnderWay = false
    }
  }

  /// It is the server's turn.
  func rests(_ id: UInt) {
    state.withLock { state in
      state.entries[id]?.deadline = nil
      state.entries[id]?.isRequestUnderWay = false
    }
  }

  private func begin(_ id: UInt, _ limit: Duration, _ change: (inout Entry) -> Void) {
    let wasAsleep = state.withLock { state in
      guard var entry = state.entries[id] else { return false }
      entry.deadline = Moment(after: limit)
      change(&entry)
      state.entries[id] = entry
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if wasAsleep { state.wakeAll() }
  }

  // MARK: The thread that cuts

  private static func run(_ state: Monitor<State>, pause: Duration, farewell: [UInt8]?) {
    while true {
      let mayGoOn = state.wait { state -> Bool? in
        if state.isClosed { return false }
        state.isAsleep = !state.isCounting
        return state.isAsleep ? nil : true
      }
      guard mayGoOn, !state.wait(until: Moment(after: pause), for: { $0.isClosed }) else { return }
      let now = Moment.now
      state.withLock { state in
        for (id, entry) in state.entries {
          guard let deadline = entry.deadline, deadline < now else { continue }
          // Within the lock: afterwards the number could be that of another connection.
          cut(entry, farewell)
          state.entries[id]?.deadline = nil
        }
      }
    }
  }

  /// Ends both directions; the library then finds the connection at its end and closes it.
  private static func cut(_ entry: Entry, _ farewell: [UInt8]?) {
    if entry.isRequestUnderWay, let farewell {
      _ = farewell.withUnsafeBytes { bytes in
        send(entry.socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
    }
    shutdown(entry.socket, Int32(SHUT_RDWR))
  }
}
