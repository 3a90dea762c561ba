import FleetlogEvents
import FleetlogStore

/// A session as one HTML file that needs nothing else: no server, no network, no JavaScript.
struct SessionFile: ExportParts {
  private let order: ExportOrder
  private let frame: FileFrame
  private let detail: SessionDetail
  private let entry: Template<TranscriptEntry>
  private var lanes: SessionLanes
  /// The day that the transcript has come to, as days since the epoch.
  private var day: Int64?
  /// By event: the one that the lanes show it by.
  private var places: [Int64: Int64] = [:]

  init(_ detail: SessionDetail, _ frame: FileFrame, _ order: ExportOrder) {
    self.order = order
    self.frame = frame
    var redaction = order.redaction
    self.detail = redaction.detail(detail)
    entry = order.kit.templates.entry.inFile
    lanes = SessionLanes(
      detail, from: order.log, Preparation(redaction, texts: detail.session.events / 2))
  }

  mutating func head() throws -> [UInt8] {
    order.kit.templates.export.inFile.fill(try readHead()).bytes
  }

  mutating func piece() throws -> [UInt8]? {
    switch try lanes.next() {
    case nil: return nil
    case .events(let events):
      var transcript = Transcript(
        events: events, runs: [],
        contradictions: try order.log.contradictions(of: events.map(\.id)), places: places,
        now: order.now, template: entry)
      transcript.day = day
      day = (events.map(\.ts).max() ?? 0) / 86_400_000
      return transcript.fill().bytes
    case .begin(let run, let first): return Self.halves(of: agent(run, first)).before
    case .end: return agentEnd
    }
  }

  func end() -> [UInt8] {
    order.kit.templates.exportEnd.inFile.fill(
      ExportEnd(preparation: lanes.preparation, script: frame.script)
    ).bytes
  }

  // MARK: Sub-agents, whose entry is written in two halves

  private func agent(_ run: RunSummary, _ first: StoredEvent) -> SafeHTML {
    entry.fill(
      TranscriptEntry(
        subagent: run, first: first, length: Wording.plural(run.events, "event"),
        content: Self.inside, now: order.now))
  }

  /// Stands where a sub-agent's own entries go. Text from a transcript can't look like it.
  private static let inside: SafeHTML = {
    var writer = HTMLWriter()
    writer.append("<!-- inside -->")
    return writer.finish()
  }()

  private static func halves(of html: SafeHTML) -> (before: [UInt8], after: [UInt8]) {
    guard let range = html.bytes.firstRange(of: inside.bytes) else { return (html.bytes, []) }
    return (Array(html.bytes[..<range.lowerBound]), Array(html.bytes[range.upperBound...]))
  }

  /// What closes a sub-agent's entry, which is the same for all.
  private var agentEnd: [UInt8] {
    Self.halves(
      of: entry.fill(
        TranscriptEntry(
          subagent: nil, first: nil, length: "", content: Self.inside, now: order.now))
    ).after
  }

  // MARK: What stands before the transcript

  /// Types that say by themselves how it went.
  private static let telling: [String] = [
    "commit_pushed", "pr_opened", "needs_decision", "needs_review", "approval_requested", "blocked",
    "risk_detected", "failed", "completed", "decided", "worker.crashed", "stale",
    "waiting_on_operator", "contradiction", "file_contention", "alarm_flood", "validation_error",
    "task.done", "task.completed", "task.failed", "merge.blocked", "pr.opened", "pr.merged",
  ]
  private static let mostTelling = 200

  private mutating func readHead() throws -> ExportHead {
    var filter = EventFilter()
    filter.sessions = [detail.session.id]
    filter.types = Self.telling
    filter.sort = .oldest
    let (rows, more) = try order.log.series(filter, limit: Self.mostTelling)
    let events = rows.map { lanes.preparation.redaction.event($0.event) }
    let names = try order.log.workerNames(of: rows.lazy.map(\.event)).map {
      lanes.preparation.redaction.worker($0)
    }
    var query = GraphQuery()
    query.session = detail.session.id
    let graph = lanes.preparation.redaction.graph(try order.log.graph(query))
    let sketch = GraphSketch(graph, root: nil)
    var drawing = SafeHTML.empty
    if !sketch.boxes.isEmpty, case .layout(let layout) = sketch.layout(by: order.kit.graphs) {
      drawing =
        GraphDrawing(sketch: sketch, layout: layout, now: order.now, links: .inFile).draw()
    }
    let course = try lanes.preparation.redaction.course(order.log.course(of: detail.session))
    let timeline =
      course.steps.isEmpty
      ? nil : Timeline(course, session: detail.session.id, runs: detail.runs, stretch: nil)
    places = timeline?.places ?? [:]
    var metrics = try SingleSessionPage.metrics(
      of: detail, rows.lazy.map(\.event).filter { $0.type == .contradiction }, by: order.kit.rules,
      order.log)
    metrics?.redact(by: &lanes.preparation.redaction)
    return ExportHead(
      detail: detail, frame: frame, events: events, names: names, hasMoreEvents: more != nil,
      graph: graph,
      drawing: drawing,
      lanes: timeline.map {
        ExportLanes(
          timeline: $0, name: detail.laneName, isPartial: course.partialReason != nil)
      }, metrics: metrics,
      usage: try SingleSessionPage.usage(of: detail.session, order.kit.prices, order.log),
      cost: try SingleSessionPage.cost(of: detail.session, order.kit.prices, order.log),
      contradictions: try order.log.contradictions(of: events.map(\.id)),
      isRedacted: order.redaction.isActive, now: order.now)
  }
}
