import FleetlogEvents

/// A session over time, before it is drawn: a lane for each agent, with what it did as spans, and a
/// track of typed events. It knows times and places in percent, no pixels and no markup.
struct Timeline: Sendable {
  /// One agent.
  struct Lane: Sendable {
    /// nil for the session itself, where it has no run.
    let run: RunSummary?
    var depth = 0
    /// Where among the lanes its spawner stands.
    var parent: Int?
    /// The moment of the call that started it, in ms, where that is known.
    var spawnedAt: Int64?
    var first: Int64?
    /// In ms.
    var start: Int64 = 0
    var end: Int64 = 0
    /// Model time, each stretch by itself.
    var models: [Bar] = []
    /// Calls, by row, each without overlap.
    var calls: [[Bar]] = []
    /// Calls that wait for another agent.
    var delegations: [Bar] = []
    var prompts: [Bar] = []
    var waits: [Wait] = []
    /// Its events are another session's.
    var isElsewhere = false
  }

  /// One span, or several that stand too close to be told apart.
  struct Bar: Sendable, Equatable {
    /// The event that it is known by, and that it leads to.
    var event: Int64
    /// All events whose place this is; none where they have another.
    var events: [Int64] = []
    /// ms since the Unix epoch.
    var time: Range<Int64>
    var families: [ToolFamily: Int] = [:]
    var count = 1
    var failed = 0
    /// Without a result so far.
    var isOpen = false
    var summary = ""

    var family: ToolFamily {
      families.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .other
    }
  }

  /// A stretch in which a person was waited for.
  struct Wait: Sendable, Equatable {
    let event: Int64
    /// ms since the Unix epoch.
    let time: Range<Int64>
    let isInferred: Bool
    /// Not over when the session was last heard of.
    let isOpen: Bool
  }

  /// A typed event, or several that stand too close to be told apart.
  struct Mark: Sendable, Equatable {
    var event: Int64
    let ts: Int64
    var tone: Tone
    var isInferred: Bool
    var words: String
    var summary: String
    var count = 1
  }

  private(set) var lanes: [Lane] = []
  private(set) var marks: [Mark] = []
  /// Agents for which there is no room.
  private(set) var moreLanes = 0
  /// By event: the one that the bar or mark is known by in which it is drawn.
  private(set) var places: [Int64: Int64] = [:]
  let scale: TimeScale
  /// The scale of all of the session that is known.
  let whole: TimeScale

  static let mostLanes = 40

  /// - Parameters:
  ///   - runs: the session's own first.
  ///   - stretch: what is drawn, in ms since the Unix epoch; nil for all.
  init(
    _ course: SessionCourse, session: String, runs: [RunSummary], stretch: Range<Int64>? = nil
  ) {
    let order = LaneOrder(course, session: session, runs: runs)
    var builders = order.lanes.map { LaneBuilder(lane: $0) }
    var events: [SessionCourse.Step] = []
    for step in course.steps {
      builders[order.index(of: step)].take(step, course)
      if step.isMark, !course.replaced.contains(step.id) { events.append(step) }
    }
    let last = course.steps.last?.ts ?? 0
    let spawns = Set(course.spawns.values)
    var spawnedAt: [Int64: Int64] = [:]
    for step in course.steps where spawns.contains(step.id) { spawnedAt[step.id] = step.ts }
    let all = builders.map { builder in
      var lane = builder.finish(course, at: last)
      lane.spawnedAt = lane.run.flatMap { course.spawns[$0.id] }.flatMap { spawnedAt[$0] }
      return lane
    }
    var busy = events.map { $0.ts..<$0.ts }
    for lane in all {
      for bars in lane.calls + [lane.models, lane.delegations, lane.prompts] {
        for bar in bars { busy += Self.eventful(bar.time) }
      }
      if lane.isElsewhere { busy.append(lane.start..<lane.end) }
    }
    let waits = all.flatMap { $0.waits.map(\.time) }
    let start = busy.map(\.lowerBound).min() ?? course.steps.first?.ts ?? 0
    let end = (busy + waits).map(\.upperBound).max() ?? last
    whole = TimeScale(start..<max(end, start), busy: busy, waits: waits)
    scale = stretch.map { TimeScale($0, busy: busy, waits: waits) } ?? whole
    fold(all, events, stretch)
  }

  /// A span that is longer tells no more by its length in the drawing, in ms.
  private static let longest: Int64 = 15 * 60_000

  /// A very long span is its beginning and its end: what lies between may be cut short.
  private static func eventful(_ time: Range<Int64>) -> [Range<Int64>] {
    guard time.count > longest else { return [time] }
    let edge = longest / 15
    return [
      time.lowerBound..<time.lowerBound + edge, time.upperBound - edge..<time.upperBound,
    ]
  }

  /// Leaves out what lies outside, and puts together what can't be told apart.
  private mutating func fold(
    _ all: [Lane], _ events: [SessionCourse.Step], _ stretch: Range<Int64>?
  ) {
    let stretch = stretch ?? Int64.min..<Int64.max
    var fold = TimelineFold(scale: scale)
    var kept: [Int: Int] = [:]
    for (index, lane) in all.enumerated() {
      var lane = lane
      func within(_ bars: [Bar]) -> [Bar] {
        bars.filter {
          $0.time.lowerBound < stretch.upperBound && $0.time.upperBound >= stretch.lowerBound
        }
      }
      lane.models = fold.bars(within(lane.models))
      lane.calls = lane.calls.map { fold.bars(within($0)) }.filter { !$0.isEmpty }
      lane.delegations = fold.bars(within(lane.delegations))
      lane.prompts = fold.bars(within(lane.prompts))
      lane.waits = lane.waits.filter { $0.time.overlaps(stretch) }
      let isThere = lane.end >= stretch.lowerBound && lane.start < stretch.upperBound
      guard index == 0 || isThere else { continue }
      guard lanes.count < Self.mostLanes else {
        moreLanes += 1
        continue
      }
      lane.parent = lane.parent.flatMap { kept[$0] }
      kept[index] = lanes.count
      lanes.append(lane)
    }
    marks = fold.marks(events.filter { stretch.contains($0.ts) })
    places = fold.places
  }
}

extension SessionCourse.Step {
  /// Whether it stands on the track of events: what was said or inferred, not the bare course.
  var isMark: Bool {
    if isInferred { return type != .toolResult }
    switch type {
    case .toolCall, .toolResult, .messageUser, .messageAssistant, .messageReasoning: return false
    case .processStarted, .processExited, .llmCallCompleted, .contextCompacted, .messageSystem,
      .turnCompleted, .workerObservation, .observationRecorded, .contextSet, .heartbeat:
      return asksForAttention
    default: return true
    }
  }

  /// Whether it says that a person is waited for.
  var isWait: Bool {
    switch type {
    case .needsDecision, .approvalRequested, .waitingOnOperator: true
    default: false
    }
  }

  var isOperators: Bool {
    type == .messageUser && sourceKind == SourceKind.operator.rawValue
  }
}
