import FleetlogEvents
import FleetlogStore

extension Need {
  /// What so many causes of this kind are called.
  func words(_ count: Int) -> String {
    switch self {
    case .approval: "to approve"
    case .stuck: "to unblock"
    case .alarm: "to look into"
    case .handover: "to review"
    case .commit: count == 1 ? "push" : "pushes"
    }
  }
}

/// What one session needs the operator for, or several for one cause.
struct NeedRow: TemplateContext {
  let group: NeedGroup
  /// By their ids.
  let sessions: [String: SessionSummary]
  let names: WorkerNames
  let contradiction: Int64?
  /// ms since the Unix epoch.
  let now: Int64

  static let slots: [Slot<NeedRow>] = [
    .part("root") { row in
      EventRow(
        event: row.group.root, now: row.now, timeForm: .age, contradiction: row.contradiction,
        worker: row.names[row.group.root])
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
      // No more than five are read: from there on the count says nothing.
      (1..<5).contains(row.group.causes.count)
        ? "evidence (\(row.group.causes.count))" : "evidence"
    },
  ]

  private static let mostSymptoms = 8

  private var owners: Int {
    Set(([group.root] + group.symptoms).map { $0.sessionID ?? $0.instanceID }).count
  }

  var who: String {
    group.isShared ? "\(owners) workers, one cause" : name(of: group.root)
  }

  private var whoTitle: String {
    if group.isShared { return who }
    let session = group.root.sessionID.flatMap { sessions[$0]?.heading }
    return [names[group.root].full, session].compactMap(\.self).joined(separator: " · ")
  }

  private func name(of event: StoredEvent) -> String { names[event].short }

  /// Why the row stands where it does, in a few words.
  private var why: String {
    let event = group.root
    if group.isShared { return rank + "; first " + name(of: event) + ", then" }
    if let signal = event.inferredFrom { return rank + "; inferred: " + signal }
    return rank
  }

  var rank: String {
    switch group.need {
    case .approval: return "waits for your go-ahead"
    case .stuck:
      switch group.root.type {
      case .needsDecision, .waitingOnOperator: return "waits for your answer"
      case .failed: return "failed, and nothing shows that it went on"
      case .workerCrashed: return "died, and nothing shows that it was started again"
      default: return "can’t go on, and nothing has resolved it"
      }
    case .alarm: return "nobody asked, but it is worth a look"
    case .handover:
      if group.root.review != nil { return "done; the pull request waits for you" }
      return group.root.operatorActionRequired
        ? "done; the next step is yours" : "done; worth a look"
    case .commit: return "pushed; worth a look"
    }
  }

  private var symptoms: [NamedValue] {
    guard group.isShared else { return [] }
    return group.symptoms.prefix(Self.mostSymptoms).map {
      NamedValue("symptom", name(of: $0), .event($0.id))
    }
  }

  /// What else the session asks for, by kind.
  private var others: [NamedValue] {
    var kinds: [(words: String, count: Int, first: Int64)] = []
    for event in group.others {
      if let index = kinds.firstIndex(where: { $0.words == event.typeWords }) {
        kinds[index].count += 1
      } else {
        kinds.append((event.typeWords, 1, event.id))
      }
    }
    return kinds.prefix(4).map { kind in
      NamedValue(
        "other", kind.count == 1 ? kind.words : "\(kind.words) ×\(kind.count)", .event(kind.first))
    }
  }
}
