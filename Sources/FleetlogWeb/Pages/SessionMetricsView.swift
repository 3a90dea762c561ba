import FleetlogEvents

/// What a session came to, as a table: what its agent reported beside what was observed.
struct SessionMetricsView: TemplateContext {
  private(set) var rows: [MetricRow]
  /// Where a nested object of metrics was passed over.
  let nestedURL: String?
  let hasReports: Bool

  /// What says that a report is contradicted.
  struct Contradiction: Hashable {
    let field: String
    /// The event that reports.
    let claim: Int64
  }

  /// - Parameter contradictions: the events that say so.
  init(
    _ metrics: SessionMetrics, session: String, contradictions: [Contradiction: Int64]
  ) {
    var builder = MetricRows(metrics, contradictions)
    builder.outcome()
    builder.time()
    builder.work()
    builder.files()
    builder.lines()
    builder.pullRequests()
    builder.commits()
    builder.repository(session)
    rows = builder.rows
    hasReports = !metrics.reported.isEmpty
    nestedURL = metrics.nested.map { Location.event($0.id).description }
  }

  /// Takes the secrets out of what agents reported and files are called.
  mutating func redact(by redaction: inout Redaction) {
    for row in rows.indices {
      if let text = rows[row].reported?.text { rows[row].reported?.text = redaction.text(text) }
      for cell in rows[row].observed.indices {
        rows[row].observed[cell].text = redaction.text(rows[row].observed[cell].text)
      }
      for fold in rows[row].folds.indices {
        for item in rows[row].folds[fold].items.indices {
          let text = rows[row].folds[fold].items[item].text
          rows[row].folds[fold].items[item].text = redaction.text(text)
        }
      }
    }
  }

  static let slots: [Slot<SessionMetricsView>] = [
    .list("rows", \.rows), .text("nestedURL", \.nestedURL),
    .flag("hasReports", \.hasReports),
  ]
}

/// One line of the table.
struct MetricRow: TemplateContext {
  let name: String
  var reported: MetricCell?
  var observed: [MetricCell] = []
  var folds: [MetricFold] = []
  var contradictionURL: String?

  static let slots: [Slot<MetricRow>] = [
    .text("name", \.name), .part("reported", \.reported), .list("observed", \.observed),
    .list("folds", \.folds), .text("contradictionURL", \.contradictionURL),
  ]
}

/// A figure and the event that says so.
struct MetricCell: TemplateContext {
  var text: String
  var url: String?
  /// Reported, and not of the type that the field has.
  var isMalformed = false

  init(_ text: String, _ target: Location? = nil) {
    self.text = text
    url = target?.description
  }

  init(_ text: String, _ mark: WorkerFacts.Mark) { self.init(text, .event(mark.id)) }

  static let slots: [Slot<MetricCell>] = [
    .text("text", \.text), .text("url", \.url), .flag("isMalformed", \.isMalformed),
  ]
}

/// A figure that unfolds into what was counted.
struct MetricFold: TemplateContext {
  let text: String
  var items: [MetricCell]
  let more: String?

  private static let most = 100

  init(_ text: String, _ traces: [RunTrace]) {
    self.text = text
    items = traces.prefix(Self.most).map { MetricCell($0.subject, .event($0.evidence.id)) }
    more = traces.count > Self.most ? "and \(Wording.grouped(traces.count - Self.most)) more" : nil
  }

  static let slots: [Slot<MetricFold>] = [
    .text("text", \.text), .list("items", \.items), .text("more", \.more),
  ]
}

private struct MetricRows {
  private let metrics: SessionMetrics
  private let contradictions: [SessionMetricsView.Contradiction: Int64]
  private(set) var rows: [MetricRow] = []

  init(
    _ metrics: SessionMetrics, _ contradictions: [SessionMetricsView.Contradiction: Int64]
  ) {
    self.metrics = metrics
    self.contradictions = contradictions
  }

  private mutating func add(
    _ name: String, _ fields: [MetricField] = [], _ observed: [MetricCell] = [],
    folds: [MetricFold] = []
  ) {
    let reports = fields.compactMap { field in metrics.reported[field].map { (field, $0) } }
    var row = MetricRow(name: name, observed: observed, folds: folds)
    if let (_, first) = reports.first {
      let texts = reports.map { Self.words($0.0, $0.1.value) ?? "malformed" }
      var cell = MetricCell(texts.joined(separator: " "), first.mark)
      cell.isMalformed = reports.contains { $0.1.value == nil }
      row.reported = cell
    }
    row.contradictionURL =
      reports.compactMap { field, report in
        contradictions[.init(field: field.rawValue, claim: report.mark.id)]
      }.first.map { Location.event($0).description }
    if row.reported != nil || !observed.isEmpty || !folds.isEmpty { rows.append(row) }
  }

  private static func words(_ field: MetricField, _ value: MetricValue?) -> String? {
    switch value {
    case nil: nil
    case .outcome(let text): text
    case .numbers(let numbers):
      numbers.isEmpty ? "none" : numbers.prefix(20).map { "#\($0)" }.joined(separator: ", ")
    case .count(let count):
      switch field {
      case .linesAdded: "+" + Wording.grouped(count)
      case .linesRemoved: "−" + Wording.grouped(count)
      default: Wording.plural(count, "file")
      }
    case .commit(let name): String(name.prefix(12))
    case .commits(let names):
      names.isEmpty
        ? "none" : names.prefix(20).map { String($0.prefix(12)) }.joined(separator: ", ")
    }
  }

  mutating func outcome() { add("Outcome", [.outcome]) }

  mutating func time() {
    guard metrics.duration > 0 else { return }
    add(
      "Time", [],
      [
        MetricCell(
          Wording.duration(metrics.duration)
            + (metrics.active > 0 ? ", \(Wording.duration(metrics.active)) of it at work" : ""))
      ])
  }

  mutating func work() {
    // Not every agent records that a turn is over.
    var words = metrics.turns > 0 ? [Wording.plural(metrics.turns, "turn")] : []
    if metrics.toolCalls > 0 {
      let share = Wording.percent(metrics.toolErrors, of: metrics.toolCalls)
      words.append(
        Wording.plural(metrics.toolCalls, "tool call")
          + (metrics.toolErrors > 0
            ? ", \(Wording.count(metrics.toolErrors)) failed (\(share))" : ", none failed"))
    }
    guard !words.isEmpty else { return }
    add("Work", [], [MetricCell(words.joined(separator: ", "))])
  }

  mutating func files() {
    var cells: [MetricCell] = []
    if let difference = metrics.difference {
      cells.append(
        MetricCell("\(Wording.plural(difference.filesChanged, "file")) in commits", difference.mark)
      )
    }
    let (written, read) = (metrics.traces(.written), metrics.traces(.read))
    var folds: [MetricFold] = []
    if !written.isEmpty {
      folds.append(MetricFold("\(Wording.count(written.count)) written", written))
    }
    if !read.isEmpty { folds.append(MetricFold("\(Wording.count(read.count)) read", read)) }
    add("Files", [.filesChanged], cells, folds: folds)
  }

  mutating func lines() {
    add(
      "Lines", [.linesAdded, .linesRemoved],
      metrics.difference.map {
        [
          MetricCell(
            "+\(Wording.grouped($0.linesAdded)) −\(Wording.grouped($0.linesRemoved)) in commits",
            $0.mark)
        ]
      } ?? [])
  }

  mutating func pullRequests() {
    add(
      "Pull requests", [.pullRequests],
      metrics.traces(.pullRequest).prefix(20).map { trace in
        MetricCell(
          "#" + (trace.subject.split(separator: "/").last ?? ""), .event(trace.evidence.id))
      })
  }

  mutating func commits() {
    add(
      "Commits", [.commits],
      metrics.traces(.commit).prefix(20).map {
        MetricCell(String($0.subject.prefix(12)), .event($0.evidence.id))
      })
  }

  mutating func repository(_ session: String) {
    var cells: [MetricCell] = []
    if let head = metrics.head {
      cells.append(MetricCell("from " + head.commit.prefix(12), head.mark))
    }
    if let end = metrics.headEnd {
      cells.append(MetricCell("to " + end.commit.prefix(12), end.mark))
    }
    if cells.count == 2 { cells.append(MetricCell("what changed", .diffSummary(session))) }
    add("Repository", [.headEnd], cells)
  }
}
