import FleetlogEvents
import FleetlogStore

/// `/events`: every event that a filter finds, newest first.
struct EventsPage: Page {
  static let template: TemplatePath<EventsPage> = \.events
  private static let buckets = 96

  let filter: EventFilter
  let page: EventPage
  /// Contradictions by each event that is a side of one.
  var contradictions: [Int64: Int64] = [:]
  let histogram: Histogram
  let facets: [Facet]
  /// Every event up to this id was there to be found.
  let revision: Int64
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> EventsPage {
    let filter = try EventFilter(parameters: request.parameters, now: request.now)
    // Before the rows, so that what is recorded in between is announced rather than missed.
    let revision = try log.lastEventID(isSearch: filter.text != nil)
    let page = try log.events(filter)
    return EventsPage(
      filter: filter, page: page,
      contradictions: try log.contradictions(of: page.rows.map(\.event.id)),
      histogram: try log.histogram(filter, buckets: buckets), facets: try log.facets(filter),
      revision: revision, now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let filter = try EventFilter(parameters: request.parameters, now: request.now)
    return JSONTwin.page(try log.events(filter))
  }

  var head: PageHead {
    var title = "Events"
    if let text = filter.text { title = "“\(text)” in events" }
    return PageHead(
      title: title, section: isAttentionView ? .events(filter) : .events(), filter: filter,
      twin: .events(filter), live: live)
  }

  /// Transcripts of several workers are not written in the order of their times: what is recorded
  /// so many ms late still counts as new.
  private static let liveSlack: Int64 = 300_000

  /// What comes to stand above the first row, or near it. An import of older transcripts is no
  /// news here, and would be too much of it.
  private var live: Location? {
    guard filter.after == nil, filter.sort == .newest, filter.until == nil else { return nil }
    var followed = filter
    followed.limit = EventFilter.defaultLimit
    if let newest = page.rows.first?.event.ts {
      followed.since = max(followed.since ?? .min, newest - Self.liveSlack)
    }
    return Location(LiveStream.path, query: followed.parameters)
      .adding("last_event_id", String(revision))
  }

  private var isAttentionView: Bool {
    var attention = EventFilter()
    attention.attention = true
    return filter == attention
  }

  static let slots: [Slot<EventsPage>] = [
    .text("matched", \.matched),
    .text("countable") { $0.page.matchedIsExact ? String($0.page.matched) : nil },
    .text("newestURL") { $0.live == nil ? nil : Location.events($0.filter).description },
    .text("partialReason", \.page.partialReason),
    .list("chips", \.chips),
    .text("clearURL") { _ in Location.events().description },
    .part("form") { FilterForm(filter: $0.filter, now: $0.now) },
    .html("histogram", \.drawing),
    .text("histogramNote", \.histogramNote),
    .list("facets") { page in
      page.facets.filter { !$0.values.isEmpty }.map { FacetList(facet: $0, filter: page.filter) }
    },
    .list("rows") { page in
      page.page.rows.map {
        EventRow(
          event: $0.event, snippet: $0.snippet, now: page.now,
          contradiction: page.contradictions[$0.event.id])
      }
    },
    .flag("isFiltered") { !$0.filter.parameters.isEmpty },
    .text("firstURL") { $0.filter.after == nil ? nil : Location.events($0.filter).description },
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
    HistogramDrawing(histogram: histogram) { since, until in
      var narrowed = filter
      narrowed.since = since
      narrowed.until = until
      return .events(narrowed)
    }.draw()
  }

  private var histogramNote: String {
    let peak = histogram.buckets.map(\.count).max() ?? 0
    return "peak \(Wording.count(peak)) in \(Wording.duration(histogram.bucketWidth))"
      + (histogram.isExact ? "" : ", at least")
  }

  private var nextURL: String? {
    page.next.map { Location.events(filter).adding("after", $0.description).description }
  }

  private var chips: [FilterChip] { FilterChip.list(filter.parameters, on: Location("events")) }
}

/// The values of one column among what was found, each as a link that filters by it.
struct FacetList: TemplateContext {
  let facet: Facet
  let filter: EventFilter

  static let slots: [Slot<FacetList>] = [
    .text("name") { FilterForm.words($0.facet.parameter) },
    .list("values", \.values),
    .flag("isEstimate") { !$0.facet.isExact },
  ]

  private var values: [FacetValue] {
    let parameters = filter.parameters
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
        url: Location("events", query: query).description, isInForce: isInForce)
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
