package import FleetlogEvents

/// The events of a filter in the order of their ids: how whoever follows the log reads it.
///
/// Times do not serve for that: an event of yesterday may be recorded a second ago.
extension EventLog {
  /// What a follower gets in one turn.
  package struct Stretch: Sendable {
    /// What the filter finds, lowest id first.
    package let rows: [EventPage.Row]
    /// Every event up to this id has been looked at: where the next turn begins.
    package let readTo: Int64
    /// Whether more is to be had at once.
    package let hasMore: Bool
  }

  /// Ids that one turn looks at. With text each of them is looked up in the full-text index.
  static let idsPerTurn: Int64 = 20_000
  static let idsPerTextTurn: Int64 = 2000
  /// Bytes of payload after which a turn ends, whatever its limit.
  static let bytesPerTurn = 1 << 20

  /// The highest event id; 0 in a new log.
  ///
  /// - Parameter isSearch: the highest one that the full-text index has taken in.
  package func lastEventID(isSearch: Bool = false) throws(StoreError) -> Int64 {
    try pool.withConnection { (connection) throws(StoreError) in
      isSearch ? try connection.lastSearchableID() : try connection.lastEventID()
    }
  }

  /// Events that the full-text index has not taken in yet.
  package func searchLag() throws(StoreError) -> Int {
    try pool.withConnection { (connection) throws(StoreError) in try connection.searchLag() }
  }

  /// The events behind an id. With text it goes no further than the full-text index has come, so
  /// that an event is found late rather than passed over.
  ///
  /// - Parameters:
  ///   - id: the last event that was read. Beyond the end of the log, as after a restored backup,
  ///     reading goes on from the end.
  ///   - filter: its order, limit and cursor mean nothing here.
  ///   - limit: the most rows.
  package func events(
    after id: Int64, filter: EventFilter, limit: Int
  ) throws(StoreError) -> Stretch {
    let query = EventQuery(filter, route: .log)
    return try pool.withConnection { (connection) throws(StoreError) in
      let last = try connection.lastEventID()
      guard id < last, !query.searchesNothing else {
        return Stretch(rows: [], readTo: last, hasMore: false)
      }
      let isSearch = query.pattern != nil
      let end = isSearch ? min(last, try connection.lastSearchableID()) : last
      guard id < end else { return Stretch(rows: [], readTo: id, hasMore: false) }
      let width = isSearch ? Self.idsPerTextTurn : Self.idsPerTurn
      let bound = end - id > width ? id + width : end
      let (sql, values) = query.stretch(after: id, upTo: bound, limit: limit)
      let (events, isWhole) = try rows(sql, values, limit: limit, connection)
      let readTo = isWhole ? bound : events.last?.id ?? bound
      let snippets = SnippetMaker(query.pattern)
      return Stretch(
        rows: events.map { EventPage.Row(event: $0, snippet: snippets?.snippet(of: $0)) },
        readTo: readTo, hasMore: readTo < end)
    }
  }

  /// The rows, and whether none was left out.
  private func rows(
    _ sql: String, _ values: [Value], limit: Int, _ connection: Connection
  ) throws(StoreError) -> ([StoredEvent], isWhole: Bool) {
    let statement = try connection.statement(sql)
    defer { statement.reset() }
    statement.bind(values)
    var events: [StoredEvent] = []
    var bytes = 0
    while try statement.step() {
      let event = EventColumns.read(statement)
      events.append(event)
      bytes += event.payload?.utf8.count ?? 0
      if events.count == limit || bytes >= Self.bytesPerTurn { return (events, false) }
    }
    return (events, true)
  }
}
