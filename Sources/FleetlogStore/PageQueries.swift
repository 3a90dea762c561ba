package import FleetlogEvents

extension EventLog {
  /// One page of a filtered list.
  ///
  /// - Parameter survey: of the same filter, where it was made: what it has found of a search need
  ///   not be searched for again.
  package func events(
    _ filter: EventFilter, survey: EventSurvey? = nil
  ) throws(StoreError) -> EventPage {
    let query = EventQuery(filter)
    if query.searchesNothing {
      return EventPage(
        rows: [], next: nil, matched: 0, matchedIsExact: true,
        partialReason: "There is no word in “\(filter.text ?? "")” that could be searched for.")
    }
    return try pool.withConnection { (connection) throws(StoreError) in
      var (events, isWhole) = try rows(query, survey, connection)
      var reasons: [String] = []
      var newest = query.filter
      newest.sort = query.filter.sort == .rank ? .newest : query.filter.sort
      let unranked = EventQuery(newest)
      let (counted, isExact) = try count(unranked, survey, connection)
      let matched = isExact ? counted : max(counted, events.count)
      if query.filter.sort == .rank {
        if !isWhole {
          (events, isWhole) = try rows(unranked, connection, within: shares.walk)
          reasons.append("Too many hits to rank them all in time: the newest come first.")
        } else if matched >= EventQuery.rankedHits {
          reasons.append("Ranked among the newest \(EventQuery.rankedHits) hits.")
        }
      }
      if !isWhole {
        reasons.append("The search was stopped before its end; narrow the filter to see the rest.")
      }
      if query.pattern != nil {
        let lag = try connection.searchLag()
        if lag > 0 {
          reasons.append("The full-text index is \(lag) event\(lag == 1 ? "" : "s") behind.")
        }
      }
      // What was stopped goes on behind its last row.
      let hasMore = events.count > filter.limit || !isWhole
      let shown = Array(events.prefix(filter.limit))
      let next = hasMore && query.filter.sort != .rank ? shown.last : nil
      let snippets = SnippetMaker(query.pattern)
      return EventPage(
        rows: shown.map { EventPage.Row(event: $0, snippet: snippets?.snippet(of: $0)) },
        next: next.map { EventCursor(ts: $0.ts, id: $0.id) }, matched: matched,
        matchedIsExact: isExact,
        partialReason: reasons.isEmpty ? nil : reasons.joined(separator: " "))
    }
  }

  /// A page's rows, and whether they came before the deadline.
  private func rows(
    _ query: EventQuery, _ survey: EventSurvey?, _ connection: Connection
  ) throws(StoreError) -> ([StoredEvent], isWhole: Bool) {
    let (walk, gather) = (shares.walk, shares.gather)
    if let found = try rows(query, foundBy: survey, connection) { return found }
    if query.filter.sort == .rank { return try rows(query, connection, within: gather) }
    guard query.isScattered else { return try rows(query, connection, within: walk + gather) }
    let routes = try routes(to: query, connection)
    if !routes.walks { return try rows(query, connection, within: walk + gather) }
    let walking = EventQuery(query.filter, route: .walk)
    if !routes.gathers { return try rows(walking, connection, within: walk + gather) }
    let walked = try rows(walking, connection, within: walk)
    if walked.isWhole { return walked }
    let gathered = try rows(query, connection, within: gather)
    return gathered.isWhole ? gathered : walked
  }

  /// The first rows of a search, where a survey went the same way.
  private func rows(
    _ query: EventQuery, foundBy survey: EventSurvey?, _ connection: Connection
  ) throws(StoreError) -> ([StoredEvent], isWhole: Bool)? {
    guard let survey, query.isOrderedBySearch, query.filter.sort == .newest,
      query.filter.after == nil
    else { return nil }
    let wanted = query.filter.limit + 1
    var events: [StoredEvent] = []
    for id in survey.ids.prefix(wanted) {
      if let event = try connection.event(id) { events.append(event) }
    }
    return (events, survey.isWhole || survey.ids.count >= wanted)
  }

  /// Which routes to some events of several values are worth going. A walk finds a page's rows soon
  /// where many events match, while gathering costs something for each of them; where it is not
  /// known how many there are, both are tried.
  private func routes(
    to query: EventQuery, _ connection: Connection
  ) throws(StoreError) -> (walks: Bool, gathers: Bool) {
    // These are in the order of time as they are.
    if query.isByTag { return (false, true) }
    guard let (sql, values) = query.estimate(cap: Self.mostGathered + 1),
      let events = try connection.first(sql, values, { Int($0.int(0)) })
    else { return (true, true) }
    // Whose sessions tell all that is asked, events are gathered from an index alone: ten of them
    // cost as much as one that is read.
    let few =
      query.isBySession && query.isOfFactsOnly
      ? max(Self.gathered, Int((Double(try total(connection)) * 1000).squareRoot()))
      : Self.gathered
    return (events > few, events <= max(few, Self.mostGathered))
  }

  /// The query by the route on which its first events, whatever they are wanted for, are soonest found.
  func routed(
    _ query: EventQuery, _ connection: Connection
  ) throws(StoreError) -> EventQuery {
    guard query.isScattered else { return query }
    let routes = try routes(to: query, connection)
    return routes.walks && !routes.gathers ? EventQuery(query.filter, route: .walk) : query
  }

  /// Events up to which it is quicker to gather and sort them than to look for them along the time,
  /// whatever else is asked of them; and beyond which gathering would not come to its end.
  private static let gathered = 2000
  private static let mostGathered = 30_000

  private func rows(
    _ query: EventQuery, _ connection: Connection, within ms: UInt64
  ) throws(StoreError) -> ([StoredEvent], isWhole: Bool) {
    var events: [StoredEvent] = []
    let (sql, values) = query.page
    let isWhole = try connection.collect(sql, values, within: ms) {
      events.append(EventColumns.read($0))
    }
    return (events, isWhole)
  }

  private func total(_ connection: Connection) throws(StoreError) -> Int {
    try connection.count("SELECT coalesce(sum(events), 0) FROM event_days")
  }

  /// How many events a filter finds: from what the writer keeps, where that tells it, else counted.
  private func count(
    _ query: EventQuery, _ survey: EventSurvey?, _ connection: Connection
  ) throws(StoreError) -> (Int, isExact: Bool) {
    let filter = query.filter
    if let survey, survey.isWhole { return (survey.ids.count, true) }
    // Counting looks where a search has looked for longer.
    if let survey, query.isOrderedBySearch, survey.ids.count < Self.surveyed {
      return (survey.ids.count, false)
    }
    if let totals = LogTotals(filter), !totals.isBoundInTime {
      return (try totals.count(connection), true)
    }
    if query.isOfFactsOnly, filter.since == nil, filter.until == nil,
      let (sql, values) = query.factCount
    {
      return (Int(try connection.first(sql, values) { $0.int(0) } ?? 0), true)
    }
    do throws(StoreError) {
      let (sql, values) = try routed(query, connection).count(cap: Self.countCap)
      let count = try connection.withDeadline(ms: shares.count) { () throws(StoreError) in
        Int(try connection.first(sql, values) { $0.int(0) } ?? 0)
      }
      return (min(count, Self.countCap), count <= Self.countCap)
    } catch  where error.cause == .interrupted {
      return (survey?.ids.count ?? 0, false)
    }
  }
}
