import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogThreads
import FleetlogWeb
import Foundation

/// Between the threads that take posted events and the one that writes: they are read here, wait
/// for their turn, and are answered when they are in the log.
///
/// Nobody waits longer than ``patience``: what the writer has not come to by then is withdrawn.
final class EventIntake: EventSink {
  /// Some events that came together.
  private struct Post: Sendable {
    let lines: [[EventDraft]]
    let answer: @Sendable (Result<[LogAnswer], EventSinkRefusal>) -> Void
    /// ms of the monotonic clock.
    let deadline: Int64
  }

  private struct State: Sendable {
    var posts: [Int: Post] = [:]
    /// Those that the writer has not come to, in their order.
    var queue: [Int] = []
    var lines = 0
    var next = 0
    var isClosed = false
    var wake: (@Sendable () -> Void)?
  }

  let logID: String
  private let cap: TextCap
  private let clock: @Sendable () -> Int64
  private let state = Monitor(State())

  /// ms until an answer.
  static let patience: Int64 = 5000
  /// Events that may wait at one time; one more is refused at once.
  private static let mostLines = 20_000
  /// Events that are written in one transaction, about.
  private static let groupLines = 500

  /// - Parameter clock: ms since the Unix epoch, for events that state no time.
  init(logID: String, cap: TextCap, clock: @escaping @Sendable () -> Int64) {
    self.logID = logID
    self.cap = cap
    self.clock = clock
    Thread.detachNewThread { [state] in Self.watch(state) }
  }

  /// Sets what ends the writer's sleep.
  func whenFilled(_ wake: @escaping @Sendable () -> Void) {
    state.withLock { $0.wake = wake }
  }

  // MARK: For those who post

  func take(
    _ events: [[UInt8]],
    answer: @escaping @Sendable (Result<[LogAnswer], EventSinkRefusal>) -> Void
  ) {
    let lines = LoggedLines(events, receivedAt: clock(), cap: cap)
    let deadline = MonotonicClock.now + Self.patience
    let (refusal, wake) = state.withLock { state -> (EventSinkRefusal?, (@Sendable () -> Void)?) in
      if state.isClosed { return (Self.stopping, nil) }
      guard state.lines == 0 || state.lines + events.count <= Self.mostLines else {
        return (Self.full, nil)
      }
      state.posts[state.next] = Post(
        lines: lines.drafts, answer: { answer($0.map(lines.answers)) }, deadline: deadline)
      state.queue.append(state.next)
      state.lines += events.count
      state.next += 1
      return (nil, state.wake)
    }
    if let refusal { return answer(.failure(refusal)) }
    state.wakeAll()
    wake?()
  }

  /// Refuses what comes from now on.
  func close() {
    state.withLock { $0.isClosed = true }
    state.wakeAll()
  }

  // MARK: For the writer

  /// Events that have been taken and not been written.
  var waiting: Int { state.withLock { $0.lines } }

  var hasPosts: Bool { state.withLock { !$0.queue.isEmpty } }

  /// Writes what has been waiting longest, in one transaction.
  ///
  /// - Returns: nil where nothing waited.
  func commit(to writer: EventWriter) throws(StoreError) -> Appended? {
    let posts = state.withLock { state in
      var posts: [(id: Int, lines: [[EventDraft]])] = []
      var count = 0
      while count < Self.groupLines, let id = state.queue.first {
        state.queue.removeFirst()
        guard let post = state.posts[id] else { continue }
        posts.append((id, post.lines))
        count += post.lines.count
      }
      return posts
    }
    guard !posts.isEmpty else { return nil }
    do throws(StoreError) {
      var (appended, answers) = try writer.log(posts.flatMap(\.lines), now: clock())
      for post in posts {
        let own = answers.prefix(post.lines.count)
        answers.removeFirst(post.lines.count)
        settle(post.id, .success(own.map { $0 ?? LoggedLines.nothing }))
      }
      return appended
    } catch {
      let refusal = EventSinkRefusal(
        code: "not_written",
        message: "Nothing was written"
          + (error.mend.map { ": \($0)" } ?? "; the server’s own messages say why")
          + ". Try again later.")
      for post in posts { settle(post.id, .failure(refusal)) }
      throw error
    }
  }

  private func settle(_ id: Int, _ result: Result<[LogAnswer], EventSinkRefusal>) {
    let post = state.withLock { state in
      let post = state.posts.removeValue(forKey: id)
      state.lines -= post?.lines.count ?? 0
      return post
    }
    post?.answer(result)
  }

  /// Answers those who have waited too long.
  private static func watch(_ state: Monitor<State>) {
    while true {
      let next: Int64? = state.wait { state in
        if let next = state.posts.values.map(\.deadline).min() { return .some(.some(next)) }
        return state.isClosed ? .some(nil) : nil
      }
      guard let next else { return }
      let left = next - MonotonicClock.now
      if left > 0 {
        _ = state.wait(until: Moment(after: .milliseconds(left))) { $0.posts.isEmpty }
        continue
      }
      let late = state.withLock { state in
        let now = MonotonicClock.now
        let late = state.posts.filter { $0.value.deadline <= now }
        let waiting = Set(state.queue)
        state.queue.removeAll { late[$0] != nil }
        for (id, post) in late {
          state.posts[id] = nil
          state.lines -= post.lines.count
        }
        return late.map { (post: $0.value, isWithdrawn: waiting.contains($0.key)) }
      }
      for (post, isWithdrawn) in late { post.answer(.failure(isWithdrawn ? busy : unsure)) }
    }
  }

  private static let stopping = EventSinkRefusal(
    code: "stopping", message: "This server is stopping; nothing was written.")
  private static let full = EventSinkRefusal(
    code: "busy", message: "Too many events are waiting; nothing was written. Try again later.")
  private static let busy = EventSinkRefusal(
    code: "busy", message: "The log was busy for too long; nothing was written. Try again later.")
  private static let unsure = EventSinkRefusal(
    code: "unsure",
    message: "The log takes too long to say whether this was written. Send it again with the same "
      + "idempotency_key: it is written once.")
}
