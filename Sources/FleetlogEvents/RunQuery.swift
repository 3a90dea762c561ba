/// Which runs a tree shows.
package struct RunQuery: Sendable {
  /// Those active at or after this; ms since the Unix epoch.
  package var since: Int64?
  /// Those begun before this; ms since the Unix epoch.
  package var until: Int64?
  /// Trees that hold a run of one of these instances; likewise the other lists.
  package var instances: [String] = []
  package var roles: [String] = []
  package var agents: [String] = []
  package var projects: [String] = []
  package var session: String?

  package init() {}

  /// The names that ``init(parameters:now:)`` takes.
  package static let parameters = [
    "since", "until", "instance", "role", "agent", "project", "session",
  ]

  /// Reads the parameters of a query string or the options of a command; blank values mean nothing.
  ///
  /// - Parameter now: ms since the Unix epoch.
  package init(
    parameters: [(name: String, value: String)], now: Int64
  ) throws(EventFilter.ParameterError) {
    for (name, value) in parameters where !value.isEmpty {
      func time() throws(EventFilter.ParameterError) -> Int64 {
        guard let time = TimeExpression.parse(value, now: now) else {
          throw EventFilter.ParameterError(
            parameter: name, value: value, takes: TimeExpression.takes)
        }
        return time
      }
      switch name {
      case "since": since = try time()
      case "until": until = try time()
      case "instance": instances.append(value)
      case "role": roles.append(value)
      case "agent": agents.append(value)
      case "project": projects.append(value)
      case "session": session = value
      default:
        throw .unknown(name, value)
      }
    }
  }

  /// Whether a run is one of those asked for by name; all are where none is.
  package func names(_ worker: Worker) -> Bool {
    func holds(_ wanted: [String], _ value: String?) -> Bool {
      wanted.isEmpty || value.map(wanted.contains) ?? false
    }
    return holds(instances, worker.run.instanceID) && holds(roles, worker.run.role)
      && holds(agents, worker.agent)
      && (projects.isEmpty
        || worker.project.map { ProjectFolder.isNamed($0, by: projects) } ?? false)
      && (session == nil || worker.run.sessionID == session)
  }
}
