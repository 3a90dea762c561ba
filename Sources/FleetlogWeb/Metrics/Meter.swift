import FleetlogEvents
import FleetlogStore
import FleetlogThreads

/// Counts what the dashboard does, from its start on; nothing of it survives that.
final class Meter: Sendable {
  private struct State: Sendable {
    var routes: [String: DurationHistogram] = [:]
    var problems: [Int: Int] = [:]
    var refusals: [RefusalKind: Int] = [:]
    /// Refusals up to this event are counted.
    var countedTo: Int64 = 0
    /// Answers that failed since the log is damaged.
    var damaged = 0
  }

  private let state = Monitor(State())
  /// ms since the Unix epoch.
  let startedAt: Int64
  /// Live streams that are open.
  let streams: @Sendable () -> Int

  init(startedAt: Int64 = 0, streams: @escaping @Sendable () -> Int = { 0 }) {
    self.startedAt = startedAt
    self.streams = streams
  }

  /// Notes how long the answer of a route took, to where it is whole or begins to stream.
  func note(_ duration: Duration, route: String) {
    state.withLock { $0.routes[route, default: DurationHistogram()].add(duration) }
  }

  /// Notes an answer that says what is wrong.
  func noteProblem(status: Int) { state.withLock { $0.problems[status, default: 0] += 1 } }

  /// Notes that the log could not be read, for whatever reason.
  func note(_ failure: any Error) {
    guard (failure as? StoreError)?.isDamage ?? false else { return }
    state.withLock { $0.damaged += 1 }
  }

  /// Whether the log was met with damage: that does not pass by itself.
  var isDamaged: Bool { state.withLock { $0.damaged > 0 } }

  var routes: [(route: String, times: DurationHistogram)] {
    state.withLock { $0.routes }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  var problems: [(status: Int, count: Int)] {
    state.withLock { $0.problems }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Refused blocks and events of the whole log by kind. Only those that are new are looked at.
  func refusals(in log: EventLog) throws(StoreError) -> [(kind: RefusalKind, count: Int)] {
    // Two that ask at once must not count the same ones twice.
    try state.withLock { (state) throws(StoreError) in
      let new = try log.refusals(after: state.countedTo)
      for (kind, count) in new.counts { state.refusals[kind, default: 0] += count }
      state.countedTo = new.upTo
      return RefusalKind.allCases.map { ($0, state.refusals[$0] ?? 0) }
    }
  }
}
