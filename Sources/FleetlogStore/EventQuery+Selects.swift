import FleetlogEvents

/// The statements that a filter is asked by.
extension EventQuery {
  /// How many of the newest hits are ranked.
  static let rankedHits = 2000

  private var hits: (sql: String, values: [Value]) {
    guard filter.sort == .rank, let included = pattern?.included else { return ("", []) }
    return (
      """
      WITH hits AS MATERIALIZED (SELECT rowid AS id, bm25(event_text) AS rank
        FROM search.event_text WHERE event_text MATCH ? ORDER BY rowid DESC
        LIMIT \(Self.rankedHits))

      """, [.text(included)]
    )
  }

  /// One page and one row more, which shows whether another page follows.
  var page: (sql: String, values: [Value]) {
    let descending = filter.sort != .oldest
    let isRanked = filter.sort == .rank && pattern?.included != nil
    let order = isRanked || !descending ? "ASC" : "DESC"
    let isSearch = isOrderedBySearch
    let ordering = isSearch ? "order_ts \(order)" : "order_ts \(order), order_id \(order)"
    // What has to be sorted is sorted by what indexes hold: of all rows but a page's nothing else
    // is read.
    let sorts = isScattered && route == .gather
    let columns = sorts ? "" : EventColumns.list + ", "
    var selects: [String] = []
    var values = hits.values
    for arm in arms {
      for (conditions, bounds) in keyset(of: arm, descending: descending) {
        selects.append(
          "SELECT \(columns)\(arm.ts) AS order_ts, \(arm.id) AS order_id "
            + "FROM \(arm.tables)\(clause(arm.conditions + conditions))")
        values += arm.values + bounds
      }
    }
    var sql =
      hits.sql + selects.joined(separator: "\nUNION ALL\n") + "\nORDER BY \(ordering) LIMIT ?"
    if sorts {
      sql =
        "SELECT \(EventColumns.list) FROM (\(sql)) p CROSS JOIN events e ON e.id = p.order_id "
        + "ORDER BY \(ordering)"
    }
    return (sql, values + [Value(filter.limit + 1)])
  }

  /// What comes behind the cursor, within the bounds of time. A row comparison would bound the time
  /// only and crawl through the rows of one instant, so the instant and what lies beyond it are asked
  /// for apart.
  private func keyset(of arm: Arm, descending: Bool) -> [([String], [Value])] {
    let bounds = arm.bounds
    guard let after = filter.after, filter.sort != .rank else {
      return [(bounds.conditions, bounds.values)]
    }
    let sign = descending ? "<" : ">"
    if isOrderedBySearch {
      return [
        (
          bounds.conditions + [
            "t.rowid \(sign) (SELECT x.id FROM search.documents x WHERE x.event_id = ?)"
          ], bounds.values + [.int(after.id)]
        )
      ]
    }
    let beyond = (
      bounds.conditions + ["\(arm.ts) \(sign) ?"], bounds.values + [Value.int(after.ts)]
    )
    let isWithin = after.ts >= filter.since ?? .min && after.ts < filter.until ?? .max
    guard isWithin else { return [beyond] }
    return [
      (["\(arm.ts) = ?", "\(arm.id) \(sign) ?"], [.int(after.ts), .int(after.id)]), beyond,
    ]
  }

  /// The rows whose ids lie behind one and not behind the other, lowest first. No other index may
  /// lead: sorting what it finds would cost each turn the whole log.
  func stretch(after id: Int64, upTo bound: Int64, limit: Int) -> (sql: String, values: [Value]) {
    let arm = arms[0]
    let conditions = ["e.id > ?", "e.id <= ?"] + arm.conditions + arm.bounds.conditions
    return (
      "SELECT \(EventColumns.list) FROM events e NOT INDEXED\(clause(conditions)) "
        + "ORDER BY e.id LIMIT ?",
      [.int(id), .int(bound)] + arm.values + arm.bounds.values + [Value(limit)]
    )
  }

  /// About how many events there are where several values are named, counted without reading
  /// them: at most as many as of the smallest list. Nil where that can't be told.
  ///
  /// - Parameter cap: further it need not be counted.
  func estimate(cap: Int) -> (sql: String, values: [Value])? {
    var parts: [(sql: String, values: [Value])] = []
    func add(_ sql: String, _ values: [String]) {
      if !values.isEmpty { parts.append((sql, values.map { .text($0) })) }
    }
    let (instances, sessions) = (filter.instances, filter.sessions)
    add(
      "SELECT sum(events) FROM runs WHERE instance_id IN (\(marks(instances)))", instances)
    if sessions.count > 1 {
      add("SELECT sum(events) FROM sessions WHERE id IN (\(marks(sessions)))", sessions)
    }
    add(
      "SELECT count(*) FROM (SELECT 1 FROM event_tags WHERE tag IN (\(marks(filter.tags))) "
        + "LIMIT \(cap))", filter.tags)
    if let (sql, values) = factCount { parts.append((sql, values)) }
    guard !parts.isEmpty else { return nil }
    let counts = parts.map { "coalesce((\($0.sql)), 0)" }
    return (
      "SELECT min(\(counts.joined(separator: ", ")), \(Int64.max))", parts.flatMap(\.values)
    )
  }

  /// How many events there are whose sessions are as asked, whatever else is asked.
  var factCount: (sql: String, values: [Value])? {
    let facts = filter.facts
    guard !facts.isEmpty else { return nil }
    return (
      "SELECT coalesce(sum(events), 0) FROM session_groups"
        + clause(facts.map { $0.condition() }), facts.flatMap(\.values)
    )
  }

  /// Counts up to `cap` and one more.
  func count(cap: Int) -> (sql: String, values: [Value]) {
    let (inner, values) = selection(isThin: true) { _ in "1" }
    return ("SELECT count(*) FROM (\(inner) LIMIT ?)", values + [Value(cap + 1)])
  }

  /// The times of the events, at most `limit` of them: the newest where they come in order at no
  /// cost, those of the sessions last active where the sessions lead.
  func times(limit: Int) -> (sql: String, values: [Value]) {
    let (inner, values) = selection(isThin: true) { "\($0.time) AS ts" }
    return (inner + newestFirst + " LIMIT ?", values + [Value(limit)])
  }

  /// Events by their time in units of `width` ms.
  func buckets(of width: Int64) -> (sql: String, values: [Value]) {
    let (inner, values) = selection(isThin: true) { "\($0.time) AS ts" }
    return (
      "SELECT (ts - ((ts % ?1) + ?1) % ?1) / ?1, count(*) FROM (\(inner)) GROUP BY 1",
      [.int(width)] + values
    )
  }

  /// What a survey asks of the events, at most `limit` of them, in the order of ``times(limit:)``.
  func traits(limit: Int) -> (sql: String, values: [Value]) {
    let (inner, values) = selection {
      "e.id, \($0.time) AS ts, e.attention_candidate, e.event_type, e.source_kind, e.role, "
        + "e.related_session_id"
    }
    return (inner + newestFirst + " LIMIT ?", values + [Value(limit)])
  }

  private var newestFirst: String {
    if isBySession { return " ORDER BY s.last_at DESC" }
    if isOrderedBySearch { return " ORDER BY t.rowid DESC" }
    return isScattered && route == .gather && !isByTag ? "" : " ORDER BY ts DESC"
  }

  /// - Parameters:
  ///   - isThin: whether the events themselves need not be read where no condition asks them.
  ///   - columns: what is selected, of each arm.
  private func selection(
    isThin: Bool = false, _ columns: (Arm) -> String
  ) -> (sql: String, values: [Value]) {
    var selects: [String] = []
    var values = hits.values
    for arm in arms {
      let tables = isThin && !arm.asksEvents ? arm.thin ?? arm.tables : arm.tables
      let conditions = arm.conditions + arm.bounds.conditions
      selects.append("SELECT \(columns(arm)) FROM \(tables)\(clause(conditions))")
      values += arm.values + arm.bounds.values
    }
    return (hits.sql + selects.joined(separator: " UNION ALL "), values)
  }

  private func clause(_ conditions: [String]) -> String {
    conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
  }
}
