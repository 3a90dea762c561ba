import FleetlogEvents

/// A filter as SQL: the tables it reads, its conditions and their values.
///
/// Conditions that are sure to be selective lead to an index; the others are checked row by row
/// along the time index, under the deadline of whoever asks.
struct EventQuery {
  /// One way of reaching the events; a session that shares events with another has two.
  struct Arm {
    var tables = "events e"
    /// The tables as they follow a ranked hit `d`.
    var ranked = "events e ON e.id = d.event_id"
    /// The tables that suffice while nothing is asked of the events themselves.
    var thin: String?
    var asksEvents = false
    var conditions: [String] = []
    var values: [Value] = []
    /// The column of the time by which rows are reached, and its bounds.
    var time = "e.ts"
    var bounds: (conditions: [String], values: [Value]) = ([], [])
    /// The columns that order the arm.
    var ts = "e.ts"
    var id = "e.id"
  }

  /// How rows are reached where a filter names what no index holds in the order of time.
  enum Route {
    /// Along the time index, row by row: quick where many rows match, and ordered from the start.
    case walk
    /// All matching rows by their own index, then sorted: quick where few match.
    case gather
    /// Along the ids, in the order of recording; see ``stretch(after:upTo:limit:)``.
    case log
  }

  /// What the events are reached by.
  private enum Lead {
    /// The best of the indexes of events.
    case events
    /// The full-text index, from its newest hit on or by rank.
    case search
    /// The list of a tag's events, which is in the order of time.
    case tags
    /// The sessions of which the facts are true, from the last active one on.
    case sessions
  }

  let filter: EventFilter
  let route: Route
  let pattern: SearchPattern?
  private(set) var arms = [Arm()]
  private var lead = Lead.events
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
    namesSeveral = filter.sessions.count > 1
    lead = chosenLead
    addSession()
    addTags()
    addSearch()
    addFacts()
    addLists()
    addFlags()
    addTimes()
  }

  private var chosenLead: Lead {
    if filter.sort == .rank || isOrderedBySearch { return .search }
    // A session, run or instance is smaller than what else could lead.
    guard filter.sessions.isEmpty, filter.runs.isEmpty, filter.instances.isEmpty, route != .log
    else { return .events }
    let isForTags = route == .gather || filter.asksOnly(for: \.tags)
    if !filter.tags.isEmpty, filter.tags.count <= Self.mostArms, isForTags { return .tags }
    return route == .gather && filter.namesFacts ? .sessions : .events
  }

  /// The text was given but holds nothing that can be searched for.
  var searchesNothing: Bool { !(filter.text ?? "").isEmpty && pattern == nil }

  /// Whether the two routes differ.
  var isScattered: Bool { namesSeveral && !isOrderedBySearch && filter.sort != .rank }

  /// Whether rows come from one session after the other.
  var isBySession: Bool { lead == .sessions }

  /// Whether rows come from the list of a tag's events.
  var isByTag: Bool { lead == .tags }

  /// A plus keeps SQLite from taking a column's index.
  private func column(_ name: String, isScattered: Bool) -> String {
    isScattered && route == .walk && !name.hasPrefix("+") ? "+" + name : name
  }

  private mutating func each(_ body: (inout Arm) -> Void) {
    for index in arms.indices { body(&arms[index]) }
  }

  /// Adds a condition over the event itself.
  private mutating func require(_ condition: String, _ values: [Value] = []) {
    each {
      $0.conditions.append(condition)
      $0.values += values
      $0.asksEvents = true
    }
  }

  /// One session is read along its own index, with the events it repeats from others merged in.
  private mutating func addSession() {
    guard !filter.sessions.isEmpty else { return }
    let places = marks(filter.sessions)
    let values = texts(filter.sessions)
    if route == .log {
      require(
        "(e.related_session_id IN (\(places)) OR EXISTS (SELECT 1 FROM session_copies c "
          + "WHERE c.event_id = e.id AND c.session_id IN (\(places))))", values + values)
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
      copies.thin = "session_copies c"
      copies.time = "c.ts"
      copies.ts = "c.ts"
      copies.id = "c.event_id"
    }
    let own = column("e.related_session_id", isScattered: filter.sessions.count > 1)
    require("\(own) IN (\(places))", values)
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
        // Hits that nothing else is asked of need not be looked up in the log.
        $0.thin = "search.event_text t"
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
    require(
      "\(verb) (SELECT 1 FROM search.documents d CROSS JOIN search.event_text t "
        + "WHERE d.event_id = e.id AND t.rowid = d.id AND t.event_text MATCH ?)",
      [.text(expression)])
  }

  /// Where a tag leads, its events come in the order of time; of several tags each has an arm of its
  /// own, which leaves out what an earlier one has shown.
  private mutating func addTags() {
    var tags: [String] = []
    for tag in filter.tags where !tags.contains(tag) { tags.append(tag) }
    guard !tags.isEmpty else { return }
    guard lead == .tags else {
      namesSeveral = true
      return require(
        "EXISTS (SELECT 1 FROM event_tags g WHERE g.tag IN (\(marks(tags))) AND g.ts = e.ts "
          + "AND g.event_id = e.id)", texts(tags))
    }
    if !filter.asksOnly(for: \.tags) { namesSeveral = true }
    arms = tags.indices.map { place in
      var arm = Arm(
        tables: "event_tags g CROSS JOIN events e ON e.id = g.event_id",
        conditions: ["g.tag = ?"], values: [.text(tags[place])])
      arm.thin = "event_tags g"
      (arm.time, arm.ts, arm.id) = ("g.ts", "g.ts", "g.event_id")
      guard place > 0 else { return arm }
      let earlier = tags[..<place]
      arm.conditions.append(
        "NOT EXISTS (SELECT 1 FROM event_tags o WHERE o.tag IN (\(marks(earlier))) "
          + "AND o.ts = g.ts AND o.event_id = g.event_id)")
      arm.values += texts(earlier)
      return arm
    }
  }

  /// Agent, project and branch are told of the session that an event belongs to. Looked up for each
  /// event that else matches; only where nothing narrows more do the sessions lead to their events.
  private mutating func addFacts() {
    let facts = filter.facts
    guard !facts.isEmpty else { return }
    namesSeveral = true
    let conditions = facts.map { $0.condition("s.") }.joined(separator: " AND ")
    let values = facts.flatMap(\.values)
    guard lead == .sessions else {
      return require(
        "EXISTS (SELECT 1 FROM sessions s WHERE s.id = e.related_session_id AND \(conditions))",
        values)
    }
    each {
      $0.tables = "sessions s CROSS JOIN events e ON e.related_session_id = s.id"
      $0.conditions.append(conditions)
      $0.values += values
    }
  }

  private mutating func addLists() {
    // Of several columns with an index the one that narrows most is to lead; SQLite can't know.
    let hasOwner = !filter.sessions.isEmpty || !filter.runs.isEmpty
    let hasFlag = filter.attention || filter.actionRequired || filter.risk
    let isTypeAside = hasOwner || hasFlag || lead == .tags || lead == .sessions
    let narrows = isTypeAside || !filter.types.isEmpty
    add(isTypeAside ? "+e.event_type" : "e.event_type", texts(filter.types))
    add("e.run_id", filter.runs.map { .int($0) })
    add("e.run_id", texts(filter.instances), from: "SELECT id FROM runs WHERE instance_id")
    add(narrows ? "+e.role" : "e.role", texts(filter.roles))
    let isKindAside = narrows || !filter.roles.isEmpty
    add(isKindAside ? "+e.source_kind" : "e.source_kind", texts(filter.sourceKinds))
  }

  /// A column is one of the values, or of what a table gives for them.
  private mutating func add(_ name: String, _ values: [Value], from table: String? = nil) {
    guard !values.isEmpty else { return }
    if table == nil, !name.hasPrefix("+"), split(name, values) { return }
    if table != nil || values.count > 1 { namesSeveral = true }
    let column = column(name, isScattered: table != nil || values.count > 1)
    let list = table.map { "\($0) IN (\(marks(values)))" } ?? marks(values)
    require("\(column) IN (\(list))", values)
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
        part.asksEvents = true
        return part
      }
    }
    return true
  }

  /// Flags are literal in the SQL, because partial indexes serve literal conditions only.
  private mutating func addFlags() {
    if filter.attention { require("e.attention_candidate = 1") }
    if filter.actionRequired { require("e.operator_action_required = 1") }
    if filter.risk { require("e.risk_detected = 1") }
    if let severity = filter.minSeverity {
      if severity >= 2 { require("e.severity >= \(severity >= 4 ? 4 : 2)") }
      if severity != 2, severity != 4 { require("e.severity >= \(severity)") }
    }
  }

  private mutating func addTimes() {
    let isSearch = isOrderedBySearch
    let (since, until) = (filter.since, filter.until)
    each { arm in
      if let since {
        arm.bounds.conditions.append("\(arm.time) >= ?")
        arm.bounds.values.append(.int(since))
        if isSearch {
          arm.bounds.conditions.append("t.rowid >= ?")
          arm.bounds.values.append(.int(SearchIndex.firstNumber(at: since)))
        }
      }
      if let until {
        arm.bounds.conditions.append("\(arm.time) < ?")
        arm.bounds.values.append(.int(until))
        if isSearch {
          // Of more than a thousand events in a second the last have numbers of later seconds.
          arm.bounds.conditions.append("t.rowid < ?")
          arm.bounds.values.append(.int(SearchIndex.firstNumber(at: until &+ Self.numberSlack)))
        }
      }
      // The time of a hit stands in the log alone.
      if since != nil || until != nil, arm.time == "e.ts" { arm.asksEvents = true }
    }
  }

  /// ms by which an event's number in the full-text index may be ahead of its time: room for
  /// ninety million events of one second.
  private static let numberSlack: Int64 = 86_400_000

  /// Whether the rows come in the order of the full-text index.
  var isOrderedBySearch: Bool {
    pattern?.included != nil && filter.sessions.isEmpty && filter.sort != .rank && route != .log
  }

  /// Whether the filter leaves the whole log, apart from bounds in time.
  var isWholeLog: Bool { filter.asksOnly() }

  /// Whether nothing is asked but of which sessions the events are, apart from bounds in time.
  var isOfFactsOnly: Bool {
    filter.namesFacts && filter.asksOnly(for: \.agents, \.projects, \.branches)
  }

  private func texts(_ values: some Sequence<String>) -> [Value] { values.map { .text($0) } }
}

extension EventFilter {
  /// What is asked of the events' sessions.
  var facts: [SessionFact] {
    [
      SessionFact("agent", agents), SessionFact("project", projects),
      SessionFact("branch", branches),
    ].filter { !$0.isEmpty }
  }

  var namesFacts: Bool { !facts.isEmpty }

  /// Whether nothing is asked for but what these lists name, apart from bounds in time.
  func asksOnly(for lists: WritableKeyPath<EventFilter, [String]>...) -> Bool {
    var rest = self
    for list in lists { rest[keyPath: list] = [] }
    (rest.since, rest.until, rest.after) = (nil, nil, nil)
    (rest.sort, rest.limit) = (.newest, EventFilter.defaultLimit)
    return rest == EventFilter()
  }
}

/// As many question marks as there are values.
func marks(_ values: some Sequence) -> String {
  values.map { _ in "?" }.joined(separator: ", ")
}
