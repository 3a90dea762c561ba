import FleetlogEvents
import Testing

@testable import FleetlogWeb

/// Builds the course of a session, in seconds.
struct CourseSketch {
  private(set) var course = SessionCourse()
  private var id: Int64 = 100

  /// Adds an event and returns its id.
  @discardableResult
  mutating func add(
    _ type: EventType, at seconds: Double, run: Int64 = 1, answers: Int64? = nil,
    tool: String? = nil, failed: Bool = false, denied: Bool = false,
    by source: SourceKind = .worker,
    inferred: Bool = false
  ) -> Int64 {
    id += 1
    var step = SessionCourse.Step(id: id, ts: Int64(seconds * 1000), runID: run, type: type)
    step.relatedID = answers
    step.tool = tool
    step.hasFailed = failed
    step.wasDenied = denied
    step.sourceKind = source.rawValue
    step.isInferred = inferred
    step.summary = "\(type) \(id)"
    course.steps.append(step)
    return id
  }

  /// A call with its result.
  @discardableResult
  mutating func call(
    _ tool: String, _ from: Double, _ to: Double, run: Int64 = 1, failed: Bool = false
  ) -> Int64 {
    let call = add(.toolCall, at: from, run: run, tool: tool)
    add(.toolResult, at: to, run: run, answers: call, failed: failed)
    return call
  }

  mutating func spawned(_ run: Int64, by call: Int64) { course.spawns[run] = call }
  mutating func ended(_ event: Int64, at seconds: Double) {
    course.ends[event] = Int64(seconds * 1000)
  }
  mutating func replaced(_ event: Int64) { course.replaced.insert(event) }

  static func run(
    _ id: Int64, parent: Int64? = nil, session: String = "s", from: Int64 = 0, to: Int64 = 0,
    summary: String? = nil
  ) -> RunSummary {
    RunSummary(
      id: id, key: "run:\(id)", parentID: parent, instanceID: "agent-\(id)",
      role: parent == nil ? "worker" : "subagent", sessionID: session, startedAt: from * 1000,
      lastAt: to * 1000, events: 1, summary: summary ?? "Agent \(id)")
  }

  func timeline(
    _ runs: [RunSummary] = [CourseSketch.run(1)], within seconds: Range<Int64>? = nil
  ) -> Timeline {
    Timeline(
      course, session: "s", runs: runs,
      stretch: seconds.map { $0.lowerBound * 1000..<$0.upperBound * 1000 })
  }
}

@Suite("A session over time")
struct TimelineTests {
  private func seconds(_ bar: Timeline.Bar) -> [Double] {
    [Double(bar.time.lowerBound) / 1000, Double(bar.time.upperBound) / 1000]
  }

  @Test("a call lasts until its result, and the model's time is what lies between")
  func callsAndModel() throws {
    var sketch = CourseSketch()
    sketch.add(.messageUser, at: 0, by: .operator)
    sketch.call("Bash", 4, 9, failed: true)
    sketch.add(.messageAssistant, at: 12)
    let lane = try #require(sketch.timeline().lanes.first)
    let call = try #require(lane.calls.first?.first)
    #expect(seconds(call) == [4, 9])
    #expect(call.failed == 1)
    #expect(call.family == .command)
    #expect(lane.models.map(seconds) == [[0, 4], [9, 12]])
    #expect(lane.prompts.map(seconds) == [[0, 0]])
  }

  @Test("the model is not at work while the turn is over, nor while calls are open")
  func idleModel() throws {
    var sketch = CourseSketch()
    sketch.add(.messageUser, at: 0, by: .operator)
    let first = sketch.add(.toolCall, at: 2, tool: "Read")
    let second = sketch.add(.toolCall, at: 2, tool: "Bash")
    sketch.add(.toolResult, at: 3, answers: first)
    sketch.add(.toolResult, at: 8, answers: second)
    sketch.add(.messageAssistant, at: 10)
    sketch.add(.turnCompleted, at: 10)
    sketch.add(.messageAssistant, at: 14)
    let lane = try #require(sketch.timeline().lanes.first)
    #expect(lane.models.map(seconds) == [[0, 2], [8, 10]])
  }

  @Test("calls at the same time lie in rows of their own")
  func rows() throws {
    var sketch = CourseSketch()
    let calls = (0..<5).map { sketch.add(.toolCall, at: Double($0), tool: "Read") }
    for call in calls { sketch.add(.toolResult, at: 20, answers: call) }
    sketch.call("Bash", 30, 40)
    let lane = try #require(sketch.timeline().lanes.first)
    #expect(lane.calls.count == 3)
    #expect(lane.calls[0].map(seconds) == [[0, 20], [30, 40]])
    #expect(lane.calls.joined().reduce(0) { $0 + $1.count } == 6)
  }

  @Test("a call without a result is open while nothing follows it, else over at once")
  func open() throws {
    var sketch = CourseSketch()
    sketch.add(.toolCall, at: 1, tool: "WebSearch")
    sketch.call("Bash", 4, 6)
    sketch.add(.toolCall, at: 8, tool: "Bash")
    sketch.add(.progress, at: 20)
    let calls = try #require(sketch.timeline().lanes.first?.calls.first)
    #expect(calls.map(seconds) == [[1, 1], [4, 6], [8, 20]])
    #expect(calls.map(\.isOpen) == [false, false, true])
  }

  @Test("each agent has a lane, below its spawner, in the order of the transcript")
  func lanes() {
    var sketch = CourseSketch()
    let spawn = sketch.add(.toolCall, at: 1, tool: "Task")
    sketch.add(.messageUser, at: 3, run: 3)
    sketch.add(.messageUser, at: 4, run: 2)
    sketch.call("Bash", 5, 6, run: 4)
    sketch.add(.toolResult, at: 9, answers: spawn)
    sketch.spawned(3, by: spawn)
    let timeline = sketch.timeline([
      CourseSketch.run(1), CourseSketch.run(2, parent: 1), CourseSketch.run(3, parent: 1),
      CourseSketch.run(4, parent: 3),
    ])
    #expect(timeline.lanes.map(\.run?.id) == [1, 3, 4, 2])
    #expect(timeline.lanes.map(\.depth) == [0, 1, 2, 1])
    #expect(timeline.lanes.map(\.parent) == [nil, 0, 1, 0])
    #expect(timeline.lanes[1].spawnedAt == 1000)
    #expect(timeline.lanes[0].delegations.map(seconds) == [[1, 9]])
    #expect(timeline.lanes[0].calls.isEmpty)
  }

  @Test("agents that name each other as parents end somewhere, each with one lane")
  func circle() {
    var sketch = CourseSketch()
    for run in [1, 2, 3] as [Int64] { sketch.add(.messageUser, at: Double(run), run: run) }
    let lanes = sketch.timeline([
      CourseSketch.run(1), CourseSketch.run(2, parent: 3), CourseSketch.run(3, parent: 2),
    ]).lanes
    #expect(Set(lanes.compactMap(\.run?.id)) == [1, 2, 3])
    #expect(lanes.count == 3)
  }

  @Test("an agent whose events are another session's is a lane that leads there")
  func elsewhere() throws {
    var sketch = CourseSketch()
    sketch.call("Bash", 0, 100)
    let timeline = sketch.timeline([
      CourseSketch.run(1), CourseSketch.run(2, parent: 1, session: "other", from: 20, to: 60),
    ])
    let lane = try #require(timeline.lanes.last)
    #expect(lane.isElsewhere)
    #expect([lane.start, lane.end] == [20_000, 60_000])
  }

  @Test("a wait lasts until what resolves it, else until the operator's next word, else is open")
  func waits() throws {
    var sketch = CourseSketch()
    let first = sketch.add(.needsDecision, at: 10)
    sketch.ended(first, at: 30)
    sketch.add(.waitingOnOperator, at: 50, inferred: true)
    sketch.add(.messageUser, at: 90, by: .operator)
    sketch.add(.waitingOnOperator, at: 120, inferred: true)
    sketch.add(.heartbeat, at: 200)
    let waits = try #require(sketch.timeline().lanes.first?.waits)
    #expect(waits.map { $0.time.lowerBound / 1000 } == [10, 50, 120])
    #expect(waits.map { $0.time.upperBound / 1000 } == [30, 90, 200])
    #expect(waits.map(\.isOpen) == [false, false, true])
    #expect(waits.map(\.isInferred) == [false, true, true])
  }

  @Test("waits that overlap are one, and one that was replaced is none")
  func joinedWaits() throws {
    var sketch = CourseSketch()
    sketch.add(.needsDecision, at: 10)
    sketch.replaced(sketch.add(.waitingOnOperator, at: 12, inferred: true))
    sketch.add(.approvalRequested, at: 15)
    sketch.add(.messageUser, at: 40, by: .operator)
    let timeline = sketch.timeline()
    #expect(timeline.lanes.first?.waits.count == 1)
    #expect(timeline.lanes.first?.waits.first?.isInferred == false)
    #expect(timeline.marks.map(\.words).contains("waiting on operator") == false)
  }

  @Test("a call that was refused never ran: until then a person was waited for")
  func refused() throws {
    var sketch = CourseSketch()
    let call = sketch.add(.toolCall, at: 10, tool: "Bash")
    sketch.add(.toolResult, at: 130, answers: call, denied: true)
    let lane = try #require(sketch.timeline().lanes.first)
    #expect(lane.waits.map(\.time) == [10_000..<130_000])
    #expect(lane.calls.first?.map(seconds) == [[130, 130]])
    #expect(lane.calls.first?.first?.failed == 1)
  }

  @Test("a question to the operator is a wait, not work")
  func question() throws {
    var sketch = CourseSketch()
    sketch.call("AskUserQuestion", 10, 400)
    let lane = try #require(sketch.timeline().lanes.first)
    #expect(lane.waits.map(\.time) == [10_000..<400_000])
    #expect(lane.calls.first?.map(seconds) == [[400, 400]])
  }

  @Test("a call of hours is cut short in the middle, but keeps its length in time")
  func veryLong() throws {
    var sketch = CourseSketch()
    for index in 0..<10 { sketch.call("Read", Double(index) * 60, Double(index) * 60 + 50) }
    sketch.call("Bash", 600, 40_000)
    let timeline = sketch.timeline()
    #expect(timeline.lanes.first?.calls.first?.last.map(seconds) == [600, 40_000])
    let gap = try #require(timeline.scale.gaps.first)
    #expect(gap.time.lowerBound > 600_000)
    #expect(gap.time.upperBound < 40_000_000)
  }

  @Test("what was said and what was inferred are marks; messages, calls and notes are not")
  func marks() {
    var sketch = CourseSketch()
    sketch.add(.messageAssistant, at: 1)
    sketch.add(.llmCallCompleted, at: 1)
    sketch.call("Bash", 2, 3)
    sketch.add(.progress, at: 10)
    sketch.add(.completed, at: 60, inferred: true)
    let marks = sketch.timeline().marks
    #expect(marks.map(\.words) == ["progress", "completed"])
    #expect(marks.map(\.isInferred) == [false, true])
  }

  @Test("spans thinner than a pixel are counted bars, and a failure in one is not lost")
  func dense() throws {
    var sketch = CourseSketch()
    for index in 0..<5000 {
      sketch.call("Read", Double(index), Double(index) + 0.4, failed: index == 3210)
    }
    let timeline = sketch.timeline()
    let bars = try #require(timeline.lanes.first?.calls.first)
    #expect(bars.count < 1500)
    #expect(bars.reduce(0) { $0 + $1.count } == 5000)
    #expect(bars.reduce(0) { $0 + $1.failed } == 1)
    let known = Set(bars.map(\.event))
    #expect(timeline.places.count == 10_000)
    #expect(timeline.places.values.allSatisfy(known.contains))
  }

  @Test("long calls are never put together")
  func sparse() {
    var sketch = CourseSketch()
    for index in 0..<50 { sketch.call("Bash", Double(index) * 10, Double(index) * 10 + 9) }
    #expect(sketch.timeline().lanes.first?.calls.first?.count == 50)
  }

  @Test("marks on top of each other are one that says how many, by the gravest")
  func joinedMarks() throws {
    var sketch = CourseSketch()
    sketch.add(.progress, at: 10, inferred: true)
    sketch.add(.blocked, at: 10)
    sketch.add(.progress, at: 10)
    sketch.call("Bash", 10, 100)
    let mark = try #require(sketch.timeline().marks.first)
    #expect(mark.count == 3)
    #expect(mark.tone == .block)
    #expect(mark.words == "blocked")
    #expect(!mark.isInferred)
  }

  @Test("a stretch shows what reaches into it and nothing else")
  func stretch() throws {
    var sketch = CourseSketch()
    sketch.call("Bash", 0, 50)
    sketch.call("Read", 60, 70)
    sketch.call("Edit", 90, 95)
    sketch.add(.progress, at: 65)
    sketch.add(.blocked, at: 92)
    let timeline = sketch.timeline(within: 40..<80)
    #expect(timeline.lanes.first?.calls.joined().map(\.family) == [.command, .read])
    #expect(timeline.marks.map(\.words) == ["progress"])
    #expect(timeline.scale.start == 40_000)
    #expect(timeline.scale.end == 80_000)
    #expect(timeline.whole.end == 95_000)
  }

  @Test("nothing at all is an empty lane")
  func nothing() {
    let timeline = CourseSketch().timeline([])
    #expect(timeline.lanes.count == 1)
    #expect(timeline.places.isEmpty)
  }

  @Test(
    "tools are told apart by their names, also behind a server's",
    arguments: [
      ("Bash", "ls", ToolFamily.command), ("mcp__files__read_file", "x", .read),
      ("MultiEdit", "x", .edit), ("functions.exec_command", "x", .command),
      ("shell", "Edit a.swift (+3 −1)", .edit), ("WebFetch", "x", .web), ("Task", "x", .agent),
      ("translate", "x", .other), ("", "x", .other),
    ])
  func families(tool: String, summary: String, family: ToolFamily) {
    var step = SessionCourse.Step(id: 1, ts: 0, runID: 1, type: .toolCall)
    step.tool = tool
    step.summary = summary
    #expect(ToolFamily(step) == family)
  }
}
