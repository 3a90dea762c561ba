import FleetlogEvents

/// Folds a run's events into what they tell about its worker: no clock, so the same events give the
/// same facts at any time. What follows from them at a moment is told by ``WorkerStates``.
struct WorkerReducer {
  private var facts = WorkerFacts()

  private static let mostWords = 200
  private static let mostOpenCalls = 8

  /// Takes the run's next event; `known` includes it.
  mutating func take(_ fact: Fact, in known: RunFacts) {
    let mark = WorkerFacts.Mark(fact.evidence)
    facts.last = mark
    if fact.isOutput { facts.output = mark }
    follow(fact, mark)
    facts.text = known.lastText.map { WorkerFacts.Mark(Evidence($0)) }
    // Only the end of a text can ask, and only of the newest one it matters. What a sub-agent asks
    // in its text, it asks whoever started it.
    if case .spoke = fact.step, !known.isSubagent {
      facts.question = Question.text(of: fact.event).flatMap { Question.asked(in: $0) }
    } else if facts.text == nil {
      facts.question = nil
    }
  }

  private mutating func follow(_ fact: Fact, _ mark: WorkerFacts.Mark) {
    switch fact.step {
    case .prompted(let isQueued):
      facts.prompt = saying(fact, mark)
      facts.waits = nil
      if !isQueued { turn(.open, mark) }
    case .called:
      facts.callsSinceSaid += facts.said == nil ? 0 : 1
      facts.waits = nil
      if facts.turn != .open { turn(.open, mark) }
    case .spoke:
      facts.waits = nil
      if facts.turn != .open { turn(.open, mark) }
    case .returned: facts.waits = nil
    case .turnEnded(let error):
      facts.waits = nil
      turn(error == nil ? .ended : .failed, mark)
      facts.error = error
    case .interrupted:
      facts.waits = nil
      turn(.interrupted, mark)
    case .modelFailed(let willRetry, let reason):
      guard !willRetry else { return }
      turn(.failed, mark)
      facts.error = reason
    case .modelAnswered: break
    case .exited(let code, let signal):
      facts.waits = nil
      let words =
        signal.map { "killed by signal \($0)" } ?? code.map { "exited with status \($0)" }
        ?? (fact.isVanishing ? "vanished" : "exited")
      if fact.isMistyped {
        facts.exit = WorkerFacts.Exit(
          mark: mark, hasFailed: nil, words: "could not be started")
        return
      }
      let hasFailed = signal != nil ? true : code.map { $0 != 0 }
      // That it is over, said again without how, leaves what is known of that.
      if hasFailed == nil, facts.exit?.hasFailed != nil { return }
      facts.exit = WorkerFacts.Exit(mark: mark, hasFailed: hasFailed, words: words)
    case .concluded(let error):
      facts.exit = WorkerFacts.Exit(
        mark: mark, hasFailed: error != nil,
        words: error == nil ? "ended well, it says" : "ended on an error, it says")
    case .said: say(fact, mark)
    case .other:
      if fact.event.type == .processStarted { facts.exit = nil }
    }
  }

  private mutating func turn(_ turn: WorkerFacts.Turn, _ mark: WorkerFacts.Mark) {
    facts.turn = turn
    facts.turnAt = mark
    facts.error = nil
    if turn == .open { facts.exit = nil }
  }

  private mutating func say(_ fact: Fact, _ mark: WorkerFacts.Mark) {
    guard !fact.isOperators else { return }
    if fact.isOwnWord || fact.isOverseers {
      guard WorkerStates.status(reportedBy: fact.event.type) != nil else { return }
      facts.said = saying(fact, mark)
      facts.callsSinceSaid = 0
    } else if [.approvalRequested, .needsDecision, .waitingOnOperator].contains(fact.event.type) {
      facts.waits = saying(fact, mark)
    }
  }

  private func saying(_ fact: Fact, _ mark: WorkerFacts.Mark) -> WorkerFacts.Saying {
    WorkerFacts.Saying(
      mark: mark, type: fact.event.type, words: fact.event.summary.oneLine(limit: Self.mostWords),
      needsAction: fact.event.operatorActionRequired)
  }

  /// What is known so far; calls that the run left behind are not open any more.
  func facts(in known: RunFacts) -> WorkerFacts {
    var facts = facts
    facts.openCalls = known.openCalls.suffix(Self.mostOpenCalls).map { call in
      let kind: WorkerFacts.OpenCall.Kind =
        call.isQuestion
        ? .question
        : call.isPlanApproval
          ? .plan : call.isDelegation ? .delegation : call.isEscalated ? .escalated : .other
      return WorkerFacts.OpenCall(
        mark: WorkerFacts.Mark(call.evidence), label: call.label.oneLine(limit: Self.mostWords),
        kind: kind)
    }
    return facts
  }
}

extension WorkerFacts.Mark {
  init(_ evidence: Evidence) { self.init(id: evidence.id, ts: evidence.ts) }
}
