import FleetlogEvents
import FleetlogStore

/// `/sources`: every transcript file, those with something wrong first, how far it is read, and what
/// in it could not be taken.
struct SourcesPage: Page {
  static let template = "sources"
  private static let problemLimit = 200

  let page: SourcePage
  var folders: [FolderRow] = []
  /// Which page it is; nil for the first.
  var after: String?
  let problems: [(source: SourceStatus, problem: SourceProblem)]
  /// The file whose problems alone are shown.
  let chosen: SourceStatus?
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> SourcesPage {
    let page = try sources(request, log)
    let chosen = try chosen(request, log)
    return SourcesPage(
      page: page, folders: try FolderRow.list(request.program.folders(), log),
      after: request.value("after"),
      problems: try log.problems(source: chosen?.id, limit: problemLimit), chosen: chosen,
      now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let page = try sources(request, log)
    let chosen = try chosen(request, log)
    return JSONTwin.sources(
      page, folders: try FolderRow.list(request.program.folders(), log),
      problems: try log.problems(source: chosen?.id, limit: problemLimit))
  }

  private static func sources(_ request: PageRequest, _ log: EventLog) throws -> SourcePage {
    try request.allowOnly("source", "limit", "after")
    var query = SourceQuery()
    query.limit = try request.integer("limit", in: EventFilter.limits, default: query.limit)
    query.after = request.value("after")
    return try request.found(log.sources(query))
  }

  private static func chosen(_ request: PageRequest, _ log: EventLog) throws -> SourceStatus? {
    guard let text = request.value("source") else { return nil }
    guard let source = try Int64(text).flatMap({ try log.source($0) }) else {
      throw EventFilter.ParameterError(
        parameter: "source", value: text, takes: "the number of a file in this list")
    }
    return source
  }

  var head: PageHead {
    let shown = chosen.map { here.adding("source", String($0.id)) } ?? here
    return PageHead(
      title: "Sources", section: Location("sources"), twin: shown.twin, live: Liveness())
  }

  /// This page of the list, of whichever file the problems are shown.
  private var here: Location {
    Location("sources", query: after.map { [("after", $0)] } ?? [])
  }

  static let slots: [Slot<SourcesPage>] = [
    .text("count") { Wording.plural($0.page.total, "file") },
    .list("folders", \.folders),
    .flag("hasFolders") { !$0.folders.isEmpty },
    .list("rows") { page in
      page.page.sources.map {
        SourceRow(source: $0, isChosen: $0.id == page.chosen?.id, list: page.here, now: page.now)
      }
    },
    .text("nextURL") { page in
      page.page.next.map { Location("sources", query: [("after", $0)]).description }
    },
    .text("firstURL") { $0.after == nil ? nil : Location("sources").description },
    .list("problems") { page in
      page.problems.map {
        ProblemRow(path: $0.source.path, fileID: $0.source.id, problem: $0.problem)
      }
    },
    .text("chosen", \.chosen?.path),
    .text("allURL", \.here.description),
    .flag("isCut") { $0.problems.count >= problemLimit },
    .text("limit") { _ in String(problemLimit) },
  ]
}

/// One transcript file.
struct SourceRow: TemplateContext {
  let source: SourceStatus
  let isChosen: Bool
  /// The page of the list that it stands on.
  let list: Location
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<SourceRow>] = [
    .text("name") { $0.source.path.lastPathComponent },
    .text("path", \.source.path),
    .text("url") { row in row.list.adding("source", String(row.source.id)).description },
    .text("format") { $0.source.format ?? "unknown" },
    .text("state", \.stateWords),
    .text("tone", \.tone.rawValue),
    .text("size") { Wording.bytes($0.source.size) },
    .text("read") { Wording.bytes($0.source.offset) },
    .text("lag") { row in row.lag > 0 ? Wording.bytes(row.lag) : nil },
    .text("offset") { String($0.source.offset) },
    .text("total") { String(max($0.source.size, 1)) },
    .text("lines") { Wording.count($0.source.lines) },
    .text("events") { Wording.count($0.source.events) },
    .text("skipped") { $0.source.skippedLines > 0 ? Wording.count($0.source.skippedLines) : nil },
    .text("mended") { $0.source.mendedLines > 0 ? Wording.count($0.source.mendedLines) : nil },
    .text("error", \.source.lastError),
    .flag("isFault") { $0.source.state != .unrecognised && $0.source.state != .excluded },
    .part("modified") { TimeText($0.source.modifiedAt, now: $0.now, as: .age) },
    .flag("isChosen", \.isChosen),
  ]

  /// Bytes written and not yet read.
  private var lag: Int64 {
    source.state == .gone || source.state == .excluded ? 0 : max(0, source.size - source.offset)
  }

  private var stateWords: String {
    switch source.state {
    case .reading: lag == 0 ? "up to date" : "reading"
    case .unrecognised: "not recognised"
    case .unreadable: "can’t be read"
    case .excluded: "excluded"
    case .gone: "gone"
    }
  }

  private var tone: Tone {
    switch source.state {
    case .reading: lag == 0 ? .ok : .work
    case .unrecognised: .stale
    case .unreadable: .block
    case .excluded: .idle
    case .gone: .idle
    }
  }
}

/// A line, or a part of one, that could not be taken as it stood.
struct ProblemRow: TemplateContext {
  let path: String
  let fileID: Int64
  let problem: SourceProblem

  static let slots: [Slot<ProblemRow>] = [
    .text("kind") { $0.problem.kind.rawValue.replacing("_", with: " ") },
    .text("tone") { ($0.problem.kind == .skipped ? Tone.block : .idle).rawValue },
    .text("name") { $0.path.lastPathComponent },
    .text("path", \.path),
    .text("url") { row in
      Location("sources", query: [("source", String(row.fileID))]).description
    },
    .text("place") { row in
      "byte \(Wording.grouped(Int(row.problem.span.offset))), "
        + "\(Wording.grouped(Int(row.problem.span.length))) long"
    },
    .text("reason", \.problem.reason),
  ]
}
