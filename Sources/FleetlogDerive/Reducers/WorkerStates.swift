import FleetlogEvents

/// What a worker's facts come to at one moment, in three views. Pure; the moment is an argument.
struct WorkerStates {
  let facts: WorkerFacts
  /// What rules inferred of this worker and what stood at the moment, newest first.
  let standing: [StoredEvent]
  /// Its sub-agents, at the same moment.
  let children: [WorkerState]
  /// ms since the Unix epoch.
  let moment: Int64
  let options: SynthesisOptions

  /// How sure an inferred state is, by what it rests on. Rules bring their own.
  private enum Confidence {
    /// The worker's word and its records agree.
    static let agreed = 0.9
    /// Records alone, and they are plain.
    static let observed = 0.7
    /// The worker's word alone, or against records that may only lag behind.
    static let reported = 0.6
    /// The records speak against the worker's word.
    static let against = 0.5
  }

  /// The state that an event reports; nil for one that says nothing about it.
  static func status(reportedBy type: EventType) -> WorkerStatus? {
    switch type.rawValue {
    case "progress", "heartbeat", "task.claimed", "task.dispatched", "task.heartbeat": .working
    case "blocked": .blocked
    case "needs_decision", "approval_requested", "needs_review", "waiting_on_operator":
      .waitingOnOperator
    case "failed", "task.failed", "worker.crashed": .failed
    case "completed", "task.done", "task.completed": .complete
    case "stale": .stale
    default: nil
    }
  }

  var state: WorkerState {
    let (reported, observed) = (reported, observed)
    var state = WorkerState(
      reported: reported, observed: observed, inferred: inferred(reported, observed), reasons: [],
      facts: facts)
    state.lastOutput = lastOutput
    state.contradiction = standing.first { $0.type == .contradiction }?.id
    if let contradiction = state.contradiction { doubt(&state.inferred, contradiction) }
    state.waitsFor = waitsFor(state)
    state.need = need(state)
    state.reasons = reasons
    return state
  }

  // MARK: Reported

  private var reported: WorkerView {
    guard let said = facts.said, let status = Self.status(reportedBy: said.type) else {
      return WorkerView(.unknown, since: nil, "has not said")
    }
    let reason =
      facts.isSaidBeforePrompt
      ? "before its last prompt" : facts.answer != nil ? "answered since" : nil
    return WorkerView(status, since: said.mark.ts, reason, evidence: [said.mark.id])
  }

  /// The worker's word, where it is about what it does now.
  private func current(_ reported: WorkerView) -> WorkerStatus? {
    reported.status == .unknown || facts.isSaidOver ? nil : reported.status
  }

  // MARK: Observed

  private var lastOutput: WorkerFacts.Mark? {
    ([facts.output] + children.map(\.lastOutput)).compactMap { $0 }.max { $0.ts < $1.ts }
  }

  /// How long nothing has come, in ms.
  private var quiet: Int64? {
    let newest = max(lastOutput?.ts ?? Int64.min, facts.prompt?.mark.ts ?? Int64.min)
    return newest == Int64.min ? nil : max(0, moment - newest)
  }

  private var observed: WorkerView {
    if let exit = facts.exit {
      let status: WorkerStatus =
        switch exit.hasFailed {
        case true?: .failed
        case false?: .complete
        case nil: .unknown
        }
      return WorkerView(
        status, since: exit.mark.ts, "its process \(exit.words)", evidence: [exit.mark.id])
    }
    if facts.turn == .failed, let at = facts.turnAt {
      let why = facts.error.flatMap { $0.isEmpty ? nil : $0 } ?? "an error"
      return WorkerView(
        .failed, since: at.ts, "its turn ended on " + why.oneLine(limit: 120), evidence: [at.id])
    }
    if let waits = facts.waits {
      return WorkerView(
        .waitingOnOperator, since: waits.mark.ts,
        waits.type == .approvalRequested ? "approval" : "an answer", evidence: [waits.mark.id])
    }
    if let call = facts.openCalls.last(where: { $0.kind == .question || $0.kind == .plan }) {
      return WorkerView(
        .waitingOnOperator, since: call.mark.ts,
        call.kind == .plan ? "approval of its plan" : "an answer", evidence: [call.mark.id])
    }
    if let view = observedThroughChildren { return view }
    switch facts.turn {
    case .ended, .interrupted: return atRest
    case .open, .none, .failed: return atWork
    }
  }

  /// A parent is not idle or silent while what it started goes on.
  private var observedThroughChildren: WorkerView? {
    let isDelegating = facts.openCalls.contains { $0.kind == .delegation }
    guard isDelegating || facts.turn == .ended else { return nil }
    if let child = children.first(where: { $0.observed.status == .waitingOnOperator }) {
      return WorkerView(
        .waitingOnOperator, since: child.observed.since, "its sub-agent asks",
        evidence: child.observed.evidence)
    }
    let working = children.filter {
      [.working, .waitingOnExternal].contains($0.observed.status)
    }
    guard let first = working.first else { return nil }
    let since =
      facts.openCalls.last { $0.kind == .delegation }?.mark ?? facts.turnAt ?? first.facts.last
    let who = working.count == 1 ? "its sub-agent, which works" : "\(working.count) sub-agents"
    return WorkerView(
      .waitingOnExternal, since: since?.ts, who,
      evidence: [since?.id].compactMap { $0 } + first.observed.evidence.prefix(1))
  }

  private var atRest: WorkerView {
    let at = facts.turnAt
    if facts.turn == .ended, facts.question != nil, let text = facts.text {
      return WorkerView(
        .waitingOnOperator, since: at?.ts, "an answer: its turn ended with a question",
        evidence: [text.id] + [at?.id].compactMap { $0 })
    }
    let how = facts.turn == .interrupted ? "turn interrupted" : "turn ended"
    return WorkerView(.idle, since: at?.ts, how, evidence: [at?.id].compactMap { $0 })
  }

  private var atWork: WorkerView {
    guard let quiet, let mark = lastOutput ?? facts.prompt?.mark else {
      return WorkerView(.unknown, since: nil, "no record tells")
    }
    if facts.turn == .none, let said = facts.said, said.mark == facts.output,
      Self.status(reportedBy: said.type) != .working
    {
      return WorkerView(
        .unknown, since: said.mark.ts, "its own word is all there is", evidence: [said.mark.id])
    }
    let call = facts.openCalls.last
    let evidence =
      call.map { $0.mark.id == mark.id ? [mark.id] : [$0.mark.id, mark.id] } ?? [mark.id]
    // A text that nothing follows may have ended the turn, where the source does not say so.
    let mayBeOver = call == nil && facts.text != nil && facts.turn == .open
    if quiet <= (mayBeOver ? options.quietTurn : options.quiet) {
      let since = facts.turnAt ?? mark
      return WorkerView(.working, since: since.ts, evidence: evidence)
    }
    if mayBeOver {
      return WorkerView(
        .unknown, since: mark.ts, "no record says whether its turn is over", evidence: evidence)
    }
    let says =
      facts.isSaidOver ? nil : facts.said.flatMap { Self.status(reportedBy: $0.type) }
    // A dispatched worker writes elsewhere; that it is stuck is for its runner to say.
    let isDispatched = facts.said?.type == .taskDispatched
    let isDue = says == nil ? facts.turn == .open : says == .working && !isDispatched
    if isDue, quiet >= options.silence {
      return WorkerView(.stale, since: mark.ts, "no output", evidence: evidence)
    }
    let words = call == nil ? "thinking or dead" : "running, awaiting approval or dead"
    return WorkerView(
      .unknown, since: mark.ts, facts.turn == .none ? "silent" : words, evidence: evidence)
  }

  // MARK: Inferred

  private func inferred(_ reported: WorkerView, _ observed: WorkerView) -> WorkerView {
    if let view = byRule(observed) { return view }
    let evidence =
      reported.evidence + observed.evidence.filter { !reported.evidence.contains($0) }
    func view(_ of: WorkerView, _ confidence: Double?, _ reason: String? = nil) -> WorkerView {
      var view = of
      view.reason = reason ?? of.reason
      view.evidence = evidence
      view.confidence = confidence
      return view
    }
    guard let says = current(reported) else {
      return view(observed, observed.status == .unknown ? nil : Confidence.observed)
    }
    switch (says, observed.status) {
    case _ where says == observed.status: return view(observed, Confidence.agreed)
    case (_, .failed): return view(observed, Confidence.agreed)
    case (.working, .idle): return view(observed, Confidence.reported)
    // That it works, said some time ago, does not make silence clear.
    case (.working, .unknown): return view(observed, nil)
    case (.working, _): return view(observed, Confidence.observed)
    case (_, .idle): return view(reported, Confidence.agreed)
    case (_, .working) where facts.callsSinceSaid == 0:
      return view(reported, Confidence.agreed)
    case (.complete, .working), (.failed, .working):
      return view(observed, Confidence.reported, "goes on after that")
    case (_, .working):
      return facts.callsSinceSaid >= options.callsWhileBlocked
        ? view(observed, Confidence.against, "goes on although it reports \(says.words)")
        : view(reported, Confidence.reported)
    // Its word stands. Whether it got past what held it up, an end in good order does not tell.
    case (.blocked, .complete):
      return view(
        WorkerView(.unknown, since: observed.since), nil, "ended after it reported blocked")
    case (.complete, .waitingOnOperator), (.complete, .waitingOnExternal):
      return view(observed, Confidence.reported)
    default: return view(reported, Confidence.reported)
    }
  }

  /// What a rule inferred since the last prompt, unless the worker spoke or went on since.
  private func byRule(_ observed: WorkerView) -> WorkerView? {
    let start = facts.prompt?.mark.ts ?? Int64.min
    for event in standing where event.ts >= start {
      guard let status = Self.status(reportedBy: event.type) else { continue }
      if let said = facts.said, said.mark.ts > event.ts { continue }
      // Working and silent at once: the records are newer than the rule's last look.
      if status == .stale, [.working, .waitingOnExternal].contains(observed.status) { continue }
      // A storm that ended, or a question nobody waits for any more.
      if [.blocked, .waitingOnOperator].contains(status), observed.status == .working,
        let output = facts.output, output.ts > event.ts
      {
        continue
      }
      let since = status == .stale ? facts.output?.ts : event.ts
      return WorkerView(
        status, since: since ?? event.ts, "by the rule \(Self.rule(of: event))",
        evidence: [event.id], confidence: event.confidence)
    }
    return nil
  }

  /// What tools showed outranks what the worker says of its success.
  private func doubt(_ view: inout WorkerView, _ contradiction: Int64) {
    guard view.status == .complete else { return }
    view.confidence = min(view.confidence ?? Confidence.against, Confidence.against)
    view.reason = "its tools show otherwise"
    view.evidence.append(contradiction)
  }

  private static func rule(of event: StoredEvent) -> String {
    let name = Fact.payload(event)?["rule"]?.string ?? "unnamed"
    return String(name.prefix { $0 != "/" }).replacing("_", with: " ")
  }

  // MARK: What it needs

  private func waitsFor(_ state: WorkerState) -> String? {
    switch state.inferred.status {
    case .waitingOnOperator:
      if let waits = facts.waits { return waits.words }
      if let call = facts.openCalls.last(where: { $0.kind == .question || $0.kind == .plan }) {
        return call.label
      }
      if let said = facts.said, !facts.isSaidOver,
        Self.status(reportedBy: said.type) == .waitingOnOperator
      {
        return said.words
      }
      // Where it waits because a sub-agent does, what that waits for says more.
      if let child = children.first(where: { $0.observed.status == .waitingOnOperator }),
        state.observed.evidence == child.observed.evidence
      {
        return child.waitsFor
      }
      let asked = standing.first { Self.status(reportedBy: $0.type) == .waitingOnOperator }
      return asked?.summary ?? facts.question ?? state.inferred.reason
    case .waitingOnExternal: return state.inferred.reason
    case .blocked:
      return facts.isSaidOver ? state.inferred.reason : facts.said?.words
    case .stale, .unknown:
      return facts.openCalls.last.map { "a result of “\($0.label)”" }
    case .idle, .working, .failed, .complete: return nil
    }
  }

  private func need(_ state: WorkerState) -> Need? {
    let fromChildren = children.compactMap(\.need).min()
    var need: Need?
    switch state.inferred.status {
    case .waitingOnOperator: need = isForApproval ? .approval : .stuck
    case .blocked, .failed: need = .stuck
    case .stale: need = .alarm
    case .complete:
      let asks = facts.said.map { $0.needsAction && !facts.isSaidOver } ?? false
      need =
        asks || standing.contains { $0.type == .completed && $0.operatorActionRequired }
        ? .handover : nil
    case .idle, .working, .waitingOnExternal, .unknown: break
    }
    if facts.answer != nil { need = nil }
    if state.contradiction != nil { need = min(need ?? .alarm, .alarm) }
    return [need, fromChildren].compactMap { $0 }.min()
  }

  private var isForApproval: Bool {
    if let waits = facts.waits { return waits.type == .approvalRequested }
    if facts.openCalls.contains(where: { $0.kind == .question }) { return false }
    if facts.openCalls.contains(where: { $0.kind == .plan }) { return true }
    if let said = facts.said, !facts.isSaidOver { return said.type == .approvalRequested }
    return standing.first { Self.status(reportedBy: $0.type) == .waitingOnOperator }?.type
      == .approvalRequested
  }

  // MARK: The sentence

  /// Whether an inference says something about how it stands with a worker. A contradiction has a
  /// mark of its own.
  private static func isTelling(_ type: EventType) -> Bool {
    status(reportedBy: type) != nil || [.fileContention, .riskDetected].contains(type)
  }

  /// How it stands with the worker, each fact with the event that proves it: what it reports, how
  /// long nothing came, the call that is open, what the rules say.
  private var reasons: [WorkerState.Reason] {
    var reasons: [WorkerState.Reason] = []
    if let said = facts.said {
      let outdated = facts.isSaidBeforePrompt ? " before its last prompt" : ""
      reasons.append(.init("reported \(said.type.words)\(outdated)", event: said.mark.id))
    }
    if let answer = facts.answer { reasons.append(.init("answered", event: answer.id)) }
    let isAtRest = facts.turn == .ended || facts.turn == .interrupted
    if !isAtRest, let quiet, let output = lastOutput, quiet > options.quietTurn {
      reasons.append(
        .init("no output for \(DurationText.span(moment - output.ts))", event: output.id))
    } else if facts.output == nil, let prompt = facts.prompt {
      reasons.append(.init("no output since its prompt", event: prompt.mark.id))
    }
    if let call = facts.openCalls.last {
      reasons.append(.init("“\(call.label)” has no result", event: call.mark.id))
    }
    if let waits = facts.waits {
      reasons.append(.init("waits: \(waits.words)", event: waits.mark.id))
    }
    if let exit = facts.exit { reasons.append(.init(exit.words, event: exit.mark.id)) }
    if facts.turn == .failed, let at = facts.turnAt {
      reasons.append(.init("turn failed", event: at.id))
    } else if isAtRest, let at = facts.turnAt {
      let words = facts.turn == .ended ? "turn ended" : "turn interrupted"
      reasons.append(
        .init("\(words) \(DurationText.span(max(0, moment - at.ts))) ago", event: at.id))
    }
    let working = children.filter { [.working, .waitingOnExternal].contains($0.observed.status) }
    if let newest = working.compactMap(\.lastOutput).max(by: { $0.ts < $1.ts }) {
      let age = DurationText.span(max(0, moment - newest.ts))
      reasons.append(.init("its sub-agent wrote \(age) ago", event: newest.id))
    }
    // Said once of several that are alike: the first that stands.
    var told: Set<EventType> = []
    let telling = standing.filter { Self.isTelling($0.type) && told.insert($0.type).inserted }
    for event in telling.prefix(4) {
      reasons.append(.init("inferred: \(event.type.words)", event: event.id, isInferred: true))
    }
    return reasons
  }
}
