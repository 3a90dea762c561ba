package import FleetlogEvents

/// Infers what workers don't say. Pure: no clock, no I/O; the store asks and writes.
package struct Synthesizer: SynthesisRules {
  let options: SynthesisOptions

  package init(_ options: SynthesisOptions = SynthesisOptions()) { self.options = options }

  package var floodWindow: Int64 { options.floodWindow }

  package func newRun() -> any RunFolding { RunView(options) }

  package func context(of pieces: [ContextPiece]) -> [ContextFill] {
    ContextReducer.fills(of: pieces)
  }

  package func state(
    of facts: WorkerFacts, standing: [StoredEvent], children: [WorkerState], at moment: Int64
  ) -> WorkerState {
    WorkerStates(
      facts: facts, standing: standing, children: children, moment: moment, options: options
    ).state
  }

  package func judge<Failure: Error>(
    _ question: TimeQuestion, until: Int64,
    children: (ChildQuestion) throws(Failure) -> Evidence?
  ) throws(Failure) -> Verdict {
    var question = question
    // A condition that has ended was true or was not, whatever the clock says.
    let limit = question.until ?? until
    switch question.children {
    case .none: break
    case .output, .work:
      // Each output of a child puts the silence off.
      var from = question.dueAt - question.threshold
      while question.dueAt <= limit,
        let output = try children(.lastOutput(after: from, upTo: question.dueAt))
      {
        from = output.ts
        question.dueAt = output.ts + question.threshold
      }
      question.inference.ts = question.dueAt
      guard question.children == .work, question.dueAt <= limit else { break }
      guard let rest = try children(.rest(upTo: question.dueAt)) else {
        return question.until == nil ? .later(until + question.threshold) : .fails
      }
      question.inference.evidence.insert(rest, at: 0)
    case .start(let child, let isProven):
      guard let id = question.inference.evidence.last?.id else { return .fails }
      if let first = try children(.firstRecord(ofSpawn: id, child: child)) {
        guard first.ts > question.dueAt else { return .fails }
        question.resolution = question.resolution ?? first
      } else if isProven {
        return .fails
      }
    }
    guard question.dueAt <= limit else {
      return question.until == nil ? .later(question.dueAt) : .fails
    }
    return .holds(
      question.inference,
      question.resolution.map {
        question.inference.ended(by: $0, question.isOwnWord ? .supersedes : .resolves)
      })
  }

  package func judge(
    _ group: JudgedGroup, subject: String, members: [GroupMember]
  ) -> Findings {
    var findings = Findings()
    for rule in Self.groupRules where rule.group == group {
      rule.judge(subject, members, options, into: &findings)
    }
    return findings
  }

  /// Every rule about several runs.
  private static let groupRules: [any GroupRule.Type] = [
    Conditions.self, SharedArtifact.self, FileContention.self, AlarmFlood.self,
  ]
}

/// One rule about several runs: judges all events of one subject anew, in the order of time.
protocol GroupRule: Sendable {
  static var group: JudgedGroup { get }
  static var name: String { get }

  static func judge(
    _ subject: String, _ members: [GroupMember], _ options: SynthesisOptions,
    into findings: inout Findings)
}
