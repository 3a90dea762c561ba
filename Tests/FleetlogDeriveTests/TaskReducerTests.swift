import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogDerive

@Suite("The life of a task")
struct TaskReducerTests {
  private static func event(
    _ id: Int64, _ type: String, at minute: Int64, _ payload: String = "{}",
    tags: String? = #"["issue:7"]"#, confidence: Double? = nil
  ) -> StoredEvent {
    StoredEvent(
      id: id, ts: minute * 60_000, recordedAt: 0, runID: 1, parentRunID: nil,
      instanceID: "forge-issue-7", role: "worker", sourceKind: "overseer", sourceRef: nil,
      sinkKind: nil, sinkRef: nil, type: EventType(rawValue: type), schemaVersion: 1,
      attentionCandidate: false, operatorActionRequired: false, riskDetected: false, severity: 1,
      confidence: confidence, summary: "\(type) \(id)", payload: payload, artifactRefs: nil,
      tags: tags, sessionID: nil, relatedEventID: nil, dedupeKey: nil, idempotencyKey: nil,
      expiresAt: nil, provenance: "transcript", sourceFileID: nil, span: nil)
  }

  private static func fold(_ events: [StoredEvent]) -> TaskSummary? {
    var task: TaskSummary?
    for event in events {
      guard let id = TaskReducer.task(of: event) else { continue }
      TaskReducer.apply(event, to: &task[default: TaskSummary(id: id, at: event.ts)])
    }
    return task
  }

  private static func life() -> [StoredEvent] {
    [
      event(1, "task.planned", at: 0, #"{"tick":3}"#),
      event(2, "task.dispatched", at: 1, #"{"tick":"3","worker":"/tmp/wt-7"}"#),
      event(3, "task.dispatched", at: 1, #"{"worker":"w-a","new_state":"dispatched"}"#),
      event(4, "task.dispatched", at: 2, #"{"worker":"w-a","new_state":"running"}"#),
      event(5, "stale", at: 12),
      event(6, "pr.opened", at: 20, #"{"pr_url":"https://x.org/pull/1"}"#),
      event(7, "pr.merged", at: 30, #"{"status":"merged"}"#, confidence: 0.7),
      event(8, "task.completed", at: 31, #"{"status":"merged","tick":0,"title":"Guard it"}"#),
      event(9, "pr.merged", at: 31, #"{"pr_url":"https://x.org/pull/1"}"#),
      event(10, "worktree.reaped", at: 32),
    ]
  }

  @Test("is rebuilt from its events: ticks, plan, dispatch, end, pull request, last sequence")
  func timeline() throws {
    let task = try #require(Self.fold(Self.life()))
    #expect(task.id == "issue:7" && task.issue == 7)
    #expect(task.ticks == [0, 3])
    #expect(task.isPlanned && task.isDispatched && task.attempts == 1)
    #expect(task.workers == ["/tmp/wt-7", "w-a"])
    #expect(task.terminal == "merged" && task.status == .merged)
    #expect(task.prURL == "https://x.org/pull/1" && task.title == "Guard it")
    #expect(task.lastSequence == 10 && task.events == 10)
    #expect(task.firstAt == 0 && task.lastAt == 32 * 60_000)
    #expect(
      task.marks.map(\.kind) == [
        .planned, .dispatched, .dispatched, .stuck, .pr, .merging, .completed, .merged,
      ])
  }

  @Test("does not depend on the order of recording", arguments: 0..<20)
  func order(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var events = Self.life()
    for index in 0..<90 { events.append(Self.event(100 + Int64(index), "stale", at: Int64(index))) }
    let expected = Self.fold(events)
    #expect(Self.fold(events.shuffled(using: &random)) == expected)
    #expect(expected?.marks.count == TaskSummary.most)
  }

  @Test("survives being kept as text")
  func text() throws {
    let task = try #require(Self.fold(Self.life()))
    #expect(TaskSummary(json: task.json.text) == task)
    #expect(TaskSummary(json: "{}") == nil && TaskSummary(json: "") == nil)
  }

  @Test(
    "stands as its last turn says",
    arguments: [
      (["task.planned"], "planned"), (["task.planned", "task.dispatched"], "running"),
      (["task.dispatched", "stale"], "stuck"), (["task.dispatched", "worker.crashed"], "crashed"),
      (["task.dispatched", "pr.opened"], "pr_open"),
      (["pr.opened", "merge.blocked"], "blocked"), (["pr.opened", "pr.merged"], "merged"),
      (["task.dispatched", "task.failed"], "failed"),
      (["task.failed", "task.dispatched"], "running"),
      (["task.failed", "task.compensated"], "compensated"),
      (["task.dispatched", "task.completed"], "completed"),
      (["critique.issued"], "unknown"), (["worktree.reaped"], "unknown"),
    ])
  func status(types: [String], expected: String) throws {
    let events = types.enumerated().map { index, type in
      Self.event(Int64(index + 1), type, at: Int64(index))
    }
    #expect(Self.fold(events)?.status.rawValue == expected)
  }

  @Test("A task that was merely completed with an open pull request still waits for it")
  func openEnd() throws {
    let events = [
      Self.event(1, "task.dispatched", at: 0),
      Self.event(2, "task.completed", at: 1, #"{"status":"open"}"#),
    ]
    #expect(Self.fold(events)?.status == .prOpen)
  }

  @Test("Nothing comes of nothing, and of events without a task")
  func withoutTask() throws {
    #expect(Self.fold([]) == nil)
    let events = [
      Self.event(1, "tick.started", at: 0, #"{"tick":7}"#, tags: #"["tick:7"]"#),
      Self.event(2, "progress", at: 0, #"{"issue":7}"#, tags: nil),
      Self.event(3, "task.done", at: 0, "{}", tags: nil),
      Self.event(4, "task.done", at: 0, #"{"issue":-7}"#, tags: nil),
      Self.event(5, "task.done", at: 0, #"{"task_id":"issue:x","issue":7}"#, tags: nil),
      Self.event(6, "task.done", at: 0, "{oops", tags: "[oops"),
      Self.event(7, "task.done", at: 0, "{}", tags: #"["issue:","issue:07","issue:1e3"]"#),
    ]
    #expect(Self.fold(events) == nil)
  }

  @Test("A payload names the task where no tag does, its number also as a string, also 0")
  func payloads() throws {
    for (payload, id) in [
      (#"{"issue":0}"#, "issue:0"), (#"{"issue":"12"}"#, "issue:12"),
      (#"{"task_id":"issue:5"}"#, "issue:5"),
    ] {
      #expect(TaskReducer.task(of: Self.event(1, "task.claimed", at: 0, payload, tags: nil)) == id)
    }
  }

  @Test("A malformed payload costs its figures and nothing else")
  func malformed() throws {
    let events = [
      Self.event(
        1, "task.dispatched", at: 0,
        #"{"tick":"x","attempt":[],"worker":7,"title":{},"pr_url":null,"status":1}"#),
      Self.event(2, "task.failed", at: 1, "{oops"),
    ]
    let task = try #require(Self.fold(events))
    #expect(task.status == .failed && task.terminal == "failed" && task.attempts == 1)
    #expect(task.ticks.isEmpty && task.workers.isEmpty && task.prURL == nil && task.title == nil)
  }
}

extension Optional {
  fileprivate subscript(default value: @autoclosure () -> Wrapped) -> Wrapped {
    get { self ?? value() }
    set { self = newValue }
  }
}
