import FleetlogEvents
import FleetlogStore

/// What one session needs the operator for, or several for one cause.
struct NeedRow: TemplateContext {
  let group: NeedGroup
  /// By their ids.
  let sessions: [String: SessionSummary]
  let contradiction: Int64?
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<NeedRow>] = [
    .part("root") { row in
      EventRow(
        event: row.group.root, now: row.now, timeForm: .age, contradiction: row.contradiction)
    },
    .text("who", \.who),
    .text("whoTitle", \.whoTitle),
    .text("why", \.why),
    .list("symptoms", \.symptoms),
    .text("moreSymptoms") { row in
      let hidden = row.group.symptoms.count - Self.mostSymptoms
      return row.group.isShared && hidden > 0 ? "\(hidden) more" : nil
    },
    .list("others", \.others),
    .text("graphURL") { row in
      row.group.isShared
        ? Location("graph", query: [("root", String(row.group.root.id))]).description : nil
    },
    .text("evidenceURL") { row in
      row.group.root.isInferred ? Location.event(row.group.root.id).description : nil
    },
    .text("evidence") { row in
      row.group.causes.isEmpty ? "evidence" : "evidence (\(row.group.causes.count))"
    },
  ]

  private static let mostSymptoms = 8

  private var owners: Int {
    Set(([group.root] + group.symptoms).map { $0.sessionID ?? $0.instanceID }).count
  }

  private var who: String {
    group.isShared ? "\(owners) workers, one cause" : name(of: group.root)
  }

  private var whoTitle: String {
    group.isShared ? who : group.root.sessionID.flatMap { sessions[$0]?.heading } ?? who
  }

  /// The place that a session works in; several sessions of one place need no telling apart here.
  private func name(of event: StoredEvent) -> String {
    guard let session = event.sessionID.flatMap({ sessions[$0] }) else { return event.instanceID }
    return session.project?.lastPathComponent ?? session.heading
  }

  /// Why the row stands where it does, in a few words.
  private var why: String {
    let event = group.root
    if group.isShared { return rank + "; first " + name(of: event) + ", then" }
    if event.isInferred, let provenance = event.provenance {
      return rank + "; inferred from " + String(provenance.dropFirst("hub-inferred:".count)).trimmed
    }
    return rank
  }

  private var rank: String {
    switch group.need {
    case .approval: return "asks for a go; no answer in the log"
    case .stuck:
      switch group.root.type {
      case .needsDecision, .waitingOnOperator: return "waits for your answer"
      case .failed: return "failed; nothing shows that it went on"
      default: return "can’t go on; nothing resolves it"
      }
    case .alarm: return "nobody asks; look at it"
    case .handover:
      return group.root.operatorActionRequired
        ? "done; an action is yours" : "done; to be looked at"
    case .commit: return "pushed; to be looked at"
    }
  }

  private var symptoms: [Fact] {
    guard group.isShared else { return [] }
    return group.symptoms.prefix(Self.mostSymptoms).map {
      Fact("symptom", name(of: $0), .event($0.id))
    }
  }

  /// What else the session asks for, by kind.
  private var others: [Fact] {
    var kinds: [(words: String, count: Int, first: Int64)] = []
    for event in group.others {
      if let index = kinds.firstIndex(where: { $0.words == event.typeWords }) {
        kinds[index].count += 1
      } else {
        kinds.append((event.typeWords, 1, event.id))
      }
    }
    return kinds.prefix(4).map { kind in
      Fact(
        "other", kind.count == 1 ? kind.words : "\(kind.words) ×\(kind.count)", .event(kind.first))
    }
  }
}
