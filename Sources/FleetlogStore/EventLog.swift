package import FleetlogEvents
import Glibc

/// The log as its readers see it: every question that a page or a command asks.
package final class EventLog: Sendable {
  let pool: ConnectionPool
  package let path: String

  /// Counting stops here and says so.
  static let countCap = 10_000
  package static let defaultDeadline: UInt64 = 280
  let deadline: UInt64
  /// How a page shares its time out, in ms: its rows by either route, their count, the survey of
  /// what they are like, and the histogram where the survey is too small for it.
  var shares: (walk: UInt64, gather: UInt64, count: UInt64, histogram: UInt64, survey: UInt64) {
    let part = deadline / 14
    return (2 * part, 5 * part, part, 2 * part, 3 * part)
  }

  /// The same log, with the secrets in it: for what takes them out itself and counts them.
  package var revealed: EventLog {
    get throws(StoreError) {
      revealsSecrets
        ? self
        : try EventLog(path: path, deadline: deadline, limit: limit, revealsSecrets: true)
    }
  }
  package let revealsSecrets: Bool
  private let limit: UInt64?

  /// - Parameters:
  ///   - path: a log that its writer has created. A full-text index that is missing is created,
  ///     empty: the next writer fills it.
  ///   - deadline: how long all that a page asks may take before its answers are given as far as
  ///     they got, in ms.
  ///   - limit: after how long anything else that is asked is stopped, in ms; nil for never.
  ///   - revealsSecrets: false masks what ``SecretShapes`` tells in every text that is read, so that
  ///     no page, answer or command can forget to.
  package init(
    path: String, deadline: UInt64 = EventLog.defaultDeadline, limit: UInt64? = nil,
    revealsSecrets: Bool = false
  ) throws(StoreError) {
    self.path = path
    self.deadline = deadline
    self.limit = limit
    self.revealsSecrets = revealsSecrets
    if access(SearchIndex.path(forDatabase: path), F_OK) != 0 {
      _ = try SearchIndex(database: path)
    }
    pool = ConnectionPool(path: path, limit: limit, masksSecrets: !revealsSecrets)
    try pool.withConnection { (_) throws(StoreError) in }
  }

  package func overview() throws(StoreError) -> LogOverview {
    try pool.withConnection { (connection) throws(StoreError) in
      let last = try connection.lastEventID()
      let indexed = try connection.lastSearchableID()
      let span = try connection.first(
        "SELECT (SELECT min(ts) FROM events), (SELECT max(ts) FROM events)"
      ) { ($0.optionalInt(0), $0.optionalInt(1)) }
      return LogOverview(
        events: try connection.count("SELECT coalesce(sum(events), 0) FROM event_days"),
        sessions: try connection.count("SELECT coalesce(sum(sessions), 0) FROM session_groups"),
        // By an index: the files themselves are large rows.
        sources: try connection.count("SELECT count(*) FROM files WHERE standing > 0"),
        validationErrors: try connection.count(
          "SELECT coalesce(sum(events), 0) FROM event_days WHERE event_type = "
            + "'\(EventType.validationError.rawValue)'"),
        lastEventID: last, firstEventAt: span?.0, lastEventAt: span?.1,
        searchLag: Int(max(0, last - indexed)))
    }
  }

  /// One event with its links, receipt and neighbours.
  package func event(_ id: Int64) throws(StoreError) -> EventDetail? {
    try pool.withConnection { (connection) throws(StoreError) in
      guard let event = try connection.event(id) else { return nil }
      let neighbours = try neighbours(of: event, connection)
      let copies = try connection.rows(
        "SELECT session_id FROM session_copies WHERE event_id = ? ORDER BY session_id",
        [.int(id)]
      ) { $0.text(0) }
      return EventDetail(
        event: event, links: try links(of: id, connection),
        receipt: try receipt(of: event, connection), previousInSession: neighbours.previous,
        nextInSession: neighbours.next,
        sessions: [event.sessionID].compactMap { $0 } + copies)
    }
  }

  private func links(of id: Int64, _ connection: Connection) throws(StoreError) -> [StoredLink] {
    func side(
      _ direction: StoredLink.Direction, own: String, other: String
    ) throws(StoreError) -> [StoredLink] {
      try connection.rows(
        """
        SELECT l.id, l.relation_type, l.created_at, l.metadata_json, \(EventColumns.list)
        FROM event_links l JOIN events e ON e.id = l.\(other) WHERE l.\(own) = ?
        ORDER BY l.id LIMIT 200
        """, [.int(id)]
      ) { row in
        RelationType(rawValue: row.text(1)).map {
          StoredLink(
            id: row.int(0), relation: $0, direction: direction,
            other: EventColumns.read(row, from: 4), createdAt: row.int(2),
            metadata: row.optionalText(3))
        }
      }.compactMap { $0 }
    }
    return try side(.outgoing, own: "from_event_id", other: "to_event_id")
      + side(.incoming, own: "to_event_id", other: "from_event_id")
  }

  private func neighbours(
    of event: StoredEvent, _ connection: Connection
  ) throws(StoreError) -> (previous: Int64?, next: Int64?) {
    guard let session = event.sessionID else { return (nil, nil) }
    func neighbour(_ sort: EventFilter.Sort) throws(StoreError) -> Int64? {
      var filter = EventFilter()
      filter.sessions = [session]
      filter.sort = sort
      filter.limit = 1
      filter.after = EventCursor(ts: event.ts, id: event.id)
      let (sql, values) = EventQuery(filter).page
      return try connection.first(sql, values) { $0.int(0) }
    }
    return (try neighbour(.newest), try neighbour(.oldest))
  }
}
