package import FleetlogEvents

extension EventLog {
  private static let facetValues = 12

  /// What the events of a filter consist of, one facet for each column that people narrow by.
  ///
  /// Exact for the whole log and for up to ``facetCap`` events, types and sources wherever the
  /// totals know them; beyond that, or behind the deadline, what was counted so far.
  package func facets(_ filter: EventFilter) throws(StoreError) -> [Facet] {
    var filter = filter
    filter.after = nil
    filter.sort = .newest
    let query = EventQuery(filter)
    if query.searchesNothing { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      let totals = LogTotals(filter).flatMap { $0.isBoundInTime ? nil : $0 }
      if query.isWholeLog, let totals { return try wholeLogFacets(totals, connection) }
      var counts = try self.counts(query, connection)
      if let totals {
        // Of these two all events are counted.
        let traits = try totals.traits(connection)
        counts.types = TraitCount(traits.map { ($0.type, $0.events) })
        counts.sourceKinds = TraitCount(traits.map { ($0.sourceKind, $0.events) })
      }
      return counts.facets
    }
  }

  /// How many events have which value of a column.
  private struct TraitCount {
    private(set) var counts: [String: Int] = [:]
    var isExact = true

    init(_ counts: [(String, Int)] = []) {
      for (value, count) in counts { add(value, count) }
    }

    mutating func add(_ value: String, _ count: Int = 1) {
      if !value.isEmpty { counts[value, default: 0] += count }
    }

    func facet(_ parameter: String) -> Facet {
      let values = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      return Facet(
        parameter: parameter,
        values: values.prefix(facetValues).map { Facet.Value(name: $0.key, count: $0.value) },
        isExact: isExact)
    }
  }

  private struct TraitCounts {
    var types = TraitCount()
    var sourceKinds = TraitCount()
    var roles = TraitCount()
    var agents = TraitCount()
    var projects = TraitCount()
    var branches = TraitCount()

    var facets: [Facet] {
      [
        types.facet("type"), sourceKinds.facet("source_kind"), roles.facet("role"),
        agents.facet("agent"), projects.facet("project"), branches.facet("branch"),
      ].filter { $0.isExact || !$0.values.isEmpty }
    }
  }

  /// Counts events one by one, in a single pass.
  private func counts(
    _ query: EventQuery, _ connection: Connection
  ) throws(StoreError) -> TraitCounts {
    var (types, kinds, roles, sessions) = (
      TraitCount(), TraitCount(), TraitCount(), TraitCount()
    )
    var counted = 0
    let (sql, values) = query.traits(limit: Self.facetCap + 1)
    let isWhole = try connection.collect(sql, values, within: shares.facets) { row in
      types.add(row.text(0))
      kinds.add(row.text(1))
      roles.add(row.text(2))
      sessions.add(row.text(3))
      counted += 1
    }
    var counts = TraitCounts(types: types, sourceKinds: kinds, roles: roles)
    for (session, events) in sessions.counts {
      let owner = try connection.first(
        "SELECT agent, project, branch FROM sessions WHERE id = ?", [.text(session)]
      ) { (agent: $0.text(0), project: $0.text(1), branch: $0.text(2)) }
      guard let owner else { continue }
      counts.agents.add(owner.agent, events)
      counts.projects.add(owner.project, events)
      counts.branches.add(owner.branch, events)
    }
    let isExact = isWhole && counted <= Self.facetCap
    for count in [
      \TraitCounts.types, \.sourceKinds, \.roles, \.agents, \.projects, \.branches,
    ] { counts[keyPath: count].isExact = isExact }
    return counts
  }

  private func wholeLogFacets(
    _ totals: LogTotals, _ connection: Connection
  ) throws(StoreError) -> [Facet] {
    let traits = try totals.traits(connection)
    let roles = try connection.rows("SELECT role, sum(events) FROM runs GROUP BY 1") {
      ($0.text(0), Int($0.int(1)))
    }
    // Events by their own session: those that it repeats from others are theirs.
    let owners = try connection.rows(
      """
      SELECT s.agent, s.project, s.branch, sum(s.events - coalesce(c.events, 0))
      FROM sessions s LEFT JOIN
        (SELECT session_id, count(*) AS events FROM session_copies GROUP BY 1) c
        ON c.session_id = s.id
      GROUP BY 1, 2, 3
      """
    ) { (agent: $0.text(0), project: $0.text(1), branch: $0.text(2), events: Int($0.int(3))) }
    return TraitCounts(
      types: TraitCount(traits.map { ($0.type, $0.events) }),
      sourceKinds: TraitCount(traits.map { ($0.sourceKind, $0.events) }),
      roles: TraitCount(roles), agents: TraitCount(owners.map { ($0.agent, $0.events) }),
      projects: TraitCount(owners.map { ($0.project, $0.events) }),
      branches: TraitCount(owners.map { ($0.branch, $0.events) })
    ).facets
  }
}
