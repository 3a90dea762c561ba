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

/// A `git push` among the commands of a script.
struct GitPush {
  let arguments: [String]

  /// - Returns: nil for another command, and for a push that would change nothing anywhere.
  init?(_ words: [String]) {
    guard let rest = GitPush.arguments(of: "push", words) else { return nil }
    guard !rest.contains("--dry-run"), !rest.contains("-n"), !rest.contains("--help") else {
      return nil
    }
    arguments = rest
  }

  var isQuiet: Bool { arguments.contains("-q") || arguments.contains("--quiet") }

  var isForced: Bool {
    arguments.contains {
      $0 == "-f" || $0 == "--force" || $0.hasPrefix("--force-") || $0 == "--mirror"
        || ($0.hasPrefix("+") && $0.count > 1)
    }
  }

  var deletes: Bool {
    arguments.contains { $0 == "-d" || $0 == "--delete" || ($0.hasPrefix(":") && $0.count > 1) }
  }

  /// What stands behind `git <verb>`, git's own options passed over.
  static func arguments(of verb: String, _ words: [String]) -> [String]? {
    guard let git = words.first, git == "git" || git.hasSuffix("/git") else { return nil }
    var rest = words.dropFirst()
    while let option = rest.first, option.hasPrefix("-") {
      rest = rest.dropFirst()
      if ["-C", "-c", "--git-dir", "--work-tree", "--namespace"].contains(option) {
        rest = rest.dropFirst()
      }
    }
    return rest.first == verb ? Array(rest.dropFirst()) : nil
  }

  static func isCommit(_ words: [String]) -> Bool { arguments(of: "commit", words) != nil }

  /// The hash in `[main 1a2b3c4] message`.
  static func committed(_ output: String) -> String? {
    for line in output.split(whereSeparator: \.isNewline) where line.hasPrefix("[") {
      guard let end = line.firstIndex(of: "]") else { continue }
      let words = line[line.index(after: line.startIndex)..<end].split(separator: " ")
      if let hash = words.last, words.count >= 2, PushOutput.isHash(hash) { return String(hash) }
    }
    return nil
  }
}

/// What a push prints: one line for each reference that it updated.
struct PushOutput {
  struct Update {
    let commit: String?
    let branch: String
    let isForced: Bool
  }

  private(set) var updates: [Update] = []

  init(_ output: String) {
    for line in output.split(whereSeparator: \.isNewline) where line.contains("->") {
      if let update = Self.update(line.split { $0 == " " || $0 == "\t" }) { updates.append(update) }
    }
  }

  /// `   1a2b3c4..5d6e7f8  main -> main`, ` + 1a2b3c4...5d6e7f8 main -> main (forced update)`,
  /// ` * [new branch]      topic -> topic`. `[rejected]`, `[deleted]` and tags are none.
  private static func update(_ words: [Substring]) -> Update? {
    guard let arrow = words.firstIndex(of: "->"), arrow + 1 < words.count, arrow >= 2 else {
      return nil
    }
    let branch = String(words[arrow + 1])
    // A fetch in the same script prints remote-tracking branches.
    guard !branch.hasPrefix("origin/"), !branch.hasPrefix("upstream/") else { return nil }
    guard !words.contains("[rejected]"), !words.contains("rejected]") else { return nil }
    if words[arrow - 2] == "branch]", words.prefix(arrow).contains("[new") {
      return Update(commit: nil, branch: branch, isForced: false)
    }
    let range = words[arrow - 2]
    guard let dots = range.firstRange(of: "..") else { return nil }
    let old = range[..<dots.lowerBound]
    let new = range[dots.upperBound...].drop { $0 == "." }
    guard isHash(old), isHash(new) else { return nil }
    return Update(
      commit: String(new), branch: branch, isForced: words.contains("+"))
  }

  static func isHash(_ text: Substring) -> Bool {
    (7...40).contains(text.utf8.count) && text.allSatisfy { $0.isHexDigit && $0.isASCII }
  }
}

/// Commands and tools that open pull requests, and the URLs of these.
enum PullRequest {
  static func isCreation(_ words: [String]) -> Bool {
    let rest = words.dropFirst().filter { !$0.hasPrefix("-") }
    switch words.first {
    case "gh":
      return rest.starts(with: ["pr", "create"]) && !words.contains("--dry-run")
        && !words.contains("--web")
    case "glab": return rest.starts(with: ["mr", "create"])
    case "hub": return rest.first == "pull-request"
    default: return false
    }
  }

  /// Whether a command has merged one; that it will be, once all is in order, is not yet so.
  static func isMerge(_ words: [String], output: String) -> Bool {
    words.starts(with: ["gh", "pr", "merge"]) && !words.contains("--disable-auto")
      && (!words.contains("--auto")
        || (output.contains(bytesOf: "merged") && !output.contains(bytesOf: "will be")))
  }

  static func isCreationTool(_ tool: String) -> Bool {
    tool.hasSuffix("create_pull_request") || tool.hasSuffix("create_merge_request")
  }

  /// The URL of a pull request that a text names as new; not of a form to open one, nor of one
  /// that exists already.
  static func url(in text: String) -> String? {
    text.contains("already exists") ? nil : urls(in: text, limit: 1).first
  }

  /// The URLs of pull requests that a text names, each once.
  static func urls(in text: String, limit: Int = 8) -> [String] {
    var urls: [String] = []
    for mark in ["/pull/", "/merge_requests/"] {
      var rest = Substring(text)
      while urls.count < limit, let found = rest.firstRange(of: mark) {
        let number = rest[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
        let head = text[..<found.lowerBound]
        let start = head.lastIndex { $0.isWhitespace || "\"'<(`".contains($0) }
        let address = head[(start.map { head.index(after: $0) } ?? head.startIndex)...]
        if !number.isEmpty, address.hasPrefix("https://") || address.hasPrefix("http://") {
          let url = String(address) + mark + String(number)
          if !urls.contains(url) { urls.append(url) }
        }
        rest = rest[found.upperBound...]
      }
    }
    return urls
  }

  /// Whether a command is about one pull request, and not a list of them.
  static func isAbout(_ words: [String]) -> Bool {
    let rest = words.dropFirst().filter { !$0.hasPrefix("-") }
    guard ["gh", "glab"].contains(words.first ?? ""), ["pr", "mr"].contains(rest.first ?? "") else {
      return isCreation(words)
    }
    return !["list", "status"].contains(rest.dropFirst().first ?? "list")
  }

  static func canonical(_ url: String) -> String { self.url(in: url) ?? url }
}
