import FleetlogEvents

/// A filter as SQL: the tables it reads, its conditions and their values.
///
/// Conditions that are sure to be selective lead to an index; the others are checked row by row
/// along the time index, under the deadline of whoever asks.
struct EventQuery {
  /// One way of reaching the events; a session that shares events with another has two.
  private struct Arm {
    var tables: String
    /// The tables as they follow a ranked hit `d`.
    var ranked = "events e ON e.id = d.event_id"
    var conditions: [String]
    var values: [Value]
    /// The columns that order the arm.
    var ts = "e.ts"
    var id = "e.id"
  }

  /// How rows are reached where a filter names several values, which no index holds in the order
  /// of time.
  enum Route {
    /// Along the time index, row by row: quick where many rows match, and ordered from the start.
    case walk
    /// All matching rows by their own index, then sorted: quick where few match.
    case gather
    /// Along the ids, in the order of recording; see ``stretch(after:upTo:limit:)``.
    case log
  }

  let filter: EventFilter
  private let route: Route
  let pattern: SearchPattern?
  private var arms: [Arm]
  /// Whether some condition asks for several values that no index holds in the order of time.
  private var namesSeveral: Bool
  /// Arms that the values of a list may become.
  private static let mostArms = 8

  init(_ filter: EventFilter, route: Route = .gather) {
    self.route = route
    let text = filter.text.map { SearchPattern($0) }
    pattern = text.flatMap { $0.isEmpty ? nil : $0 }
    var filter = filter
    // Without a word that must match there is nothing to rank by.
    if filter.sort == .rank, pattern?.included == nil { filter.sort = .newest }
    self.filter = filter
    arms = [Arm(tables: "events e", conditions: [], values: [])]
    namesSeveral = filter.sessions.count > 1
    addSession()
    addSearch()
    addLists()
    addFlags()
    addTimes()
  }

  /// The text was given but holds nothing that can be searched for.
  var searchesNothing: Bool { !(filter.text ?? "").isEmpty && pattern == nil }

  /// Whether the two routes differ.
  var isScattered: Bool { namesSeveral && !isOrderedBySearch && filter.sort != .rank }

  /// A plus keeps SQLite from taking a column's index.
  private func column(_ name: String, isScattered: Bool) -> String {
    isScattered && route == .walk && !name.hasPrefix("+") ? "+" + name : name
  }

  private mutating func each(_ body: (inout Arm) -> Void) {
    for index in arms.indices { body(&arms[index]) }
  }

  /// One session is read along its own index, with the events it repeats from others merged in.
  private mutating func addSession() {
    guard !filter.sessions.isEmpty else { return }
    let places = marks(filter.sessions)
    let values = filter.sessions.map { Value.text($0) }
    if route == .log {
      arms[0].conditions.append(
        "(e.related_session_id IN (\(places)) OR EXISTS (SELECT 1 FROM session_copies c "
          + "WHERE c.event_id = e.id AND c.session_id IN (\(places))))")
      arms[0].values += values + values
      return
    }
    var copies = Arm(
      tables: "session_copies c CROSS JOIN events e ON e.id = c.event_id",
      conditions: ["c.session_id IN (\(places))"], values: values)
    if filter.sessions.count > 1 {
      // An event that two of the sessions show must not come twice.
      copies.tables = "events e"
      copies.conditions = [
        column("e.id", isScattered: true)
          + " IN (SELECT c.event_id FROM session_copies c WHERE c.session_id IN (\(places)))",
        "(e.related_session_id IS NULL OR e.related_session_id NOT IN (\(places)))",
      ]
      copies.values = values + values
    } else {
      copies.ranked =
        "session_copies c ON c.event_id = d.event_id CROSS JOIN events e ON e.id = c.event_id"
      copies.ts = "c.ts"
      copies.id = "c.event_id"
    }
    let own = column("e.related_session_id", isScattered: filter.sessions.count > 1)
    arms[0].conditions.append("\(own) IN (\(places))")
    arms[0].values += values
    arms.append(copies)
  }

  /// Full text is read newest first from the index, whose numbers follow time.
  private mutating func addSearch() {
    guard let pattern else { return }
    if route == .log {
      addSearchOfEach(pattern)
    } else if filter.sort == .rank, pattern.included != nil {
      each {
        $0.tables =
          "hits h CROSS JOIN search.documents d ON d.id = h.id CROSS JOIN \($0.ranked)"
        $0.ts = "h.rank"
        $0.id = "e.id"
      }
    } else if let included = pattern.included, filter.sessions.isEmpty {
      each {
        $0.tables =
          "search.event_text t CROSS JOIN search.documents d ON d.id = t.rowid "
          + "CROSS JOIN events e ON e.id = d.event_id"
        $0.conditions.append("t.event_text MATCH ?")
        $0.values.append(.text(included))
        $0.ts = "t.rowid"
        $0.id = "0"
      }
    } else {
      addSearchOfEach(pattern)
    }
  }

  /// Looks every row up in the index: a word's hits in the whole log may be millions.
  private mutating func addSearchOfEach(_ pattern: SearchPattern) {
    guard let expression = pattern.included ?? pattern.excludedExpression else { return }
    let verb = pattern.included == nil ? "NOT EXISTS" : "EXISTS"
    each {
      $0.conditions.append(
        "\(verb) (SELECT 1 FROM search.documents d CROSS JOIN search.event_text t "
          + "WHERE d.event_id = e.id AND t.rowid = d.id AND t.event_text MATCH ?)")
      $0.values.append(.text(expression))
    }
  }

  private mutating func addLists() {
    func texts(_ values: [String]) -> [Value] { values.map { .text($0) } }
    // Of several columns with an index the one that narrows most is to lead; SQLite can't know.
    let hasOwner = !filter.sessions.isEmpty || !filter.runs.isEmpty
    let hasFlag = filter.attention || filter.actionRequired || filter.risk
    let isTypeAside = hasOwner || hasFlag
    let narrows = isTypeAside || !filter.types.isEmpty
    add(isTypeAside ? "+e.event_type" : "e.event_type", texts(filter.types))
    add("e.run_id", filter.runs.map { .int($0) })
    add("e.run_id", texts(filter.instances), from: "SELECT id FROM runs WHERE instance_id")
    add(narrows ? "+e.role" : "e.role", texts(filter.roles))
    let isKindAside = narrows || !filter.roles.isEmpty
    add(isKindAside ? "+e.source_kind" : "e.source_kind", texts(filter.sourceKinds))
    add("e.id", texts(filter.tags), from: "SELECT event_id FROM event_tags WHERE tag")
    for (name, values) in [
      ("agent", filter.agents), ("project", filter.projects), ("branch", filter.branches),
    ] {
      add("e.related_session_id", texts(values), from: "SELECT id FROM sessions WHERE \(name)")
    }
  }

  /// A column is one of the values, or of what a table gives for them.
  private mutating func add(_ name: String, _ values: [Value], from table: String? = nil) {
    guard !values.isEmpty else { return }
    if table == nil, !name.hasPrefix("+"), split(name, values) { return }
    if table != nil || values.count > 1 { namesSeveral = true }
    let column = column(name, isScattered: table != nil || values.count > 1)
    let list = table.map { "\($0) IN (\(marks(values)))" } ?? marks(values)
    each {
      $0.conditions.append("\(column) IN (\(list))")
      $0.values += values
    }
  }

  /// Gives each of a few values an arm of its own: each comes off an index in the order of time,
  /// and merging them costs nothing.
  private mutating func split(_ name: String, _ values: [Value]) -> Bool {
    var distinct: [Value] = []
    for value in values where !distinct.contains(value) { distinct.append(value) }
    guard route != .log, pattern == nil, filter.sort != .rank,
      arms.count * distinct.count <= Self.mostArms
    else { return false }
    arms = arms.flatMap { arm in
      distinct.map { value in
        var part = arm
        part.conditions.append("\(name) = ?")
        part.values.append(value)
        return part
      }
    }
    return true
  }

  /// Flags are literal in the SQL, because partial indexes serve literal conditions only.
  private mutating func addFlags() {
    var conditions: [String] = []
    if filter.attention { conditions.append("e.attention_candidate = 1") }
    if filter.actionRequired { conditions.append("e.operator_action_required = 1") }
    if filter.risk { conditions.append("e.risk_detected = 1") }
    if let severity = filter.minSeverity {
      if severity >= 2 { conditions.append("e.severity >= \(severity >= 4 ? 4 : 2)") }
      if severity != 2, severity != 4 { conditions.append("e.severity >= \(severity)") }
    }
    each { $0.conditions += conditions }
  }

  private mutating func addTimes() {
    let isSearch = isOrderedBySearch
    let (since, until) = (filter.since, filter.until)
    each { arm in
      if let since {
        arm.conditions.append("e.ts >= ?")
        arm.values.append(.int(since))
        if isSearch {
          arm.conditions.append("t.rowid >= ?")
          arm.values.append(.int(SearchIndex.firstNumber(at: since)))
        }
      }
      if let until {
        arm.conditions.append("e.ts < ?")
        arm.values.append(.int(until))
        if isSearch {
          // Of more than a thousand events in a second the last have numbers of later seconds.
          arm.conditions.append("t.rowid < ?")
          arm.values.append(.int(SearchIndex.firstNumber(at: until &+ Self.numberSlack)))
        }
      }
    }
  }

  /// ms by which an event's number in the full-text index may be ahead of its time: room for
  /// ninety million events of one second.
  private static let numberSlack: Int64 = 86_400_000

  /// Whether the rows come in the order of the full-text index.
  var isOrderedBySearch: Bool {
    pattern?.included != nil && filter.sessions.isEmpty && filter.sort != .rank && route != .log
  }

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
    var selects: [String] = []
    var values = hits.values
    for arm in arms {
      for (condition, bounds) in keyset(of: arm, descending: descending) {
        let conditions = arm.conditions + condition
        let clause = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        selects.append(
          "SELECT \(EventColumns.list), \(arm.ts) AS order_ts, \(arm.id) AS order_id "
            + "FROM \(arm.tables)\(clause)")
        values += arm.values + bounds
      }
    }
    let isSearch = isOrderedBySearch
    let ordering = isSearch ? "order_ts \(order)" : "order_ts \(order), order_id \(order)"
    let sql =
      hits.sql + selects.joined(separator: "\nUNION ALL\n") + "\nORDER BY \(ordering) LIMIT ?"
    return (sql, values + [Value(filter.limit + 1)])
  }

  /// What comes behind the cursor. A row comparison would bound the time only and crawl through
  /// the rows of one instant, so the instant and what lies beyond it are asked for apart.
  private func keyset(of arm: Arm, descending: Bool) -> [([String], [Value])] {
    guard let after = filter.after, filter.sort != .rank else { return [([], [])] }
    let sign = descending ? "<" : ">"
    if isOrderedBySearch {
      return [
        (
          [
            "t.rowid \(sign) (SELECT x.id FROM search.documents x WHERE x.event_id = ?)"
          ], [.int(after.id)]
        )
      ]
    }
    return [
      (["\(arm.ts) = ?", "\(arm.id) \(sign) ?"], [.int(after.ts), .int(after.id)]),
      (["\(arm.ts) \(sign) ?"], [.int(after.ts)]),
    ]
  }

  /// The rows whose ids lie behind one and not behind the other, lowest first. No other index may
  /// lead: sorting what it finds would cost each turn the whole log.
  func stretch(after id: Int64, upTo bound: Int64, limit: Int) -> (sql: String, values: [Value]) {
    let conditions = ["e.id > ?", "e.id <= ?"] + arms[0].conditions
    return (
      "SELECT \(EventColumns.list) FROM events e NOT INDEXED WHERE "
        + conditions.joined(separator: " AND ") + " ORDER BY e.id LIMIT ?",
      [.int(id), .int(bound)] + arms[0].values + [Value(limit)]
    )
  }

  /// About how many events there are where several values are named, counted without reading
  /// them; nil where that can't be told.
  var estimate: (sql: String, values: [Value])? {
    let few: [(table: String, column: String, values: [String], count: String)] = [
      ("runs", "instance_id", filter.instances, "sum(events)"),
      ("sessions", "agent", filter.agents, "sum(events)"),
      ("sessions", "project", filter.projects, "sum(events)"),
      ("sessions", "branch", filter.branches, "sum(events)"),
      ("event_tags", "tag", filter.tags, "count(*)"),
      ("sessions", "id", filter.sessions.count > 1 ? filter.sessions : [], "sum(events)"),
    ].filter { !$0.values.isEmpty }
    guard !few.isEmpty else { return nil }
    let counts = few.map {
      "(SELECT coalesce(\($0.count), 0) FROM \($0.table) WHERE \($0.column) IN (\(marks($0.values))))"
    }
    return (
      "SELECT min(\(counts.joined(separator: ", ")), \(Int64.max))",
      few.flatMap { $0.values.map { .text($0) } }
    )
  }

  /// Counts up to `cap` and one more.
  func count(cap: Int) -> (sql: String, values: [Value]) {
    if isOrderedBySearch, arms[0].conditions.count == 1 {
      // Hits that nothing else is asked of need not be looked up in the log.
      return (
        "SELECT count(*) FROM (SELECT 1 FROM search.event_text t "
          + "WHERE \(arms[0].conditions[0]) LIMIT ?)", arms[0].values + [Value(cap + 1)]
      )
    }
    let (inner, values) = selection("1")
    return ("SELECT count(*) FROM (\(inner) LIMIT ?)", values + [Value(cap + 1)])
  }

  /// The times of the events, at most `limit` of them: the newest where they come in order at no
  /// cost.
  func times(limit: Int) -> (sql: String, values: [Value]) {
    let (inner, values) = selection("e.ts AS ts")
    let order = isScattered ? "" : " ORDER BY \(isOrderedBySearch ? arms[0].ts : "ts") DESC"
    return (inner + order + " LIMIT ?", values + [Value(limit)])
  }

  /// Events and attention candidates by their time in units of `width` ms.
  func buckets(of width: Int64) -> (sql: String, values: [Value]) {
    let (inner, values) = selection("e.ts AS ts, e.attention_candidate AS attention")
    return (
      """
      SELECT (ts - ((ts % ?1) + ?1) % ?1) / ?1, count(*), sum(attention) FROM (\(inner))
      GROUP BY 1
      """, [.int(width)] + values
    )
  }

  /// Type, source, role and session of the events, at most `limit` of them.
  func traits(limit: Int) -> (sql: String, values: [Value]) {
    let (inner, values) = selection(
      "e.event_type, e.source_kind, e.role, e.related_session_id")
    return (inner + " LIMIT ?", values + [Value(limit)])
  }

  private func selection(_ columns: String) -> (sql: String, values: [Value]) {
    var selects: [String] = []
    var values = hits.values
    for arm in arms {
      let clause =
        arm.conditions.isEmpty ? "" : " WHERE " + arm.conditions.joined(separator: " AND ")
      selects.append("SELECT \(columns) FROM \(arm.tables)\(clause)")
      values += arm.values
    }
    return (hits.sql + selects.joined(separator: " UNION ALL "), values)
  }

  /// Whether the filter leaves the whole log, apart from bounds in time.
  var isWholeLog: Bool {
    var bare = EventFilter()
    bare.since = filter.since
    bare.until = filter.until
    bare.sort = filter.sort
    bare.limit = filter.limit
    bare.after = filter.after
    return bare == filter
  }
}

/// As many question marks as there are values.
private func marks(_ values: [some Any]) -> String {
  values.map { _ in "?" }.joined(separator: ", ")
}
