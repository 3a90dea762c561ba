import FleetlogEvents

/// What a run's events have told so far, in the terms that rules and states are made of.
struct RunFacts {
  enum Turn { case none, open, ended }

  private(set) var role = ""
  /// The working directory.
  private(set) var cwd: String?
  /// The command that it is, where its start tells one.
  private(set) var command: String?
  private(set) var turn = Turn.none
  private(set) var startedAt: Int64?
  /// The newest event, the operator's included.
  private(set) var last: Evidence?
  /// The newest that the worker or its tools gave.
  private(set) var lastOutput: Evidence?
  /// The agent's text that nothing has followed yet.
  private(set) var lastText: StoredEvent?
  private(set) var lastPrompt: Evidence?
  /// Calls without a result, oldest first.
  private(set) var openCalls: [Call] = []
  /// The worker's last word on its own state.
  private(set) var lastSaid: StoredEvent?
  /// The newest outcome of a test run or check.
  private(set) var lastCheck: Check?
  /// How many calls were made since the operator last asked for something.
  private(set) var callsInTurn = 0
  private(set) var hasCalls = false
  private(set) var hasExited = false

  private static let mostOpenCalls = 256

  var isSubagent: Bool { role == "subagent" }

  /// Whether output is due: a turn is open, and nothing else is waited for.
  var isWorking: Bool { isDue && !openCalls.contains(where: \.isDelegation) }

  /// Whether output is due once the agents that it gave work to have done it.
  var isDelegating: Bool { isDue && openCalls.contains(where: \.isDelegation) }

  private var isDue: Bool {
    if hasExited || openCalls.contains(where: \.isAsking) { return false }
    if let said = lastSaid, !Self.sayingsOfWork.contains(said.type) { return false }
    switch turn {
    case .ended: return false
    case .open: return !openCalls.isEmpty || lastText == nil
    case .none: return lastSaid != nil
    }
  }

  private static let sayingsOfWork: Set<EventType> = [
    .progress, .heartbeat, .dispatched, .convoTurn, .decided, .riskDetected, .commitPushed,
    .prOpened, EventType(rawValue: "task.claimed"), EventType(rawValue: "task.heartbeat"),
  ]

  /// The worker's own word on its state; what it said of tools is told by its calls.
  private static let sayings: Set<EventType> = [
    .progress, .heartbeat, .commitPushed, .prOpened, .needsDecision, .needsReview,
    .approvalRequested, .blocked, .riskDetected, .failed, .completed, .convoTurn, .decided,
    .dispatched, .stale, .waitingOnOperator, EventType(rawValue: "worker.crashed"),
    EventType(rawValue: "task.claimed"), EventType(rawValue: "task.heartbeat"),
    EventType(rawValue: "task.done"), EventType(rawValue: "task.completed"),
    EventType(rawValue: "task.failed"),
  ]

  /// Takes the next event and says what it means. Calls that a prompt leaves behind stay open
  /// until ``forgetAbandonedCalls()``.
  mutating func take(_ event: StoredEvent) -> Fact {
    let fact = Fact(event: event, evidence: Evidence(event), step: step(of: event))
    if role.isEmpty || event.type == .processStarted { role = event.role }
    startedAt = startedAt ?? event.ts
    last = fact.evidence
    if fact.isOutput { lastOutput = fact.evidence }
    follow(fact)
    return fact
  }

  private func step(of event: StoredEvent) -> Fact.Step {
    switch event.type {
    case .messageUser:
      return .prompted(isQueued: Fact.payload(event)?["queued"]?.bool ?? false)
    case .messageAssistant: return .spoke
    case .toolCall: return .called(Call(event))
    case .toolResult:
      let payload = Fact.payload(event)
      return .returned(ToolReturn(payload, call: openCall(for: event, payload)))
    case .turnCompleted:
      let error = Fact.payload(event)?["error"]
      return .turnEnded(error: error.map { $0["message"]?.string ?? $0.string ?? $0.source })
    case .messageSystem where event.payload?.contains(bytesOf: "\"interrupted\":true") ?? false:
      return .interrupted
    case .llmCallFailed:
      let payload = Fact.payload(event)
      let status = payload?["status"]?.int.map { "status \($0)" }
      let kind = payload?["error_kind"]?.string ?? payload?["error"]?.string
      return .modelFailed(
        willRetry: payload?["will_retry"]?.bool ?? false, reason: status ?? kind ?? "")
    case .llmCallCompleted: return .modelAnswered
    case .processExited:
      let payload = Fact.payload(event)
      let code = payload?["exit_code"]?.int ?? payload?["code"]?.int
      let signal = payload?["signal"].flatMap { $0.isNull ? nil : $0.string ?? $0.source }
      // Who was asked to end did not die of it.
      if payload?["requested"]?.bool == true {
        return .exited(code: code == 0 ? 0 : nil, signal: nil)
      }
      if code == nil, signal == nil, let isError = payload?["is_error"]?.bool {
        return .concluded(error: isError ? payload?["error"]?.string ?? "" : nil)
      }
      return .exited(code: code, signal: signal)
    case .taskDispatched where event.sourceKind == SourceKind.overseer.rawValue: return .said
    case let type where Self.sayings.contains(type): return .said
    default: return .other
    }
  }

  private func openCall(for event: StoredEvent, _ payload: JSONValue?) -> Call? {
    if let id = event.relatedEventID, let call = openCalls.last(where: { $0.evidence.id == id }) {
      return call
    }
    guard let id = payload?["tool_use_id"]?.string else {
      // Where a source gives its calls no ids, their results come in the order of the calls.
      return event.relatedEventID == nil ? openCalls.first { $0.useID == nil } : nil
    }
    return openCalls.last { $0.useID == id }
  }

  private mutating func follow(_ fact: Fact) {
    switch fact.step {
    case .prompted(let isQueued):
      lastPrompt = fact.evidence
      hasExited = false
      guard !isQueued else { return }
      turn = .open
      lastText = nil
      lastSaid = nil
      callsInTurn = 0
    case .called(let call):
      turn = .open
      hasExited = false
      lastText = nil
      goOn()
      hasCalls = true
      callsInTurn += 1
      openCalls.append(call)
      if openCalls.count > Self.mostOpenCalls { openCalls.removeFirst() }
    case .returned(let result):
      if let call = result.call { openCalls.removeAll { $0.evidence.id == call.evidence.id } }
      if turn != .ended { lastText = nil }
      goOn()
      lastCheck = Check(fact, result) ?? lastCheck
    case .spoke:
      turn = .open
      lastText = fact.event
    case .turnEnded, .interrupted: turn = .ended
    case .modelFailed(let willRetry, _): if !willRetry { turn = .ended }
    case .said:
      lastSaid = fact.event
      lastCheck = Check(reported: fact) ?? lastCheck
    case .exited, .concluded: hasExited = true
    case .modelAnswered: break
    case .other:
      if fact.event.type == .processStarted {
        cwd = fact.payload?["cwd"]?.string ?? cwd
        let words = fact.payload?["argv"]?.elements.compactMap(\.string) ?? []
        if !words.isEmpty { command = words.joined(separator: " ").oneLine(limit: 80) }
      }
      if fact.event.type == .contextSet, let cwd = fact.payload?["cwd"]?.string { self.cwd = cwd }
      if fact.event.type == .messageReasoning { lastText = nil }
      lastCheck = Check(reported: fact) ?? lastCheck
    }
  }

  /// A worker whose tools run does not stand still any more, whatever it said.
  private mutating func goOn() {
    if let said = lastSaid, !Self.sayingsOfWork.contains(said.type) { lastSaid = nil }
  }

  /// Drops calls that the run went past without a result.
  mutating func forgetAbandonedCalls() { openCalls = [] }
}
