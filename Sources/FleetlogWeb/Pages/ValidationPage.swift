import FleetlogEvents
import FleetlogStore

/// `/validation`: event blocks that were refused or ignored, and how agents keep the contract.
struct ValidationPage: Page {
  static let template = "validation"
  private static let limit = 100

  let report: ValidationReport
  var names = WorkerNames()
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> ValidationPage {
    try request.allowOnly()
    let report = try log.validation(limit: limit)
    return ValidationPage(
      report: report, names: try log.workerNames(of: report.errors), now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    try request.allowOnly()
    return JSONTwin.validation(try log.validation(limit: limit))
  }

  var head: PageHead {
    PageHead(
      title: "Validation", section: Location("validation"), twin: Location("validation").twin)
  }

  static let slots: [Slot<ValidationPage>] = [
    .flag("hasAgents") { !$0.report.compliance.isEmpty },
    .list("agents") { $0.report.compliance.map(ComplianceRow.init) },
    .text("refusedCount") { Wording.plural($0.report.totalErrors, "refusal") },
    .list("refused") { page in
      page.report.errors.map { RefusalView(event: $0, worker: page.names[$0], now: page.now) }
    },
    .text("refusedURL") { _ in
      var filter = EventFilter()
      filter.types = [EventType.validationError.rawValue]
      return Location.events(filter).description
    },
    .flag("isCut") { $0.report.totalErrors > $0.report.errors.count },
    .text("fencedCount") { Wording.plural($0.report.totalFenced, "block") },
    .list("fenced") { page in
      page.report.fenced.map { ProblemRow(path: $0.path, fileID: $0.fileID, problem: $0.problem) }
    },
  ]
}

/// How the contract is kept by one agent with one model.
struct ComplianceRow: TemplateContext {
  let compliance: ContractCompliance

  static let slots: [Slot<ComplianceRow>] = [
    .text("agent") { $0.compliance.agent ?? "unknown" },
    .text("model") { $0.compliance.model },
    .text("version") { $0.compliance.contractVersion },
    .text("turns") { Wording.count($0.compliance.turns) },
    .text("kept") { Wording.count($0.compliance.kept) },
    .text("share") { row in
      row.compliance.share.map { _ in
        Wording.percent(row.compliance.kept, of: row.compliance.turns)
      }
    },
    .text("keptOf") { String($0.compliance.kept) },
    .text("of") { String($0.compliance.turns) },
    .text("refused") { $0.compliance.refused > 0 ? Wording.count($0.compliance.refused) : nil },
  ]
}

/// A refused block or event, with its text whole.
struct RefusalView: TemplateContext {
  let event: StoredEvent
  let worker: WorkerName
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<RefusalView>] = [
    .part("row") { EventRow(event: $0.event, now: $0.now, worker: $0.worker) },
    .text("url") { Location.event($0.event.id).description },
    .text("reason") { $0.event.payloadObject?["reason"]?.string ?? $0.event.summary },
    .text("place") { view in
      view.event.payloadObject?["position"]?.int.map {
        "at byte \(Wording.grouped($0)) of the message"
      }
    },
    .part("refused") { view in
      view.event.payloadObject?["text"].map {
        Excerpt.prose(PayloadText.text($0).trimmed, lines: 6, bytes: 600, limit: .max)
      }
    },
  ]
}
