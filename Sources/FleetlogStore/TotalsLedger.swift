import FleetlogEvents

/// Keeps the events per hour and per day, type and source that answer histograms and facets of
/// the whole log.
final class TotalsLedger {
  /// A table of totals and the span of time, in ms, that its first column numbers.
  struct Table {
    let name: String
    let unit: String
    let width: Int64
  }

  static let hours = Table(name: "event_totals", unit: "hour", width: 3_600_000)
  static let days = Table(name: "event_days", unit: "day", width: 24 * hours.width)

  private struct Key: Hashable {
    let unit: Int64
    let type: String
    let sourceKind: String
  }

  private let connection: Connection
  /// By hour.
  private var counts: [Key: (events: Int, attention: Int)] = [:]

  init(_ connection: Connection) { self.connection = connection }

  func count(_ event: StoredEvent) {
    let key = Key(
      unit: floor(event.ts, Self.hours.width), type: event.type.rawValue,
      sourceKind: event.sourceKind)
    var count = counts[key] ?? (0, 0)
    count.events += 1
    count.attention += event.attentionCandidate ? 1 : 0
    counts[key] = count
  }

  func save() throws(StoreError) {
    var days: [Key: (events: Int, attention: Int)] = [:]
    for (key, count) in counts {
      try add(count, key, to: Self.hours)
      let day = Key(unit: floor(key.unit, 24), type: key.type, sourceKind: key.sourceKind)
      let sum = days[day] ?? (0, 0)
      days[day] = (sum.events + count.events, sum.attention + count.attention)
    }
    for (key, count) in days { try add(count, key, to: Self.days) }
  }

  private func add(
    _ count: (events: Int, attention: Int), _ key: Key, to table: Table
  ) throws(StoreError) {
    try connection.run(
      """
      INSERT INTO \(table.name) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET events = events + excluded.events,
        attention = attention + excluded.attention
      """,
      [
        .int(key.unit), .text(key.type), .text(key.sourceKind), Value(count.events),
        Value(count.attention),
      ])
  }

  /// SQL that takes away again what was counted of the events of a table `step`.
  static let uncount = [hours, days].flatMap { table in
    [
      """
      WITH gone AS (SELECT (e.ts - ((e.ts % \(table.width)) + \(table.width)) % \(table.width))
          / \(table.width) AS unit, e.event_type, e.source_kind, count(*) AS n,
          sum(e.attention_candidate) AS a
        FROM step JOIN events e USING (id) GROUP BY 1, 2, 3)
      UPDATE \(table.name) AS t SET events = t.events - gone.n, attention = t.attention - gone.a
      FROM gone WHERE t.\(table.unit) = gone.unit AND t.event_type = gone.event_type
        AND t.source_kind = gone.source_kind
      """,
      "DELETE FROM \(table.name) WHERE events <= 0",
    ]
  }

  func forget() { counts.removeAll(keepingCapacity: true) }
}
