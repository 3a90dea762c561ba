import FleetlogEvents

/// Reads the events of a run's view in its order: the run's own and those that its file repeats,
/// without what was inferred.
struct RunReader {
  private struct Entry {
    var id: Int64
    let ts: Int64
    let file: Int64?
    /// Ends a turn or the run.
    let isEnd: Bool
    var place = Int64.min
  }

  private let connection: Connection
  private let entries: [Entry]
  /// Where the view stands once all was read.
  let order: ViewOrder

  init(_ connection: Connection, run: Int64) throws(StoreError) {
    self.connection = connection
    var entries = try Self.entries(connection, run)
    let lesser = Set(
      try Self.superseded(connection, run, by: EventWriter.betterTelling).map(\.older))
    entries.removeAll { lesser.contains($0.id) }
    let revisions = Dictionary(
      try Self.superseded(connection, run, by: EventWriter.newerParser).map {
        ($0.older, $0.newer)
      },
      uniquingKeysWith: { max($0, $1) })
    if !revisions.isEmpty {
      let newer = Set(revisions.values)
      entries.removeAll { newer.contains($0.id) }
      for index in entries.indices {
        var seen: Set<Int64> = []
        while let newer = revisions[entries[index].id], seen.insert(newer).inserted {
          entries[index].id = newer
        }
      }
    }
    var order = ViewOrder()
    var isOrdered = true
    for entry in entries where !order.take(ts: entry.ts, file: entry.file) { isOrdered = false }
    self.entries = isOrdered ? entries : try Self.merged(entries, connection)
    self.order = order
  }

  private static func entries(
    _ connection: Connection, _ run: Int64
  ) throws(StoreError) -> [Entry] {
    try connection.rows(
      """
      SELECT id, ts, file, event_type IN ('turn.completed', 'process.exited') FROM (
        SELECT id, ts, source_file_id AS file, id AS anchor, 0 AS copy, event_type FROM events
        WHERE run_id = ?1 AND (idempotency_key IS NULL OR idempotency_key NOT GLOB ?2)
        UNION ALL
        SELECT e.id, e.ts, c.file_id, c.after_id, c.id, e.event_type FROM run_copies c
        JOIN events e ON e.id = c.event_id WHERE c.run_id = ?1)
      ORDER BY anchor, copy
      """, [.int(run), .text(Inference.keyPrefix + "*")]
    ) { Entry(id: $0.int(0), ts: $0.int(1), file: $0.optionalInt(2), isEnd: $0.bool(3)) }
  }

  /// Which event took the place of which: another reading of the same fact.
  private static func superseded(
    _ connection: Connection, _ run: Int64, by rule: String
  ) throws(StoreError) -> [(older: Int64, newer: Int64)] {
    try connection.rows(
      """
      SELECT l.to_event_id, l.from_event_id FROM events e
      JOIN event_links l ON l.to_event_id = e.id AND l.relation_type = 'supersedes'
      WHERE e.run_id = ? AND json_extract(l.metadata_json, '$.rule') = ?
      """, [.int(run), .text(rule)]
    ) { ($0.int(0), $0.int(1)) }
  }

  /// Merges files by the running maximum of their times, each in its own order. Where two stand at
  /// one time, what ends comes behind what does not, since one file may tell the last words and
  /// another the end; then the file that begins first, so that the order of reading decides nothing.
  private static func merged(
    _ entries: [Entry], _ connection: Connection
  ) throws(StoreError) -> [Entry] {
    var places: [Int64: Int64] = [:]
    var firsts: [Int64: Entry] = [:]
    var entries = entries
    for index in entries.indices {
      let file = entries[index].file ?? 0
      let place = max(places[file] ?? Int64.min, entries[index].ts)
      places[file] = place
      entries[index].place = place
      if firsts[file] == nil { firsts[file] = entries[index] }
    }
    var starts: [(file: Int64, ts: Int64, key: String)] = []
    for (file, first) in firsts {
      let key = try connection.first(
        "SELECT idempotency_key FROM events WHERE id = ?", [.int(first.id)]
      ) { $0.text(0) }
      starts.append((file, first.ts, key ?? ""))
    }
    starts.sort { ($0.ts, $0.key) < ($1.ts, $1.key) }
    let ranks = Dictionary(
      starts.enumerated().map { ($0.element.file, $0.offset) }, uniquingKeysWith: { $1 })
    var files = [[Entry]](repeating: [], count: starts.count)
    for entry in entries { files[ranks[entry.file ?? 0] ?? 0].append(entry) }
    var heads = [Int](repeating: 0, count: files.count)
    var merged: [Entry] = []
    merged.reserveCapacity(entries.count)
    while merged.count < entries.count {
      let next = files.indices.filter { heads[$0] < files[$0].count }.min { left, right in
        let (one, other) = (files[left][heads[left]], files[right][heads[right]])
        return (one.place, one.isEnd ? 1 : 0, left) < (other.place, other.isEnd ? 1 : 0, right)
      }
      guard let next else { break }
      merged.append(files[next][heads[next]])
      heads[next] += 1
    }
    return merged
  }

  /// Calls back with each event up to a moment, in ms; they are read one at a time, since texts may
  /// be long.
  func readAll(
    upTo moment: Int64 = .max, _ body: (StoredEvent) -> Void
  ) throws(StoreError) {
    for entry in entries where entry.ts <= moment {
      if let event = try connection.event(entry.id) { body(event) }
    }
  }
}
