import FleetlogEvents
import FleetlogStore

/// `/`: who asks for attention, why, since when; then what was active and what came of it.
struct OverviewPage: Page {
  static let template: TemplatePath<OverviewPage> = \.overview
  private static let buckets = 96
  private static let day: Int64 = 86_400_000

  /// Types that stand for something handed over.
  static let deliverables: [EventType] = [
    .commitPushed, .prOpened, EventType(rawValue: "pr.opened"), EventType(rawValue: "pr.merged"),
    .completed,
  ]

  let overview: LogOverview
  let attention: EventPage
  let titles: [String: String]
  let sessions: [SessionSummary]
  let activity: Histogram
  let delivered: [StoredEvent]
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> OverviewPage {
    try request.allowOnly()
    let overview = try log.overview()
    var activity = EventFilter()
    activity.since = overview.lastEventAt.map { $0 - day }
    var query = SessionQuery()
    query.limit = 8
    let sessions = try log.sessions(query)?.sessions ?? []
    let attention = try log.events(asking)
    var titles = Dictionary(sessions.map { ($0.id, $0.heading) }, uniquingKeysWith: { $1 })
    for id in Set(attention.rows.compactMap(\.event.sessionID)) where titles[id] == nil {
      titles[id] = try log.session(id)?.session.heading
    }
    return OverviewPage(
      overview: overview, attention: attention, titles: titles, sessions: sessions,
      activity: try log.histogram(activity, buckets: buckets),
      delivered: try log.events(handedOver).rows.map(\.event), now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    try request.allowOnly()
    var query = SessionQuery()
    query.limit = 8
    return JSONTwin.overview(
      try log.overview(), attention: try log.events(asking).rows.map(\.event),
      sessions: try log.sessions(query)?.sessions ?? [],
      delivered: try log.events(handedOver).rows.map(\.event))
  }

  private static var asking: EventFilter {
    var filter = EventFilter()
    filter.attention = true
    return filter
  }

  private static var handedOver: EventFilter {
    var filter = EventFilter()
    filter.types = deliverables.map(\.rawValue)
    filter.limit = 8
    return filter
  }

  var head: PageHead {
    PageHead(title: "Overview", section: Location(), twin: Location().twin)
  }

  static let slots: [Slot<OverviewPage>] = [
    .flag("isEmpty") { $0.overview.events == 0 },
    .list("needs", \.needs),
    .text("needsNote", \.needsNote),
    .text("needsURL") { _ in Location.events(asking).description },
    .list("sessions") { page in page.sessions.map { SessionRow(session: $0, now: page.now) } },
    .text("sessionsURL") { _ in Location("sessions").description },
    .html("activity", \.drawing),
    .text("activityNote", \.activityNote),
    .list("delivered") { page in page.delivered.map { EventRow(event: $0, now: page.now) } },
    .text("events") { Wording.grouped($0.overview.events) },
    .text("sessionCount") { Wording.grouped($0.overview.sessions) },
    .text("sources") { Wording.grouped($0.overview.sources) },
    .part("first") { page in
      page.overview.firstEventAt.map { TimeText($0, now: page.now, as: .full) }
    },
    .part("last") { page in
      page.overview.lastEventAt.map { TimeText($0, now: page.now, as: .full) }
    },
    .text("searchLag") { page in
      page.overview.searchLag > 0 ? Wording.plural(page.overview.searchLag, "event") : nil
    },
  ]

  /// The newest attention event of each session, those with one cause folded into one row; the
  /// most severe first.
  private var needs: [NeedRow] {
    let bySession = groups(attention.rows.map(\.event)) { $0.sessionID ?? $0.instanceID }
    let newest = groups(bySession.compactMap(\.first)) { $0.dedupeKey ?? "event \($0.id)" }
    let rows = newest.compactMap { events in
      NeedRow(events: events, history: bySession, titles: titles, now: now)
    }
    return Array(rows.sorted { $0.need > $1.need }.prefix(12))
  }

  /// The events by a common value, in the order in which the values first came.
  private func groups(
    _ events: [StoredEvent], by value: (StoredEvent) -> String
  ) -> [[StoredEvent]] {
    var places: [String: Int] = [:]
    var groups: [[StoredEvent]] = []
    for event in events {
      let key = value(event)
      if let place = places[key] {
        groups[place].append(event)
      } else {
        places[key] = groups.count
        groups.append([event])
      }
    }
    return groups
  }

  private var needsNote: String {
    guard !attention.rows.isEmpty else { return "" }
    let count = Wording.count(max(attention.matched, attention.rows.count))
    let total = attention.matchedIsExact ? count : "at least \(count)"
    let noun = attention.matched == 1 ? "event" : "events"
    return "\(total) \(noun), most severe first; whether they were answered is not looked at yet"
  }

  private var drawing: SafeHTML {
    HistogramDrawing(histogram: activity) { since, until in
      var filter = EventFilter()
      filter.since = since
      filter.until = until
      return .events(filter)
    }.draw()
  }

  private var activityNote: String {
    let peak = activity.buckets.map(\.count).max() ?? 0
    return "the log’s last 24 h; peak \(Wording.count(peak)) in "
      + Wording.duration(activity.bucketWidth)
  }
}
