import FleetlogEvents

/// A child was spawned and wrote nothing: `stale`, since the spawn silently did nothing. So is a
/// run that an engine has started and of which nothing followed.
struct NeverStarted: RunRule {
  static let name = "never_started/1"

  private let options: SynthesisOptions
  private var spawns: [Spawn] = []
  /// The start of a run by an engine, of which nothing has followed yet; and those that something
  /// followed too late.
  private var claims: [(claim: Evidence, label: String, next: Evidence?)] = []
  /// Older spawns are settled for good.
  private static let mostSpawns = 64

  private struct Spawn {
    let evidence: Evidence
    let label: String
    /// The child's name, where the spawn itself tells it.
    let child: String?
    /// The id of the agent that goes on in the background.
    var agent: String?
    var until: Int64?
    /// The child's report is here, so it ran, wherever it wrote.
    var isProven = false
  }

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    follow(fact)
    switch fact.step {
    case .called(let call) where call.isSpawn: add(call.evidence, call.label, child: nil)
    case .returned(let result):
      if let call = result.call, call.isSpawn {
        settle(call, result, fact)
      } else if result.call?.isDelegation == true, result.succeeded {
        waited(result)
      }
    case .other where fact.event.type == .messageSystem && spawns.contains { $0.agent != nil }:
      report(fact)
    case .other where fact.event.type == .workerSpawned:
      let payload = fact.payload
      let child = ["instance_id", "child", "child_instance", "worker"].lazy
        .compactMap { payload?[$0]?.string }.first
      guard child != nil || payload?["child_session_id"] != nil else { return }
      add(fact.evidence, fact.event.summary, child: child)
    case .interrupted, .exited:
      for index in spawns.indices where spawns[index].until == nil {
        spawns[index].until = fact.evidence.ts
      }
    default: break
    }
  }

  private mutating func settle(_ call: Call, _ result: ToolReturn, _ fact: Fact) {
    guard let index = spawns.firstIndex(where: { $0.evidence == call.evidence }) else { return }
    if !result.succeeded {
      spawns[index].until = fact.evidence.ts
    } else if result.isAsync {
      spawns[index].agent = fact.payload?["agent_id"]?.string
    } else if call.answersForChild {
      spawns[index].isProven = true
    } else {
      spawns[index].agent = (try? JSONDocument(result.output))?.root["agent_id"]?.string
    }
  }

  /// Who waited for an agent was told how it stands with it: what ended, or runs, was started.
  private mutating func waited(_ result: ToolReturn) {
    guard spawns.contains(where: { $0.agent != nil && !$0.isProven }),
      let states = (try? JSONDocument(result.output))?.root["status"]
    else { return }
    for index in spawns.indices {
      guard let agent = spawns[index].agent, let state = states[agent] else { continue }
      let ran = state["completed"] != nil || state["errored"] != nil || state.string == "running"
      if ran { spawns[index].isProven = true }
    }
  }

  /// An agent in the background has ended, whichever way: it ran.
  private mutating func report(_ fact: Fact) {
    guard let agent = fact.payload?["background_task_id"]?.string else { return }
    for index in spawns.indices where spawns[index].agent == agent {
      spawns[index].isProven = true
    }
  }

  /// Whatever comes after the start of a run shows that it runs.
  private mutating func follow(_ fact: Fact) {
    if let last = claims.last, last.next == nil {
      claims[claims.count - 1].next = fact.evidence
      if fact.evidence.ts - last.claim.ts <= options.start { claims.removeLast() }
    }
    guard fact.event.type == .taskClaimed, fact.payload?["run_started"]?.bool == true else {
      return
    }
    claims.append((fact.evidence, fact.event.summary, nil))
    if claims.count > Self.mostSpawns { claims.removeFirst() }
  }

  private mutating func add(_ evidence: Evidence, _ label: String, child: String?) {
    spawns.append(Spawn(evidence: evidence, label: label, child: child))
    if spawns.count > Self.mostSpawns { spawns.removeFirst() }
  }

  func questions(in facts: RunFacts) -> [TimeQuestion] {
    spawns.map(question) + claims.map(question)
  }

  private func question(
    _ claim: Evidence, _ label: String, _ next: Evidence?
  ) -> TimeQuestion {
    let time = DurationText.rough(options.start)
    var inference = Inference(
      Self.name, .stale, ts: claim.ts + options.start, tripped: claim,
      summary: "Started and nothing followed: \(label)",
      signal: "no record within \(time) after the start of a run", confidence: 0.7)
    inference.risk = true
    inference.payload.set("threshold_ms", options.start)
    inference.ask(options)
    var question = TimeQuestion("claim:" + claim.key, inference, threshold: options.start)
    question.until = next?.ts
    question.resolution = next
    return question
  }

  private func question(_ spawn: Spawn) -> TimeQuestion {
    let time = DurationText.rough(options.start)
    var inference = Inference(
      Self.name, .stale, ts: spawn.evidence.ts + options.start, tripped: spawn.evidence,
      summary: "Spawned and never started: \(spawn.label)",
      signal: "no first record of a spawned child within \(time)", confidence: 0.7)
    inference.risk = true
    inference.payload.set("child", spawn.child)
    inference.payload.set("threshold_ms", options.start)
    inference.ask(options)
    let name = TimeQuestion.key(ofChild: spawn.child ?? "", spawn.evidence.key)
    var question = TimeQuestion(
      name, inference, threshold: options.start,
      children: .start(child: spawn.child, isProven: spawn.isProven))
    question.until = spawn.until
    return question
  }
}
