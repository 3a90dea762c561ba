import FleetlogEvents
import FleetlogStore

/// `/sessions/ID`: the facts of a session and its transcript, oldest first.
struct TranscriptPage: Page {
  static let template: TemplatePath<TranscriptPage> = \.session
  private static let pageSize = 300

  let detail: SessionDetail
  let transcript: SafeHTML
  let isEmpty: Bool
  /// How many stand.
  var contradictions = 0
  let isContinued: Bool
  let next: EventCursor?
  let partialReason: String?
  /// ms since the Unix epoch.
  let now: Int64

  static func read(_ request: PageRequest, from log: EventLog) throws -> TranscriptPage {
    let (detail, filter) = try ask(request, log)
    let page = try log.events(filter)
    let transcript = Transcript(
      events: page.rows.map(\.event), runs: detail.runs,
      contradictions: try log.contradictions(of: page.rows.map(\.event.id)), now: request.now,
      template: request.templates.entry)
    var disputed = EventFilter()
    disputed.sessions = [request.id]
    disputed.types = [EventType.contradiction.rawValue]
    disputed.limit = 1
    return TranscriptPage(
      detail: detail, transcript: transcript.fill(), isEmpty: page.rows.isEmpty,
      contradictions: try log.events(disputed).matched, isContinued: filter.after != nil,
      next: page.next, partialReason: page.partialReason,
      now: request.now)
  }

  static func json(_ request: PageRequest, from log: EventLog) throws -> JSONObject {
    let (detail, filter) = try ask(request, log)
    return JSONTwin.session(detail, try log.events(filter))
  }

  private static func ask(
    _ request: PageRequest, _ log: EventLog
  ) throws -> (SessionDetail, EventFilter) {
    try request.allowOnly("after", "limit")
    var filter = try EventFilter(parameters: request.parameters, now: request.now)
    if request.value("limit") == nil { filter.limit = pageSize }
    filter.sessions = [request.id]
    filter.sort = .oldest
    guard let detail = try log.session(request.id) else {
      throw NotFound(
        message: "The log has no session \(request.id.prefix(80)): look for it among the sessions.")
    }
    return (detail, filter)
  }

  private var session: SessionSummary { detail.session }

  var head: PageHead {
    PageHead(
      title: session.heading, section: Location("sessions"),
      twin: Location.session(session.id).twin)
  }

  static let slots: [Slot<TranscriptPage>] = [
    .text("title", \.session.heading),
    .text("id", \.session.id),
    .text("project") { $0.session.project?.lastPathComponent },
    .text("projectPath", \.session.project),
    .text("agent") { page in
      [page.session.agent, page.session.agentVersion].compactMap(\.self).joined(separator: " ")
    },
    .text("model", \.session.model),
    .text("branch", \.session.branch),
    .text("parentURL") { $0.session.parentSessionID.map { Location.session($0).description } },
    .text("parent") { $0.session.parentSessionID.map { String($0.prefix(8)) } },
    .list("shared") { page in
      page.detail.sharedWith.map { Fact("session", String($0.prefix(8)), .session($0)) }
    },
    .list("figures", \.figures),
    .text("eventsURL") { page in
      Location("events", query: [("session", page.session.id)]).description
    },
    .html("transcript", \.transcript),
    .flag("isEmpty", \.isEmpty),
    .text("partialReason", \.partialReason),
    .text("firstURL") { page in
      page.isContinued ? Location.session(page.session.id).description : nil
    },
    .text("nextURL") { page in
      page.next.map { Location.transcript(page.session.id, from: $0).description }
    },
  ]

  private var figures: [Figure] {
    let tokens = session.tokens
    var figures = [
      Figure(
        value: Wording.duration(session.lastAt - session.startedAt),
        label: "from first to last event"),
      Figure(
        value: Wording.plural(session.prompts, "prompt"),
        label: Wording.plural(session.turns, "turn") + " finished"),
      Figure(
        value: Wording.plural(session.toolCalls, "call"),
        label: session.toolErrors == 0
          ? "none failed" : "\(Wording.count(session.toolErrors)) failed"),
      Figure(
        value: Wording.plural(tokens, "token"),
        label: "\(Wording.count(session.outputTokens)) out, "
          + "\(Wording.count(session.cacheReadTokens)) from cache"),
    ]
    if session.subagents > 0 {
      figures.append(Figure(value: Wording.plural(session.subagents, "sub-agent"), label: "below"))
    }
    if session.attention > 0 {
      var filter = EventFilter()
      filter.sessions = [session.id]
      filter.attention = true
      figures.append(
        Figure(
          value: Wording.plural(session.attention, "event"),
          label: session.attention == 1 ? "asks for attention" : "ask for attention", tone: .wait,
          url: Location.events(filter).description))
    }
    if contradictions > 0 {
      var filter = EventFilter()
      filter.sessions = [session.id]
      filter.types = [EventType.contradiction.rawValue]
      figures.append(
        Figure(
          value: Wording.plural(contradictions, "contradiction"), label: "inferred", tone: .block,
          url: Location.events(filter).description))
    }
    if session.validationErrors > 0 {
      var filter = EventFilter()
      filter.sessions = [session.id]
      filter.types = [EventType.validationError.rawValue]
      figures.append(
        Figure(
          value: Wording.plural(session.validationErrors, "event"), label: "refused",
          tone: .block, url: Location.events(filter).description))
    }
    return figures
  }
}

/// One of the figures at the head of a page.
struct Figure: TemplateContext {
  let value: String
  let label: String
  var tone = Tone.idle
  var url: String?

  static let slots: [Slot<Figure>] = [
    .text("value", \.value), .text("label", \.label), .text("tone", \.tone.rawValue),
    .text("url", \.url),
  ]
}
