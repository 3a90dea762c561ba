import FleetlogEvents
import FleetlogStore
import FleetlogThreads
import Foundation

/// Looks where the repository of a live session stands when it begins and when a turn or the
/// session ends, on a thread of its own: a slow disk keeps nobody waiting. What it sees becomes
/// `observation.recorded` events, which the writer's thread fetches.
///
/// Only what happens now is looked at: what is read of the past is given no head of today.
final class RepositoryWatch: Sendable {
  /// Something after which the repository is worth a look.
  struct Occasion: Sendable {
    enum Kind: Sendable { case start, end }

    let kind: Kind
    let run: RunIdentity
    /// The key of the event that tells of it, which names what is seen.
    let key: String
    let folder: String
    /// What the log knows of the run's commits.
    let head: String?
    let headEnd: String?
  }

  private struct State {
    var waiting: [Occasion] = []
    var seen: [EventDraft] = []
    /// Where runs were last seen to end: a hook and the transcript both tell of one end.
    var ends: [String: String] = [:]
    var isStopped = false
  }

  /// An event counts as happening now up to this age, in ms: parsers hold some back for a while.
  static let fresh: Int64 = 60_000
  private static let mostWaiting = 256

  private let state = Monitor(State())
  private let counter: any DiffCounting
  private let clock: @Sendable () -> Int64
  private let whenSeen: @Sendable () -> Void

  /// - Parameters:
  ///   - clock: ms since the Unix epoch.
  ///   - whenSeen: called on the watch's thread when there is something to fetch.
  init(
    counter: any DiffCounting, clock: @escaping @Sendable () -> Int64,
    whenSeen: @escaping @Sendable () -> Void
  ) {
    self.counter = counter
    self.clock = clock
    self.whenSeen = whenSeen
    Thread.detachNewThread { [self] in
      while let occasion = next() { look(occasion) }
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    state.wakeAll()
  }

  func add(_ occasion: Occasion) {
    state.withLock { state in
      if state.waiting.count < Self.mostWaiting { state.waiting.append(occasion) }
    }
    state.wakeOne()
  }

  /// Gives back what could not be written.
  func putBack(_ drafts: [EventDraft]) {
    state.withLock { $0.seen = drafts + $0.seen }
  }

  /// Takes what was seen since the last time.
  func takeSeen() -> [EventDraft] {
    state.withLock { state in
      defer { state.seen = [] }
      return state.seen
    }
  }

  /// - Returns: nil once the watch is stopped.
  private func next() -> Occasion? {
    state.wait { state -> Occasion?? in
      if state.isStopped { return .some(nil) }
      return state.waiting.isEmpty ? nil : .some(state.waiting.removeFirst())
    }
  }

  private func look(_ occasion: Occasion) {
    guard let head = GitHead.read(occasion.folder) else { return }
    if occasion.kind == .end {
      let isKnown = state.withLock { state in
        if state.ends.count > Self.mostWaiting { state.ends = [:] }
        return state.ends.updateValue(head.commit, forKey: occasion.run.key) == head.commit
      }
      if isKnown { return }
    }
    guard let draft = observation(of: head, at: occasion) else { return }
    state.withLock { $0.seen.append(draft) }
    whenSeen()
  }

  /// - Returns: nil where the log knows it already.
  private func observation(of head: GitHead, at occasion: Occasion) -> EventDraft? {
    let isStart = occasion.kind == .start
    if isStart ? occasion.head != nil : occasion.headEnd == head.commit { return nil }
    var draft = EventDraft(
      .observationRecorded, ts: clock(), run: occasion.run, sourceKind: .system,
      summary: "The repository stands at \(head.commit.prefix(12))"
        + (head.branch.map { " on " + $0.oneLine(limit: 100) } ?? ""),
      provenance: "repo")
    draft.sourceRef = occasion.run.sessionID
    draft.idempotencyKey = (isStart ? "git_head:" : "git_head_end:") + occasion.key
    draft.payload.set(isStart ? "git_head_sha" : "git_head_sha_end", head.commit)
    draft.payload.set("git_branch", head.branch)
    draft.payload.set("repo_root", head.root)
    if !isStart, let first = occasion.head, first != head.commit,
      case .summary(let summary) = counter.count(
        in: head.root, from: first, to: head.commit)
    {
      draft.payload.set("git_files_changed", summary.files.count)
      draft.payload.set("git_lines_added", summary.linesAdded)
      draft.payload.set("git_lines_removed", summary.linesRemoved)
    }
    return draft
  }
}
