package import FleetlogEvents

/// Which events a prune takes, and which of the old ones it leaves.
///
/// Taken is the bulk: what a transcript holds in any number, such as messages, tool calls and
/// their results, and the stages of model calls. Left, whatever is asked for, is what the log
/// would say something wrong without: see ``Kept``.
package struct PruneRules: Sendable {
  /// What stays although it is old, unless it is left out of ``keep``.
  package enum Keep: String, Sendable, CaseIterable {
    /// What a worker or a rule reported: everything but the bulk.
    case typed
    /// What asked for attention or action, or was a risk.
    case attention
    /// What the operator said.
    case prompts
  }

  /// Why an event stays.
  package enum Kept: String, Sendable, CaseIterable {
    /// The start of a run, whose id is the run's; and the marks of earlier prunes.
    case runs
    /// Some projection, or the full-text index, has not read it yet.
    case unread
    /// The last version of a model's response, on which the totals of tokens rest.
    case usage
    /// A condition that is neither resolved, superseded nor expired.
    case open
    case typed, attention, prompts
    /// Linked with something that stays: no edge between events that stay is ever cut.
    case links
  }

  /// Events before this time go; ms since the Unix epoch.
  package let before: Int64
  package let keep: Set<Keep>

  package init(before: Int64, keep: Set<Keep> = Set(Keep.allCases)) {
    self.before = before
    self.keep = keep
  }

  private static let bulk: [EventType] = [
    .toolCall, .toolResult, .heartbeat, .messageUser, .messageAssistant, .messageReasoning,
    .messageSystem, .llmCallCompleted, .llmCallFailed, .observationRecorded, .workerObservation,
    EventType(rawValue: "llm_call.started"), EventType(rawValue: "task.heartbeat"),
  ]

  private static let conditions: [EventType] = [
    .needsDecision, .needsReview, .approvalRequested, .blocked, .stale, .waitingOnOperator,
  ]

  /// An SQL expression over `e`: why the event stays, NULL where it goes. Parameters: ?1 the
  /// last id that every projection has read, ?2 now in ms.
  var reason: String {
    func list(_ types: [EventType]) -> String {
      types.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }
    func ended(by relations: String) -> String {
      "EXISTS (SELECT 1 FROM main.event_links l WHERE l.to_event_id = e.id "
        + "AND l.relation_type IN (\(relations)))"
    }
    let isBulk = "e.event_type IN (\(list(Self.bulk))) AND coalesce(e.provenance, '') <> 'worker'"
    let cases: [(Kept, String, Bool)] = [
      (
        .runs,
        "e.event_type IN (\(list([.processStarted, .logPruned, .logForgotten, .eventForgotten])))",
        true
      ),
      (.unread, "e.id > ?1", true),
      (
        .usage,
        "e.event_type = '\(EventType.llmCallCompleted)' AND NOT \(ended(by: "'supersedes'"))", true
      ),
      (
        .open,
        "(e.event_type IN (\(list(Self.conditions))) OR e.operator_action_required = 1) "
          + "AND coalesce(e.expires_at, ?2) >= ?2 "
          + "AND NOT \(ended(by: "'supersedes', 'resolves'"))", true
      ),
      (.typed, "NOT (\(isBulk))", keep.contains(.typed)),
      (
        .attention,
        "e.attention_candidate = 1 OR e.operator_action_required = 1 OR e.risk_detected = 1",
        keep.contains(.attention)
      ),
      (
        .prompts, "e.event_type = '\(EventType.messageUser)' AND e.source_kind = 'operator'",
        keep.contains(.prompts)
      ),
    ]
    let applied = cases.filter(\.2).map { "WHEN \($0.1) THEN '\($0.0.rawValue)'" }
    return "CASE " + applied.joined(separator: " ") + " END"
  }
}

/// What a prune would do, or did.
package struct PruneSummary: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    package let name: String
    package let events: Int
  }

  package var events = 0
  /// Bytes of the texts that go, as they stand in the log.
  package var bytes: Int64 = 0
  /// ms since the Unix epoch; nil where nothing goes.
  package var oldest: Int64?
  package var newest: Int64?
  /// What goes, by event type, most first.
  package var byType: [Count] = []
  /// What is as old and stays, by ``PruneRules/Kept``, most first.
  package var kept: [Count] = []

  package init() {}
}

extension EventType {
  /// Says that events were pruned: which, how many, and by which rules.
  package static let logPruned = EventType(rawValue: "log.pruned")
}
