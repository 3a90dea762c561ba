import FleetlogEvents

/// A worker that should be producing wrote nothing for the threshold: `stale`.
///
/// Silence is a matter of event time: also the gap between two records of an old file is one, so
/// that an import infers what a clock would have. A run that waits for the operator is not silent,
/// nor is one that waits for agents it started, until all of them are at rest.
struct Silence: RunRule {
  static let name = "silence/2"

  private let options: SynthesisOptions
  /// Where the silence began that may be going on.
  private var pending: Pending?
  /// Gaps that the run has left behind.
  private var gaps: [TimeQuestion] = []
  /// Whether the last gap still waits for an output that ends it.
  private var isUnresolved = false

  private struct Pending {
    let from: Evidence
    let openCall: Call?
    /// Whether it waits for agents.
    let isDelegating: Bool
    /// What it was doing, in words.
    let state: String
  }

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    // What a response used is written when its last line is known, which may be later.
    if case .modelAnswered = fact.step { return }
    if let pending, fact.evidence.ts - pending.from.ts >= options.silence {
      var gap = question("gap:" + pending.from.key, pending)
      gap.until = fact.evidence.ts
      gaps.append(gap)
      isUnresolved = true
    }
    if isUnresolved, fact.isOutput {
      gaps[gaps.count - 1].resolution = fact.evidence
      isUnresolved = false
    }
    let latest = pending.map { $0.from.ts > fact.evidence.ts ? $0.from : fact.evidence }
    // Of a run that was started and of which nothing followed ``NeverStarted`` tells sooner.
    let isStart = fact.event.type == .taskClaimed && fact.isRecorded
    guard facts.isWorking || facts.isDelegating, !isStart else {
      pending = nil
      return
    }
    var state = "its turn is open"
    if case .prompted = fact.step { state = "the last prompt is unanswered" }
    if facts.turn == .none, let said = facts.lastSaid {
      state = "it last said “\(said.summary)”"
    }
    let openCall =
      facts.isDelegating ? facts.openCalls.last(where: \.isDelegation) : facts.openCalls.last
    pending = Pending(
      from: latest ?? fact.evidence, openCall: openCall, isDelegating: facts.isDelegating,
      state: state)
  }

  func questions(in facts: RunFacts) -> [TimeQuestion] {
    gaps + (pending.map { [question("standing", $0)] } ?? [])
  }

  private func question(_ key: String, _ pending: Pending) -> TimeQuestion {
    let from = pending.from
    let minutes = DurationText.rough(options.silence)
    let why =
      pending.openCall.map {
        "“\($0.label)” has no result"
          + (pending.isDelegating
            ? ", though its agent is at rest" : ": running, awaiting approval or dead")
      } ?? pending.state
    var inference = Inference(
      Self.name, .stale, ts: from.ts + options.silence, tripped: from,
      summary: "No output for \(minutes): \(why)",
      signal: "no output for \(minutes) while some was due",
      confidence: pending.openCall == nil ? 0.7 : 0.6)
    if let call = pending.openCall, call.evidence.id != from.id {
      inference.evidence.insert(call.evidence, at: 0)
    }
    inference.payload.set("last_output_at", from.ts)
    inference.payload.set("threshold_ms", options.silence)
    inference.payload.set("open_call", pending.openCall?.label)
    inference.ask(options)
    return TimeQuestion(
      key, inference, threshold: options.silence,
      children: pending.isDelegating ? .work : .output)
  }
}
