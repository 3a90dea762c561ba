/// Which events a view shows: one meaning for pages, JSON and the command line.
package struct EventFilter: Sendable, Equatable {
  package enum Sort: String, Sendable, CaseIterable { case newest, oldest, rank }

  /// Search text as typed; see the store's search pattern for what it means.
  package var text: String?
  package var types: [String] = []
  package var sessions: [String] = []
  package var runs: [Int64] = []
  package var instances: [String] = []
  package var roles: [String] = []
  package var sourceKinds: [String] = []
  package var agents: [String] = []
  package var projects: [String] = []
  package var branches: [String] = []
  package var tags: [String] = []
  package var minSeverity: Int?
  package var attention = false
  package var actionRequired = false
  package var risk = false
  /// ms since the Unix epoch, inclusive.
  package var since: Int64?
  /// ms since the Unix epoch, exclusive.
  package var until: Int64?
  package var sort = Sort.newest
  /// 1–500.
  package var limit = EventFilter.defaultLimit
  package var after: EventCursor?

  package static let defaultLimit = 100
  package static let limits = 1...500

  package init() {}

  /// A parameter that could not be taken: a 400 on the page, exit 2 on the command line.
  package struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
    package let parameter: String
    package let value: String
    /// What the parameter takes, as the end of "… takes".
    package let takes: String

    /// Whether there is no such parameter; then `takes` says which ones there are, or nothing.
    private var isUnknown = false

    /// Of a name that is no parameter.
    package static func unknown(_ name: String, _ value: String, among names: [String] = []) -> Self
    {
      var error = ParameterError(
        parameter: name, value: value,
        takes: names.isEmpty ? "" : " here, only " + names.joined(separator: ", "))
      error.isUnknown = true
      return error
    }

    package init(parameter: String, value: String, takes: String) {
      self.parameter = parameter
      self.value = value
      self.takes = takes
    }

    package var description: String {
      description(calling: parameter)
    }

    /// - Parameter name: what whoever gave it calls it, such as an option or a variable.
    package func description(calling name: String) -> String {
      isUnknown
        ? "\(name)=\(value.prefix(80)) is not understood: there is no such parameter\(takes)"
        : "\(name) can't be \"\(value.prefix(80))\": it takes \(takes)"
    }
  }

  /// Reads the parameters of a query string or the options of a command. Blank values, as an
  /// HTML form sends them for what was left open, mean nothing.
  ///
  /// - Parameter now: ms since the Unix epoch, for relative times such as `15m`.
  package init(
    parameters: [(name: String, value: String)], now: Int64
  ) throws(ParameterError) {
    for (name, value) in parameters where !value.isEmpty {
      try take(name, value, now: now)
    }
    if let since, let until, since > until {
      throw ParameterError(
        parameter: "since", value: "\(since)", takes: "a time before that of until")
    }
  }

  private mutating func take(_ name: String, _ value: String, now: Int64) throws(ParameterError) {
    func refusal(_ takes: String) -> ParameterError {
      ParameterError(parameter: name, value: value, takes: takes)
    }
    switch name {
    case "q": text = value
    case "type":
      // No type has a comma: a list of them would find nothing and say nothing.
      guard !Self.isList(value) else { throw refusal("one type, and is repeated for others") }
      types.append(value)
    case "session": sessions.append(value)
    case "run":
      guard let run = Int64(value), run > 0 else { throw refusal("a run's number") }
      runs.append(run)
    case "instance": instances.append(value)
    case "role": roles.append(value)
    case "source_kind":
      guard SourceKind(rawValue: value) != nil else {
        throw refusal("one of " + SourceKind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      sourceKinds.append(value)
    case "agent": agents.append(value)
    case "project": projects.append(value)
    case "branch": branches.append(value)
    case "tag": tags.append(value)
    case "min_severity":
      guard let severity = Int(value), (1...5).contains(severity) else {
        throw refusal("a whole number from 1 to 5")
      }
      minSeverity = severity
    case "attention": attention = try flag(name, value)
    case "action_required": actionRequired = try flag(name, value)
    case "risk": risk = try flag(name, value)
    case "since":
      guard let time = TimeExpression.parse(value, now: now) else {
        throw refusal(TimeExpression.takes)
      }
      since = time
    case "until":
      guard let time = TimeExpression.parse(value, now: now) else {
        throw refusal(TimeExpression.takes)
      }
      until = time
    case "sort":
      guard let sort = Sort(rawValue: value) else {
        throw refusal("one of " + Sort.allCases.map(\.rawValue).joined(separator: ", "))
      }
      self.sort = sort
    case "limit":
      guard let limit = Int(value), Self.limits.contains(limit) else {
        throw refusal("a whole number from 1 to 500")
      }
      self.limit = limit
    case "after":
      guard let cursor = EventCursor(value) else {
        throw refusal("the cursor that the page before gave as next")
      }
      after = cursor
    default: throw .unknown(name, value)
    }
  }

  /// Whether several types stand between commas; a transcript's own odd type is asked for as it is.
  private static func isList(_ value: String) -> Bool {
    value.contains(",")
      && value.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "_.-, ".utf8.contains($0)
      }
  }

  private func flag(_ name: String, _ value: String) throws(ParameterError) -> Bool {
    switch value {
    case "1", "true": return true
    case "0", "false": return false
    default: throw ParameterError(parameter: name, value: value, takes: "1 or 0")
    }
  }

  /// The filter as parameters, defaults left out: what a link to this view carries. The cursor
  /// is left out too, since a changed filter begins on its first page.
  package var parameters: [(name: String, value: String)] {
    var list: [(name: String, value: String)] = []
    if let text, !text.isEmpty { list.append(("q", text)) }
    let repeatable: [(String, [String])] = [
      ("type", types), ("session", sessions), ("run", runs.map(String.init)),
      ("instance", instances), ("role", roles), ("source_kind", sourceKinds), ("agent", agents),
      ("project", projects), ("branch", branches), ("tag", tags),
    ]
    for (name, values) in repeatable { list += values.map { (name, $0) } }
    if let minSeverity { list.append(("min_severity", String(minSeverity))) }
    if attention { list.append(("attention", "1")) }
    if actionRequired { list.append(("action_required", "1")) }
    if risk { list.append(("risk", "1")) }
    if let since { list.append(("since", String(since))) }
    if let until { list.append(("until", String(until))) }
    if sort != .newest { list.append(("sort", sort.rawValue)) }
    if limit != Self.defaultLimit { list.append(("limit", String(limit))) }
    return list
  }
}
