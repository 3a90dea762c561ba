import FleetlogEvents

/// Which agents of a session have a lane, in the order in which the transcript shows them: each
/// below its spawner, at the place where it began.
struct LaneOrder {
  private(set) var lanes: [Timeline.Lane] = []
  private var byRun: [Int64: Int] = [:]

  /// Deeper nesting than anyone reads ends here, as do circles of parents.
  private static let maximumDepth = 16

  init(_ course: SessionCourse, session: String, runs: [RunSummary]) {
    var firsts: [Int64: Int] = [:]
    for (index, step) in course.steps.enumerated() where firsts[step.runID] == nil {
      firsts[step.runID] = index
    }
    let trunk = runs.first
    let agents = runs.dropFirst().filter { run in
      guard run.parentID != nil, run.id != trunk?.id else { return false }
      return run.role == "subagent" || run.sessionID != session
    }
    let known = Set(agents.map(\.id))
    func begins(_ left: RunSummary, before right: RunSummary) -> Bool {
      (firsts[left.id] ?? .max, left.startedAt, left.id)
        < (firsts[right.id] ?? .max, right.startedAt, right.id)
    }
    var children: [Int64?: [RunSummary]] = [:]
    for agent in agents.sorted(by: begins) {
      children[agent.parentID.flatMap { known.contains($0) ? $0 : nil }, default: []].append(agent)
    }
    lanes = [Timeline.Lane(run: trunk)]
    if let trunk { byRun[trunk.id] = 0 }
    func add(_ run: RunSummary, below parent: Int) {
      guard byRun[run.id] == nil else { return }
      var lane = Timeline.Lane(run: run)
      lane.depth = min(lanes[parent].depth + 1, Self.maximumDepth)
      lane.parent = parent
      lane.isElsewhere = run.sessionID != session && firsts[run.id] == nil
      byRun[run.id] = lanes.count
      lanes.append(lane)
      guard lane.depth < Self.maximumDepth else { return }
      let index = lanes.count - 1
      for child in children[run.id] ?? [] { add(child, below: index) }
    }
    for agent in children[nil] ?? [] { add(agent, below: 0) }
    // Those that name each other as parents stand on the trunk.
    for agent in agents { add(agent, below: 0) }
  }

  /// Everything that is no agent's own stands in the session's lane.
  func index(of step: SessionCourse.Step) -> Int { byRun[step.runID] ?? 0 }
}
