import FleetlogEvents

/// The outcome of a test run or of continuous integration, as tool output or a runner's own event
/// shows it.
struct Check: Sendable {
  let evidence: Evidence
  let failed: Bool
  /// What was run and what it came to, in one line.
  let words: String

  /// The outcome of a command; nil where it runs no test, or does not tell.
  init?(_ fact: Fact, _ result: ToolReturn) {
    guard let call = result.call, let command = call.command, !result.isDenied,
      !result.isInterrupted, call.commands.contains(where: Self.isCheck)
    else { return nil }
    evidence = fact.evidence
    words = fact.event.summary
    let isOwnStatus = !command.contains("|") && !command.contains(";")
    if result.isError {
      failed = true
    } else if isOwnStatus {
      failed = false
    } else if let counted = Self.counted(in: fact.event.summary) {
      // The exit status is another command's, so what was printed decides.
      failed = counted
    } else {
      return nil
    }
  }

  /// The outcome that a runner reports directly.
  init?(reported fact: Fact) {
    let event = fact.event
    guard event.provenance == "test_run" || event.sourceKind == SourceKind.channel.rawValue else {
      return nil
    }
    guard let failed = Self.verdict(event, fact.payload) else { return nil }
    evidence = fact.evidence
    self.failed = failed
    words = event.summary
  }

  /// Whether an event of a runner or a channel says that a check failed; nil where it does not
  /// tell.
  static func verdict(_ event: StoredEvent, _ payload: JSONValue?) -> Bool? {
    if event.type == .failed || event.type.rawValue == "task.failed" { return true }
    for key in ["conclusion", "result", "status", "outcome", "state"] {
      switch payload?[key]?.string?.lowercased() {
      case "failure", "failed", "error", "errored", "timed_out", "red": return true
      case "success", "succeeded", "passed", "ok", "green": return false
      default: break
      }
    }
    return payload?["passed"]?.bool.map { !$0 }
  }

  /// The readers have counted the tests of an output already: "… 12 tests, 1 failed",
  /// "… 12 tests passed".
  private static func counted(in summary: String) -> Bool? {
    if summary.hasSuffix(" failed"), summary.contains(" tests, ") || summary.contains(" test, ") {
      return true
    }
    return summary.hasSuffix(" tests passed") || summary.hasSuffix(" test passed") ? false : nil
  }

  /// Whether a command runs tests or asks for the state of a remote check.
  static func isCheck(_ words: [String]) -> Bool {
    let words = words.drop {
      ["npx", "bunx", "uv", "poetry", "bundle", "run", "exec"].contains($0)
    }
    guard let first = words.first.map(name), words.allSatisfy({ !listings.contains($0) }) else {
      return false
    }
    let rest = words.dropFirst().filter { !$0.hasPrefix("-") }
    switch first {
    case "pytest", "jest", "vitest", "mocha", "rspec", "phpunit", "ctest", "tox", "nox", "ava",
      "playwright", "cypress", "act":
      return true
    case "npm", "yarn", "pnpm", "bun", "deno":
      return !["add", "install", "i", "remove"].contains(rest.first ?? "")
        && rest.contains { $0 == "test" || $0.hasPrefix("test:") }
    case "cargo", "go", "swift", "dotnet", "mvn", "gradle", "gradlew", "mix", "rails", "mvnw":
      return rest.first == "test"
    case "make", "just": return rest.contains("test") || rest.contains("check")
    case "python", "python3":
      return words.contains("-m") && (rest.first == "pytest" || rest.first == "unittest")
    case "gh":
      return rest.starts(with: ["pr", "checks"]) || rest.starts(with: ["run", "watch"])
        || (rest.starts(with: ["run", "view"]) && words.contains("--exit-status"))
    default: return false
    }
  }

  /// Options that make a runner tell about tests instead of running them.
  private static let listings: Set<String> = [
    "--collect-only", "--markers", "--help", "--version", "--list", "--listTests", "--list-tests",
  ]

  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
