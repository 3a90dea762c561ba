import FleetlogEvents

/// A task that ended without its worker saying so: `completed`.
///
/// The end of a turn is never by itself the end of the task. Either the run ended well; or a turn
/// ended with no open question, and had delivered something or closed the worker's own plan.
struct Completion: RunRule {
  static let name = "completion/1"

  private let options: SynthesisOptions
  /// What the present task has delivered.
  private var deliverables: [(evidence: Evidence, artifacts: [ArtifactReference])] = []
  /// The call that closed the worker's own plan.
  private var closedPlan: Evidence?
  /// Whether the worker itself had its pull request merged, so that nobody needs to look at it.
  private var hasMerged = false
  /// A plan that is kept step by step, over all tasks.
  private var taskList = TaskList()
  /// Whether the worker itself said how the present task ended.
  private var isTold = false
  /// The end of the present task, where it was inferred from the end of a turn.
  private var inferredEnd: String?

  /// Whether the end of the present task was inferred from the end of the run, which may be told by
  /// the agent's program and by the one that ran it.
  private var hasEnded = false

  /// Turns of which no record says that they ended.
  private var quiet: QuietTurn

  init(_ options: SynthesisOptions) {
    self.options = options
    quiet = QuietTurn(options, endsByPrompt: true)
  }

  func questions(in facts: RunFacts) -> [TimeQuestion] { quiet.questions }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    quiet.follow(fact)
    for inference in findings.inferences
    where inference.evidence.last == fact.evidence && inference.rule == Deliverable.name {
      deliverables.append((fact.evidence, inference.artifacts))
    }
    if findings.links.contains(where: {
      $0.rule == Deliverable.name && $0.relation == .resolves && $0.from == .event(fact.evidence.id)
    }) {
      hasMerged = true
    }
    switch fact.step {
    case .prompted(isQueued: false):
      deliverables = []
      closedPlan = nil
      hasMerged = false
      isTold = false
      inferredEnd = nil
      hasEnded = false
    case .called(let call):
      if let plan = call.plan { closedPlan = plan.done == plan.steps ? call.evidence : nil }
    case .returned(let result) where result.succeeded:
      guard let call = result.call, let isDone = taskList.take(call, result) else { return }
      closedPlan = isDone ? call.evidence : nil
    case .said where fact.event.type == .taskDone && fact.isRecorded:
      end(fact, facts, "The run ended well", "the engine recorded the end of its run", &findings)
    // What an engine records of a task that goes on does not end it.
    case .said where fact.isRecorded && !Self.finalEnds.contains(fact.event.type): break
    case .said where Self.ends.contains(fact.event.type) && !fact.isByHook:
      isTold = true
      if [.completed, .failed].contains(fact.event.type) { quiet.say(fact.evidence) }
    case .spoke:
      guard let inference = turnEnd(fact, fact.event, facts) else { return }
      quiet.mayEnd(
        fact.evidence, inference, isAsking: inference.operatorActionRequired || inference.risk)
    case .turnEnded(error: nil):
      guard let inference = turnEnd(fact, facts.lastText, facts) else { return }
      inferredEnd = inference.key
      findings.inferences.append(inference)
    // A program ends in good order also where its agent ended with a question.
    case .exited(code: 0, signal: nil), .concluded(error: nil):
      if facts.lastText.map(Question.isAsked) ?? false { return }
      let signal =
        fact.isConclusion
        ? "the agent's program said that it succeeded" : "the process exited with status 0"
      end(fact, facts, "The run ended well", signal, &findings)
    case .other
    where fact.event.type.rawValue == "pr.merged" && (fact.event.confidence ?? 1) >= 0.9:
      end(fact, facts, "The work was merged", "its pull request was merged", &findings)
    default: break
    }
  }

  private static let finalEnds: Set<EventType> = [
    .completed, .failed, EventType(rawValue: "task.completed"), EventType(rawValue: "task.failed"),
  ]

  /// Words after which the end needs no inference; also those that say it is not reached.
  private static let ends: Set<EventType> = [
    .completed, .failed, .blocked, .needsDecision, .needsReview, .approvalRequested,
    .taskDone, EventType(rawValue: "task.completed"),
    EventType(rawValue: "task.failed"),
  ]

  /// The end of a task that delivered, or did all it had planned, and asks nothing.
  private func turnEnd(_ fact: Fact, _ text: StoredEvent?, _ facts: RunFacts) -> Inference? {
    guard !deliverables.isEmpty || closedPlan != nil, inferredEnd == nil, !hasEnded, !isTold,
      facts.openCalls.isEmpty, !(text.map(Question.isAsked) ?? false)
    else { return nil }
    let what =
      deliverables.isEmpty
      ? "closed every step of its plan" : "delivered " + artifactWords(deliverables)
    return completed(
      fact, facts, confidence: 0.5, "The turn ended; it \(what)",
      deliverables.isEmpty
        ? "the turn ended with the worker's own plan done"
        : "the turn ended after a push or pull request, with no open question")
  }

  private mutating func end(
    _ fact: Fact, _ facts: RunFacts, _ summary: String, _ signal: String,
    _ findings: inout Findings
  ) {
    guard !isTold, !hasEnded else { return }
    hasEnded = true
    let inference = completed(fact, facts, confidence: 0.9, summary, signal)
    findings.inferences.append(inference)
    // The same end, seen more surely.
    guard let inferredEnd else { return }
    findings.links.append(
      InferredLink(
        Self.name, .supersedes, from: .inferred(inference.key), to: .inferred(inferredEnd),
        confidence: 1))
    self.inferredEnd = nil
  }

  private func completed(
    _ fact: Fact, _ facts: RunFacts, confidence: Double, _ summary: String, _ signal: String
  ) -> Inference {
    var inference = Inference(
      Self.name, .completed, ts: fact.evidence.ts, tripped: fact.evidence, summary: summary,
      signal: signal, confidence: confidence)
    let grounds = deliverables.map(\.evidence) + [closedPlan].compactMap { $0 }
    inference.evidence = grounds.suffix(5) + [fact.evidence]
    for artifact in deliverables.flatMap(\.artifacts) where !inference.artifacts.contains(artifact)
    {
      inference.artifacts.append(artifact)
    }
    inference.operatorActionRequired =
      !hasMerged && inference.artifacts.contains { $0.kind == "github_pr" }
    if let check = facts.lastCheck, check.failed {
      inference.risk = true
      inference.evidence.insert(check.evidence, at: 0)
      inference.summary += "; the last check had failed: " + check.words
    }
    inference.ask(inference.operatorActionRequired || inference.risk, options)
    return inference
  }

  private func artifactWords(
    _ deliverables: [(evidence: Evidence, artifacts: [ArtifactReference])]
  ) -> String {
    let names = deliverables.compactMap { deliverable in
      deliverable.artifacts.first.map { $0.url ?? "\($0.kind) \($0.ref ?? "")" }
    }
    return names.isEmpty ? "commits" : names.suffix(3).joined(separator: ", ")
  }
}
