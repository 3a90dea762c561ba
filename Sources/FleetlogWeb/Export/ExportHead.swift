import FleetlogEvents

/// What a session's file says before the transcript.
struct ExportHead: TemplateContext {
  let detail: SessionDetail
  let frame: FileFrame
  /// Typed and inferred events, in the order of time.
  let events: [StoredEvent]
  let names: WorkerNames
  let hasMoreEvents: Bool
  let graph: LinkGraph
  let drawing: SafeHTML
  /// The session over time; nil where nothing happened.
  let lanes: ExportLanes?
  let metrics: SessionMetricsView?
  let usage: UsageView?
  let cost: CostText
  let contradictions: [Int64: Int64]
  let isRedacted: Bool
  /// ms since the Unix epoch.
  let now: Int64

  /// Events from which a browser needs help to show the file quickly.
  private static let longFrom = 2000

  private var session: SessionSummary { detail.session }

  static let slots: [Slot<ExportHead>] = [
    .text("policy", \.frame.policy),
    .html("style", \.frame.style),
    .flag("isLong") { $0.session.events > longFrom },
    .text("title", \.session.heading),
    .text("id", \.session.id),
    .text("project", \.session.project),
    .text("agent") { head in
      [head.session.agent, head.session.agentVersion].compactMap(\.self).joined(separator: " ")
    },
    .text("model", \.session.model),
    .text("branch", \.session.branch),
    .part("started") { TimeText($0.session.startedAt, now: $0.now, as: .full) },
    .part("last") { TimeText($0.session.lastAt, now: $0.now, as: .full) },
    .part("exported") { TimeText($0.now, now: $0.now, as: .full) },
    .list("figures") { head in
      Figure.all(
        of: head.session,
        contradictions: head.events.lazy.filter { $0.type == .contradiction }.count,
        cost: head.cost
      ).map { Figure(value: $0.value, label: $0.label, tone: $0.tone) }
    },
    .part("lanes", \.lanes),
    .part("metrics", \.metrics),
    .part("usage", \.usage),
    .list("rows") { head in head.rows(head.events) },
    .flag("hasMore", \.hasMoreEvents),
    .html("drawing", \.drawing),
    .list("links", \.links),
    .flag("isRedacted", \.isRedacted),
  ]

  private func rows(_ events: [StoredEvent]) -> [EventRow] {
    events.map {
      EventRow(
        event: $0, now: now, timeForm: .full, contradiction: contradictions[$0.id],
        worker: names[$0])
    }
  }

  private var links: [LinkRow] {
    let nodes = Dictionary(graph.nodes.map { ($0.event.id, $0) }, uniquingKeysWith: { $1 })
    return graph.edges.compactMap { edge in
      guard let from = nodes[edge.from], let to = nodes[edge.to] else { return nil }
      func row(_ node: LinkGraph.Node) -> EventRow {
        EventRow(event: node.event, now: now, timeForm: .full, worker: node.worker)
      }
      return LinkRow(edge: edge, from: row(from), to: row(to))
    }
  }
}

/// The session over time, its spans leading to their entries.
struct ExportLanes: TemplateContext {
  let timeline: Timeline
  /// What the session itself is called.
  let name: String
  /// Whether the drawing holds a part of the session only.
  let isPartial: Bool

  private var drawing: TimelineDrawing {
    TimelineDrawing(timeline, name: name, links: .inFile) { "#e\($0)" }
  }

  static let slots: [Slot<ExportLanes>] = [
    .html("names") { $0.drawing.drawNames() },
    .html("drawing") { $0.drawing.draw() },
    .list("keys") { TimelineView.keys(of: $0.timeline) },
    .text("moreLanes") { lanes in
      let more = lanes.timeline.moreLanes
      return more > 0 ? "\(Wording.plural(more, "agent")) more in the transcript only" : nil
    },
    .flag("isPartial", \.isPartial),
  ]
}

/// What a session's file says behind the transcript: what is not in it.
struct ExportEnd: TemplateContext {
  let preparation: Preparation
  let script: SafeHTML

  static let slots: [Slot<ExportEnd>] = [
    .flag("isRedacted", \.preparation.redaction.isActive),
    .list("redacted") { end in
      end.preparation.redaction.list.map { NamedValue($0.kind, Wording.plural($0.count, "place")) }
    },
    .text("cut") { end in
      end.preparation.cutTexts == 0
        ? nil
        : Wording.plural(end.preparation.cutTexts, "event holds", "events hold")
          + " texts that were cut, \(Wording.bytes(Int64(end.preparation.cutBytes))) in all: of each "
          + "text, \(Wording.bytes(Int64(end.preparation.limit))) at most are in this file"
    },
    .html("script", \.script),
  ]
}
