package import FleetlogEvents

extension EventLog {
  private static let facetValues = 12

  /// What the events of a filter consist of, one facet for each column that people narrow by.
  ///
  /// Exact for the whole log, for as many events as a survey takes in, and wherever what the writer
  /// counts tells it; beyond that, or behind the deadline, what was found first.
  ///
  /// - Parameter survey: of the same filter, where it was made.
  package func facets(
    _ filter: EventFilter, survey: EventSurvey? = nil
  ) throws(StoreError) -> [Facet] {
    var filter = filter
    filter.after = nil
    filter.sort = .newest
    let query = EventQuery(filter)
    if query.searchesNothing { return [] }
    return try pool.withConnection { (connection) throws(StoreError) in
      let totals = LogTotals(filter).flatMap { $0.isBoundInTime ? nil : $0 }
      if query.isWholeLog, let totals { return try wholeLogFacets(totals, connection) }
      let found: EventSurvey
      if let survey { found = survey } else { found = try self.survey(query, connection) }
      var counts: [(parameter: String, count: EventSurvey.Count, isExact: Bool)] = [
        ("type", found.types, found.isWhole), ("source_kind", found.sourceKinds, found.isWhole),
        ("role", found.roles, found.isWhole), ("agent", found.agents, found.isWhole),
        ("project", found.projects, found.isWhole), ("branch", found.branches, found.isWhole),
      ]
      if !found.isWhole {
        if let totals {
          let traits = try totals.traits(connection)
          counts[0] = ("type", EventSurvey.Count(traits.map { ($0.type, $0.events) }), true)
          counts[1] = (
            "source_kind", EventSurvey.Count(traits.map { ($0.sourceKind, $0.events) }), true
          )
        } else if query.isOfFactsOnly, filter.since == nil, filter.until == nil {
          let groups = try groups(filter, connection)
          counts[3] = ("agent", EventSurvey.Count(groups.map { ($0.agent, $0.events) }), true)
          counts[4] = ("project", EventSurvey.Count(groups.map { ($0.project, $0.events) }), true)
          counts[5] = ("branch", EventSurvey.Count(groups.map { ($0.branch, $0.events) }), true)
        }
      }
      return counts.map { facet($0.parameter, $0.count, isExact: $0.isExact) }
        .filter { $0.isExact || !$0.values.isEmpty }
    }
  }

  private func facet(_ parameter: String, _ count: EventSurvey.Count, isExact: Bool) -> Facet {
    let values = count.events.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return Facet(
      parameter: parameter,
      values: values.prefix(Self.facetValues).map { Facet.Value(name: $0.key, count: $0.value) },
      isExact: isExact)
  }

  private func wholeLogFacets(
    _ totals: LogTotals, _ connection: Connection
  ) throws(StoreError) -> [Facet] {
    let traits = try totals.traits(connection)
    let roles = try connection.rows("SELECT role, events FROM run_roles WHERE events > 0") {
      ($0.text(0), Int($0.int(1)))
    }
    let groups = try groups(totals.filter, connection)
    let counts: [(String, [(String, Int)])] = [
      ("type", traits.map { ($0.type, $0.events) }),
      ("source_kind", traits.map { ($0.sourceKind, $0.events) }), ("role", roles),
      ("agent", groups.map { ($0.agent, $0.events) }),
      ("project", groups.map { ($0.project, $0.events) }),
      ("branch", groups.map { ($0.branch, $0.events) }),
    ]
    return counts.map { facet($0, EventSurvey.Count($1), isExact: true) }
  }

  /// Events by what is known of their own session, as far as a filter asks for that.
  private func groups(
    _ filter: EventFilter, _ connection: Connection
  ) throws(StoreError) -> [(agent: String, project: String, branch: String, events: Int)] {
    var clause = "WHERE events > 0"
    var values: [Value] = []
    for fact in filter.facts {
      clause += " AND " + fact.condition()
      values += fact.values
    }
    return try connection.rows(
      "SELECT agent, project, branch, events FROM session_groups \(clause)", values
    ) { ($0.text(0), $0.text(1), $0.text(2), Int($0.int(3))) }
  }
}
