package import FleetlogEvents

extension EventLog {
  /// Counts of the events a filter finds, over the time it covers.
  ///
  /// - Parameter buckets: how many at most; their width is a round span of time.
  package func histogram(_ filter: EventFilter, buckets: Int) throws(StoreError) -> Histogram {
    var filter = filter
    filter.after = nil
    let query = EventQuery(filter)
    let empty = Histogram(bucketWidth: 60_000, buckets: [], isExact: true)
    if query.searchesNothing { return empty }
    return try pool.withConnection { (connection) throws(StoreError) in
      do throws(StoreError) {
        return try connection.withDeadline(ms: deadline) { () throws(StoreError) in
          guard let span = try span(of: query, connection) else { return empty }
          let width = Self.roundWidth(for: span, buckets: buckets)
          let start = floor(span.lowerBound, width) * width
          let counts =
            query.isWholeLog && width >= TotalsLedger.hour
            ? try wholeLogCounts(filter, start: start, width: width, connection)
            : try counts(query, start: start, width: width, connection)
          let count = Int((span.upperBound - start) / width) + 1
          let filled = (0..<count).map { index in
            counts[Int64(index)]
              ?? Histogram.Bucket(start: start + Int64(index) * width, count: 0, attention: 0)
          }
          return Histogram(bucketWidth: width, buckets: filled, isExact: true)
        }
      } catch  where error.cause == .interrupted {
        return Histogram(bucketWidth: 60_000, buckets: [], isExact: false)
      }
    }
  }

  private func span(
    of query: EventQuery, _ connection: Connection
  ) throws(StoreError) -> ClosedRange<Int64>? {
    if query.isWholeLog {
      let bounds = try connection.first(
        """
        SELECT (SELECT min(ts) FROM events WHERE ts >= ?1),
          (SELECT max(ts) FROM events WHERE ts < ?2)
        """, [.int(query.filter.since ?? Int64.min), .int(query.filter.until ?? Int64.max)]
      ) { ($0.optionalInt(0), $0.optionalInt(1)) }
      return Self.span(bounds?.0, bounds?.1)
    }
    let (sql, values) = query.span
    let bounds = try connection.first(sql, values) { ($0.optionalInt(0), $0.optionalInt(1)) }
    return Self.span(bounds?.0, bounds?.1)
  }

  /// Nothing is drawn outside the years that a stamp can name.
  private static func span(_ low: Int64?, _ high: Int64?) -> ClosedRange<Int64>? {
    guard let low, let high, low <= high else { return nil }
    return (low...high).clamped(to: -Timestamp.latest...Timestamp.latest)
  }

  private func counts(
    _ query: EventQuery, start: Int64, width: Int64, _ connection: Connection
  ) throws(StoreError) -> [Int64: Histogram.Bucket] {
    let (sql, values) = query.histogram(from: start, width: width)
    return try buckets(sql, values, start: start, width: width, connection)
  }

  /// The whole log is answered from the hourly totals, exactly and at once; only the hours that
  /// the filter cuts are counted row by row.
  private func wholeLogCounts(
    _ filter: EventFilter, start: Int64, width: Int64, _ connection: Connection
  ) throws(StoreError) -> [Int64: Histogram.Bucket] {
    let hour = TotalsLedger.hour
    let first = filter.since.map { -floor(-$0, hour) }
    let last = filter.until.map { floor($0, hour) }
    if let first, let last, first >= last {
      return try counts(EventQuery(filter), start: start, width: width, connection)
    }
    var counts = try buckets(
      """
      SELECT (hour * \(hour) - ?1) / ?2 AS bucket, sum(events), sum(attention)
      FROM event_totals WHERE hour >= ?3 AND hour < ?4 GROUP BY bucket
      """,
      [.int(start), .int(width), .int(first ?? Int64.min), .int(last ?? Int64.max)],
      start: start, width: width, connection)
    for (since, until) in [
      (filter.since, first.map { $0 * hour }), (last.map { $0 * hour }, filter.until),
    ] {
      guard let since, let until, since < until else { continue }
      var edge = EventFilter()
      edge.since = since
      edge.until = until
      counts.merge(
        try self.counts(EventQuery(edge), start: start, width: width, connection)
      ) { bucket, more in
        Histogram.Bucket(
          start: bucket.start, count: bucket.count + more.count,
          attention: bucket.attention + more.attention)
      }
    }
    return counts
  }

  private func buckets(
    _ sql: String, _ values: [Value], start: Int64, width: Int64, _ connection: Connection
  ) throws(StoreError) -> [Int64: Histogram.Bucket] {
    let rows = try connection.rows(sql, values) { row in
      (
        row.int(0),
        Histogram.Bucket(
          start: start &+ row.int(0) &* width, count: Int(row.int(1)), attention: Int(row.int(2)))
      )
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  /// The smallest round span, a second and up, that needs no more than `buckets`.
  static func roundWidth(for span: ClosedRange<Int64>, buckets: Int) -> Int64 {
    let second: Int64 = 1000
    let minute = 60 * second
    let hour = 60 * minute
    let day = 24 * hour
    let widths: [Int64] = [
      second, 5 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute,
      15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day,
      7 * day, 14 * day, 28 * day, 91 * day, 364 * day, 3640 * day, 36_400 * day,
    ]
    let length = span.upperBound - span.lowerBound
    return widths.first { length / $0 + 2 <= Int64(buckets) } ?? 364_000 * day
  }

  /// What the events of a filter consist of, one facet for each column that people narrow by.
  package func facets(_ filter: EventFilter) throws(StoreError) -> [Facet] {
    var filter = filter
    filter.after = nil
    let query = EventQuery(filter)
    if query.searchesNothing { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      if query.isWholeLog, filter.since == nil, filter.until == nil {
        return try wholeLogFacets(connection)
      }
      var facets: [Facet] = []
      for (parameter, expression) in Self.facetExpressions {
        let (sql, values) = query.facet(expression, cap: Self.countCap + 1, limit: 12)
        do throws(StoreError) {
          var counted = 0
          let rows = try connection.withDeadline(ms: deadline / 4) { () throws(StoreError) in
            try connection.rows(sql, values) { row in
              counted = Int(row.int(2))
              return Facet.Value(name: row.text(0), count: Int(row.int(1)))
            }
          }
          facets.append(
            Facet(parameter: parameter, values: rows, isExact: counted <= Self.countCap))
        } catch  where error.cause == .interrupted {
          continue
        }
      }
      return facets
    }
  }

  private static let facetExpressions: [(String, String)] = [
    ("type", "e.event_type"), ("source_kind", "e.source_kind"), ("role", "e.role"),
    (
      "agent",
      "(SELECT s.agent FROM sessions s WHERE s.id = e.related_session_id)"
    ),
    (
      "project",
      "(SELECT s.project FROM sessions s WHERE s.id = e.related_session_id)"
    ),
  ]

  /// Events by a column of their own session: those that it repeats from others are theirs.
  private static func ownEvents(_ column: String) -> String {
    """
    SELECT \(column), sum(events - (SELECT count(*) FROM session_copies c WHERE c.session_id = s.id))
      AS n FROM sessions s WHERE \(column) <> '' GROUP BY 1
    """
  }

  private func wholeLogFacets(_ connection: Connection) throws(StoreError) -> [Facet] {
    let questions = [
      ("type", "SELECT event_type, sum(events) AS n FROM event_totals GROUP BY 1"),
      ("source_kind", "SELECT source_kind, sum(events) AS n FROM event_totals GROUP BY 1"),
      ("role", "SELECT role, sum(events) AS n FROM runs GROUP BY 1"),
      ("agent", Self.ownEvents("agent")),
      ("project", Self.ownEvents("project")),
    ]
    var facets: [Facet] = []
    for (parameter, sql) in questions {
      let values = try connection.rows(sql + " ORDER BY n DESC, 1 LIMIT 12") {
        Facet.Value(name: $0.text(0), count: Int($0.int(1)))
      }
      facets.append(Facet(parameter: parameter, values: values, isExact: true))
    }
    return facets
  }
}

/// Division that rounds towards the past, also before 1970.
func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
  value >= 0 ? value / divisor : (value + 1) / divisor - 1
}
