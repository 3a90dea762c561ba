/// The type of an event: an open set of names, of which the catalogue describes the known ones.
package struct EventType: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  package var description: String { rawValue }

  /// The name in words, for people: `needs_decision` → "needs decision".
  package var words: String {
    String(rawValue.map { $0 == "_" || $0 == "." ? " " : $0 })
  }

  /// Namespaced types are written by Fleetlog or by processes that log directly.
  package var isNamespaced: Bool { rawValue.contains(".") }
}

extension EventType {
  package static let progress = EventType(rawValue: "progress")
  package static let toolCall = EventType(rawValue: "tool_call")
  package static let toolResult = EventType(rawValue: "tool_result")
  package static let heartbeat = EventType(rawValue: "heartbeat")
  package static let commitPushed = EventType(rawValue: "commit_pushed")
  package static let prOpened = EventType(rawValue: "pr_opened")
  package static let needsDecision = EventType(rawValue: "needs_decision")
  package static let needsReview = EventType(rawValue: "needs_review")
  package static let approvalRequested = EventType(rawValue: "approval_requested")
  package static let blocked = EventType(rawValue: "blocked")
  package static let riskDetected = EventType(rawValue: "risk_detected")
  package static let failed = EventType(rawValue: "failed")
  package static let completed = EventType(rawValue: "completed")
  package static let convoTurn = EventType(rawValue: "convo_turn")
  package static let decided = EventType(rawValue: "decided")
  package static let dispatched = EventType(rawValue: "dispatched")

  package static let processStarted = EventType(rawValue: "process.started")
  package static let processExited = EventType(rawValue: "process.exited")
  package static let workerObservation = EventType(rawValue: "worker.observation")
  package static let llmCallCompleted = EventType(rawValue: "llm_call.completed")
  package static let llmCallFailed = EventType(rawValue: "llm_call.failed")
  package static let contextCompacted = EventType(rawValue: "context.compacted")
  package static let messageUser = EventType(rawValue: "message.user")
  package static let messageAssistant = EventType(rawValue: "message.assistant")
  package static let messageReasoning = EventType(rawValue: "message.reasoning")
  package static let messageSystem = EventType(rawValue: "message.system")
  package static let turnCompleted = EventType(rawValue: "turn.completed")
  package static let turnSummary = EventType(rawValue: "turn.summary")
  package static let observationRecorded = EventType(rawValue: "observation.recorded")
  package static let contextSet = EventType(rawValue: "context.set")
  package static let stale = EventType(rawValue: "stale")
  package static let waitingOnOperator = EventType(rawValue: "waiting_on_operator")
  package static let contradiction = EventType(rawValue: "contradiction")
  package static let fileContention = EventType(rawValue: "file_contention")
  package static let alarmFlood = EventType(rawValue: "alarm_flood")
  package static let workerCrashed = EventType(rawValue: "worker.crashed")
  package static let workerSpawned = EventType(rawValue: "worker.spawned")
  package static let taskClaimed = EventType(rawValue: "task.claimed")
  package static let taskDispatched = EventType(rawValue: "task.dispatched")
  package static let taskDone = EventType(rawValue: "task.done")
  package static let validationError = EventType(rawValue: "validation_error")
}

/// Who an event comes from.
package enum SourceKind: String, Sendable, CaseIterable {
  case worker, `operator`, system, overseer, channel
}

/// Whom an event is for.
package enum SinkKind: String, Sendable, CaseIterable {
  case worker, overseer, `operator`, fleet
}
