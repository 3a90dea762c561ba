import FleetlogEvents

/// Keeps the events per hour, type and source that answer histograms and facets of the whole log.
final class TotalsLedger {
  private struct Key: Hashable {
    let hour: Int64
    let type: String
    let sourceKind: String
  }

  /// ms.
  static let hour: Int64 = 3_600_000

  private let connection: Connection
  private var counts: [Key: (events: Int, attention: Int)] = [:]

  init(_ connection: Connection) { self.connection = connection }

  func count(_ event: StoredEvent) {
    let key = Key(
      hour: floor(event.ts, Self.hour), type: event.type.rawValue, sourceKind: event.sourceKind)
    var count = counts[key] ?? (0, 0)
    count.events += 1
    count.attention += event.attentionCandidate ? 1 : 0
    counts[key] = count
  }

  func save() throws(StoreError) {
    for (key, count) in counts {
      try connection.run(
        """
        INSERT INTO event_totals VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET events = events + excluded.events,
          attention = attention + excluded.attention
        """,
        [
          .int(key.hour), .text(key.type), .text(key.sourceKind), Value(count.events),
          Value(count.attention),
        ])
    }
  }

  func forget() { counts.removeAll(keepingCapacity: true) }
}
