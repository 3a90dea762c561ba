import FleetlogEvents
import FleetlogThreads
import Foundation

/// Follows `/live` and notes when the first event of each line of some sessions came.
final class LiveFollower: Sendable {
  /// A line of a transcript, as an event names it.
  struct Line: Hashable, Sendable {
    let session: String
    /// Bytes from the start of the file.
    let offset: Int64
  }

  private struct State {
    var arrivals: [Line: ContinuousClock.Instant] = [:]
    /// Events that say what was done or said; each line has at most one.
    var spoken = 0
    var failure: String?
  }

  private let state = Monitor(State())
  // A socket may be shut down while another thread waits for it; nothing else is shared.
  private nonisolated(unsafe) let client: PageClient
  private let ended = DispatchSemaphore(value: 0)

  /// Returns when nothing that is recorded from now on is missed.
  init(port: Int, sessions: Set<String>) throws {
    client = try PageClient(port: port)
    try client.follow("/live")
    while let line = try client.line(), !line.starts(with: ": live".utf8) {}
    Thread.detachNewThread { [self] in
      do {
        while let line = try client.line() { take(line, sessions) }
      } catch {
        state.withLock { $0.failure = "\(error)" }
      }
      ended.signal()
    }
  }

  func stop() {
    client.hangUp()
    ended.wait()
  }

  private func take(_ line: ArraySlice<UInt8>, _ sessions: Set<String>) {
    let now = ContinuousClock.now
    guard line.starts(with: "data: ".utf8), let event = try? JSONDocument(Array(line.dropFirst(6))),
      let session = event.root["related_session_id"]?.string, sessions.contains(session),
      let offset = event.root["source_offset"]?.int
    else { return }
    let type = EventType(rawValue: event.root["event_type"]?.string ?? "")
    state.withLock { state in
      if Self.spoken.contains(type) { state.spoken += 1 }
      let line = Line(session: session, offset: Int64(offset))
      if state.arrivals[line] == nil { state.arrivals[line] = now }
    }
  }

  private static let spoken: Set<EventType> = [
    .messageUser, .messageAssistant, .toolCall, .toolResult,
  ]

  var spoken: Int { state.withLock { $0.spoken } }

  func arrival(of line: Line) -> ContinuousClock.Instant? {
    state.withLock { $0.arrivals[line] }
  }
}
