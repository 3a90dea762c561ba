/// Why something needs the operator, in the one fixed order in which everything that does is shown;
/// within a rank the oldest comes first.
package enum Need: Int, Sendable, Comparable, CaseIterable {
  /// Approvals and permissions: a worker stands before a single step.
  case approval
  /// Blocked, waiting for a decision, or failed: a worker can't go on.
  case stuck
  /// Silent, contradictory or risky: nobody asks, and somebody should look.
  case alarm
  /// Completions, reviews and pull requests: work waits to be looked at.
  case handover
  case commit

  /// The rank of an event that asks for attention.
  package init(_ type: EventType) {
    switch type.rawValue {
    case "approval_requested": self = .approval
    case "blocked", "needs_decision", "waiting_on_operator", "failed", "worker.crashed",
      "task.failed", "merge.blocked":
      self = .stuck
    case "completed", "needs_review", "pr_opened", "pr.opened", "task.done", "task.completed":
      self = .handover
    case "commit_pushed": self = .commit
    default: self = .alarm
    }
  }

  package static func < (left: Need, right: Need) -> Bool { left.rawValue < right.rawValue }

  package var name: String {
    switch self {
    case .approval: "approval"
    case .stuck: "stuck"
    case .alarm: "alarm"
    case .handover: "handover"
    case .commit: "commit"
    }
  }
}
