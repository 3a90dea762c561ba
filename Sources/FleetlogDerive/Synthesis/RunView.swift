package import FleetlogEvents

/// A run folded in the order of its file: what is known of it, and the memory of each rule.
package struct RunView: RunFolding {
  private var facts = RunFacts()
  private var rules: [any RunRule]
  private var reducer = WorkerReducer()
  private var measure: MetricsReducer

  init(_ options: SynthesisOptions) {
    rules = Self.catalogue.map { $0.init(options) }
    measure = MetricsReducer(options)
  }

  /// Every rule about one run, in the order in which they see an event. Those that draw links to
  /// what others infer come last.
  private static let catalogue: [any RunRule.Type] = [
    Silence.self, NeverStarted.self, MissingResult.self, Deliverable.self, Completion.self,
    Waiting.self, Crash.self, RiskyOperation.self, RetryStorm.self, Contradiction.self,
    MetricsContradiction.self, FileWrites.self, FailureCause.self, Answers.self, Unblocked.self,
    OwnWord.self,
  ]

  package mutating func take(_ event: StoredEvent, into findings: inout Findings) {
    let fact = facts.take(event)
    measure.take(fact, in: facts, into: &findings)
    for index in rules.indices { rules[index].take(fact, in: facts, into: &findings) }
    reducer.take(fact, in: facts)
    switch fact.step {
    case .prompted(isQueued: false), .turnEnded, .exited: facts.forgetAbandonedCalls()
    default: break
    }
  }

  package var worker: WorkerFacts { reducer.facts(in: facts) }

  package var metrics: RunMetrics { measure.metrics }

  package var questions: [TimeQuestion] { rules.flatMap { $0.questions(in: facts) } }
}

/// One rule about one run, with its memory.
protocol RunRule: Sendable {
  /// The name and version that its inferences bear.
  static var name: String { get }

  init(_ options: SynthesisOptions)

  /// Sees the run's next event; `facts` include it.
  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings)

  /// What only time will decide.
  func questions(in facts: RunFacts) -> [TimeQuestion]
}

extension RunRule {
  func questions(in facts: RunFacts) -> [TimeQuestion] { [] }
}
