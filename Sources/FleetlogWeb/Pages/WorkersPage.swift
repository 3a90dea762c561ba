import FleetlogEvents
import FleetlogStore

/// `/workers`: how it stands with every worker, as it says, as its records show, and as follows from
/// both; those that need the operator first. As of now, or of any moment of the log.
struct WorkersPage: Page {
  static let template = "workers"

  let query: WorkerQuery
  let list: WorkerList
  let parameters: [(name: String, value: String)]

  static func read(_ request: PageRequest, from log: EventLog) throws -> WorkersPage {
    let query = try query(request)
    return WorkersPage(
      query: query, list: try log.workers(query, by: request.kit.rules),
      parameters: request.parameters.filter { !$0.value.isEmpty })
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let query = try query(request)
    return JSONTwin.workers(
      try log.workers(query, by: request.kit.rules, countsAll: true), at: query.moment)
  }

  private static func query(_ request: PageRequest) throws -> WorkerQuery {
    try request.allowOnly("at", "agent", "project", "state", "all")
    return try WorkerQuery(parameters: request.parameters, now: request.now)
  }

  private var here: Location { Location("workers", query: parameters) }

  var head: PageHead {
    PageHead(
      title: "Workers", section: Location("workers"), twin: here.twin,
      live: query.isNow ? Liveness() : nil)
  }

  static let slots: [Slot<WorkersPage>] = [
    .text("count", \.count),
    .text("at") { $0.query.isNow ? nil : Timestamp.format($0.query.moment) },
    .text("typedAt") { FilterForm.typed("at", $0.parameters) },
    .list("kept") { page in
      page.parameters.filter { ["agent", "project"].contains($0.name) }
        .map { HiddenField(name: $0.name, value: $0.value) }
    },
    .list("states", \.states),
    .flag("isAll", \.query.includesAll),
    .list("chips", \.chips),
    .flag("isFiltered") { !$0.parameters.isEmpty },
    .text("allURL") { _ in Location("workers").description },
    .text("everyURL") { _ in Location("workers", query: [("all", "1")]).description },
    .text("partialReason", \.list.partialReason),
    .list("rows") { page in
      let names = WorkerNames().with(page.list.workers)
      return page.list.workers.map {
        WorkerRow(worker: $0, name: names[$0], query: page.query)
      }
    },
  ]

  private var count: String {
    let asking = list.workers.count { $0.state.need != nil }
    let words = query.includesAll ? "heard of" : "live"
    let total = "\(Wording.grouped(list.workers.count)) \(words)"
    return asking == 0 ? total : "\(total), \(Wording.grouped(asking)) of them in need of you"
  }

  private var states: [Choice] {
    [Choice(value: "", label: "any state", isChosen: query.statuses.isEmpty)]
      + WorkerStatus.allCases.map {
        Choice(value: $0.rawValue, label: $0.words, isChosen: query.statuses.contains($0))
      }
  }

  private var chips: [FilterChip] { FilterChip.list(parameters, on: Location("workers")) }
}

/// One worker as a row of a list.
struct WorkerRow: TemplateContext {
  let worker: Worker
  let name: WorkerName
  let query: WorkerQuery

  private var state: WorkerState { worker.state }

  static let slots: [Slot<WorkerRow>] = [
    .text("name", \.name.short),
    .text("fullName", \.name.full),
    .text("url", \.url),
    .text("about", \.about),
    .part("inferred") { row in
      ViewCell(view: row.state.inferred, query: row.query, isInferred: true)
    },
    .part("reported") { ViewCell(view: $0.state.reported, query: $0.query) },
    .part("observed") { ViewCell(view: $0.state.observed, query: $0.query) },
    .part("effective") { row in
      ViewCell(
        view: row.state.inferred, query: row.query,
        isInferred: !row.state.isSaidOrSeen, isReview: row.worker.review != nil)
    },
    .part("review") { $0.worker.review.map(ReviewHandle.init) },
    .text("task") { $0.state.facts.prompt?.words },
    .text("taskURL") { row in
      row.state.facts.prompt.map { Location.event($0.mark.id).description }
    },
    .text("doing", \.doing),
    .text("waitsFor", \.state.waitsFor),
    .text("waitsWord") { row in
      switch row.state.inferred.status {
      case .blocked, .failed: "stuck:"
      case .stale, .unknown: "waits for"
      case .waitingOnExternal: "waits:"
      default: nil
      }
    },
    .text("tone", \.state.inferred.status.tone.rawValue),
    .list("reasons") { row in row.state.reasons.map(ReasonView.init) },
    .text("contradictionURL") { row in
      row.state.contradiction.map { Location.event($0).description }
    },
    .part("last") { row in
      row.state.lastOutput.map { AgeView(ts: $0.ts, url: .event($0.id), query: row.query) }
    },
    .text("tokens") { row in row.worker.tokens > 0 ? Wording.count(row.worker.tokens) : nil },
    .list("children") { row in
      row.worker.children.filter { !row.isAtRest($0) }.map {
        ChildRow(worker: $0, query: row.query)
      }
    },
    .text("resting") { row in
      let resting = row.worker.children.count(where: row.isAtRest)
      return resting > 0 ? Wording.plural(resting, "sub-agent") + " done or idle" : nil
    },
  ]

  /// Whether a sub-agent has nothing to do and needs nothing. No record of its own says that its
  /// turn is over; that nothing is delegated any more does.
  private func isAtRest(_ child: Worker) -> Bool {
    guard child.state.need == nil else { return false }
    switch child.state.inferred.status {
    case .idle, .complete: return true
    case .unknown: return !state.facts.openCalls.contains { $0.kind == .delegation }
    default: return false
    }
  }

  private var about: String {
    let parts = [worker.agent, worker.branch].compactMap(\.self)
    if !parts.isEmpty { return parts.joined(separator: " · ") }
    return [worker.run.role, worker.subject].compactMap(\.self).joined(separator: " · ")
  }

  private var url: String { worker.location.description }

  /// What it is at, in one line: what it waits for, the call that runs, what it was asked for,
  /// else how it failed.
  private var doing: String {
    if state.inferred.status == .stale, let result = state.waitsFor { return "waits for " + result }
    return state.waitsFor ?? state.facts.openCalls.last?.label ?? state.facts.prompt?.words
      .withoutMarkup
      ?? worker.title?.withoutMarkup ?? worker.subject
      ?? (state.inferred.status == .failed ? state.observed.reason : nil) ?? ""
  }
}

/// A sub-agent in the row of the worker that started it.
struct ChildRow: TemplateContext {
  let worker: Worker
  let query: WorkerQuery

  static let slots: [Slot<ChildRow>] = [
    .text("name", \.worker.name.short),
    .text("fullName", \.worker.name.full),
    .text("url") { row in
      Location("events", query: [("run", String(row.worker.run.id))]).description
    },
    .part("state") { row in
      ViewCell(
        view: row.worker.state.inferred, query: row.query,
        isInferred: !row.worker.state.isSaidOrSeen)
    },
  ]
}

/// One view of a worker's state: solid where it was said or seen, dashed where it was inferred.
struct ViewCell: TemplateContext {
  let view: WorkerView
  let query: WorkerQuery
  var isInferred = false
  /// Whether what is complete waits for a person to look at its pull request.
  var isReview = false

  static let slots: [Slot<ViewCell>] = [
    .text("tone") { ($0.isReview ? .wait : $0.view.status.tone).rawValue },
    .text("status") { $0.isReview ? "review needed" : $0.view.status.words },
    .flag("isInferred", \.isInferred),
    .flag("isUnknown") { $0.view.status == .unknown },
    .text("confidence") { $0.isInferred ? $0.view.confidence.map(Wording.confidence) : nil },
    .text("reason", \.view.reason),
    .text("url") { cell in
      cell.view.evidence.first.map { Location.event($0).description }
    },
    .part("since") { cell in
      cell.view.since.map { AgeView(ts: $0, url: nil, query: cell.query) }
    },
  ]
}

/// How long something was ago: ticking for the present, still for a moment of the past.
struct AgeView: TemplateContext {
  let ts: Int64
  let url: Location?
  let query: WorkerQuery

  static let slots: [Slot<AgeView>] = [
    .part("time") { age in
      age.query.isNow ? TimeText(age.ts, now: age.query.moment, as: .age) : nil
    },
    .text("still") { Wording.duration(max(1000, $0.query.moment - $0.ts)) },
    .text("url") { $0.url?.description },
  ]
}

/// A fact of the sentence about a worker, leading to the event that proves it.
struct ReasonView: TemplateContext {
  let reason: WorkerState.Reason

  static let slots: [Slot<ReasonView>] = [
    .text("words", \.reason.words),
    .text("url") { $0.reason.event.map { Location.event($0).description } },
    .flag("isInferred", \.reason.isInferred),
  ]
}

extension WorkerState {
  /// Whether the worker's word or its records say the state themselves. Silence is seen; that
  /// something was due is not.
  var isSaidOrSeen: Bool {
    (inferred.status == observed.status && inferred.status != .stale)
      || (inferred.status == reported.status && !facts.isSaidBeforePrompt)
  }
}

extension Worker {
  /// Where its work can be read.
  var location: Location {
    run.sessionID.map { .session($0) } ?? Location("events", query: [("run", String(run.id))])
  }
}

extension WorkerStatus {
  var tone: Tone {
    switch self {
    case .working, .waitingOnExternal: .work
    case .waitingOnOperator: .wait
    case .blocked, .failed: .block
    case .complete: .ok
    case .stale: .stale
    case .idle, .unknown: .idle
    }
  }
}
