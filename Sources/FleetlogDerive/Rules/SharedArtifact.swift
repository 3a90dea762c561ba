import FleetlogEvents

/// Events about one artifact: workers that are blocked on it share a root, and a claim of success
/// disagrees with a check of it that failed.
enum SharedArtifact: GroupRule {
  static let group = JudgedGroup.artifact
  static let name = "shared_artifact/1"

  static func judge(
    _ artifact: String, _ members: [GroupMember], _ options: SynthesisOptions,
    into findings: inout Findings
  ) {
    SharedBlocker.judge(members, isOpen: openAt(members), name, into: &findings)
    var claim: GroupMember?
    var failure: GroupMember?
    for member in members {
      switch verdict(member) {
      case true?:
        failure = member
        if let open = claim { disagree(open, member, member, artifact, options, &findings) }
        claim = nil
      case false?: failure = nil
      case nil:
        guard isClaim(member.event) else { continue }
        claim = member
        if let failure {
          disagree(member, failure, member, artifact, options, &findings)
          claim = nil
        }
      }
    }
  }

  private static func openAt(
    _ members: [GroupMember]
  ) -> (_ earlier: GroupMember, _ later: GroupMember) -> Bool {
    let ends = members.filter { $0.event.type == .completed }
    return { earlier, later in
      !ends.contains {
        $0.event.runID == earlier.event.runID && $0.event.ts > earlier.event.ts
          && $0.event.ts <= later.event.ts
      }
    }
  }

  /// Whether the event is a check of the artifact that failed; nil where it is no check.
  private static func verdict(_ member: GroupMember) -> Bool? {
    let event = member.event
    guard event.provenance == "test_run" || event.sourceKind == SourceKind.channel.rawValue else {
      return nil
    }
    return Check.verdict(event, Fact.payload(event))
  }

  private static func isClaim(_ event: StoredEvent) -> Bool {
    event.type == .completed && event.sourceKind == SourceKind.worker.rawValue
      && !event.riskDetected && (event.confidence ?? 1) >= 0.5
  }

  private static func disagree(
    _ claim: GroupMember, _ failure: GroupMember, _ last: GroupMember, _ artifact: String,
    _ options: SynthesisOptions, _ findings: inout Findings
  ) {
    // Within one run the run's own rule speaks.
    guard claim.event.runID != failure.event.runID else { return }
    var inference = Inference(
      Contradiction.name, .contradiction, ts: last.event.ts, tripped: last.evidence,
      subject: "artifact:" + artifact,
      summary: "Says “\(claim.event.summary)”, but a check of \(artifact) failed: "
        + failure.event.summary,
      signal: "a claim of success about an artifact whose last check failed", confidence: 0.8)
    inference.evidence = [claim.evidence, failure.evidence].sorted { $0.ts < $1.ts }
    inference.about = claim.evidence
    inference.ask(options)
    findings.inferences.append(inference)
  }
}
