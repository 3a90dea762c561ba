import FleetlogEvents
import FleetlogStore

/// `/events`: every event that a filter finds, newest first.
struct EventsPage: Page {
  static let template = "events"
  private static let buckets = 96

  let view: EventsView
  let page: EventPage
  /// Contradictions by each event that is a side of one.
  var contradictions: [Int64: Int64] = [:]
  var names = WorkerNames()
  let histogram: Histogram
  var earlier: Histogram.Earlier?
  let facets: [Facet]
  /// Names in the filter that the log has nowhere.
  var unknown: [UnknownName] = []
  /// The log's file.
  var database = ""
  /// Where the page was asked of.
  var origin: String?
  var tokenFile: String?
  /// ms since the Unix epoch.
  let now: Int64

  var filter: EventFilter { view.filter }

  static func read(_ request: PageRequest, from log: EventLog) throws -> EventsPage {
    let view = try EventsView(parameters: request.parameters, now: request.now)
    let filter = view.filter
    let survey = try log.survey(filter)
    let page = try log.events(filter, survey: survey)
    let (histogram, earlier) = try bars(view, survey, request.now, log)
    return EventsPage(
      view: view, page: page,
      contradictions: try log.contradictions(of: page.rows.map(\.event.id)),
      names: try log.workerNames(of: page.rows.lazy.map(\.event)),
      histogram: histogram, earlier: earlier, facets: try log.facets(filter, survey: survey),
      // Where something was found, each name would cost a question of its own at every call.
      unknown: page.rows.isEmpty ? try log.unknownNames(in: filter, isEmpty: true) : [],
      database: log.path, origin: request.origin, tokenFile: request.tokenFile,
      now: request.now)
  }

  private static func bars(
    _ view: EventsView, _ survey: EventSurvey?, _ now: Int64, _ log: EventLog
  ) throws -> (Histogram, Histogram.Earlier?) {
    let shift: Int64?
    switch view.comparison {
    case nil: return (try log.histogram(view.filter, buckets: buckets, survey: survey), nil)
    case .previous: shift = nil
    case .earlier(let span, _): shift = span
    }
    return try log.comparison(
      view.filter, shift: shift, now: now, buckets: buckets, survey: survey)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let filter = try EventsView(parameters: request.parameters, now: request.now).filter
    return JSONTwin.page(try log.events(filter))
  }

  var head: PageHead {
    var title = "Events"
    if let text = filter.text { title = "“\(text)” in events" }
    return PageHead(
      title: title, section: isAttentionView ? .events(filter) : .events(), filter: filter,
      twin: .events(filter), live: live, manner: view.manner)
  }

  /// The newest come to stand above the first row, or near it; on other pages of the list nothing
  /// does.
  private var live: Liveness? {
    guard filter.after == nil, filter.sort == .newest, filter.until == nil else { return nil }
    return Liveness(manner: .announced, isSearch: filter.text != nil)
  }

  private var isAttentionView: Bool {
    var attention = EventFilter()
    attention.attention = true
    return filter == attention
  }

  static let slots: [Slot<EventsPage>] = [
    .text("matched", \.matched),
    .text("countable") { $0.page.matchedIsExact ? String($0.page.matched) : nil },
    .text("newestURL") { $0.live == nil ? nil : $0.view.location().description },
    .flag("isLive") { $0.live != nil },
    .text("partialReason", \.page.partialReason),
    .list("unknown") { page in
      page.unknown.map { UnknownNameView(name: $0, filter: page.filter, view: page.view) }
    },
    .list("chips", \.chips),
    .text("clearURL") { $0.view.location(EventFilter()).description },
    .part("form") { FilterForm(filter: $0.filter, manner: $0.view.manner, now: $0.now) },
    .html("histogram", \.drawing),
    .text("histogramNote", \.histogramNote),
    .list("comparisons", \.comparisons),
    .flag("isDense", \.view.isDense),
    .text("densityURL") { page in page.view.changed { $0.isDense.toggle() }.description },
    .part("copy") {
      CopyAs(
        filter: $0.filter, database: $0.database, origin: $0.origin,
        tokenFile: $0.tokenFile)
    },
    .text("csvURL") { Location("events.csv", query: $0.filter.parameters).description },
    .list("facets") { page in
      page.facets.filter { !$0.values.isEmpty }.map { FacetList(facet: $0, view: page.view) }
    },
    .list("rows") { page in
      page.page.rows.map {
        EventRow(
          event: $0.event, snippet: $0.snippet, now: page.now,
          contradiction: page.contradictions[$0.event.id], worker: page.names[$0.event])
      }
    },
    .flag("isFiltered") { !$0.filter.parameters.isEmpty },
    .text("firstURL") { $0.filter.after == nil ? nil : $0.view.location().description },
    .text("nextURL", \.nextURL),
    .text("nextWords") { $0.filter.sort == .oldest ? "Later events" : "Older events" },
  ]

  private var matched: String {
    // A count that was stopped early may know less than the page itself shows.
    let count = Wording.grouped(max(page.matched, page.rows.count))
    let noun = page.matched == 1 ? "event" : "events"
    return page.matchedIsExact ? "\(count) \(noun)" : "at least \(count) \(noun)"
  }

  private var drawing: SafeHTML {
    HistogramDrawing(histogram: histogram, earlier: earlier, now: now) { since, until in
      var narrowed = filter
      narrowed.since = since
      narrowed.until = until
      return view.location(narrowed)
    }.draw()
  }

  private var histogramNote: String {
    let peak = histogram.buckets.map(\.count).max() ?? 0
    return "peak \(Wording.count(peak)) in \(Wording.duration(histogram.bucketWidth))"
      + (histogram.isExact ? "" : ", at least") + (earlier.map(words) ?? "")
  }

  private func words(_ earlier: Histogram.Earlier) -> String {
    let (now, then) = (histogram.buckets.reduce(0) { $0 + $1.count }, earlier.counts.reduce(0, +))
    let change =
      then == 0 ? "" : ", now \(now >= then ? "+" : "−")\(abs(now - then) * 100 / then) %"
    return " · pale: \(Wording.duration(earlier.shift)) before, "
      + (earlier.isExact ? "" : "at least ") + Wording.plural(then, "event") + change
  }

  /// What the bars can be compared with, the one in force first.
  private var comparisons: [Choice] {
    let offers: [(EventsView.Comparison, String)] = [
      (.previous, "the time before"), (.earlier(86_400_000, text: "1d"), "a day before"),
      (.earlier(604_800_000, text: "1w"), "a week before"),
    ]
    return offers.map { comparison, label in
      let isChosen = view.comparison == comparison
      return Choice(
        value: view.changed { $0.comparison = isChosen ? nil : comparison }.description,
        label: label, isChosen: isChosen)
    }
  }

  private var nextURL: String? {
    page.next.map { view.location().adding("after", $0.description).description }
  }

  private var chips: [FilterChip] {
    FilterChip.list(filter.parameters, on: Location("events"), keeping: view.manner)
  }
}

/// The values of one column among what was found, each as a link that filters by it.
struct FacetList: TemplateContext {
  let facet: Facet
  let view: EventsView

  static let slots: [Slot<FacetList>] = [
    .text("name") { FilterForm.words($0.facet.parameter) },
    .list("values", \.values),
    .flag("isEstimate") { !$0.facet.isExact },
  ]

  private var values: [FacetValue] {
    let parameters = view.filter.parameters
    return facet.values.map { value in
      let isInForce = parameters.contains {
        $0.name == facet.parameter && $0.value == value.name
      }
      let query =
        isInForce
        ? parameters.filter { $0.name != facet.parameter || $0.value != value.name }
        : parameters + [(facet.parameter, value.name)]
      return FacetValue(
        name: facet.parameter == "project" ? value.name.lastPathComponent : value.name,
        full: value.name, count: Wording.count(value.count),
        url: Location("events", query: query + view.manner).description, isInForce: isInForce)
    }
  }
}

struct FacetValue: TemplateContext {
  let name: String
  let full: String
  let count: String
  let url: String
  let isInForce: Bool

  static let slots: [Slot<FacetValue>] = [
    .text("name", \.name), .text("full", \.full), .text("count", \.count), .text("url", \.url),
    .flag("isInForce", \.isInForce),
  ]
}

extension String {
  /// The last part of a path, which is how people call a project.
  var lastPathComponent: String {
    split(separator: "/").last.map(String.init) ?? self
  }
}
