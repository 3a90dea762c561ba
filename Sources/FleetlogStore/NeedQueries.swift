package import FleetlogEvents

extension EventLog {
  /// What asks for attention asks for so long, in ms; beyond it stands in the log only.
  package static let needWindow: Int64 = 7 * 86_400_000
  private static let mostNeeds = 5000

  /// What needs the operator: events that ask for attention and are neither over, replaced nor
  /// expired, those with one cause folded into one.
  ///
  /// - Parameter now: ms since the Unix epoch.
  package func needs(now: Int64, limit: Int) throws(StoreError) -> NeedList {
    try pool.withConnection { (connection) throws(StoreError) in
      let asking = try connection.rows(
        """
        SELECT e.id, e.ts, e.event_type, e.dedupe_key, coalesce(e.related_session_id, e.instance_id),
          coalesce(e.idempotency_key, '') GLOB 'inferred:*'
        FROM events e INDEXED BY events_attention
        WHERE e.attention_candidate = 1 AND e.ts >= ?1 AND e.ts <= ?2 + 86400000
          AND \(Self.asks) ORDER BY e.ts DESC LIMIT ?3
        """, [.int(now - Self.needWindow), .int(now), Value(Self.mostNeeds)]
      ) {
        Asking(
          id: $0.int(0), ts: $0.int(1), need: Need(EventType(rawValue: $0.text(2))),
          type: $0.text(2), condition: $0.optionalText(3), owner: $0.text(4), isInferred: $0.bool(5)
        )
      }
      let older = try connection.first(
        """
        SELECT count(*) FROM (SELECT 1 FROM events e INDEXED BY events_attention
          WHERE e.attention_candidate = 1 AND e.ts < ?1 AND coalesce(e.expires_at, ?2) >= ?2
            AND \(Self.asks) LIMIT 1001)
        """, [.int(now - Self.needWindow), .int(now)]
      ) { $0.int(0) }
      var folding = NeedFolding(asking)
      for id in asking.map(\.id) {
        let roots = try blockers(of: id, connection)
        for root in roots { folding.join(id, root.id) }
        // The event at the end of the chain, where it still stands: it need not ask itself.
        if let root = roots.last(where: \.stands) { folding.name(root.id, rootOf: id) }
      }
      let groups = folding.groups
      var shown: [NeedGroup] = []
      for group in groups.prefix(limit) {
        if let read = try self.read(group, connection) { shown.append(read) }
      }
      return NeedList(
        groups: shown, counts: Dictionary(grouping: groups, by: \.need).mapValues(\.count),
        events: asking.count, older: Int(older ?? 0))
    }
  }

  /// SQL over `e`; ?2 is now.
  private static let asks = """
    coalesce(e.expires_at, ?2) >= ?2 AND NOT EXISTS (SELECT 1 FROM event_links l
      WHERE l.to_event_id = e.id AND l.relation_type IN ('resolves', 'supersedes'))
    """

  /// The events that an event is blocked by, at any distance, and what it repeats. A circle ends
  /// where nothing new is found.
  private func blockers(
    of id: Int64, _ connection: Connection
  ) throws(StoreError) -> [(id: Int64, stands: Bool)] {
    try connection.rows(
      """
      WITH RECURSIVE roots(id) AS (SELECT ?1
        UNION SELECT l.to_event_id FROM roots r JOIN event_links l ON l.from_event_id = r.id
          WHERE l.relation_type IN ('blocked_by', 'duplicates')
        UNION SELECT l.from_event_id FROM roots r JOIN event_links l ON l.to_event_id = r.id
          WHERE l.relation_type = 'blocks' LIMIT 200)
      SELECT id, NOT EXISTS (SELECT 1 FROM event_links l WHERE l.to_event_id = roots.id
        AND l.relation_type IN ('resolves', 'supersedes')) FROM roots WHERE id <> ?1
      """, [.int(id)]
    ) { ($0.int(0), $0.bool(1)) }
  }

  private func read(
    _ group: NeedFolding.Group, _ connection: Connection
  ) throws(StoreError) -> NeedGroup? {
    func events(_ ids: [Int64]) throws(StoreError) -> [StoredEvent] {
      var events: [StoredEvent] = []
      for id in ids.prefix(50) {
        if let event = try connection.event(id) { events.append(event) }
      }
      return events
    }
    guard let root = try events([group.root]).first else { return nil }
    let causes = try connection.rows(
      """
      SELECT \(EventColumns.list) FROM event_links l JOIN events e ON e.id = l.to_event_id
      WHERE l.from_event_id = ?1 AND l.relation_type = 'caused_by' ORDER BY e.ts LIMIT 5
      """, [.int(root.id)]
    ) { EventColumns.read($0) }
    return NeedGroup(
      need: group.need, root: root, symptoms: try events(group.symptoms),
      others: try events(group.others), isShared: group.isShared, causes: causes)
  }
}

/// An event that asks for attention, as far as folding needs it.
struct Asking {
  let id: Int64
  /// ms since the Unix epoch.
  let ts: Int64
  let need: Need
  let type: String
  let condition: String?
  /// The session that asks, else the instance.
  let owner: String
  var isInferred = false
}

/// Folds what asks for attention: by its links and dedupe keys into one cause, and by its session
/// into one row.
struct NeedFolding {
  struct Group {
    let need: Need
    let root: Int64
    let symptoms: [Int64]
    let others: [Int64]
    let isShared: Bool
    let ts: Int64
  }

  private let asking: [Asking]
  private var parents: [Int64: Int64] = [:]
  private var roots: [Int64: Int64] = [:]

  init(_ asking: [Asking]) {
    self.asking = asking
    for event in asking { parents[event.id] = event.id }
    // One condition is one row as long as it is about the same kind of thing.
    var first: [String: Int64] = [:]
    for event in asking {
      guard let condition = event.condition, event.need != .commit else { continue }
      let key = "\(event.need.rawValue) \(condition)"
      if let other = first[key] { join(event.id, other) } else { first[key] = event.id }
    }
  }

  private func top(_ id: Int64) -> Int64 {
    var top = id
    while let parent = parents[top], parent != top { top = parent }
    return top
  }

  /// Puts two events into one group. The other need not ask itself: what it blocks shares it.
  mutating func join(_ id: Int64, _ other: Int64) {
    if parents[other] == nil { parents[other] = other }
    let (one, two) = (top(id), top(other))
    if one != two { parents[max(one, two)] = min(one, two) }
  }

  /// Says which event links lead to from another.
  mutating func name(_ root: Int64, rootOf id: Int64) { roots[id] = root }

  /// In the order of need, the oldest first.
  var groups: [Group] {
    var causes: [Int64: [Asking]] = [:]
    for event in asking { causes[top(event.id), default: []].append(event) }
    var groups: [Group] = []
    var rows: [String: [Asking]] = [:]
    // What several sessions share is a row of its own; what is one session's joins its row.
    for events in causes.values {
      if Set(events.map(\.owner)).count > 1 {
        groups.append(shared(events))
      } else {
        for event in events { rows[event.owner, default: []].append(event) }
      }
    }
    groups += rows.values.map(row)
    return groups.sorted {
      $0.need != $1.need ? $0.need < $1.need : ($0.ts, $0.root) < ($1.ts, $1.root)
    }
  }

  /// The root is the event that the links lead to, else the earliest of the most urgent.
  private func shared(_ events: [Asking]) -> Group {
    let sorted = events.sorted {
      ($0.need.rawValue, $0.ts, $0.id) < ($1.need.rawValue, $1.ts, $1.id)
    }
    let root = events.lazy.compactMap { roots[$0.id] }.min() ?? sorted[0].id
    return Group(
      need: sorted[0].need, root: root, symptoms: sorted.map(\.id).filter { $0 != root },
      others: [], isShared: true, ts: sorted[0].ts)
  }

  /// Of one session the newest of the most urgent rank says how it stands; what the worker says
  /// itself before what was inferred.
  private func row(_ events: [Asking]) -> Group {
    let newest = events.sorted { ($0.ts, $0.id) > ($1.ts, $1.id) }
    let need = events.map(\.need).min() ?? .alarm
    let urgent = newest.filter { $0.need == need }
    let root = urgent.first { !$0.isInferred } ?? urgent[0]
    return Group(
      need: need, root: root.id, symptoms: [],
      others: newest.map(\.id).filter { $0 != root.id }, isShared: false, ts: root.ts)
  }
}
