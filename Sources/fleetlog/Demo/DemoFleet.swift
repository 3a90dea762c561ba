/// The demo's workers at work: a pure simulation, whose only inputs are a seed and the time.
struct DemoFleet: Sendable {
  /// What a worker does to the fleet's files.
  enum Change: Sendable {
    case append(path: String, line: String)
    /// A document in place of what the file holds.
    case write(path: String, text: String)
    case resume(Resumption)
  }

  private var workers: [DemoWorker]

  /// - Parameter start: when the history ends and the live part begins, ms since the Unix epoch.
  init(seed: UInt64, start: Int64) {
    workers = DemoScript.workers.map { DemoWorker($0, seed: seed, start: start) }
  }

  /// When the next thing happens, in ms.
  var nextTime: Int64 { workers.map(\.nextTime).min() ?? .max }

  /// Lets everything happen that is due.
  ///
  /// - Parameters:
  ///   - now: ms since the Unix epoch.
  ///   - patience: what is overdue by more ms than this happens later instead of all at once, as
  ///     after a machine has slept.
  mutating func advance(
    to now: Int64, patience: Int64 = .max, _ body: (Change, Int64) throws -> Void
  ) rethrows {
    while let index = workers.indices.min(by: { workers[$0].nextTime < workers[$1].nextTime }),
      workers[index].nextTime <= now
    {
      let time = max(workers[index].nextTime, patience < now ? now - patience : 0)
      for change in workers[index].act(at: time) { try body(change, time) }
    }
  }
}

/// One worker: what it does next, by the script or from its own list of jobs.
struct DemoWorker: Sendable {
  private let script: WorkerScript
  private let start: Int64
  private var random: DemoRandom
  private var performance: Performance
  private var due: Int64
  private var chapter = 0
  private var cycle = 0
  private var isHeld = false
  /// Tasks in the present transcript, and in all.
  private var tasks = 0
  private var jobs = 0

  /// Ends a transcript before it grows beyond reason.
  private static let tasksPerTranscript = 7
  /// ms between two showings of a chapter that repeats.
  private static let period: Int64 = 60 * 60_000
  /// ms that a job of the worker's own may take.
  private static let jobLength: Int64 = 6 * 60_000

  init(_ script: WorkerScript, seed: UInt64, start: Int64) {
    self.script = script
    self.start = start
    random = DemoRandom(seed: seed, script.project)
    due = start - 179 * 60_000 + random.span(0...script.pace.upperBound * 60)
    if script.agent == .supervisor || script.agent == .runner { due = start - 180 * 60_000 }
    performance = Performance(Self.writer(script, &random, at: due), at: due)
  }

  var nextTime: Int64 { performance.isOver ? due : performance.nextTime }

  mutating func act(at time: Int64) -> [DemoFleet.Change] {
    if performance.isOver { begin(at: time) }
    guard !performance.isOver else { return [] }
    let changes = performance.play(at: time, &random)
    if performance.isOver { rest(at: time) }
    return changes
  }

  /// When the script has something for this worker again.
  private var anchor: Int64 {
    guard script.chapters.indices.contains(chapter) else { return .max }
    let minutes = script.chapters[chapter].minute * 60_000
    return start + Int64(minutes) + Int64(cycle) * Self.period
  }

  private mutating func rest(at time: Int64) {
    guard !isHeld else {
      due = anchor
      return
    }
    guard time < start else {
      due = min(anchor, time + random.span(script.livePause))
      return
    }
    let next = time + random.span(script.pace.lowerBound * 60...script.pace.upperBound * 60)
    // Whoever would rest beyond the end of the history is in the middle of something by then.
    due = min(anchor, next < start ? next : max(time, start - random.span(2...70)))
  }

  private mutating func begin(at time: Int64) {
    if anchor <= time {
      let next = script.chapters[chapter]
      var isFresh = false
      if case .prompt? = next.steps.first { isFresh = !isHeld }
      start(next.steps, fresh: isFresh, at: time)
      isHeld = next.holds
      jobs += 1
      advanceChapter()
    } else if isHeld || anchor < time + Self.jobLength {
      due = anchor
    } else {
      jobs += 1
      start(
        DemoRoutine.steps(of: script, number: jobs, &random),
        fresh: tasks >= Self.tasksPerTranscript, at: time)
    }
  }

  private mutating func advanceChapter() {
    repeat {
      chapter += 1
      if chapter >= script.chapters.count, script.chapters.contains(where: \.repeats) {
        chapter = 0
        cycle += 1
      }
    } while cycle > 0 && !script.chapters[chapter].repeats
  }

  /// - Parameter isFresh: whether the steps need a transcript of their own.
  private mutating func start(_ steps: [DemoStep], fresh isFresh: Bool, at time: Int64) {
    tasks += 1
    if isFresh, script.agent.logPath == nil {
      tasks = 1
      performance = Performance(Self.writer(script, &random, at: time), at: time)
    }
    performance.add(steps, at: time)
  }

  private static func writer(
    _ script: WorkerScript, _ random: inout DemoRandom, at time: Int64
  ) -> any TranscriptWriter {
    let place = Workplace(project: script.project, branch: script.branch, model: script.model)
    let stream = DemoRandom(seed: random.next(), script.project)
    if let path = script.agent.logPath { return EventLogWriter(path: path) }
    return switch script.agent {
    case .codex: CodexTranscriptWriter(place, random: stream, at: time)
    case .gemini: GeminiTranscriptWriter(place, random: stream, at: time)
    case .opencode: OpenCodeDocumentWriter(place, random: stream, at: time)
    default: ClaudeTranscriptWriter(place, random: stream)
    }
  }
}

/// Plays steps into one transcript, each at its time.
private struct Performance: Sendable {
  private struct Subagent {
    let call: OpenCall
    let report: String
    var performance: Performance
  }

  private var writer: any TranscriptWriter
  private var steps: ArraySlice<DemoStep> = []
  private var due: Int64
  /// What the open call will come to.
  private var outcome: DemoOutcome?
  private var subagents: [Subagent] = []

  init(_ writer: any TranscriptWriter, at time: Int64) {
    self.writer = writer
    due = time
  }

  var isOver: Bool { steps.isEmpty && outcome == nil && subagents.isEmpty }

  var nextTime: Int64 { subagents.map(\.performance.nextTime).min() ?? due }

  mutating func add(_ steps: [DemoStep], at time: Int64) {
    self.steps += steps
    due = time
  }

  mutating func play(at time: Int64, _ random: inout DemoRandom) -> [DemoFleet.Change] {
    if !subagents.isEmpty { return playSubagent(at: time, &random) }
    due = time + random.span(2...6)
    if let outcome, let call = writer.openCalls.first {
      self.outcome = nil
      let lines = writer.answer(call, outcome, at: time)
      return appended(lines)
    }
    guard let step = steps.popFirst() else { return [] }
    switch step {
    case .call(_, let outcome):
      self.outcome = outcome
      if let outcome { due = time + random.span(outcome.seconds * 0.85...outcome.seconds * 1.15) }
    case .answer(let outcome):
      let lines = writer.openCalls.flatMap { writer.answer($0, outcome, at: time) }
      return appended(lines)
    case .wait(let seconds): due = time + random.span(seconds)
    case .resume: return writer.resume().map { [.resume($0)] } ?? []
    case .delegate: return delegate(step, at: time)
    default: break
    }
    let lines = writer.begin(step, at: time)
    return appended(lines)
  }

  private mutating func appended(_ lines: [JSON]) -> [DemoFleet.Change] {
    lines.map { .append(path: writer.path, line: $0.text) } + writer.takeDocuments()
  }

  private mutating func delegate(_ step: DemoStep, at time: Int64) -> [DemoFleet.Change] {
    let lines = writer.begin(step, at: time)
    var changes = appended(lines)
    for call in writer.openCalls {
      guard case .agent(let task, let id) = call.tool, let child = writer.subagent(id) else {
        continue
      }
      let facts: JSON = [
        "agentType": JSON(task.kind), "description": JSON(task.title), "toolUseId": JSON(call.id),
      ]
      let sidecar = child.path.replacing(".jsonl", with: ".meta.json")
      changes.append(.append(path: sidecar, line: facts.text))
      var performance = Performance(child, at: time)
      performance.add([.prompt(task.prompt)] + task.steps, at: time + 400)
      var report = ""
      if case .end(let text)? = task.steps.last { report = text }
      subagents.append(Subagent(call: call, report: report, performance: performance))
    }
    return changes
  }

  private mutating func playSubagent(
    at time: Int64, _ random: inout DemoRandom
  ) -> [DemoFleet.Change] {
    guard
      let index = subagents.indices.min(by: {
        subagents[$0].performance.nextTime < subagents[$1].performance.nextTime
      })
    else { return [] }
    let changes = subagents[index].performance.play(at: time, &random)
    guard subagents[index].performance.isOver else { return changes }
    let done = subagents.remove(at: index)
    due = time + random.span(2...6)
    let lines = writer.answer(done.call, DemoOutcome(text: done.report), at: time + 60)
    return changes + appended(lines)
  }
}
