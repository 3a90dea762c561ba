import FleetlogEvents

/// The totals that the writer keeps, as far as a filter asks for no more than what they tell
/// apart: type, source, attention and time. They answer exactly, however large the log is.
struct LogTotals {
  let filter: EventFilter

  /// Nil where the filter asks for something else too.
  init?(_ filter: EventFilter) {
    var rest = filter
    (rest.types, rest.sourceKinds, rest.attention) = ([], [], false)
    (rest.since, rest.until, rest.after) = (nil, nil, nil)
    (rest.sort, rest.limit) = (.newest, EventFilter.defaultLimit)
    guard rest == EventFilter() else { return nil }
    self.filter = filter
  }

  var isBoundInTime: Bool { filter.since != nil || filter.until != nil }

  /// Types and sources, each with its events: of all times.
  func traits(
    _ connection: Connection
  ) throws(StoreError) -> [(type: String, sourceKind: String, events: Int)] {
    let (clause, values) = conditions()
    return try connection.rows(
      """
      SELECT event_type, source_kind, sum(\(counted)) AS n FROM \(TotalsLedger.days.name)
      \(clause) GROUP BY 1, 2 HAVING n > 0
      """, values
    ) { ($0.text(0), $0.text(1), Int($0.int(2))) }
  }

  /// How many events there are, of all times.
  func count(_ connection: Connection) throws(StoreError) -> Int {
    let (clause, values) = conditions()
    return Int(
      try connection.first(
        "SELECT coalesce(sum(\(counted)), 0) FROM \(TotalsLedger.days.name) \(clause)", values
      ) { $0.int(0) } ?? 0)
  }

  /// The counts over time; nil where bars narrower than an hour suit them.
  func histogram(
    buckets: Int, width: Int64? = nil, _ connection: Connection
  ) throws(StoreError) -> Histogram? {
    guard let span = try span(connection) else { return nil }
    let width = width ?? Histogram.roundWidth(for: span, buckets: buckets)
    guard width >= TotalsLedger.hours.width else { return nil }
    let table = width >= TotalsLedger.days.width ? TotalsLedger.days : TotalsLedger.hours
    var counts = Histogram.Counts(width: width)
    try count(filter.since, filter.until, table, into: &counts, connection)
    return counts.histogram(isExact: true)
  }

  /// Counts a span of time by the table, and what its units don't cover by finer ones.
  private func count(
    _ since: Int64?, _ until: Int64?, _ table: TotalsLedger.Table,
    into counts: inout Histogram.Counts, _ connection: Connection
  ) throws(StoreError) {
    let first = since.map { -floor(-$0, table.width) }
    let last = until.map { floor($0, table.width) }
    if let first, let last, first >= last {
      return try countFiner(since, until, table, into: &counts, connection)
    }
    let (clause, values) = conditions(
      "\(table.unit) >= ? AND \(table.unit) < ?",
      [.int(first ?? Int64.min), .int(last ?? Int64.max)])
    let rows = try connection.rows(
      """
      SELECT \(table.unit), sum(events), sum(attention) FROM \(table.name) \(clause) GROUP BY 1
      """, values
    ) { (at: $0.int(0) &* table.width, events: Int($0.int(1)), attention: Int($0.int(2))) }
    for row in rows {
      counts.add(
        filter.attention ? row.attention : row.events, attention: row.attention, at: row.at)
    }
    if let since, let first {
      try countFiner(since, first * table.width, table, into: &counts, connection)
    }
    if let until, let last {
      try countFiner(last * table.width, until, table, into: &counts, connection)
    }
  }

  private func countFiner(
    _ since: Int64?, _ until: Int64?, _ table: TotalsLedger.Table,
    into counts: inout Histogram.Counts, _ connection: Connection
  ) throws(StoreError) {
    if let since, let until, since >= until { return }
    if table.width > TotalsLedger.hours.width {
      return try count(since, until, TotalsLedger.hours, into: &counts, connection)
    }
    var edge = filter
    (edge.since, edge.until, edge.after, edge.sort) = (since, until, nil, .newest)
    let asked = try Self.rows(edge, of: counts.width, connection)
    for row in asked { counts.add(row.events, attention: 0, at: row.at) }
    // Apart, since an index holds the times of these too.
    edge.attention = true
    let wary = try filter.attention ? asked : Self.rows(edge, of: counts.width, connection)
    for row in wary { counts.add(0, attention: row.events, at: row.at) }
  }

  private static func rows(
    _ filter: EventFilter, of width: Int64, _ connection: Connection
  ) throws(StoreError) -> [(at: Int64, events: Int)] {
    let (sql, values) = EventQuery(filter).buckets(of: width)
    return try connection.rows(sql, values) { ($0.int(0) &* width, Int($0.int(1))) }
  }

  /// The hours from the first to the last event, within the filter's bounds.
  private func span(_ connection: Connection) throws(StoreError) -> ClosedRange<Int64>? {
    let (days, hours) = (TotalsLedger.days, TotalsLedger.hours)
    func edge(_ function: String) throws(StoreError) -> Int64? {
      let low = filter.since.map { floor($0, days.width) } ?? Int64.min
      let high = filter.until.map { floor($0, days.width) } ?? Int64.max
      let (clause, values) = conditions("day >= ? AND day <= ?", [.int(low), .int(high)])
      let day = try connection.first(
        "SELECT \(function)(day) FROM \(days.name) \(clause) AND \(counted) > 0", values
      ) { $0.optionalInt(0) }
      guard let day, let day else { return nil }
      let (inner, bounds) = conditions(
        "hour >= ? AND hour < ?", [.int(day &* 24), .int(day &* 24 &+ 24)])
      return try connection.first(
        "SELECT \(function)(hour) FROM \(hours.name) \(inner) AND \(counted) > 0", bounds
      ) { $0.optionalInt(0) } ?? nil
    }
    guard let first = try edge("min"), let last = try edge("max") else { return nil }
    let low = max(first &* hours.width, filter.since ?? Int64.min)
    let high = min(last &* hours.width &+ hours.width, filter.until ?? Int64.max) - 1
    return low <= high ? (low...high).clamped(to: -Timestamp.latest...Timestamp.latest) : nil
  }

  private var counted: String { filter.attention ? "attention" : "events" }

  private func conditions(
    _ first: String = "TRUE", _ values: [Value] = []
  ) -> (clause: String, values: [Value]) {
    var (clause, values) = ("WHERE " + first, values)
    for (column, wanted) in [("event_type", filter.types), ("source_kind", filter.sourceKinds)]
    where !wanted.isEmpty {
      clause += " AND \(column) IN (" + wanted.map { _ in "?" }.joined(separator: ", ") + ")"
      values += wanted.map { .text($0) }
    }
    return (clause, values)
  }
}

/// Division that rounds towards the past, also before 1970.
func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
  value >= 0 ? value / divisor : (value + 1) / divisor - 1
}
