import FleetlogEvents

/// The events of a forge-loop runner: milestones of ticks, tasks and pull requests, one JSON record
/// a line, and the files beside them that are written in the same form (`sprint-events.jsonl`, by
/// the workers; the summary of each tick).
///
/// The runner cuts its file in place to the last 50 lines after every tick, so no record is known
/// by its place. Nothing is remembered between two records but the time of the last: a record means
/// the same wherever a cut has left it. Two records that say the same of the same second are one.
///
/// Runs. What concerns a task (`issue:N`) belongs to the task's run, whichever worker had it; the
/// rest to the runner's. Nothing in the records tells two runners apart, so all are one run.
package struct ForgeFormat: TranscriptFormat {
  package static let name = "forge-loop"
  package static let parserVersion = 1

  let file: TranscriptFile
  private var memory: Memory

  private struct Memory: Codable {
    var lastTime: Int64?
    var hasStarted: Bool?
    /// Tasks whose run this file has shown, the newest few.
    var tasks: [Int] = []
  }

  package init(file: TranscriptFile, state: String?) {
    self.file = file
    memory = ParserState.decode(state) ?? Memory()
  }

  package var state: String { ParserState.encode(memory) }

  /// A kind that only this runner has is enough; a kind that is in no list, beside a time, where
  /// the file has a name that the runner gives.
  package static func recognises(_ sample: FormatSample) -> Bool {
    let name = sample.path.split(separator: "/").last ?? ""
    let isNamed = name.hasPrefix("loop-runner-") || name.hasPrefix("sprint-events")
    return sample.objects.contains { object in
      guard object["ts"] != nil, object["seq"] == nil else { return false }
      guard let kind = object["kind"]?.string else {
        return isNamed && ForgeRecord.isSummary(object)
      }
      return isNamed || ForgeMilestones.isRunners(kind)
    }
  }

  package mutating func read(_ line: RawLine, into output: inout FormatOutput) {
    guard let value = output.parse(line) else { return }
    guard let record = ForgeRecord(value) else {
      return output.skip(line, "a runner's record without a kind")
    }
    let time = time(record)
    for milestone in ForgeMilestones.of(record) {
      let run = start(milestone.issue, time, line, into: &output)
      output.drafts.append(draft(milestone, record, run, time, line))
    }
  }

  private mutating func time(_ record: ForgeRecord) -> (ts: Int64, source: String?) {
    if let own = record.ts {
      memory.lastTime = own
      return (own, nil)
    }
    if let last = memory.lastTime { return (last, "previous_record") }
    return (file.modifiedAt, "file_mtime")
  }

  private func draft(
    _ milestone: ForgeMilestone, _ record: ForgeRecord, _ run: RunIdentity,
    _ time: (ts: Int64, source: String?), _ line: RawLine
  ) -> EventDraft {
    var draft = EventDraft(
      milestone.type, ts: time.ts, run: run, sourceKind: .overseer,
      summary: PlainText.line(milestone.summary))
    draft.sourceRef = ForgeFormat.runner.instanceID
    draft.idempotencyKey = record.key(of: milestone)
    draft.span = line.span
    draft.confidence = milestone.confidence
    draft.riskDetected = milestone.isRisk
    if milestone.isQuiet { draft.attentionCandidate = false }
    if let severity = milestone.severity { draft.severity = severity }
    draft.dedupeKey = milestone.dedupeKey
    draft.version = milestone.version
    draft.payload.set("legacy_kind", record.kind)
    if let issue = milestone.issue {
      draft.payload.set("task_id", "issue:\(issue)")
      draft.payload.set("issue", issue)
      draft.tags.append("issue:\(issue)")
    }
    if let tick = record.tick {
      draft.payload.set("saga_id", "tick:\(tick)")
      draft.payload.set("tick", tick)
      draft.tags.append("tick:\(tick)")
    }
    draft.payload.set("worker", (milestone.worker ?? record.worker).map { PlainText.line($0) })
    draft.payload.set("status", milestone.status)
    if let pr = milestone.pr {
      draft.payload.set("pr_url", pr)
      draft.artifacts.append(ForgeFormat.reference(pr))
    }
    draft.payload.set("_ts_from", time.source)
    draft.payload.copy(
      milestone.details ?? record.value, except: ["kind", "ts", "number", "pr"], cap: file.cap)
    return draft
  }

  /// A pull request by its address, or by its number where that is all there is.
  private static func reference(_ pr: String) -> ArtifactReference {
    let isAddress = pr.contains("://")
    return ArtifactReference(
      kind: "github_pr", url: isAddress ? pr : nil,
      ref: isAddress ? nil : pr, source: "external")
  }

  // MARK: Runs

  static let runner = RunIdentity(
    key: "run:forge-loop", instanceID: "forge-loop", role: "orchestrator", sessionID: nil)

  static func run(of issue: Int) -> RunIdentity {
    RunIdentity(
      key: "run:forge-loop:issue:\(issue)", instanceID: "forge-issue-\(issue)", role: "worker",
      sessionID: nil)
  }

  /// The run of a milestone, with its start where this file has not shown it.
  private mutating func start(
    _ issue: Int?, _ time: (ts: Int64, source: String?), _ line: RawLine,
    into output: inout FormatOutput
  ) -> RunIdentity {
    if memory.hasStarted != true {
      memory.hasStarted = true
      output.drafts.append(started(ForgeFormat.runner, "The runner started", time, line))
    }
    guard let issue else { return ForgeFormat.runner }
    let run = ForgeFormat.run(of: issue)
    if !memory.tasks.contains(issue) {
      memory.tasks.append(issue)
      if memory.tasks.count > 256 { memory.tasks.removeFirst() }
      var draft = started(run, "Issue \(issue) is at work", time, line)
      draft.parentRunKey = ForgeFormat.runner.key
      output.drafts.append(draft)
    }
    return run
  }

  private func started(
    _ run: RunIdentity, _ summary: String, _ time: (ts: Int64, source: String?), _ line: RawLine
  ) -> EventDraft {
    var draft = EventDraft(
      .processStarted, ts: time.ts, run: run, sourceKind: .system, summary: summary)
    draft.idempotencyKey = run.key
    draft.span = line.span
    draft.sourceRef = ForgeFormat.runner.instanceID
    draft.payload.set("agent", ForgeFormat.name)
    draft.payload.set("synthesized", true)
    draft.payload.set("_ts_from", time.source)
    return draft
  }
}
