import FleetlogEvents

/// A worker stands still until the operator answers, judges a plan, or allows a call:
/// `needs_decision`, `approval_requested`, `waiting_on_operator`.
struct Waiting: RunRule {
  static let name = "waiting/1"

  private let options: SynthesisOptions
  /// Questions at the end of texts of which nobody says that they ended the turn.
  private var quiet: QuietTurn
  /// Whether a missing approval was told since the operator last spoke.
  private var hasToldApproval = false
  /// Whether the worker said so itself since the operator last spoke.
  private var isTold = false

  init(_ options: SynthesisOptions) {
    self.options = options
    quiet = QuietTurn(options, endsByPrompt: false)
  }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    quiet.follow(fact)
    guard !facts.isSubagent else { return }
    switch fact.step {
    case .prompted:
      hasToldApproval = false
      isTold = false
    case .said where Self.sayings.contains(fact.event.type): isTold = true
    case .called(let call): ask(call, into: &findings)
    case .returned(let result) where result.lacksApproval && !hasToldApproval:
      hasToldApproval = true
      refused(result, fact, into: &findings)
    case .turnEnded(error: nil):
      guard !isTold, let text = facts.lastText, let question = question(text) else { return }
      var inference = waiting(question, tripped: fact.evidence, "a turn ended with a question")
      inference.evidence.insert(Evidence(text), at: 0)
      findings.inferences.append(inference)
    case .spoke where !isTold:
      guard let question = question(fact.event) else { return }
      let inference = waiting(
        question, tripped: fact.evidence,
        "a text that ends with a question, and nothing after it for "
          + DurationText.rough(options.quietTurn))
      quiet.mayEnd(fact.evidence, inference, isAsking: true)
    default: break
    }
  }

  private static let sayings: Set<EventType> = [
    .needsDecision, .needsReview, .approvalRequested, .waitingOnOperator, .blocked, .completed,
  ]

  func questions(in facts: RunFacts) -> [TimeQuestion] { quiet.questions }

  private func question(_ text: StoredEvent) -> String? {
    Question.text(of: text).flatMap { Question.asked(in: $0) }
  }

  private func waiting(
    _ question: String, tripped: Evidence, _ signal: String
  ) -> Inference {
    var inference = Inference(
      Self.name, .waitingOnOperator, ts: tripped.ts, tripped: tripped,
      summary: "Asks: " + question, signal: signal, confidence: 0.6)
    inference.ask(options)
    return inference
  }

  private func ask(_ call: Call, into findings: inout Findings) {
    let ask: (type: EventType, signal: String, confidence: Double)
    if call.isQuestion {
      ask = (.needsDecision, "a tool call that asks the operator a question", 0.95)
    } else if call.isPlanApproval {
      ask = (.approvalRequested, "a tool call that puts a plan before the operator", 0.95)
    } else if call.isEscalated {
      ask = (.approvalRequested, "a command that asks to run outside the sandbox", 0.6)
    } else {
      return
    }
    var inference = Inference(
      Self.name, ask.type, ts: call.evidence.ts, tripped: call.evidence,
      summary: (call.isEscalated ? "Asks to run outside the sandbox: " : "") + call.label,
      signal: ask.signal, confidence: ask.confidence)
    inference.severity = 3
    escalate(&inference, call)
    inference.ask(options)
    findings.inferences.append(inference)
  }

  private func refused(_ result: ToolReturn, _ fact: Fact, into findings: inout Findings) {
    var inference = Inference(
      Self.name, .approvalRequested, ts: fact.evidence.ts, tripped: fact.evidence,
      summary: "Nobody was there to approve: \(result.call?.label ?? fact.event.summary)",
      signal: "a call that was refused for want of an approval", confidence: 0.9)
    inference.severity = 3
    if let call = result.call {
      inference.evidence.insert(call.evidence, at: 0)
      escalate(&inference, call)
    }
    inference.ask(options)
    findings.inferences.append(inference)
  }

  /// A go for something destructive is the most urgent thing there is.
  private func escalate(_ inference: inout Inference, _ call: Call) {
    guard let risk = call.command.flatMap({ Risk.worst(in: $0, cwd: nil) }) else { return }
    inference.risk = true
    inference.severity = 5
    inference.payload.set("risk", risk.words)
  }
}
