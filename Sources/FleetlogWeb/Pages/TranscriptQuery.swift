import FleetlogEvents
import FleetlogStore

/// What of a session is asked for: a stretch of its time, a page of its transcript, what is found.
struct TranscriptQuery {
  let session: String
  /// In ms since the Unix epoch; nil for all of it.
  private(set) var stretch: Range<Int64>?
  /// The event that the page is to show.
  let at: Int64?
  /// What the events must say.
  let text: String?
  private let from: Int64?
  private let to: Int64?
  private let after: EventCursor?
  private let limit: Int

  private static let pageSize = 300
  /// Events that a page shows before the one that it was opened for.
  private static let lead = 20

  init(_ request: PageRequest) throws(EventFilter.ParameterError) {
    try request.allowOnly("after", "limit", "from", "to", "at", "q")
    let paging = request.parameters.filter { ["after", "limit"].contains($0.name) }
    let filter = try EventFilter(parameters: paging, now: request.now)
    session = request.id
    text = request.value("q")
    after = filter.after
    limit = request.value("limit") == nil ? Self.pageSize : filter.limit
    at = try Self.event(request)
    from = try Self.moment("from", request)
    to = try Self.moment("to", request)
    if let from, let to, from >= to {
      throw EventFilter.ParameterError(
        parameter: "from", value: "\(from)", takes: "a time before that of to")
    }
  }

  /// Where only one end of the stretch is given, the other is the session's own.
  mutating func complete(by summary: SessionSummary) {
    guard from != nil || to != nil else { return }
    let start = from ?? min(summary.startedAt, (to ?? 0) - 1)
    stretch = start..<max(start + 1, to ?? summary.lastAt + 1)
  }

  private static func event(
    _ request: PageRequest
  ) throws(EventFilter.ParameterError) -> Int64? {
    guard let value = request.value("at") else { return nil }
    guard let id = Int64(value), id > 0 else {
      throw EventFilter.ParameterError(parameter: "at", value: value, takes: "an event's number")
    }
    return id
  }

  /// The end of the year 9999, in ms.
  private static let farthest: Int64 = 253_402_300_799_999

  private static func moment(
    _ name: String, _ request: PageRequest
  ) throws(EventFilter.ParameterError) -> Int64? {
    guard let value = request.value(name) else { return nil }
    guard let moment = TimeExpression.parse(value, now: request.now),
      (0...farthest).contains(moment)
    else {
      throw EventFilter.ParameterError(parameter: name, value: value, takes: TimeExpression.takes)
    }
    return moment
  }

  /// Whether the page begins somewhere within what is asked for.
  var isContinued: Bool { after != nil || at != nil }

  /// - Parameter steps: the session's, in their order.
  func filter(_ steps: [SessionCourse.Step]) -> EventFilter {
    var filter = EventFilter()
    filter.sessions = [session]
    filter.sort = .oldest
    filter.limit = limit
    filter.text = text
    filter.since = stretch?.lowerBound
    filter.until = stretch?.upperBound
    filter.after = after ?? cursor(before: at, steps)
    return filter
  }

  /// What stands some events before the one that is to be shown; nil at the beginning.
  private func cursor(before event: Int64?, _ steps: [SessionCourse.Step]) -> EventCursor? {
    guard let event, let index = steps.firstIndex(where: { $0.id == event }) else { return nil }
    let before = steps[..<index].suffix(Self.lead + 1)
    guard before.count > Self.lead, let first = before.first else { return nil }
    return EventCursor(ts: first.ts, id: first.id)
  }

  /// The same stretch, with or without what is searched for.
  func location(stretch: Range<Int64>?, text: String? = nil) -> Location {
    var location = Location.session(session)
    if let stretch {
      location = location.adding("from", String(stretch.lowerBound))
        .adding("to", String(stretch.upperBound))
    }
    return text.map { location.adding("q", $0) } ?? location
  }

  /// Where the transcript goes on.
  func location(after cursor: EventCursor?) -> Location {
    let here = location(stretch: stretch, text: text)
    return cursor.map { here.adding("after", $0.description) } ?? here
  }

  /// Where the entry of an event is read, on whichever page it stands.
  func place(of event: Int64, within stretch: Range<Int64>?) -> String {
    location(stretch: stretch).adding("at", String(event)).description + "#e\(event)"
  }
}
