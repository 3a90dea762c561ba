/// A run as a process that logs directly knows it: by its id, which means something in one log only.
package struct RunReference: Sendable, Equatable {
  /// What must hold for the ids to be taken for those of the log that the event is written to.
  package enum Trust: Sendable, Equatable {
    /// Whoever logged talks to this log.
    case own
    /// The ids are of the log with this identity, as its logger said.
    case log(String)
    /// Nothing says so but the place where the line stood: the run must have begun before the
    /// event, and be of the same instance where one is named.
    case likely
  }

  /// The id of the run's `process.started`.
  package var runID: Int64?
  package var parentRunID: Int64?
  package var trust: Trust

  package init(runID: Int64?, parentRunID: Int64?, trust: Trust) {
    self.runID = runID
    self.parentRunID = parentRunID
    self.trust = trust
  }
}
