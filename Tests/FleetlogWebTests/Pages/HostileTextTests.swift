import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

/// Every page is filled twice, once with harmless and once with hostile text in every field: a
/// browser must build the same elements with the same attributes from both.
@Suite("Hostile text on every page")
struct HostileTextTests {
  private static let hostile = [
    "\"'><script>alert(1)</script>", "javascript:alert(1)", "' onmouseover='alert(1)",
    "{{title}}{{{content}}}", "</title></pre></svg><img src=x onerror=alert(1)>", "<!--", "]]>",
    "&lt;script&gt;",
  ]

  private let templates: Templates

  init() throws { templates = try Templates.ofThisPackage() }

  private func events(_ text: String) -> [StoredEvent] {
    var payload = JSONObject()
    for key in ["text", "tool_use_id", "tool", "content", "reason", text + "key"] {
      payload.set(key, text)
    }
    var nested = JSONObject()
    nested.set(text, [text])
    payload.set("input", nested)
    let types: [EventType] = [
      .messageUser, .messageAssistant, .messageReasoning, .toolCall, .toolResult, .blocked,
      .validationError, .contextSet, .llmCallCompleted, EventType(rawValue: text),
    ]
    return types.enumerated().map { index, type in
      StoredEvent.sample(type, id: Int64(index + 1), text: text, payload: payload.text)
    }
  }

  private func share(_ text: String) -> UsageShare {
    UsageShare(day: 0, model: text, band: 0, usage: TokenUsage(input: 3))
  }

  private func prices(_ text: String) throws -> PriceTable {
    var price = JSONObject(["model": text, "from": "1970-01-01", "source": text])
    price.set("input", 1)
    price.set("output", 1)
    var file = JSONObject(["updated": text])
    file.set("prices", [price])
    return try PriceTable(json: file.bytes, place: "prices.json")
  }

  private func metrics(_ text: String) -> SessionMetricsView? {
    let mark = WorkerFacts.Mark(id: 1, ts: 1)
    var run = RunMetrics()
    for field in MetricField.allCases {
      run.reported[field] = ReportedMetric(value: .commits([text]), mark: mark)
    }
    run.nested = mark
    run.head = RunMetrics.Head(commit: text, mark: mark)
    let evidence = Evidence(id: 1, key: text, ts: 1, recordedAt: 1)
    return SessionMetrics(
      session: session(text), runs: [(false, run)],
      traces: RunTrace.Kind.allCases.map { RunTrace($0, text, evidence) }
    ).map {
      SessionMetricsView(
        $0, session: text, contradictions: [.init(field: "metrics_outcome", claim: 1): 3])
    }
  }

  private func session(_ text: String) -> SessionSummary {
    var session = SessionSummary(id: text, startedAt: 1, lastAt: 2)
    session.agent = text
    session.agentVersion = text
    session.title = text
    session.project = text
    session.branch = text
    session.model = text
    session.parentSessionID = text
    session.attention = 1
    session.validationErrors = 1
    return session
  }

  private func framed(_ head: PageHead, _ content: SafeHTML) throws -> String {
    let layout = Layout(
      head: head, assets: try Assets.ofThisPackage(), overview: nil, progress: nil,
      content: content)
    return templates.layout.fill(layout).text
  }

  private func source(_ text: String) -> SourceStatus {
    SourceStatus(
      id: 1, path: text, format: text, state: .unreadable, size: 2, offset: 1, lines: 1, events: 1,
      skippedLines: 1, mendedLines: 1, lastError: text, modifiedAt: 1, lastReadAt: 1)
  }

  private let query = WorkerQuery(moment: 5, isNow: true)

  private func worker(_ text: String) -> Worker {
    let mark = WorkerFacts.Mark(id: 1, ts: 1)
    var facts = WorkerFacts()
    facts.prompt = WorkerFacts.Saying(mark: mark, type: .messageUser, words: text)
    facts.openCalls = [WorkerFacts.OpenCall(mark: mark, label: text, kind: .other)]
    let view = WorkerView(.blocked, since: 1, text, evidence: [1], confidence: 0.5)
    var state = WorkerState(
      reported: view, observed: view, inferred: view,
      reasons: [WorkerState.Reason(text, event: 1, isInferred: true)], facts: facts)
    state.waitsFor = text
    state.lastOutput = mark
    state.contradiction = 3
    state.need = .stuck
    let run = RunSummary(
      id: 1, key: text, parentID: nil, instanceID: text, role: text, sessionID: text,
      startedAt: 1, lastAt: 1, events: 1, summary: text)
    let child = Worker(
      run: run, agent: text, title: "about " + text, project: text, branch: text, tokens: 5,
      state: state,
      children: [])
    return Worker(
      run: run, agent: text, title: "about " + text, project: text, branch: text, tokens: 5,
      state: state,
      children: [child])
  }

  private func task(_ text: String) -> TaskSummary {
    var task = TaskSummary(id: text, at: 1)
    task.title = text
    task.workers = [text]
    task.prURL = text
    task.terminal = text
    task.lastSummary = text
    task.marks = TaskSummary.Mark.Kind.allCases.enumerated().map { index, kind in
      TaskSummary.Mark(kind: kind, ts: Int64(index) * 100_000, event: Int64(index + 1))
    }
    task.lastAt = 2_000_000
    return task
  }

  private func pages(_ text: String) throws -> [String] {
    var pages: [String] = []
    let events = events(text)
    func add<P: Page>(_ page: P) throws {
      pages.append(try framed(page.head, templates.fill(page)))
    }
    let name = WorkerName(instance: text, role: text, project: text, purpose: text)
    let names = WorkerNames([1: name])
    var filter = EventFilter()
    filter.text = text
    filter.types = [text]
    filter.projects = [text]
    let page = EventPage(
      rows: events.map {
        EventPage.Row(event: $0, snippet: Snippet(text: text, matches: [0..<1]))
      },
      next: EventCursor(ts: 1, id: 1), matched: 10, matchedIsExact: false, partialReason: text)
    let histogram = Histogram(
      bucketWidth: 1000, buckets: [.init(start: 0, count: 3, attention: 1)], isExact: true)
    let facet = Facet(
      parameter: "type", values: [Facet.Value(name: text, count: 1)], isExact: false)
    try add(
      EventsPage(
        view: EventsView(filter), page: page, names: names, histogram: histogram, facets: [facet],
        database: text, origin: text, now: 5))
    let link = StoredLink(
      id: 1, relation: .causedBy, direction: .incoming, other: events[0], createdAt: 1,
      metadata: "{\"by\":\"rule\",\"rule\":\"x\"}")
    let receipt = Receipt(
      fileID: 1, path: text, span: SourceSpan(offset: 0, length: 9), bytes: Array(text.utf8),
      isCut: true, fileStillAgrees: false)
    for event in events {
      let detail = EventDetail(
        event: event, links: [link], receipt: receipt, previousInSession: 1, nextInSession: 2,
        sessions: [text])
      let payload = event.payloadObject.map { PayloadNode.fill($0, templates.payload) }
      try add(SingleEventPage(detail: detail, payload: payload ?? .empty, names: names, now: 5))
    }
    let run = RunSummary(
      id: 1, key: text, parentID: nil, instanceID: text, role: text, sessionID: text,
      startedAt: 1, lastAt: 1, events: 1, summary: text)
    try add(try transcriptPage(text, events, run))
    try add(
      SourcesPage(
        page: SourcePage(sources: [source(text)], next: text, total: 2),
        folders: [
          FolderRow(folder: WatchedFolder(path: text, state: .refused(text)), files: 1)
        ], after: text,
        problems: [
          (
            source(text),
            SourceProblem(kind: .skipped, span: .init(offset: 0, length: 1), reason: text)
          )
        ],
        chosen: source(text), now: 5))
    try add(
      ValidationPage(
        report: ValidationReport(
          errors: events, totalErrors: 900,
          fenced: [
            (
              1, text,
              SourceProblem(kind: .fencedBlock, span: .init(offset: 0, length: 1), reason: text)
            )
          ],
          totalFenced: 1,
          compliance: [
            ContractCompliance(
              agent: text, model: text, contractVersion: text, turns: 2, kept: 1, refused: 1)
          ]), names: names, now: 5))
    let overview = LogOverview(
      events: 1, sessions: 1, sources: 1, validationErrors: 1, lastEventID: 1, firstEventAt: 1,
      lastEventAt: 1, searchLag: 20_000)
    try add(HealthPage(overview: overview, sources: [source(text)], now: 5))
    try add(
      OverviewPage(
        overview: overview,
        needs: NeedList(
          groups: [
            NeedGroup(need: .stuck, root: events[5], symptoms: events, isShared: true),
            NeedGroup(need: .alarm, root: events[6], others: events, causes: events),
          ], counts: [.stuck: 98, .alarm: 1], events: 9, older: 9),
        workers: WorkerList(workers: [worker(text)], known: 1, partialReason: nil), query: query,
        sessions: [text: session(text)], names: names, contradictions: [6: 7],
        span: RecentSpan(of: overview, now: 5), activity: histogram,
        spend: SpendDrawing(
          [(0, share(text))], since: 0, count: 2, width: 3_600_000, now: 5, prices: .none
        ) { _, _ in Location() },
        delivered: events, now: 5))
    try add(
      SessionsPage(
        text: text, parameters: [("q", text)],
        page: SessionPage(sessions: [session(text)], next: text, total: 1),
        usage: [text: [share(text)]], prices: .none, now: 5))
    for outcome in [
      DiffOutcome.summary(
        DiffSummary(files: [DiffSummary.File(path: text, added: 3, removed: nil)])),
      .absent(text), .failed(text),
    ] {
      let mark = RunMetrics.Head(commit: text, mark: WorkerFacts.Mark(id: 1, ts: 1))
      try add(
        DiffSummaryPage(
          session: session(text), folder: text, first: mark, last: mark, outcome: outcome))
    }
    try add(
      WorkersPage(
        query: query,
        list: WorkerList(workers: [worker(text)], known: 1, partialReason: text),
        parameters: [("project", text)]))
    let graph = LinkGraph(
      nodes: events.map { LinkGraph.Node(event: $0, worker: name, isOver: false) },
      edges: [
        LinkGraph.Edge(
          id: 1, from: 1, to: 2, relation: .blockedBy,
          metadata: "{\"by\":\"rule\",\"rule\":\"x/1\"}")
      ], partialReason: text)
    let sketch = GraphSketch(graph, root: 1)
    var layout = GraphLayout(width: 400, height: 400)
    for box in sketch.boxes { layout.boxes[box.name] = GraphLayout.Point(x: 9, y: 9) }
    layout.arrows[0] = [.init(x: 1, y: 1), .init(x: 2, y: 2), .init(x: 3, y: 3), .init(x: 4, y: 4)]
    try add(
      GraphPage(
        query: GraphQuery(), parameters: [("session", text)], graph: graph,
        contradictions: [1: 2], sketch: sketch, outcome: .layout(layout), isLastDay: false,
        span: RecentSpan(of: .unknown, now: 5), hasEarlier: false, now: 5))
    let tree = RunTree([worker(text)], parentKeys: [1: "run:" + text])
    try add(
      RunsPage(
        query: RunQuery(), parameters: [("instance", text)], tree: tree, isLastDay: false,
        span: RecentSpan(of: .unknown, now: 5), prices: try prices(text), now: 5))
    var started = JSONObject()
    for key in ["version", "host", "cwd", "signal"] { started.set(key, text) }
    started.set("argv", [text, text])
    let process = StoredEvent.sample(.processStarted, text: text, payload: started.text)
    try add(
      SingleRunPage(
        tree: tree, node: tree.nodes[0], start: process, exit: process,
        prices: try prices(text), now: 5))
    let task = task(text)
    try add(
      TasksPage(
        query: TaskQuery(), parameters: [("q", text)],
        page: TaskPage(tasks: [task], next: text, total: 1), now: 5))
    try add(
      SingleTaskPage(
        detail: TaskDetail(task: task, events: events, isCut: true), names: names, now: 5))
    let problem = ProblemPage(status: 400, message: text)
    pages.append(try framed(problem.head, templates.problem.fill(problem)))
    return pages
  }

  private func transcriptPage(
    _ text: String, _ events: [StoredEvent], _ run: RunSummary
  ) throws -> SingleSessionPage {
    var course = SessionCourse()
    course.partialReason = text
    for event in events {
      var step = SessionCourse.Step(
        id: event.id, ts: event.ts + event.id * 1000, runID: 1, type: event.type)
      step.sourceKind = text
      step.summary = text
      step.tool = text
      step.relatedID = event.type == .toolResult ? 4 : nil
      course.steps.append(step)
    }
    var query = try TranscriptQuery(
      PageRequest(
        id: text,
        parameters: [("q", text), ("from", "1"), ("to", "9000000000000"), ("after", "1_1")], now: 5,
        kit: try .ofThisPackage()))
    query.complete(by: session(text))
    let child = RunSummary(
      id: 2, key: text, parentID: 1, instanceID: text, role: "subagent", sessionID: text + "2",
      startedAt: 1_767_323_045_678, lastAt: 1_767_323_046_000, events: 1, summary: text)
    let timeline = Timeline(course, session: text, runs: [run, child], stretch: query.stretch)
    let transcript = Transcript(
      events: events, runs: [run], places: timeline.places, now: 5, template: templates.entry)
    let page = EventPage(
      rows: events.map { EventPage.Row(event: $0, snippet: nil) },
      next: EventCursor(ts: 1, id: 1), matched: 3, matchedIsExact: false, partialReason: text)
    return SingleSessionPage(
      detail: SessionDetail(session: session(text), runs: [run], sharedWith: [text]), query: query,
      timeline: TimelineView(
        timeline: timeline, query: query, name: text, shown: [1], partialReason: text, now: 5),
      transcript: transcript.fill(), page: page, last: 1,
      cost: CostText(try prices(text).cost(of: [share(text)])), metrics: metrics(text),
      usage: UsageView([share(text)], children: [share(text)], prices: try prices(text)),
      context: .empty)
  }

  @Test("hostile text changes no element and no attribute of any page", arguments: hostile)
  func structureHolds(hostile: String) throws {
    let harmless = String(repeating: "x", count: hostile.utf8.count)
    for (attacked, calm) in zip(try pages(hostile), try pages(harmless)) {
      #expect(structure(of: attacked) == structure(of: calm))
      #expect(!attacked.contains("href=\"javascript:"))
    }
  }

  @Test("an artifact's address becomes a link only where it leads to the web")
  func artifacts() throws {
    for (url, isLink) in [
      ("https://example.org/1", true), ("javascript:alert(1)", false), ("data:text/html,x", false),
      ("//example.org", false),
    ] {
      let reference = ArtifactReference(kind: "url", url: url, title: "t", source: "worker")
      #expect((ArtifactView(reference: reference).reference.webURL != nil) == isLink)
    }
  }
}
