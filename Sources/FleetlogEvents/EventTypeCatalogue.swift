/// What is known about one event type: the single source of truth for validation, defaults,
/// documentation and the text of `fleetlog contract`.
package struct EventTypeEntry: Sendable {
  package enum Family: Sendable {
    /// What a worker may say in an event block.
    case worker
    /// Written by Fleetlog or by processes that log directly; refused in an event block.
    case system
  }

  package let type: EventType
  package let family: Family
  package let meaning: String
  /// Whether an event of this type may ask for the operator's attention by default.
  package let attention: Bool
  /// 1 (routine) to 5 (act now), taken where the event says nothing.
  package let severity: Int
}

package enum EventTypeCatalogue {
  package static let schemaVersion = 1

  package static let entries: [EventTypeEntry] = [
    worker(.progress, "routine forward motion"),
    worker(.toolCall, "you invoked a tool"),
    worker(.toolResult, "a tool returned"),
    worker(.heartbeat, "still alive"),
    worker(.commitPushed, "pushed a commit", attention: true),
    worker(.prOpened, "opened a pull request", attention: true),
    worker(.needsDecision, "waits on the operator's judgement", attention: true),
    worker(.needsReview, "asks for review", attention: true),
    worker(.approvalRequested, "wants an explicit go or no-go", attention: true),
    worker(.blocked, "can't proceed", attention: true),
    worker(.riskDetected, "thinks the operator should know", attention: true),
    worker(.failed, "the task failed", attention: true),
    worker(.completed, "the task is done; say how by its flags"),
    worker(.convoTurn, "a turn of the conversation with the operator"),
    worker(.decided, "a decision was taken"),
    worker(.dispatched, "work was handed on"),

    system("process.started", "a run began; its id is the run's id"),
    system("process.exited", "a run's process ended"),
    system("worker.spawned", "a run started another"),
    system("worker.crashed", "a worker's process died", attention: true, severity: 4),
    system("worker.observation", "something seen about a worker"),
    system("task.planned", "a task was planned"),
    system("task.claimed", "a worker took a task"),
    system("task.dispatched", "a task was given to a worker"),
    system("task.heartbeat", "a task is still worked on"),
    system("task.done", "a worker says that its task is done"),
    system("task.completed", "a task ended well"),
    system("task.failed", "a task failed", attention: true, severity: 3),
    system("task.compensated", "a failed task's work was saved or undone", severity: 2),
    system("llm_call.started", "a model was called"),
    system("llm_call.completed", "a model's response, with what it used"),
    system("llm_call.failed", "a model call failed", severity: 2),
    system("context.compacted", "the conversation was summarised to make room"),
    system("message.user", "a prompt"),
    system("message.assistant", "text from the model"),
    system("message.reasoning", "the model's thinking"),
    system("message.system", "a note of the agent's own machinery"),
    system("turn.completed", "the agent finished a turn"),
    system("turn.summary", "what a worker said its turn came to"),
    system("tick.started", "a runner's tick began"),
    system("tick.completed", "a runner's tick ended"),
    system("pr.opened", "a pull request was opened", attention: true, severity: 2),
    system("pr.merged", "a pull request was merged", severity: 2),
    system("merge.blocked", "a merge was refused", attention: true, severity: 3),
    system("critique.issued", "a critic gave its verdict"),
    system("worktree.reaped", "a worktree was removed"),
    system("loop.halted", "a runner stopped", attention: true, severity: 2),
    system("revision.promoted", "a revision was promoted"),
    system("observation.recorded", "a fact about the surroundings"),
    system("context.set", "facts a session keeps about itself"),
    system("session.metrics", "what a session came to, in figures"),
    system("stale", "no output although there should be some", attention: true, severity: 3),
    system(
      "waiting_on_operator", "stands still until the operator acts", attention: true, severity: 3),
    system("contradiction", "two sources disagree", attention: true, severity: 3),
    system("file_contention", "two sessions write the same file", attention: true, severity: 3),
    system("alarm_flood", "more alarms than a person can take in", attention: true, severity: 4),
    system("validation_error", "an event block was refused", severity: 2),
    system("log.pruned", "old events were removed; says how many, of which types"),
    system("log.forgotten", "sessions were removed for good; says how many"),
    system("event.forgotten", "the place of a removed event with which others are linked"),
  ]

  package static func entry(for type: EventType) -> EventTypeEntry? { byType[type] }

  private static let byType = Dictionary(uniqueKeysWithValues: entries.map { ($0.type, $0) })

  private static func worker(
    _ type: EventType, _ meaning: String, attention: Bool = false
  ) -> EventTypeEntry {
    EventTypeEntry(
      type: type, family: .worker, meaning: meaning, attention: attention, severity: 1)
  }

  private static func system(
    _ name: String, _ meaning: String, attention: Bool = false, severity: Int = 1
  ) -> EventTypeEntry {
    EventTypeEntry(
      type: EventType(rawValue: name), family: .system, meaning: meaning, attention: attention,
      severity: severity)
  }
}
