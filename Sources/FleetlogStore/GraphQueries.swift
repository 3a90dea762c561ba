package import FleetlogEvents

extension EventLog {
  /// Events that a graph begins with.
  private static let mostSeeds = 300
  private static let mostSpawned = 100
  private static let mostEdges = 1500
  /// Links of one event in one direction.
  private static let mostLinks = 200
  /// Links from the root on.
  private static let depth = 6

  /// The links that a query asks for, with the events at their ends.
  package func graph(_ query: GraphQuery) throws(StoreError) -> LinkGraph {
    try pool.withConnection { (connection) throws(StoreError) in
      var edges: [Int64: LinkGraph.Edge] = [:]
      var isCut = false
      var known = Set(try seeds(query, connection, isCut: &isCut))
      var front = known.sorted()
      for _ in 0..<(query.root == nil ? 2 : Self.depth) where !front.isEmpty {
        var next: Set<Int64> = []
        for id in front {
          for edge in try links(of: id, query, connection, isCut: &isCut)
          where edges[edge.id] == nil {
            guard edges.count < Self.mostEdges else {
              isCut = true
              break
            }
            edges[edge.id] = edge
            for end in [edge.from, edge.to] where !known.contains(end) { next.insert(end) }
          }
        }
        known.formUnion(next)
        front = next.sorted()
      }
      var linked = Set(edges.values.flatMap { [$0.from, $0.to] })
      if let root = query.root { linked.insert(root) }
      var nodes: [LinkGraph.Node] = []
      for id in linked.sorted() {
        if let node = try node(id, connection) { nodes.append(node) }
      }
      let shown = Set(nodes.map(\.event.id))
      return LinkGraph(
        nodes: nodes.sorted { ($0.event.ts, $0.event.id) < ($1.event.ts, $1.event.id) },
        edges: edges.values.filter { shown.contains($0.from) && shown.contains($0.to) }
          .sorted { $0.id < $1.id },
        partialReason: isCut
          ? "There is more than fits: narrow the time, or begin at one event." : nil)
    }
  }

  /// Whether there is any link.
  package func hasLinks() throws(StoreError) -> Bool {
    try pool.withConnection { (connection) throws(StoreError) in
      try connection.first("SELECT 1 FROM event_links LIMIT 1") { $0.int(0) } != nil
    }
  }

  /// Where to begin: the root, the session's linked events, else what asked for attention and
  /// which runs were spawned.
  private func seeds(
    _ query: GraphQuery, _ connection: Connection, isCut: inout Bool
  ) throws(StoreError) -> [Int64] {
    if let root = query.root { return [root] }
    let span: [Value] = [.int(query.since ?? Int64.min), .int(query.until ?? Int64.max)]
    if let session = query.session {
      let linked = try connection.rows(
        """
        SELECT e.id FROM events e WHERE e.related_session_id = ?3 AND e.ts >= ?1 AND e.ts < ?2
          AND e.event_type NOT IN (\(Self.dull)) AND (EXISTS (SELECT 1 FROM event_links l
            WHERE l.from_event_id = e.id) OR EXISTS (SELECT 1 FROM event_links l
            WHERE l.to_event_id = e.id AND l.relation_type <> 'caused_by'))
        ORDER BY e.ts DESC LIMIT ?4
        """, span + [.text(session), Value(Self.mostSeeds + 1)]
      ) { $0.int(0) }
      return first(Self.mostSeeds, of: linked, isCut: &isCut)
    }
    let asking = try connection.rows(
      """
      SELECT id FROM events INDEXED BY events_attention
      WHERE attention_candidate = 1 AND ts >= ?1 AND ts < ?2 ORDER BY ts DESC LIMIT ?3
      """, span + [Value(Self.mostSeeds + 1)]
    ) { $0.int(0) }
    var seeds = first(Self.mostSeeds, of: asking, isCut: &isCut)
    if query.relations.isEmpty || query.relations.contains(.spawned) {
      let spawned = try connection.rows(
        """
        SELECT id FROM runs WHERE parent_run_id IS NOT NULL AND started_at >= ?1 AND started_at < ?2
        ORDER BY last_at DESC LIMIT ?3
        """, span + [Value(Self.mostSpawned + 1)]
      ) { $0.int(0) }
      seeds += first(Self.mostSpawned, of: spawned, isCut: &isCut)
    }
    return seeds
  }

  /// At most so many; one more was asked for, to know whether there are more.
  private func first<Found>(_ most: Int, of found: [Found], isCut: inout Bool) -> [Found] {
    if found.count > most { isCut = true }
    return Array(found.prefix(most))
  }

  /// What every transcript is full of: results of calls, later versions of responses. Their links
  /// show on their own pages.
  private static let dull = "'tool_result', 'llm_call.completed', 'validation_error'"

  /// Where nobody asks about one event: that a push was seen by its command, what a flood was made
  /// of, that a worker said itself what had been inferred.
  private static let noNews = """
    AND NOT (l.relation_type = 'caused_by'
      AND f.event_type IN ('commit_pushed', 'pr_opened', 'completed', 'alarm_flood'))
    AND NOT (l.relation_type = 'supersedes'
      AND json_extract(l.metadata_json, '$.rule') GLOB 'own_word/*')
    """

  private func links(
    of id: Int64, _ query: GraphQuery, _ connection: Connection, isCut: inout Bool
  ) throws(StoreError) -> [LinkGraph.Edge] {
    let names = query.relations.isEmpty ? RelationType.allCases : query.relations
    let relations = names.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    func side(_ own: String) throws(StoreError) -> [LinkGraph.Edge] {
      let links = try connection.rows(
        """
        SELECT l.id, l.from_event_id, l.to_event_id, l.relation_type, l.metadata_json
        FROM event_links l JOIN events f ON f.id = l.from_event_id
        WHERE l.\(own) = ? AND l.relation_type IN (\(relations))
          AND NOT (f.event_type IN (\(Self.dull)) AND l.relation_type IN ('caused_by', 'supersedes'))
          \(query.root == nil && query.relations.isEmpty ? Self.noNews : "")
        ORDER BY l.id LIMIT ?
        """, [.int(id), Value(Self.mostLinks + 1)]
      ) { row in
        RelationType(rawValue: row.text(3)).map {
          LinkGraph.Edge(
            id: row.int(0), from: row.int(1), to: row.int(2), relation: $0,
            metadata: row.optionalText(4))
        }
      }
      return first(Self.mostLinks, of: links, isCut: &isCut).compactMap { $0 }
    }
    return try side("from_event_id") + side("to_event_id")
  }

  private func node(
    _ id: Int64, _ connection: Connection
  ) throws(StoreError) -> LinkGraph.Node? {
    let columns = EventColumns.count
    return try connection.first(
      """
      SELECT \(EventColumns.list), s.project, \(Self.purpose), EXISTS (SELECT 1 FROM event_links l
        WHERE l.to_event_id = e.id AND l.relation_type IN ('resolves', 'supersedes'))
      FROM events e JOIN runs r ON r.id = e.run_id LEFT JOIN sessions s ON s.id = r.session_id
      WHERE e.id = ?
      """, [.int(id)]
    ) {
      let event = EventColumns.read($0)
      return LinkGraph.Node(
        event: event,
        worker: WorkerName(
          instance: event.instanceID, role: event.role, project: $0.optionalText(columns),
          purpose: Self.purpose($0, columns + 1)),
        isOver: $0.bool(columns + 2))
    }
  }
}
