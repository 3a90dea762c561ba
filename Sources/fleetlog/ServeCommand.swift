import FleetlogClient
import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogThreads
import FleetlogWeb
import Foundation

/// Watches folders and serves the dashboard.
enum ServeCommand: Verb {
  static let name = "serve"
  static let operands = "[DIR…]"
  static let help = """
    Watches folders of transcripts and serves the dashboard. Without a folder it watches these, each
    from when it is there: ~/.claude/projects (Claude Code), ~/.codex/sessions and
    ~/.codex/archived_sessions (Codex), ~/.gemini/tmp (Gemini CLI), ~/.local/share/opencode
    (OpenCode), ~/.workrail/data/sessions and ~/.workrail/events/daemon (WorkRail), and the drop
    folder, \(Places.inboxText). Where $CLAUDE_CONFIG_DIR, $CODEX_HOME, $GEMINI_CLI_HOME,
    $WORKRAIL_DATA_DIR or $XDG_DATA_HOME is set, what is theirs is looked for there.
    """
  static let options =
    [CommonOptions.database] + ServeAccess.options + [
      Option(
        name: "folder", value: "DIR", help: "folder to watch, like those behind the verb",
        isRepeatable: true),
      Option(
        name: "read-only", value: nil,
        help: "shows the log as it is and as others write it: watches nothing, takes no events"),
      Option(name: "assets", value: "DIR", help: "folder that holds Templates and Public"),
      CommonOptions.prices,
      Option(
        name: "max-text", value: "BYTES",
        help: "text kept whole up to this size, cut beyond it (default 1048576)"),
      Thresholds.option,
      Exclusion.option, Reveal.servingOption,
    ] + OperatorLog.options

  static func run(_ arguments: Arguments) throws -> Int32 {
    var folders = arguments.positional
    if arguments.has("read-only") {
      guard folders.isEmpty else { throw UsageError("--read-only watches no folder: name none") }
      return try ReadOnlyServer(
        arguments, database: CommonOptions.existingDatabase(arguments)
      ).run()
    }
    if folders.isEmpty { folders = arguments.values("folder") }
    var awaited: [String] = []
    if folders.isEmpty {
      try Places.makeFolder(of: Places.inbox + "/x")
      let isThere = FileManager.default.fileExists(atPath:)
      folders = [Places.inbox] + Places.agentFolders.filter(isThere)
      awaited = Places.agentFolders.filter { !isThere($0) }
    }
    let path = CommonOptions.database(arguments)
    do {
      return try Server(arguments, database: path).run(watching: folders, awaiting: awaited)
    } catch let error as StoreError {
      guard case .writerBusy(let pid) = error.cause else { throw error }
      throw taken(path, by: pid)
    }
  }

  private static func taken(_ path: String, by pid: Int32?) -> Failure {
    let notice = ServerNotice(ofLog: path).flatMap { $0.process == pid ? $0 : nil }
    return Failure(
      "can't serve \(path): another fleetlog\(pid.map { " (process \($0))" } ?? "") writes to it"
        + (notice.map { " and serves it at \($0.url)" } ?? "")
        + "; --read-only shows it beside that one, at another --port; or stop the other process, or "
        + "name another database with --db")
  }
}

/// Everything that runs while the dashboard is served: the watcher, the pipeline, the index, the
/// HTTP server. The pipeline stays on the thread that calls ``run(watching:)``.
final class Server {
  private let http: HTTPServer
  private let access: ServeAccess
  private let cap: TextCap
  private let exclusion: Exclusion
  private let writer: EventWriter
  private let search: SearchThread
  private let log: EventLog
  private let live: LiveHub
  private var meter = ImportMeter()
  private let health: Health
  private let gauges: Gauges
  private let said: OperatorLog
  private let intake: EventIntake
  private let places: LogPlaces
  private let differences: any DiffCounting

  init(_ arguments: Arguments, database path: String) throws {
    Signals.block()
    let said = OperatorLog(arguments)
    self.said = said
    try Places.makeFolder(of: path)
    cap = TextCap.sha256(
      limit: try arguments.int("max-text", in: 1024...(1 << 30)) ?? TextCap.defaultLimit)
    // Before the log is made: wrong usage leaves nothing behind.
    let access = try ServeAccess(arguments, database: path)
    self.access = access
    let kit = try PageKit(arguments)
    exclusion = try Exclusion(arguments)
    let reveals = try Reveal.isAsked(serving: arguments)
    writer = try Pipeline.create(database: path, rules: kit.rules)
    intake = EventIntake(logID: writer.logID, cap: cap, clock: Clock.now)
    places = LogPlaces(environment: LogPlaces.settings, database: path)
    let health = Health()
    self.health = health
    let gauges = Gauges(transactions: writer.transactionTimes, intake: intake)
    self.gauges = gauges
    search = try SearchThread(database: path)
    log = try EventLog(path: path, limit: access.queryLimit, revealsSecrets: reveals)
    live = try LiveHub(log: log, now: { Clock.now() })
    search.whenAdvanced { [live] in live.publishSearch() }
    differences = kit.differences
    var program = ServingProgram()
    program.events = intake
    program.troubles = { health.troubles }
    program.folders = { health.folders }
    program.figures = { gauges.figures }
    program.report = { said.note(.error, "a request failed", ["cause": $0]) }
    let dashboard = Dashboard(
      log: log, live: live, kit: kit, now: { Clock.now() }, access: access.control,
      publicOrigin: access.origin(port: access.configuration.port), program: program)
    var configuration = access.configuration
    configuration.errorPage = { dashboard.errorPage($0, $1) }
    http = HTTPServer(configuration: configuration, handler: { dashboard.reply(to: $0) })
    gauges.watch(http)
  }

  /// Serves until SIGTERM or SIGINT, then finishes what is in hand.
  ///
  /// - Parameter awaited: folders that are watched as soon as they are there.
  func run(watching folders: [String], awaiting awaited: [String] = []) throws -> Int32 {
    try http.start()
    access.announce(port: http.port, on: said)
    said.note(
      .info, "serving",
      [
        "version": Fleetlog.version, "url": access.configuration.url(port: http.port),
        "log": writer.path,
      ])
    if http.connectionLimit < HTTPServer.Configuration().connectionLimit {
      said.note(
        .warning, "fewer connections than usual are taken",
        [
          "connections": "\(http.connectionLimit)",
          "cause": "the limit of open files", "mend": "raise it: ulimit -n 8192",
        ])
    }
    for limit in MemoryLimit.low() { said.note(.warning, MemoryLimit.sentence, limit.fields) }
    for folder in folders { said.note(.info, "watching", ["folder": folder]) }
    if !awaited.isEmpty {
      said.note(
        .info, "watching as soon as they are there",
        ["folders": awaited.joined(separator: ", ")])
    }
    // What runs of this log leave is read wherever else one looks.
    LogPlaces.makeFolder(places.runs)
    let notice = ServerNotice(
      url: access.configuration.url(port: http.port), logID: writer.logID,
      asksForToken: access.control.asksForToken)
    notice.write(to: places.serverNotice)
    defer { notice.remove(from: places.serverNotice) }
    let lanes = Lanes.watching((folders + awaited + [places.runs]).map { FilePath($0) })
    health.watch(lanes, optional: awaited)
    gauges.watch(lanes)
    self.lanes = lanes
    let pipeline = Pipeline(
      writer: writer, cap: cap, search: search, lanes: lanes, order: .newestFirst,
      exclusion: exclusion, clock: Clock.now)
    intake.whenFilled { lanes.channel.wake() }
    let repositories = RepositoryWatch(counter: differences, clock: Clock.now) {
      lanes.channel.wake()
    }
    defer { repositories.stop() }
    pipeline.repositories = repositories
    let stop = Signals.whenAsked { lanes.channel.wake() }
    search.wake()
    while !stop.isRaised {
      pipeline.wait(timeoutMs: pause(pipeline))
      retrySearch()
      do throws(StoreError) {
        try work(pipeline)
        if trouble != nil { said.note(.info, "writing works again", ["place": writer.path]) }
        trouble = nil
      } catch {
        if trouble != error.description { said.note("writing waits", error) }
        trouble = error.description
        troubleAt = MonotonicClock.now
      }
      health.note(.log, trouble.map { "Fleetlog \($0)." })
      publish(pipeline)
      noteTroubles()
    }
    said.note(.info, "stopping", ["cause": "a signal"])
    lanes.stop()
    intake.close()
    while (try? pipeline.log(intake)) ?? intake.hasPosts {}
    http.stop()
    search.settle(within: Self.parting)
    said.note(.info, "stopped")
    return 0
  }

  /// Says what came to be wrong with the reading and what is well again, at most once a second.
  private func noteTroubles() {
    guard MonotonicClock.now - troublesNotedAt >= Self.troubleInterval else { return }
    troublesNotedAt = MonotonicClock.now
    said.note(troubles: health.readingTroubles)
  }

  /// Tells the open pages how far the log and the import have come.
  private func publish(_ pipeline: Pipeline) {
    live.publish(revision: pipeline.progress.appended.revision)
    let report = meter.report(
      pipeline.progress, isReading: pipeline.hasWork,
      searchLag: { (try? log.searchLag()) ?? 0 }, now: MonotonicClock.now)
    switch report {
    case .importing(let progress): live.publish(progress)
    case .over: live.publish(nil)
    case nil: break
    }
  }

  private var lanes: Lanes?

  /// The processes that runs are, as far as they may still be there.
  private let processes = ProcessWatch()

  /// Whether some parser waits for its file to be quiet; only then the clock matters.
  private var isHolding = true

  /// What keeps the log from being written, such as a full disk: said once, tried again.
  private var trouble: String?
  private var searchTrouble: String?
  /// When that was met, and when what failed is tried again, in ms of the monotonic clock.
  private var troubleAt: Int64 = 0
  private var retryAt: Int64 = 0
  private var troublesNotedAt: Int64 = 0

  /// ms between two attempts at what fails.
  private static let retryInterval: Int64 = 2000
  /// What full text gets when it is time to stop; behind an import it can lack gigabytes.
  private static let parting = Duration.seconds(2)
  private static let troubleInterval: Int64 = 1000
  /// ms that a due inference is waited for at a time: the wall clock may be set meanwhile.
  private static let longestPause: Int64 = 600_000
  /// When something was last committed, in ms of the monotonic clock.
  private var committedAt = MonotonicClock.now
  /// How long nothing may come, in ms, until what is still to be read is not waited for: a mount
  /// that hangs must not keep a silent worker from being told.
  private static let patience: Int64 = 30_000

  private func work(_ pipeline: Pipeline) throws(StoreError) {
    guard trouble == nil || MonotonicClock.now - troubleAt >= Self.troubleInterval else { return }
    try note(pipeline.repositories?.takeSeen() ?? [], pipeline)
    let hasLogged = try pipeline.log(intake)
    if try pipeline.commitRead() || hasLogged {
      isHolding = true
      committedAt = MonotonicClock.now
      processes.noteAppended()
      return
    }
    if isHolding {
      isHolding = try pipeline.settle(quietSince: Clock.now() - Pipeline.quietTime)
    }
    guard hasReadAll(pipeline) else { return }
    let vanished = try processes.look(
      pipeline.writer, now: Clock.now(), moment: MonotonicClock.now)
    if !vanished.isEmpty { try pipeline.commit(vanished) }
    try pipeline.judge(until: Clock.now())
  }

  /// Writes what was seen of repositories.
  private func note(_ seen: [EventDraft], _ pipeline: Pipeline) throws(StoreError) {
    guard !seen.isEmpty else { return }
    do throws(StoreError) {
      try pipeline.commit(seen)
    } catch {
      pipeline.repositories?.putBack(seen)
      throw error
    }
  }

  /// Whether nothing older is still being read that could say that a worker was not silent.
  private func hasReadAll(_ pipeline: Pipeline) -> Bool {
    let isListed = lanes?.statuses.allSatisfy(\.isComplete) ?? false
    return (isListed && !pipeline.hasWork) || MonotonicClock.now - committedAt > Self.patience
  }

  /// ms until something is to be looked at again without a change; nil for never.
  private func pause(_ pipeline: Pipeline) -> Int? {
    if trouble != nil { return Int(Self.troubleInterval) }
    if pipeline.hasPortions || intake.hasPosts { return 0 }
    if meter.isRunning || pipeline.hasWork { return 250 }
    if isHolding || search.lastError != nil { return Int(Self.retryInterval) }
    let judgement = pipeline.nextJudgement.map { $0 - Clock.now() }
    // What is still being read is waited for, and wakes by itself.
    let look = processes.nextLook.map { max(250, $0 - MonotonicClock.now) }
    return [judgement, look].compactMap { $0 }.min()
      .map { Int(max(0, min($0, Self.longestPause))) }
  }

  /// Tries again to index what could not be.
  private func retrySearch() {
    let failure = search.lastError
    if let failure, failure.description != searchTrouble { said.note("full text waits", failure) }
    if failure == nil, searchTrouble != nil { said.note(.info, "full text works again") }
    searchTrouble = failure?.description
    health.note(.fullText, failure.map { "The full-text index lags: Fleetlog \($0)." })
    guard MonotonicClock.now >= retryAt else { return }
    retryAt = MonotonicClock.now + Self.retryInterval
    if failure != nil { search.wake() }
  }
}
