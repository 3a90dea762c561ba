/// What the store asks to have inferred: everything here is pure, so that the same log gives the
/// same inferences. The composition root hands it to the writer.
package protocol SynthesisRules: Sendable {
  /// A view of a run that has seen nothing yet.
  func newRun() -> any RunFolding

  /// Answers what a run's views asked.
  ///
  /// - Parameters:
  ///   - until: the moment up to which the log is known, in ms.
  ///   - children: asked where the answer depends on the run's children.
  func judge<Failure: Error>(
    _ question: TimeQuestion, until: Int64,
    children: (ChildQuestion) throws(Failure) -> Evidence?
  ) throws(Failure) -> Verdict

  /// Judges all events of one group together, in the order of their time.
  func judge(_ group: JudgedGroup, subject: String, members: [GroupMember]) -> Findings

  /// What a worker's facts come to at a moment.
  ///
  /// - Parameters:
  ///   - standing: what was inferred of the worker and stood at the moment, newest first.
  ///   - children: its sub-agents at the moment.
  ///   - moment: ms since the Unix epoch.
  func state(
    of facts: WorkerFacts, standing: [StoredEvent], children: [WorkerState], at moment: Int64
  ) -> WorkerState

  /// How a run's context filled up, call by call, estimated where no record tells.
  func context(of pieces: [ContextPiece]) -> [ContextFill]

  /// Candidates for attention that are further apart than this, in ms, don't belong to one flood.
  var floodWindow: Int64 { get }
}

/// One run as its events tell it, folded in the order of its file.
package protocol RunFolding {
  /// Takes the run's next event. What is found is final: it depends on the events so far and on
  /// nothing that may come.
  mutating func take(_ event: StoredEvent, into findings: inout Findings)

  /// What time will decide, given the events so far.
  var questions: [TimeQuestion] { get }

  /// What the events so far tell about the run's worker.
  var worker: WorkerFacts { get }

  /// What the events so far tell about what the run came to.
  var metrics: RunMetrics { get }
}

/// What an answer may depend on that other runs show.
package enum ChildQuestion: Sendable {
  /// The last output of a child of this run, later than `after` and not later than `upTo`.
  case lastOutput(after: Int64, upTo: Int64)
  /// The newest end of a turn or a process among this run's children, if each of them that has
  /// records up to then is at rest.
  case rest(upTo: Int64)
  /// The first record of the run that an event of this run spawned: one that it is linked to, or
  /// of this name.
  case firstRecord(ofSpawn: Int64, child: String?)
}

package enum Verdict: Sendable {
  /// True: the inference, and the link from what ended it.
  case holds(Inference, InferredLink?)
  /// Not true, and no passing of time will make it so.
  case fails
  /// Not true yet; to be asked again at this time, in ms.
  case later(Int64)
}

/// A group of events, of any runs, that are judged together.
package enum JudgedGroup: String, Sendable, CaseIterable {
  /// Events with one dedupe key; the subject is the key.
  case condition
  /// Events about one artifact; the subject is its URL or reference.
  case artifact
  /// Writes to one file; the subject is its absolute path.
  case file
  /// Events that ask for attention at about one time; the subject is a time in ms.
  case attention
}

package struct GroupMember: Sendable {
  package let event: StoredEvent
  /// Every session that shows the event.
  package let sessions: Set<String>
  /// The run at the top of its hierarchy.
  package let rootRun: Int64
  /// The event that its worker names as what blocks it.
  package let namedBlocker: Int64?

  package init(event: StoredEvent, sessions: Set<String>, rootRun: Int64, namedBlocker: Int64?) {
    self.event = event
    self.sessions = sessions
    self.rootRun = rootRun
    self.namedBlocker = namedBlocker
  }

  package var evidence: Evidence { Evidence(event) }

  /// Whether both belong to one conversation or one tree of runs.
  package func isAkin(to other: GroupMember) -> Bool {
    rootRun == other.rootRun || !sessions.isDisjoint(with: other.sessions)
  }
}
