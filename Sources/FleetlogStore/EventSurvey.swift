package import FleetlogEvents

/// What the newest events of a filter are like, read one by one in a single pass: all that stands
/// beside the rows of a page is made of it, exactly where the pass came to its end.
package struct EventSurvey: Sendable {
  /// How many events have which value of a column.
  struct Count: Sendable {
    private(set) var events: [String: Int] = [:]

    init(_ counts: [(String, Int)] = []) {
      for (value, count) in counts { add(value, count) }
    }

    mutating func add(_ value: String, _ count: Int = 1) {
      if !value.isEmpty { events[value, default: 0] += count }
    }
  }

  /// In the order in which they were found.
  var ids: [Int64] = []
  /// Their times in ms, and those of the events among them that may ask for attention.
  var times: [Int64] = []
  var attention: [Int64] = []
  var types = Count()
  var sourceKinds = Count()
  var roles = Count()
  var agents = Count()
  var projects = Count()
  var branches = Count()
  /// Whether these are all the events of the filter.
  var isWhole = false
}

extension EventLog {
  /// Events that are read for a survey: each may lie on a page of its own.
  static let surveyed = 1000

  /// Looks at the events of a filter, whatever page and order of them is asked for.
  ///
  /// - Returns: nil where there is nothing to look at, or nothing that the writer has not counted.
  package func survey(_ filter: EventFilter) throws(StoreError) -> EventSurvey? {
    var filter = filter
    filter.after = nil
    filter.sort = .newest
    let query = EventQuery(filter)
    let isCounted = query.isWholeLog && filter.since == nil && filter.until == nil
    if query.searchesNothing || isCounted { return nil }
    return try pool.withConnection { (connection) throws(StoreError) in
      try survey(query, connection)
    }
  }

  func survey(
    _ query: EventQuery, _ connection: Connection
  ) throws(StoreError) -> EventSurvey {
    var survey = EventSurvey()
    var sessions = EventSurvey.Count()
    var found = 0
    // A search that finds little has to look far, and its first page needs no other look.
    let ms = query.isOrderedBySearch ? shares.walk + shares.gather + shares.survey : shares.survey
    let (sql, values) = try routed(query, connection).traits(limit: Self.surveyed + 1)
    let isWhole = try connection.collect(sql, values, within: ms) { row in
      found += 1
      guard found <= Self.surveyed else { return }
      survey.ids.append(row.int(0))
      survey.times.append(row.int(1))
      if row.bool(2) { survey.attention.append(row.int(1)) }
      survey.types.add(row.text(3))
      survey.sourceKinds.add(row.text(4))
      survey.roles.add(row.text(5))
      sessions.add(row.text(6))
    }
    survey.isWhole = isWhole && found <= Self.surveyed
    for (session, events) in sessions.events {
      let facts = try connection.first(
        "SELECT agent, project, branch FROM sessions WHERE id = ?", [.text(session)]
      ) { (agent: $0.text(0), project: $0.text(1), branch: $0.text(2)) }
      guard let facts else { continue }
      survey.agents.add(facts.agent, events)
      survey.projects.add(facts.project, events)
      survey.branches.add(facts.branch, events)
    }
    return survey
  }
}
