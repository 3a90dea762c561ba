import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Drives the data: lanes read files into portions, the pipeline commits them, full text follows.
/// Owned by the thread that writes.
final class Pipeline {
  /// What has been done so far.
  struct Progress: Sendable {
    var files = 0
    var filesDone = 0
    /// Bytes to read in all and read so far, of the files that were asked for.
    var bytes: Int64 = 0
    var bytesDone: Int64 = 0
    var lines = 0
    var appended = Appended()
    var skipped: [(path: String, reason: String)] = []
  }

  let writer: EventWriter
  private let portions: PortionWriter
  private let search: SearchThread
  private let lanes: Lanes
  private var done = Progress()
  /// Portions that were taken and could not be committed yet.
  private var group: [PortionChannel.Sent] = []
  private let clock: () -> Int64
  /// Told of what happens now, where it is served live.
  var repositories: RepositoryWatch?

  /// How much is committed at once while an archive is read: enough that syncing to the disk
  /// costs little, and little enough that a live file need not wait.
  private static let groupBytes = 8 << 20
  private static let groupPortions = 400

  /// How long a file must be quiet, in ms, before what its parser holds back is written.
  static let quietTime: Int64 = 30_000

  /// Opens the log for writing, creating it where it is not there.
  ///
  /// - Parameter holdsLock: true for a long-lived writer, of which there is one.
  static func create(
    database path: String, holdsLock: Bool = true, rules: any SynthesisRules = Synthesizer()
  ) throws(StoreError) -> EventWriter {
    try EventWriter(
      path: path, holdsLock: holdsLock, synthesize: rules, tasks: TaskReducer.projection,
      project: project)
  }

  /// Folds an event into its session.
  static func project(_ event: StoredEvent, into session: inout SessionSummary) {
    SessionReducer.apply(event, to: &session)
  }

  /// - Parameters:
  ///   - lanes: what reads; started here.
  ///   - order: which of the files that have not been read come first.
  ///   - exclusion: which of them are not to be read.
  ///   - clock: ms since the Unix epoch.
  init(
    writer: EventWriter, cap: TextCap, search: SearchThread, lanes: Lanes = .ordered(),
    order: ReadingQueue.Order = .asTaken, exclusion: Exclusion = .none,
    clock: @escaping () -> Int64
  ) {
    let rules = ReadingRules(cap: cap, order: order, exclusion: exclusion)
    self.writer = writer
    portions = PortionWriter(writer: writer, rules: rules, clock: clock)
    self.search = search
    self.lanes = lanes
    writer.syncAside()
    lanes.start(database: writer.path, rules: rules)
    self.clock = clock
  }

  deinit { lanes.stop() }

  var progress: Progress {
    var progress = done
    (progress.files, progress.bytes) = lanes.channel.found
    return progress
  }

  var hasWork: Bool { !group.isEmpty || lanes.channel.hasWork }

  /// Whether something can be committed without waiting.
  var hasPortions: Bool { !group.isEmpty || lanes.channel.hasPortions }

  /// Orders a file that exists or changed to be read. For lanes that watch nothing.
  func take(_ change: FileChange) { lanes.channel.order(0) { $0.changes.append(change) } }

  /// Orders files that the log knows to be looked for, and those that went to be marked as gone.
  func noteMissing() { lanes.channel.order(0) { $0.looksForMissing = true } }

  /// Sleeps until something was read, ``wake()`` is called or the time is over.
  ///
  /// - Parameter timeoutMs: nil waits without end.
  func wait(timeoutMs: Int?) { lanes.channel.wait(timeoutMs: timeoutMs) }

  /// Commits what was read next, waiting for it; false when everything has been read.
  func step() throws(StoreError) -> Bool {
    lanes.channel.waitUntilReadOrIdle()
    return try commitRead()
  }

  /// Commits what was read so far, as much as fits one transaction; false where there is nothing.
  func commitRead() throws(StoreError) -> Bool {
    if group.isEmpty {
      group = lanes.channel.take(upTo: Self.groupBytes, portions: Self.groupPortions)
    }
    guard !group.isEmpty else {
      if !lanes.channel.hasWork { search.yieldNoMore() }
      return false
    }
    let results = try writer.group { () throws(StoreError) in
      var results: [Appended?] = []
      for sent in group { results.append(try portions.apply(sent.portion)) }
      return results
    }
    var refused: [PortionChannel.Sent] = []
    for (sent, appended) in zip(group, results) {
      if let appended { count(sent.portion, appended) } else { refused.append(sent) }
    }
    try noteOccasions(zip(group, results).compactMap { $1 == nil ? nil : $0.portion })
    lanes.channel.settle(group, refused: refused)
    group = []
    if results.contains(where: { ($0?.inserted ?? 0) + ($0?.inferred ?? 0) > 0 }) {
      search.wake(isImporting: lanes.channel.hasWork)
    }
    return true
  }

  /// Writes what processes have posted, as much as fits one transaction; false where nothing waits.
  func log(_ intake: EventIntake) throws(StoreError) -> Bool {
    guard let appended = try intake.commit(to: writer) else { return false }
    done.appended.add(appended)
    if appended.inserted + appended.inferred > 0 { search.wake() }
    return true
  }

  /// Commits events that are of no file.
  func commit(_ drafts: [EventDraft]) throws(StoreError) {
    let appended = try writer.commit(EventBatch(drafts: drafts), now: clock())
    done.appended.add(appended)
    if appended.inserted + appended.inferred > 0 { search.wake() }
  }

  /// Has the repositories of runs looked at that began or ended a turn just now.
  private func noteOccasions(_ portions: [FilePortion]) throws(StoreError) {
    guard let repositories else { return }
    let now = clock()
    for portion in portions {
      guard case .lines(let reading) = portion.content else { continue }
      for draft in reading.output.drafts {
        let kinds: [EventType: RepositoryWatch.Occasion.Kind] = [
          .processStarted: .start, .turnCompleted: .end, .processExited: .end,
        ]
        guard let kind = kinds[draft.type], draft.run.role != "subagent",
          (0...RepositoryWatch.fresh).contains(now - draft.ts), let key = draft.idempotencyKey,
          let metrics = try writer.metrics(ofRun: draft.run.key), let folder = metrics.folder
        else { continue }
        repositories.add(
          RepositoryWatch.Occasion(
            kind: kind, run: draft.run, key: key, folder: folder, head: metrics.head?.commit,
            headEnd: metrics.headEnd?.commit))
      }
    }
  }

  private func count(_ portion: FilePortion, _ appended: Appended) {
    done.lines += portion.lines
    done.bytesDone += max(0, portion.bytes)
    done.appended.add(appended)
    if case .gone = portion.content { return }
    guard portion.reachedEnd else { return }
    done.filesDone += 1
    if let reason = portion.skipped { done.skipped.append((portion.path.text, reason)) }
  }

  /// Infers what had to wait until nothing older was left to read.
  ///
  /// - Parameter time: the moment up to which the log is known, in ms; nil for its own end, or that
  ///   up to which it was to be judged before: who was to do so may have been killed over it.
  func judge(until time: Int64? = nil) throws(StoreError) {
    let now = clock()
    var until = time ?? 0
    if time == nil {
      until = max(try writer.endOfLog(now: now), try writer.judgedUntil() ?? 0)
    }
    guard writer.hasToJudge(at: until) else { return }
    let appended = try writer.judge(until: until, now: now)
    try writer.rest()
    done.appended.add(appended)
    if appended.inferred > 0 { search.wake() }
  }

  /// When time alone will next decide something, in ms; nil for never.
  var nextJudgement: Int64? { writer.nextJudgement }

  /// Writes what parsers hold back for files that have been quiet since `time`, in ms.
  ///
  /// - Returns: whether others still hold something back.
  @discardableResult
  func settle(quietSince time: Int64) throws(StoreError) -> Bool {
    let holding = try writer.sources.holding()
    // A file of which more is being read may be old and yet not at its end.
    let quiet = holding.filter {
      $0.modifiedAt <= time && !lanes.isBusy(FilePath(text: $0.path))
    }
    if !quiet.isEmpty {
      let appended = try writer.group { () throws(StoreError) in
        var sum = Appended()
        for record in quiet { sum.add(try portions.settle(record)) }
        return sum
      }
      done.appended.add(appended)
      if appended.inserted > 0 { search.wake() }
    }
    try writer.rest()
    return quiet.count < holding.count
  }
}
