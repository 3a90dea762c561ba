import FleetlogEvents

/// Reads one agent's events in their order into spans: a call until its result, the model's time
/// from what it was given until what it answered.
struct LaneBuilder {
  private var lane: Timeline.Lane
  private var calls: [Timeline.Bar] = []
  private var open: [Int64: Int] = [:]
  /// Since when the model has had something to answer, in ms.
  private var givenAt: Int64?
  private var waits: [SessionCourse.Step] = []
  /// Calls that ask the operator, and the waits that calls turned out to be.
  private var asked: Set<Int64> = []
  private var asking: [Timeline.Wait] = []
  /// When the operator said something, in ms.
  private var answers: [Int64] = []
  private var results: [Int64] = []
  private var reached: Int64?

  /// Longer than this no model thinks: whoever resumed the session said nothing that was recorded.
  private static let longestThought: Int64 = 30 * 60_000
  /// Rows for calls at the same time; more share the last one.
  private static let mostRows = 3
  /// A shorter wait is no more than its event's mark, in ms.
  private static let shortestWait: Int64 = 1000

  init(lane: Timeline.Lane) { self.lane = lane }

  mutating func take(_ step: SessionCourse.Step, _ course: SessionCourse) {
    if reached == nil {
      lane.start = step.ts
      lane.first = step.id
    }
    if !step.isInferred { reached = max(reached ?? step.ts, step.ts) }
    if let run = lane.run, lane.depth > 0, step.id == run.id { lane.first = step.id }
    switch step.type {
    case .messageUser:
      givenAt = step.ts
      if step.isOperators {
        answers.append(step.ts)
        lane.prompts.append(
          Timeline.Bar(
            event: step.id, events: [step.id], time: step.ts..<step.ts, summary: step.summary))
      }
    case .toolCall:
      answer(step)
      givenAt = nil
      open[step.id] = calls.count
      if ToolFamily.asksOperator(step) { asked.insert(step.id) }
      calls.append(
        Timeline.Bar(
          event: step.id, events: [step.id], time: step.ts..<step.ts,
          families: [ToolFamily(step): 1], isOpen: true, summary: step.summary))
    case .toolResult:
      close(step)
      if open.isEmpty, !step.isInferred { givenAt = step.ts }
      results.append(step.ts)
    case .messageAssistant, .messageReasoning, .llmCallCompleted:
      guard givenAt != nil else { break }
      answer(step)
      givenAt = step.ts
    case .turnCompleted, .processExited: givenAt = nil
    default: break
    }
    if step.isWait, !course.replaced.contains(step.id) { waits.append(step) }
  }

  /// The model's time up to what it said or asked for.
  private mutating func answer(_ step: SessionCourse.Step) {
    guard let givenAt, step.ts >= givenAt, step.ts - givenAt <= Self.longestThought else { return }
    let isCall = step.type == .toolCall
    if step.ts == givenAt {
      if isCall { return }
      if let last = lane.models.indices.last, lane.models[last].time.upperBound == givenAt {
        lane.models[last].events.append(step.id)
        return
      }
    }
    // A call has a place of its own.
    lane.models.append(
      Timeline.Bar(
        event: step.id, events: isCall ? [] : [step.id], time: givenAt..<step.ts,
        summary: step.summary))
  }

  private mutating func close(_ step: SessionCourse.Step) {
    guard let call = step.relatedID, let index = open.removeValue(forKey: call) else { return }
    let start = calls[index].time.lowerBound
    let end = max(start, step.ts)
    if step.wasDenied || asked.contains(call) {
      // It never ran, or only asked: all that time it waited for a person's word.
      asking.append(
        Timeline.Wait(event: call, time: start..<end, isInferred: false, isOpen: false))
      calls[index].time = end..<end
      if step.wasDenied { calls[index].failed = 1 }
    } else {
      calls[index].time = start..<end
    }
    calls[index].isOpen = false
    calls[index].events.append(step.id)
    if step.hasFailed { calls[index].failed = 1 }
  }

  /// - Parameter last: when the session was last heard of, in ms.
  func finish(_ course: SessionCourse, at last: Int64) -> Timeline.Lane {
    var lane = lane
    lane.end = reached ?? lane.start
    if reached == nil, let run = lane.run {
      lane.start = run.startedAt
      lane.end = max(run.startedAt, run.lastAt)
    }
    // A result that has not come yet, unless the agent went on without it.
    let pending = calls.lastIndex { !$0.isOpen }.map { $0 + 1 } ?? 0
    var rows: [[Timeline.Bar]] = []
    var ordered: [Timeline.Bar] = []
    for (index, bar) in calls.enumerated() {
      var bar = bar
      if bar.isOpen {
        bar.isOpen = index >= pending
        let end = bar.isOpen ? max(lane.end, bar.time.lowerBound) : bar.time.lowerBound
        bar.time = bar.time.lowerBound..<end
      }
      ordered.append(bar)
    }
    ordered.sort { ($0.time.lowerBound, $0.event) < ($1.time.lowerBound, $1.event) }
    for bar in ordered {
      if bar.families[.agent] != nil {
        lane.delegations.append(bar)
        continue
      }
      let free = rows.firstIndex { ($0.last?.time.upperBound ?? .min) <= bar.time.lowerBound }
      if let free {
        rows[free].append(bar)
      } else if rows.count < Self.mostRows {
        rows.append([bar])
      } else {
        rows[rows.count - 1].append(bar)
      }
    }
    lane.calls = rows
    lane.waits = joined(waits.map { wait($0, course, at: last) } + asking)
    return lane
  }

  private func wait(
    _ step: SessionCourse.Step, _ course: SessionCourse, at last: Int64
  ) -> Timeline.Wait {
    let answer = answers.first { $0 > step.ts }
    let result = step.type == .waitingOnOperator ? nil : results.first { $0 > step.ts }
    let end = [course.ends[step.id], answer, result].compactMap(\.self).filter { $0 >= step.ts }
      .min()
    return Timeline.Wait(
      event: step.id, time: step.ts..<max(step.ts, end ?? last), isInferred: step.isInferred,
      isOpen: end == nil)
  }

  /// Two that overlap are one wait, from the first word of it.
  private func joined(_ waits: [Timeline.Wait]) -> [Timeline.Wait] {
    var joined: [Timeline.Wait] = []
    for wait in waits.sorted(by: { $0.time.lowerBound < $1.time.lowerBound }) {
      guard wait.time.count >= Self.shortestWait else { continue }
      guard let last = joined.last, last.time.upperBound > wait.time.lowerBound else {
        joined.append(wait)
        continue
      }
      joined[joined.count - 1] = Timeline.Wait(
        event: last.event,
        time: last.time.lowerBound..<max(last.time.upperBound, wait.time.upperBound),
        isInferred: last.isInferred && wait.isInferred, isOpen: last.isOpen || wait.isOpen)
    }
    return joined
  }
}
