import FleetlogEvents
import FleetlogStore
import FleetlogThreads
import FleetlogWeb
import Glibc

/// Has git count what changed between two commits, and trusts the repository with nothing: its
/// configuration, attributes and hooks may be anybody's, so none of them may start a program, reach
/// the network or write.
///
/// Two commits are compared by their trees, so that neither the working tree nor its filters take
/// part. What two commits differ in never changes: results are kept.
final class GitCounter: DiffCounting {
  /// ms.
  private let deadline: Int64
  private let program: String?

  private struct Question: Hashable {
    let root: String
    let first: String
    let last: String
  }

  private struct State {
    var kept: [(question: Question, summary: DiffSummary)] = []
    var running = 0
  }

  private let state = Monitor(State())
  private static let mostKept = 64
  private static let mostRunning = 2
  /// Bytes.
  private static let mostOutput = 4 << 20

  /// - Parameter path: the folders that git is looked for in, as in `PATH`.
  init(path: String, deadline: Int64 = 5000) {
    self.deadline = deadline
    program = path.split(separator: ":").filter { $0.hasPrefix("/") }.map { $0 + "/git" }
      .first { access($0, X_OK) == 0 }
  }

  func count(in folder: String, from first: String, to last: String) -> DiffOutcome {
    guard CommitName.isWhole(first), CommitName.isWhole(last) else {
      return .absent("The commits are not known by their whole names.")
    }
    guard let program else { return .absent("git is not installed.") }
    guard let head = GitHead.read(folder) else {
      return .absent("The repository is not on this machine.")
    }
    let question = Question(root: head.root, first: first, last: last)
    if let kept = kept(question) { return .summary(kept) }
    guard begin() else { return .failed("Others are being compared: ask again in a moment.") }
    defer { state.withLock { $0.running -= 1 } }
    do throws(ChildOutput.Failure) {
      let output = try ChildOutput(
        program: program, arguments: Self.arguments(question), environment: Self.environment,
        deadline: deadline, limit: Self.mostOutput
      ).run()
      guard let summary = Self.parse(output) else {
        return .failed("git answered with what are no figures.")
      }
      keep(summary, question)
      return .summary(summary)
    } catch {
      return .failed(words(error))
    }
  }

  private func kept(_ question: Question) -> DiffSummary? {
    state.withLock { state in state.kept.first { $0.question == question }?.summary }
  }

  private func keep(_ summary: DiffSummary, _ question: Question) {
    state.withLock { state in
      state.kept.append((question, summary))
      if state.kept.count > Self.mostKept { state.kept.removeFirst() }
    }
  }

  private func begin() -> Bool {
    state.withLock { state in
      guard state.running < Self.mostRunning else { return false }
      state.running += 1
      return true
    }
  }

  private func words(_ failure: ChildOutput.Failure) -> String {
    switch failure {
    case .start(let code): "git can't be started: \(String(cString: strerror(code)))."
    case .late: "git took longer than \(deadline / 1000) s."
    case .tooMuch: "Too many files changed to be counted."
    case .status(_, let said):
      "git says: " + (said.isEmpty ? "nothing, and failed." : said.oneLine(limit: 200))
    }
  }

  // MARK: git

  private static let environment = [
    "PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
    "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
    "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1",
    "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false",
    // Outranks what the repository's own configuration allows: a missing object is not fetched.
    "GIT_ALLOW_PROTOCOL=none", "GIT_PAGER=cat",
  ]

  private static let settings = [
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.attributesFile=/dev/null",
    "core.pager=cat", "core.untrackedCache=false", "diff.external=", "diff.orderFile=",
    "diff.renameLimit=400", "protocol.allow=never", "safe.bareRepository=explicit",
    "gc.auto=0", "maintenance.auto=false", "submodule.recurse=false",
  ]

  private static func arguments(_ question: Question) -> [String] {
    ["--no-pager", "--literal-pathspecs", "-C", question.root]
      + settings.flatMap { ["-c", $0] }
      + [
        "diff-tree", "-r", "-M", "--numstat", "-z", "--no-ext-diff", "--no-textconv",
        "--no-color", "--submodule=short", question.first, question.last, "--",
      ]
  }

  /// `3\t1\tpath\0`, `-\t-\timage\0` for what is no text, `0\t0\t\0old\0new\0` for a renamed file.
  static func parse(_ output: [UInt8]) -> DiffSummary? {
    var files: [DiffSummary.File] = []
    var rest = output.split(separator: 0, omittingEmptySubsequences: false)[...]
    while let entry = rest.popFirst() {
      if entry.isEmpty, rest.isEmpty { break }
      let parts = entry.split(
        separator: UInt8(ascii: "\t"), maxSplits: 2, omittingEmptySubsequences: false
      ).map { String(decoding: $0, as: UTF8.self) }
      guard parts.count == 3, isCount(parts[0]), isCount(parts[1]) else { return nil }
      var path = parts[2]
      if path.isEmpty {
        guard rest.popFirst()?.isEmpty == false, let new = rest.popFirst(), !new.isEmpty else {
          return nil
        }
        path = String(decoding: new, as: UTF8.self)
      }
      files.append(DiffSummary.File(path: path, added: Int(parts[0]), removed: Int(parts[1])))
    }
    return DiffSummary(files: files)
  }

  private static func isCount(_ text: String) -> Bool { text == "-" || Int(text) != nil }
}
