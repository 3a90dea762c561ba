import FleetlogEvents
import FleetlogStore

/// `/`: who asks for attention, why, since when; then what was active and what came of it.
struct OverviewPage: Page {
  static let template = "overview"
  private static let month = 30 * 24 * RecentSpan.hour

  /// Types that stand for something handed over.
  static let deliverables: [EventType] = [
    .commitPushed, .prOpened, EventType(rawValue: "pr.opened"), EventType(rawValue: "pr.merged"),
    .completed,
  ]

  /// Rows of each block that are seen at once, so that all blocks are on one screen; what else needs
  /// the operator unfolds, the rest is a click away.
  private static let mostNeeds = 6
  private static let mostUnfolded = 60
  private static let mostWorkers = 9
  private static let mostDelivered = 7

  let overview: LogOverview
  let needs: NeedList
  let workers: WorkerList
  let query: WorkerQuery
  let sessions: [String: SessionSummary]
  let names: WorkerNames
  let contradictions: [Int64: Int64]
  let span: RecentSpan
  let activity: Histogram
  let spend: SpendDrawing
  /// Of the log's last 30 days; nil where they are no more than what is drawn.
  var monthly: Cost?
  let delivered: [StoredEvent]
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> OverviewPage {
    try request.allowOnly()
    let overview = try log.overview()
    let span = RecentSpan(of: overview, now: request.now)
    var activity = EventFilter()
    activity.since = span.since
    activity.until = span.until
    let isLonger = overview.firstEventAt.map { $0 < span.since } ?? false
    let shares = try log.usage(
      since: isLonger ? span.until - month : span.since, until: span.until)
    let needs = try log.needs(now: request.now, limit: mostUnfolded)
    let delivered = try delivered(log)
    let shown = needs.groups.flatMap { [$0.root] + $0.symptoms }
    let query = WorkerQuery(moment: request.now, isNow: true)
    let workers = try log.workers(query, by: request.kit.rules)
    return OverviewPage(
      overview: overview, needs: needs,
      workers: workers, query: query,
      sessions: try log.summaries(of: shown.compactMap(\.sessionID)),
      names: try log.workerNames(of: shown + delivered).with(
        Array(workers.workers.prefix(mostWorkers))),
      contradictions: try log.contradictions(
        of: needs.groups.map(\.root.id) + delivered.map(\.id)),
      span: span,
      activity: try log.histogram(activity, buckets: 96, width: span.barWidth)
        .filling(span.since..<span.until),
      spend: spend(shares, span, request),
      monthly: isLonger ? request.kit.prices.cost(of: shares.map(\.share)) : nil,
      delivered: delivered, now: request.now)
  }

  private static func spend(
    _ shares: [(hour: Int64, share: UsageShare)], _ span: RecentSpan, _ request: PageRequest
  ) -> SpendDrawing {
    SpendDrawing(
      shares, since: span.since, count: span.hours, width: RecentSpan.hour, now: request.now,
      prices: request.kit.prices
    ) { since, until in
      var filter = EventFilter()
      filter.types = [EventType.llmCallCompleted.rawValue]
      filter.since = since
      filter.until = until
      return .events(filter)
    }
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    try request.allowOnly()
    var recent = SessionQuery()
    recent.limit = 8
    let query = WorkerQuery(moment: request.now, isNow: true)
    let overview = try log.overview()
    let span = RecentSpan(of: overview, now: request.now)
    let shares = try log.usage(since: span.since, until: span.until)
    return JSONTwin.overview(
      overview, needs: try log.needs(now: request.now, limit: 100),
      workers: try log.workers(query, by: request.kit.rules),
      attention: try log.events(asking).rows.map(\.event),
      sessions: try log.sessions(recent)?.sessions ?? [],
      delivered: try delivered(log), spend: spend(shares, span, request))
  }

  /// The newest things handed over; where a worker told of its own work what was inferred before,
  /// its word alone.
  private static func delivered(_ log: EventLog) throws -> [StoredEvent] {
    let events = try log.events(handedOver).rows.map(\.event)
    let replaced = try log.superseded(of: events.map(\.id))
    return Array(events.filter { !replaced.contains($0.id) }.prefix(mostDelivered))
  }

  private static var asking: EventFilter {
    var filter = EventFilter()
    filter.attention = true
    return filter
  }

  private static var handedOver: EventFilter {
    var filter = EventFilter()
    filter.types = deliverables.map(\.rawValue)
    // Each may come with what was inferred before.
    filter.limit = 2 * mostDelivered
    return filter
  }

  var head: PageHead {
    PageHead(title: "Overview", section: Location(), twin: Location().twin, live: Liveness())
  }

  static let slots: [Slot<OverviewPage>] = [
    .flag("isEmpty") { $0.overview.events == 0 },
    .text("needsNote", \.needsNote),
    .text("needsURL") { _ in Location.events(asking).description },
    .text("workerCount") { page in Wording.plural(page.workers.workers.count, "live worker") },
    .list("tally", \.tally),
    .list("needs") { page in page.rows(page.needs.groups.prefix(mostNeeds)) },
    .list("moreNeeds") { page in page.rows(page.needs.groups.dropFirst(mostNeeds)) },
    .text("hidden") { page in
      let hidden = page.needs.total - mostNeeds
      return hidden > 0 ? Wording.plural(hidden, "more cause") : nil
    },
    .text("beyond") { page in
      let hidden = page.needs.total - page.needs.groups.count
      return hidden > 0
        ? "\(Wording.plural(hidden, "cause")) beyond these, which need you less" : nil
    },
    .text("folded") { page in
      page.needs.total == 0
        ? nil : "\(Wording.plural(page.needs.events, "unanswered event")) in all"
    },
    .text("older", \.older),
    .list("workers") { page in
      page.workers.workers.prefix(mostWorkers).map {
        WorkerRow(worker: $0, name: page.names[$0], query: page.query)
      }
    },
    .flag("hasWorkers") { !$0.workers.workers.isEmpty },
    .text("workersNote") { page in
      page.workers.workers.isEmpty
        ? nil : "\(Wording.grouped(page.workers.workers.count)) live, those that need you first"
    },
    .text("workersURL") { _ in Location("workers").description },
    .text("everyURL") { _ in Location("workers", query: [("all", "1")]).description },
    .text("sessionsURL") { _ in Location("sessions").description },
    .part("newest") { page in
      page.overview.lastEventAt.map { TimeText($0, now: page.now, as: .zoned) }
    },
    .text("workersWords") { page in
      let hidden = page.workers.workers.count - mostWorkers
      return hidden > 0
        ? "\(Wording.grouped(hidden)) more, and all in three views" : "All workers, in three views"
    },
    .html("activity", \.drawing),
    .html("spend") { $0.spend.draw() },
    .text("spendTitle") { $0.spend.isPriced ? "Spend" : "Tokens" },
    .text("spendNote", \.spendNote),
    .text("activityNote", \.activityNote),
    .list("delivered") { page in
      page.delivered.map { event in
        DeliveredRow(
          event: EventRow(
            event: event, now: page.now, timeForm: .age,
            contradiction: page.contradictions[event.id], worker: page.names[event]))
      }
    },
    .text("events") { Wording.grouped($0.overview.events) },
    .text("sessionCount") { Wording.plural($0.overview.sessions, "session") },
    .text("sources") { Wording.plural($0.overview.sources, "file") },
    .part("first") { page in
      page.overview.firstEventAt.map { TimeText($0, now: page.now, as: .full) }
    },
    .part("last") { page in
      page.overview.lastEventAt.map { TimeText($0, now: page.now, as: .zoned) }
    },
    .text("searchLag") { page in
      page.overview.searchLag > 0 ? Wording.plural(page.overview.searchLag, "event") : nil
    },
  ]

  private var needsNote: String {
    guard needs.total > 0 else { return "" }
    let kinds = Need.allCases.compactMap { need -> String? in
      let count = needs.counts[need] ?? 0
      return count == 0 ? nil : "\(Wording.count(count)) \(need.words(count))"
    }
    return Wording.plural(needs.total, "cause") + ": " + kinds.joined(separator: ", ")
  }

  private func rows(_ groups: ArraySlice<NeedGroup>) -> [NeedRow] {
    groups.map { group in
      NeedRow(
        group: group, sessions: sessions, names: names,
        contradiction: contradictions[group.root.id], now: now)
    }
  }

  /// How many live workers stand in each way, those that need the operator first.
  private var tally: [Tally] {
    let kinds: [(words: String, tone: Tone, statuses: [WorkerStatus])] = [
      ("waiting for you", .wait, [.waitingOnOperator]), ("stuck", .block, [.blocked, .failed]),
      ("silent", .stale, [.stale]), ("working", .work, [.working, .waitingOnExternal]),
      ("finished", .ok, [.complete]), ("idle", .idle, [.idle, .unknown]),
    ]
    return kinds.compactMap { kind in
      let count = workers.workers.count { kind.statuses.contains($0.state.inferred.status) }
      let query = kind.statuses.map { (name: "state", value: $0.rawValue) }
      return count == 0
        ? nil
        : Tally(
          count: count, words: kind.words, tone: kind.tone,
          url: Location("workers", query: query).description)
    }
  }

  private var older: String? {
    guard needs.older > 0 else { return nil }
    let count = needs.older > 1000 ? "more than 1,000" : Wording.grouped(needs.older)
    return "\(count) from before the last 7 days were never answered"
  }

  private var drawing: SafeHTML {
    HistogramDrawing(histogram: activity, now: now) { since, until in
      var filter = EventFilter()
      filter.since = since
      filter.until = until
      return .events(filter)
    }.draw()
  }

  private var spendNote: String {
    let bars = spend.bars
    let cost = bars.reduce(into: Cost()) { sum, bar in
      sum.money += bar.cost.money
      sum.pricedTokens += bar.cost.pricedTokens
      sum.unpricedTokens += bar.cost.unpricedTokens
      sum.unpricedModels.formUnion(bar.cost.unpricedModels)
    }
    let tokens = Wording.plural(bars.reduce(0) { $0 + $1.usage.tokens }, "token")
    let words = CostText(cost)
    return "\(span.words): " + (words.text.isEmpty ? tokens : "\(words.text), \(tokens)")
      + (spend.isPriced && !cost.isWhole
        ? "; \(Wording.plural(cost.unpricedTokens, "token")) without a price not in the sum" : "")
      + (monthly.map { $0.money > .zero ? "; \(CostText($0).text) \(span.monthWords)" : "" } ?? "")
  }

  private var activityNote: String {
    let peak = activity.buckets.map(\.count).max() ?? 0
    return "\(span.words); peak \(Wording.count(peak)) in "
      + Wording.duration(activity.bucketWidth)
  }
}

/// How many workers stand in one way.
struct Tally: TemplateContext {
  let count: Int
  let words: String
  let tone: Tone
  let url: String

  static let slots: [Slot<Tally>] = [
    .text("count") { Wording.grouped($0.count) }, .text("words", \.words),
    .text("tone", \.tone.rawValue), .text("url", \.url),
  ]
}

/// Something handed over, and by whom.
struct DeliveredRow: TemplateContext {
  let event: EventRow

  static let slots: [Slot<DeliveredRow>] = [.part("event", \.event)]
}
