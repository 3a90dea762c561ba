/// What a worker can be doing.
package enum WorkerStatus: String, Sendable, CaseIterable {
  /// Alive, with no current task.
  case idle
  case working
  case waitingOnOperator = "waiting_on_operator"
  /// On a check, a service, another worker.
  case waitingOnExternal = "waiting_on_external"
  case blocked, failed, complete
  /// No output although there should be some.
  case stale
  /// The evidence is ambiguous or missing; never guessed away.
  case unknown

  package var words: String { rawValue.replacing("_", with: " ") }
}

/// One view of a worker's state.
package struct WorkerView: Sendable, Equatable {
  package var status: WorkerStatus
  /// ms since the Unix epoch; nil where nothing is known.
  package var since: Int64?
  /// Why, as a few words that follow the status; nil where it says all.
  package var reason: String?
  /// What the view rests on: ids of events.
  package var evidence: [Int64]
  /// Only of what is inferred.
  package var confidence: Double?

  package init(
    _ status: WorkerStatus, since: Int64? = nil, _ reason: String? = nil, evidence: [Int64] = [],
    confidence: Double? = nil
  ) {
    self.status = status
    self.since = since
    self.reason = reason
    self.evidence = evidence
    self.confidence = confidence
  }
}

/// A worker at one moment: three views that are never merged into one, and what they rest on.
package struct WorkerState: Sendable {
  /// A fact of the sentence that says how it stands with a worker, and the event that proves it.
  package struct Reason: Sendable, Equatable {
    package let words: String
    package let event: Int64?
    package let isInferred: Bool

    package init(_ words: String, event: Int64?, isInferred: Bool = false) {
      self.words = words
      self.event = event
      self.isInferred = isInferred
    }
  }

  /// What the worker said last.
  package var reported: WorkerView
  /// What its records show.
  package var observed: WorkerView
  /// What follows from both and from the rules.
  package var inferred: WorkerView
  package var reasons: [Reason]
  /// What it stands still for; nil where it goes on, or nothing is known.
  package var waitsFor: String?
  /// Why the operator is needed; nil where nobody is.
  package var need: Need?
  package let facts: WorkerFacts
  /// The newest output, that of its sub-agents included.
  package var lastOutput: WorkerFacts.Mark?
  /// An inferred event that says that two sources disagree about this worker.
  package var contradiction: Int64?

  package init(
    reported: WorkerView, observed: WorkerView, inferred: WorkerView, reasons: [Reason],
    facts: WorkerFacts
  ) {
    self.reported = reported
    self.observed = observed
    self.inferred = inferred
    self.reasons = reasons
    self.facts = facts
  }
}

/// A run that stands for a worker, with its state.
package struct Worker: Sendable {
  package let run: RunSummary
  package let agent: String?
  /// What its session is called.
  package let title: String?
  /// The working directory.
  package let project: String?
  package let branch: String?
  /// Everything that went into and came out of its session's model.
  package let tokens: Int
  package var state: WorkerState
  /// Its sub-agents.
  package var children: [Worker]
  /// The pull request of what it completed, where that is to be looked at.
  package var review: ArtifactReference?

  package init(
    run: RunSummary, agent: String?, title: String?, project: String?, branch: String?,
    tokens: Int, state: WorkerState, children: [Worker]
  ) {
    self.run = run
    self.agent = agent
    self.title = title
    self.project = project
    self.branch = branch
    self.tokens = tokens
    self.state = state
    self.children = children
  }

  /// The events by which it is complete.
  package var completions: [Int64] {
    state.inferred.status == .complete ? state.inferred.evidence + state.reported.evidence : []
  }
}

/// Workers at one moment, those that need the operator first.
package struct WorkerList: Sendable {
  package let workers: [Worker]
  /// How many were heard of by then, whether shown or not.
  package let known: Int
  /// Why the list may be incomplete, as a sentence for people.
  package let partialReason: String?

  package init(workers: [Worker], known: Int, partialReason: String?) {
    self.workers = workers
    self.known = known
    self.partialReason = partialReason
  }
}
