import FleetlogEvents
import FleetlogStore

/// `/healthz`: whether the log is read and searched as it should be.
struct HealthPage: Page {
  static let template = "health"

  /// So many events may wait for the full-text index before that counts as a fault.
  private static let searchLagLimit = 10_000

  let overview: LogOverview
  let reasons: [String]
  let progress: ImportProgress?
  var program = Program()
  /// ms since the Unix epoch.
  let now: Int64

  /// What serves the log, and where that is.
  struct Program {
    var version = ""
    /// ms since the Unix epoch.
    var startedAt: Int64?
    var path = ""
    var bytes: Int64 = 0
    var folders: [FolderRow] = []
  }

  static func read(_ request: PageRequest, from log: EventLog) throws -> HealthPage {
    var page = try state(request, log)
    let folders = request.program.folders()
    page.program = Program(
      version: request.program.figures().version, startedAt: request.meter.startedAt,
      path: log.path, bytes: log.bytes,
      folders: (try? FolderRow.list(folders, log))
        ?? folders.map { FolderRow(folder: $0, files: nil) })
    return page
  }

  private static func state(_ request: PageRequest, _ log: EventLog) throws -> HealthPage {
    try request.allowOnly()
    var troubles = request.program.troubles()
    do throws(StoreError) {
      let (overview, sources) = (try log.overview(), try log.unreadableSources())
      if request.meter.isDamaged { troubles.append(damage) }
      return HealthPage(
        overview: overview, sources: sources, progress: request.progress, troubles: troubles,
        now: request.now)
    } catch {
      // Whoever asks how it is gets an answer in any case.
      request.meter.note(error)
      troubles.append(
        error.isDamage
          ? damage : "The log can’t be read: \(error.detail)" + (error.mend.map { "; \($0)" } ?? "")
      )
      return HealthPage(
        overview: .unknown, sources: [], progress: request.progress, troubles: troubles,
        now: request.now)
    }
  }

  private static let damage =
    "The log’s file is damaged. Stop Fleetlog, move the file away and start it again: it makes a "
    + "new log from the transcripts. fleetlog doctor says more."

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let page = try read(request, from: log)
    return JSONTwin.health(
      page.overview, reasons: page.reasons, progress: page.progress, program: page.program)
  }

  init(
    overview: LogOverview, sources: [SourceStatus], progress: ImportProgress? = nil,
    troubles: [String] = [],
    now: Int64
  ) {
    self.overview = overview
    self.progress = progress
    self.now = now
    var reasons = troubles
    let unreadable = sources.filter { $0.state == .unreadable }
    if let first = unreadable.first {
      reasons.append(
        "\(Wording.plural(unreadable.count, "file")) can’t be read, first \(first.path): "
          + (first.lastError ?? "no reason was noted"))
    }
    // While an import runs the index is meant to follow behind.
    if overview.searchLag > Self.searchLagLimit, progress == nil {
      reasons.append(
        "The full-text index is \(Wording.plural(overview.searchLag, "event")) behind.")
    }
    self.reasons = reasons
  }

  var head: PageHead {
    PageHead(title: "Status", section: Location("healthz"), twin: Location("healthz").twin)
  }

  static let slots: [Slot<HealthPage>] = [
    .flag("isDegraded") { !$0.reasons.isEmpty },
    .list("reasons", \.reasons),
    .text("events") { Wording.grouped($0.overview.events) },
    .text("lastEventID") { Wording.grouped(Int($0.overview.lastEventID)) },
    .part("last") { page in
      page.overview.lastEventAt.map { TimeText($0, now: page.now, as: .zoned) }
    },
    .text("importWords") { $0.progress?.words },
    .text("version") { $0.program.version.isEmpty ? nil : $0.program.version },
    .part("started") { page in
      page.program.startedAt.map { TimeText($0, now: page.now, as: .zoned) }
    },
    .text("uptime") { page in
      page.program.startedAt.map { Wording.duration(max(1000, page.now - $0)) }
    },
    .text("path", \.program.path),
    .text("size") { Wording.bytes($0.program.bytes) },
    .list("folders", \.program.folders),
    .text("searchLag") { Wording.plural($0.overview.searchLag, "event") },
  ]
}
