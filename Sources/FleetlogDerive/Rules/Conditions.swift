import FleetlogEvents

/// Events that share a dedupe key: what repeats an open condition `duplicates` it, what ends it
/// `resolves` it, and workers of several sessions that are blocked on it are `blocked_by` one root.
enum Conditions: GroupRule {
  static let group = JudgedGroup.condition
  static let name = "same_condition/1"

  /// What stays open until something ends it.
  static let openers: Set<EventType> = [
    .blocked, .needsDecision, .needsReview, .approvalRequested, .waitingOnOperator, .failed,
    .riskDetected, .prOpened, .stale, .fileContention, EventType(rawValue: "pr.opened"),
  ]
  private static let enders: Set<EventType> = [
    .progress, .completed, .decided, EventType(rawValue: "task.done"),
    EventType(rawValue: "task.completed"), EventType(rawValue: "pr.merged"),
  ]

  static func judge(
    _ key: String, _ members: [GroupMember], _ options: SynthesisOptions,
    into findings: inout Findings
  ) {
    var open: [GroupMember] = []
    for member in members {
      open.removeAll { ($0.event.expiresAt ?? Int64.max) < member.event.ts }
      if enders.contains(member.event.type) {
        for condition in open {
          findings.links.append(link(.resolves, member, condition.event.id, 0.9))
        }
        open = []
      } else if openers.contains(member.event.type) {
        if let first = open.first(where: { $0.event.type == member.event.type }) {
          findings.links.append(link(.duplicates, member, first.event.id, 0.9))
        }
        open.append(member)
      }
    }
    SharedBlocker.judge(members, isOpen: openAt(members), name, into: &findings)
  }

  /// Which blocked events were open when a later one came.
  private static func openAt(
    _ members: [GroupMember]
  ) -> (_ earlier: GroupMember, _ later: GroupMember) -> Bool {
    let ends = members.filter { enders.contains($0.event.type) }.map(\.event.ts)
    return { earlier, later in
      !ends.contains { $0 > earlier.event.ts && $0 <= later.event.ts }
    }
  }

  static func link(
    _ relation: RelationType, _ from: GroupMember, _ to: Int64, _ confidence: Double,
    rule: String = name
  ) -> InferredLink {
    InferredLink(
      rule, relation, from: .event(from.event.id), to: .event(to), confidence: confidence)
  }
}

/// Blocked events of several sessions that share a key or an artifact fold under one root: the
/// event that a worker names as its blocker, else the earliest that is open.
enum SharedBlocker {
  static func judge(
    _ members: [GroupMember], isOpen: (_ earlier: GroupMember, _ later: GroupMember) -> Bool,
    _ rule: String, into findings: inout Findings
  ) {
    let blocked = members.filter { $0.event.type == .blocked }
    for (index, member) in blocked.enumerated() {
      let open = blocked[..<index].filter { isOpen($0, member) }
      guard let earliest = open.first, earliest.sessions.isDisjoint(with: member.sessions),
        earliest.event.runID != member.event.runID
      else { continue }
      let named = (open + [member]).lazy.compactMap(\.namedBlocker).first
      let root = named ?? earliest.event.id
      if root != member.event.id {
        findings.links.append(
          Conditions.link(.blockedBy, member, root, named == nil ? 0.7 : 0.9, rule: rule))
      }
      if root != earliest.event.id {
        findings.links.append(Conditions.link(.blockedBy, earliest, root, 0.9, rule: rule))
      }
    }
  }
}
