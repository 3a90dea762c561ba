import FleetlogEvents
import FleetlogStore

/// `/sessions/ID`: a session over time, and its transcript, oldest first.
struct SingleSessionPage: Page {
  static let template = "session"

  let detail: SessionDetail
  let query: TranscriptQuery
  let timeline: TimelineView?
  let transcript: SafeHTML
  let page: EventPage
  /// The last event of what is asked for.
  let last: Int64?
  /// How many stand.
  var contradictions = 0
  /// Of the tokens that the head shows.
  let cost: CostText
  /// nil on the pages after the first.
  let metrics: SessionMetricsView?
  let usage: UsageView?
  let context: SafeHTML
  var contextNote: String?

  static func read(_ request: PageRequest, from log: EventLog) throws -> SingleSessionPage {
    let (detail, query) = try ask(request, log)
    let course = try log.course(of: detail.session, within: query.stretch)
    let page = try log.events(query.filter(course.steps))
    let events = page.rows.map(\.event)
    let timeline =
      course.steps.isEmpty
      ? nil : Timeline(course, session: query.session, runs: detail.runs, stretch: query.stretch)
    let transcript = Transcript(
      events: events, runs: detail.runs,
      contradictions: try log.contradictions(of: events.map(\.id)),
      places: timeline?.places ?? [:],
      context: query.text.map { _ in { query.place(of: $0, within: query.stretch) } },
      now: request.now, template: request.kit.templates.entry)
    var disputed = EventFilter()
    disputed.sessions = [request.id]
    disputed.types = [EventType.contradiction.rawValue]
    disputed.limit = 50
    let contradictions = try log.events(disputed)
    let isFirst = !query.isContinued && query.stretch == nil && query.text == nil
    let fills = isFirst ? try fills(of: detail, request, log) : []
    return SingleSessionPage(
      detail: detail, query: query,
      timeline: timeline.map {
        TimelineView(
          timeline: $0, query: query, name: detail.laneName, shown: Set(events.map(\.id)),
          partialReason: course.partialReason, now: request.now)
      }, transcript: transcript.fill(), page: page, last: course.steps.last?.id,
      contradictions: contradictions.matched,
      cost: try cost(of: detail.session, request.kit.prices, log),
      metrics: isFirst
        ? try metrics(of: detail, contradictions.rows.map(\.event), by: request.kit.rules, log)
        : nil,
      usage: isFirst ? try usage(of: detail.session, request.kit.prices, log) : nil,
      context: ContextDrawing(fills: fills).draw(), contextNote: contextNote(fills, detail))
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let (detail, query) = try ask(request, log)
    let steps = query.at == nil ? [] : try log.course(of: detail.session).steps
    var object = JSONTwin.session(detail, try log.events(query.filter(steps)))
    let shares = try log.usage(ofSessions: [request.id])[request.id] ?? []
    let children = try log.usage(ofChildSessions: request.id)
    object.set("usage", JSONTwin.usage(shares, prices: request.kit.prices))
    object.set("usage_of_child_sessions", JSONTwin.usage(children, prices: request.kit.prices))
    JSONTwin.set(request.kit.prices.cost(of: shares + children), in: &object)
    let metrics = try log.metrics(of: detail.session, runs: detail.runs, by: request.kit.rules)
    object.setOrNull("metrics", metrics.map(JSONTwin.metrics))
    object.set("context", JSONTwin.context(try fills(of: detail, request, log)))
    return object
  }

  static func metrics(
    of detail: SessionDetail, _ contradictions: [StoredEvent], by rules: any SynthesisRules,
    _ log: EventLog
  ) throws -> SessionMetricsView? {
    let metrics = try log.metrics(of: detail.session, runs: detail.runs, by: rules)
    var byClaim: [SessionMetricsView.Contradiction: Int64] = [:]
    for event in contradictions {
      guard let payload = event.payloadObject, let field = payload["field"]?.string else {
        continue
      }
      for id in payload["evidence"]?.elements.compactMap(\.int) ?? [] {
        byClaim[.init(field: field, claim: Int64(id))] = event.id
      }
    }
    return metrics.map {
      SessionMetricsView($0, session: detail.session.id, contradictions: byClaim)
    }
  }

  static func cost(
    of session: SessionSummary, _ prices: PriceTable, _ log: EventLog
  ) throws -> CostText {
    CostText(prices.cost(of: try log.usage(ofSessions: [session.id])[session.id] ?? []))
  }

  static func usage(
    of session: SessionSummary, _ prices: PriceTable, _ log: EventLog
  ) throws -> UsageView? {
    UsageView(
      try log.usage(ofSessions: [session.id])[session.id] ?? [],
      children: try log.usage(ofChildSessions: session.id), prices: prices)
  }

  private static func contextNote(_ fills: [ContextFill], _ detail: SessionDetail) -> String {
    let counted = Set(fills.filter { !$0.isEstimated }.map(\.method)).sorted()
    let isEstimated = fills.contains(where: \.isEstimated)
    let parts = [
      isEstimated
        ? "what they consist of is estimated from the size of what was said and read" : nil,
      counted.isEmpty ? nil : "counted by " + counted.joined(separator: ", "),
      (detail.runs.first?.events ?? 0) > EventLog.mostPieces
        ? "of the first \(Wording.grouped(EventLog.mostPieces)) events" : nil,
    ].compactMap(\.self)
    return "tokens the model read at each answer; " + parts.joined(separator: "; ")
  }

  /// Of the session's own run: each sub-agent has a context of its own.
  private static func fills(
    of detail: SessionDetail, _ request: PageRequest, _ log: EventLog
  ) throws -> [ContextFill] {
    guard let run = detail.runs.first else { return [] }
    return request.kit.rules.context(of: try log.contextPieces(of: run.id))
  }

  private static func ask(
    _ request: PageRequest, _ log: EventLog
  ) throws -> (SessionDetail, TranscriptQuery) {
    var query = try TranscriptQuery(request)
    guard let detail = try log.session(request.id) ?? only(beginning: request.id, log) else {
      throw NotFound(
        message: "The log has no session \(request.id.prefix(80)): look for it among the sessions.")
    }
    query.complete(by: detail.session)
    return (detail, query)
  }

  /// The session that is meant by the beginning of its id.
  private static func only(beginning text: String, _ log: EventLog) throws -> SessionDetail? {
    let ids = try log.sessions(beginning: text)
    return ids.count == 1 ? try log.session(ids[0]) : nil
  }

  private var session: SessionSummary { detail.session }

  var head: PageHead {
    PageHead(
      title: session.heading, section: Location("sessions"),
      twin: query.location(stretch: query.stretch, text: query.text).twin, live: live,
      script: .lanesScript)
  }

  /// A stretch of its time and what is found in it stay as they were asked for.
  private var live: Liveness? {
    guard query.stretch == nil, query.text == nil else { return nil }
    var filter = EventFilter()
    filter.sessions = [session.id]
    filter.limit = 1
    return Liveness(manner: .announced, probe: Location.events(filter).twin, newest: newest)
  }

  private var newest: String? {
    last.map { Location.session(session.id).adding("at", String($0)).description + "#end" }
  }

  static let slots: [Slot<SingleSessionPage>] = [
    .text("title", \.session.heading),
    .text("id", \.session.id),
    .text("who", \.detail.worker?.short),
    .text("whoTitle", \.detail.worker?.full),
    .text("agent") { page in
      [page.session.agent, page.session.agentVersion].compactMap(\.self).joined(separator: " ")
    },
    .text("model", \.session.model),
    .text("branch", \.session.branch),
    .text("parentURL") { $0.session.parentSessionID.map { Location.session($0).description } },
    .text("parent") { $0.session.parentSessionID.map { String($0.prefix(8)) } },
    .list("shared") { page in
      page.detail.sharedWith.map { NamedValue("session", String($0.prefix(8)), .session($0)) }
    },
    .list("figures", \.figures),
    .part("metrics", \.metrics),
    .part("usage", \.usage),
    .html("context", \.context),
    .text("contextNote", \.contextNote),
    .flag("isLive") { $0.live != nil },
    .text("newestURL") { $0.page.next == nil ? nil : $0.newest },
    .text("eventsURL") { page in
      Location("events", query: [("session", page.session.id)]).description
    },
    .part("timeline", \.timeline),
    .text("url") { Location.session($0.session.id).description },
    .text("find", \.query.text),
    .list("kept") { page in
      page.query.location(stretch: page.query.stretch).query.map {
        HiddenField(name: $0.name, value: $0.value)
      }
    },
    .text("found", \.found),
    .text("foundURL") { page in
      var filter = EventFilter()
      filter.sessions = [page.session.id]
      filter.text = page.query.text
      return Location.events(filter).description
    },
    .text("unfilteredURL") { $0.query.location(stretch: $0.query.stretch).description },
    .text("exportURL") { page in
      Location("export", "sessions", page.session.id + ".html").description
    },
    .html("transcript", \.transcript),
    .flag("isEmpty", \.page.rows.isEmpty),
    .text("partialReason", \.page.partialReason),
    .text("firstURL") { page in
      page.query.isContinued ? page.query.location(after: nil).description : nil
    },
    .text("nextURL") { page in
      page.page.next.map { page.query.location(after: $0).description }
    },
  ]

  private var found: String? {
    guard let text = query.text, !page.rows.isEmpty else { return nil }
    let count = (page.matchedIsExact ? "" : "at least ") + Wording.plural(page.matched, "event")
    return "\(count) of this session \(page.matched == 1 ? "says" : "say") “\(text.prefix(80))”"
  }

  private var figures: [Figure] {
    Figure.all(of: session, contradictions: contradictions, cost: cost)
  }
}
