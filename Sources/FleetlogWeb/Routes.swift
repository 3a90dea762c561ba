import FleetlogEvents
import FleetlogStore

/// Every address of the dashboard, in one list.
enum Routes {
  static let pages: [Route] = [
    Route("/", OverviewPage.self),
    Route("/events", EventsPage.self),
    Route("/events/:id", SingleEventPage.self),
    Route("/sessions", SessionsPage.self),
    Route("/sessions/:id", SingleSessionPage.self),
    Route("/sessions/:id/diff-summary", DiffSummaryPage.self),
    Route("/workers", WorkersPage.self),
    Route("/runs", RunsPage.self),
    Route("/runs/:id", SingleRunPage.self),
    Route("/tasks", TasksPage.self),
    Route("/tasks/:id", SingleTaskPage.self),
    Route("/graph", GraphPage.self),
    Route("/sources", SourcesPage.self),
    Route("/validation", ValidationPage.self),
    Route("/contract", ContractPage.self),
    Route("/healthz", HealthPage.self),
  ]

  /// Drawings that stand alone.
  static let drawings: [Route] = [
    Route("/graph.svg", drawing: GraphPage.drawing)
  ]

  /// Documents that are made while they are taken.
  static let exports: [Route] = [
    Route("/events.csv", export: EventsExport.export(as: .csv)),
    Route("/events.ndjson", export: EventsExport.export(as: .ndjson)),
    Route("/export/sessions/:id", export: ExportOrder.session),
  ]

  /// Figures for programs that watch this one.
  static let figures: [Route] = [
    Route("/metrics", figures: MetricsPage.text)
  ]

  static let assets = "assets"

  /// Where browsers are let in and out; see `AccessControl`.
  static let signIn = "login"
  static let signOut = "logout"
}

/// An address and the page that answers it. The page's JSON twin has the same path and `.json`.
struct Route: Sendable {
  /// What a route answers with, before the frame is put around it.
  enum Answer {
    case page(PageHead, SafeHTML, status: Int)
    case json(JSONObject)
    case drawing(SafeHTML)
    case export(Export)
    case figures([UInt8])
  }

  let pattern: String
  /// The page that fills a template; nil for what is no page.
  let page: (any Page.Type)?
  let answer: @Sendable (PageRequest, EventLog, _ asJSON: Bool) throws -> Answer

  init<P: Page>(_ pattern: String, _ page: P.Type) {
    self.pattern = pattern
    self.page = page
    answer = { request, log, asJSON in
      if asJSON { return .json(try P.json(request, from: log)) }
      let page = try P.read(request, from: log)
      return .page(page.head, try request.kit.templates.fill(page), status: page.status)
    }
  }

  init(
    _ pattern: String,
    drawing: @escaping @Sendable (PageRequest, EventLog) throws -> SafeHTML
  ) {
    self.pattern = pattern
    page = nil
    answer = { request, log, _ in .drawing(try drawing(request, log)) }
  }

  init(
    _ pattern: String, export: @escaping @Sendable (PageRequest, EventLog) throws -> Export
  ) {
    self.pattern = pattern
    page = nil
    answer = { request, log, _ in .export(try export(request, log)) }
  }

  init(
    _ pattern: String, figures: @escaping @Sendable (PageRequest, EventLog) throws -> [UInt8]
  ) {
    self.pattern = pattern
    page = nil
    answer = { request, log, _ in .figures(try figures(request, log)) }
  }

  /// What stands for `:id` where the path is this route's, empty where it has none; nil where the
  /// path is another's.
  func match(_ segments: [String]) -> String? {
    let parts = pattern.split(separator: "/")
    guard parts.count == segments.count else { return nil }
    var id = ""
    for (part, segment) in zip(parts, segments) {
      if part == ":id" {
        guard !segment.isEmpty else { return nil }
        id = segment
      } else if part != segment {
        return nil
      }
    }
    return id
  }
}
