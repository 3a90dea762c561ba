package import FleetlogEvents

extension EventLog {
  /// ms that one stretch may take. Nobody waits before a page for it, and part of an answer would be
  /// a wrong one.
  private static let seriesDeadline: UInt64 = 60_000
  /// Bytes of payload after which a stretch ends, however few events they are.
  private static let mostBytes = 2 << 20

  /// The next events of a filter for whoever wants them all: without a count, by the route that is
  /// cheapest for the whole, and all that there are or an error.
  ///
  /// - Parameter limit: at most so many, and fewer where they are large.
  /// - Returns: the events with the place behind them; no place at the end.
  package func series(
    _ filter: EventFilter, limit: Int
  ) throws(StoreError) -> (rows: [EventPage.Row], next: EventCursor?) {
    var filter = filter
    filter.limit = limit
    let query = EventQuery(filter, route: .walk)
    if query.searchesNothing { return ([], nil) }
    var events: [StoredEvent] = []
    var bytes = 0
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.withDeadline(ms: Self.seriesDeadline) { () throws(StoreError) in
        let (sql, values) = query.page
        let statement = try connection.statement(sql)
        defer { statement.reset() }
        statement.bind(values)
        while events.count < limit, bytes < Self.mostBytes, try statement.step() {
          let event = EventColumns.read(statement)
          bytes += event.payload?.utf8.count ?? 0
          events.append(event)
        }
      }
    }
    let isWhole = events.count < limit && bytes < Self.mostBytes
    let snippets = SnippetMaker(query.pattern)
    return (
      events.map { EventPage.Row(event: $0, snippet: snippets?.snippet(of: $0)) },
      isWhole ? nil : events.last.map { EventCursor(ts: $0.ts, id: $0.id) }
    )
  }
}
