import FleetlogEvents

/// Two live sessions write one file within the window: `file_contention`, one for each path and
/// time of overlap. Worktrees are other paths; a resumed session and a tree of runs are one.
enum FileContention: GroupRule {
  static let group = JudgedGroup.file
  static let name = "file_contention/1"

  static func judge(
    _ path: String, _ writes: [GroupMember], _ options: SynthesisOptions,
    into findings: inout Findings
  ) {
    var quietUntil = Int64.min
    for (index, write) in writes.enumerated() where write.event.ts > quietUntil {
      let since = write.event.ts - options.contention
      let rival = writes[..<index].last { $0.event.ts >= since && !$0.isAkin(to: write) }
      guard let rival else { continue }
      quietUntil = write.event.ts + options.contention
      let names = [rival, write].compactMap { $0.sessions.min() ?? $0.event.instanceID }
      var inference = Inference(
        name, .fileContention, ts: write.event.ts, tripped: write.evidence, subject: path,
        summary: "Two sessions write \(path)",
        signal: "two sessions wrote one file within \(DurationText.rough(options.contention))",
        confidence: 0.8)
      inference.evidence.insert(rival.evidence, at: 0)
      inference.dedupeKey = "file_contention:" + path
      inference.expiresAt = quietUntil
      inference.artifacts = [ArtifactReference(kind: "file_path", ref: path, source: "inferred")]
      inference.payload.set("path", path)
      inference.payload.set("sessions", names)
      inference.ask(options)
      findings.inferences.append(inference)
    }
  }
}
