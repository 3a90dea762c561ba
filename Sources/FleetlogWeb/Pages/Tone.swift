import FleetlogEvents

/// The state that a mark's colour stands for; colour means nothing else.
enum Tone: String, Sendable {
  case work, wait, block, ok, stale, idle
}

extension Tone {
  /// The state that an event of this type tells of; a result's failure is not in its type.
  init(_ type: EventType) {
    self =
      switch type.rawValue {
      case "needs_decision", "approval_requested", "needs_review", "waiting_on_operator",
        "risk_detected", "alarm_flood":
        .wait
      case "blocked", "failed", "validation_error", "contradiction", "file_contention",
        "worker.crashed", "task.failed", "llm_call.failed", "merge.blocked":
        .block
      case "completed", "commit_pushed", "pr_opened", "pr.opened", "pr.merged", "task.done",
        "task.completed":
        .ok
      case "stale", "loop.halted": .stale
      case "progress", "decided", "dispatched", "task.claimed", "worker.spawned": .work
      default: .idle
      }
  }
}

extension StoredEvent {
  var tone: Tone {
    if review != nil { return .wait }
    return hasFailed ? .block : Tone(type)
  }

  /// A tool's result that reports an error.
  private var hasFailed: Bool {
    guard type == .toolResult, let payload, payload.contains(bytesOf: "\"is_error\":true") else {
      return false
    }
    return payloadObject?["is_error"]?.bool ?? false
  }

  /// The payload, nil where there is none or it cannot be read.
  var payloadObject: JSONValue? {
    guard let payload, let root = try? JSONDocument(payload).root, root.isObject else { return nil }
    return root
  }

  /// The words on the event's chip.
  var typeWords: String { review == nil ? type.words : "review needed" }
}
