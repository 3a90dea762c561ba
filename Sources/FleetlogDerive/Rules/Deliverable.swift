import FleetlogEvents

/// A push or a pull request that a tool's output shows: `commit_pushed`, `pr_opened`.
///
/// A command alone proves nothing: it may have been refused, rejected, a dry run, or have had
/// nothing to push.
struct Deliverable: RunRule {
  static let name = "deliverable/1"

  private let options: SynthesisOptions
  /// What the last commit of this run printed as its hash.
  private var lastCommit: String?
  /// Pull requests that were told already.
  private var pullRequests: Set<String> = []
  /// The one that was inferred last, as long as it is not merged.
  private var open: (key: String, url: String)?

  init(_ options: SynthesisOptions) { self.options = options }

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    switch fact.step {
    case .returned(let result) where result.succeeded: read(result, fact, into: &findings)
    case .other where fact.event.type == .observationRecorded:
      readLink(fact, into: &findings)
    case .said where fact.event.type == .prOpened:
      for artifact in ArtifactReference.list(fact.event.artifactRefs) {
        if let url = artifact.url { pullRequests.insert(PullRequest.canonical(url)) }
      }
    default: break
    }
  }

  private mutating func read(
    _ result: ToolReturn, _ fact: Fact, into findings: inout Findings
  ) {
    guard let call = result.call else { return }
    if call.command != nil {
      let commands = call.commands
      if commands.contains(where: GitPush.isCommit) {
        lastCommit = GitPush.committed(result.output) ?? lastCommit
      }
      if commands.contains(where: { GitPush($0) != nil }) {
        readPush(commands.compactMap { GitPush($0) }, call, result, fact, into: &findings)
      }
      if commands.contains(where: PullRequest.isCreation),
        let url = PullRequest.url(in: result.output)
      {
        open(
          url, call, fact, confidence: 0.9, "a command that opens one printed its URL", &findings)
      }
      if let merge = commands.first(where: { PullRequest.isMerge($0, output: result.output) }) {
        close(by: merge, fact, &findings)
      }
    } else if PullRequest.isCreationTool(call.tool), let url = PullRequest.url(in: result.output) {
      open(
        url, call, fact, confidence: 0.9, "a tool that opens one answered with its URL", &findings)
    }
  }

  /// Who merges its own pull request leaves nothing of it to look at.
  private mutating func close(
    by merge: [String], _ fact: Fact, _ findings: inout Findings
  ) {
    let named = merge.dropFirst(3).first { !$0.hasPrefix("-") }
    guard let open, named == nil || named == open.url || open.url.hasSuffix("/\(named ?? "")")
    else { return }
    findings.links.append(
      InferredLink(
        Self.name, .resolves, from: .event(fact.evidence.id), to: .inferred(open.key),
        confidence: 0.8))
    self.open = nil
  }

  private func readPush(
    _ pushes: [GitPush], _ call: Call, _ result: ToolReturn, _ fact: Fact,
    into findings: inout Findings
  ) {
    let output = PushOutput(result.output)
    guard let update = output.updates.first else {
      // A quiet push prints nothing; its success is all there is to go by.
      if pushes.contains(where: \.isQuiet), result.output.trimmed.isEmpty {
        push(nil, call, fact, confidence: 0.4, "git push succeeded without a word", &findings)
      }
      return
    }
    push(update, call, fact, confidence: 0.9, "git push printed what it updated", &findings)
  }

  private func push(
    _ update: PushOutput.Update?, _ call: Call, _ fact: Fact, confidence: Double,
    _ signal: String, _ findings: inout Findings
  ) {
    let commit = update?.commit ?? lastCommit
    let branch = update?.branch
    let what = commit.map { "commit " + $0 } ?? "commits"
    var inference = Inference(
      Self.name, .commitPushed, ts: fact.evidence.ts, tripped: fact.evidence,
      summary: "Pushed \(what)" + (branch.map { " to \($0)" } ?? ""), signal: signal,
      confidence: confidence)
    inference.evidence.insert(call.evidence, at: 0)
    inference.payload.set("commit", commit)
    inference.payload.set("branch", branch)
    if update?.isForced == true { inference.payload.set("forced", true) }
    if let commit {
      inference.artifacts.append(
        ArtifactReference(kind: "commit", ref: commit, source: "tool_output"))
    }
    if let branch {
      inference.artifacts.append(
        ArtifactReference(kind: "branch", ref: branch, source: "tool_output"))
    }
    inference.ask(options)
    findings.inferences.append(inference)
  }

  private mutating func readLink(_ fact: Fact, into findings: inout Findings) {
    guard let url = fact.payload?["pr_url"]?.string, let canonical = PullRequest.url(in: url) else {
      return
    }
    open(
      canonical, nil, fact, confidence: 0.95, "the agent noted a pull request as its own", &findings
    )
  }

  private mutating func open(
    _ url: String, _ call: Call?, _ fact: Fact, confidence: Double, _ signal: String,
    _ findings: inout Findings
  ) {
    guard pullRequests.insert(url).inserted else { return }
    let number = url.split(separator: "/").last.map(String.init) ?? ""
    var inference = Inference(
      Self.name, .prOpened, ts: fact.evidence.ts, tripped: fact.evidence, subject: "pr",
      summary: "Opened pull request #\(number): \(url)", signal: signal, confidence: confidence)
    if let call { inference.evidence.insert(call.evidence, at: 0) }
    inference.artifacts = [
      ArtifactReference(
        kind: "github_pr", url: url, title: "#\(number)", ref: number, source: "tool_output")
    ]
    inference.dedupeKey = "pr:" + url
    inference.ask(options)
    findings.inferences.append(inference)
    open = (inference.key, url)
  }
}
