/// Which workers a list shows, and as of when.
package struct WorkerQuery: Sendable {
  /// ms since the Unix epoch.
  package let moment: Int64
  /// Whether the moment is the present; else it is looked up in the log.
  package let isNow: Bool
  package var agents: [String] = []
  package var projects: [String] = []
  /// Of the inferred view.
  package var statuses: [WorkerStatus] = []
  /// Also those that ended, and those that nothing was heard of for long.
  package var includesAll = false
  package var scope = Scope.log

  /// Which runs are looked at.
  package enum Scope: Sendable, Equatable {
    case log
    /// A session's, and everything below them.
    case session(String)
    /// Those active in a span of time (ms since the Unix epoch), and everything above them.
    case active(since: Int64, until: Int64)
    /// A run with everything above and below it.
    case tree(of: Int64)
  }

  /// A worker of which nothing was heard for longer, in ms, is not live.
  package static let silence: Int64 = 24 * 3_600_000
  /// One that is idle or complete for longer, in ms, and needs nothing, is not either.
  package static let rest: Int64 = 3_600_000

  /// ms.
  private static let ahead: Int64 = 60_000

  package init(moment: Int64, isNow: Bool) {
    self.moment = moment
    self.isNow = isNow
  }

  /// Reads the parameters of a query string or the options of a command; blank values mean nothing.
  ///
  /// - Parameter now: ms since the Unix epoch.
  package init(
    parameters: [(name: String, value: String)], now: Int64
  ) throws(EventFilter.ParameterError) {
    let at = try parameters.last { $0.name == "at" && !$0.value.isEmpty }.map {
      (parameter) throws(EventFilter.ParameterError) in
      guard let time = TimeExpression.parse(parameter.value, now: now) else {
        throw EventFilter.ParameterError(
          parameter: "at", value: parameter.value, takes: TimeExpression.takes)
      }
      // As others' clocks may be ahead, a little of it is no mistake.
      guard time <= now + Self.ahead else {
        throw EventFilter.ParameterError(
          parameter: "at", value: parameter.value, takes: "a moment that is past, not one to come")
      }
      return time
    }
    self.init(moment: at ?? now, isNow: at == nil)
    for (name, value) in parameters where !value.isEmpty { try take(name, value) }
  }

  private mutating func take(
    _ name: String, _ value: String
  ) throws(EventFilter.ParameterError) {
    func refusal(_ takes: String) -> EventFilter.ParameterError {
      EventFilter.ParameterError(parameter: name, value: value, takes: takes)
    }
    switch name {
    case "at": break
    case "agent": agents.append(value)
    case "project": projects.append(value)
    case "state":
      guard let status = WorkerStatus(rawValue: value) else {
        throw refusal("one of " + WorkerStatus.allCases.map(\.rawValue).joined(separator: ", "))
      }
      statuses.append(status)
    case "all":
      guard ["0", "1"].contains(value) else { throw refusal("1 or 0") }
      includesAll = value == "1"
    default: throw .unknown(name, value)
    }
  }
}
