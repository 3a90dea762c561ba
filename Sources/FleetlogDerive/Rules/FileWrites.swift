import FleetlogEvents

/// Notes which files a run wrote, for the rule on contention.
struct FileWrites: RunRule {
  static let name = "file_writes/1"

  init(_ options: SynthesisOptions) {}

  mutating func take(_ fact: Fact, in facts: RunFacts, into findings: inout Findings) {
    guard case .returned(let result) = fact.step, result.succeeded, let call = result.call else {
      return
    }
    for path in call.paths {
      guard let path = Self.absolute(path, facts.cwd), !Self.isShared(path) else { continue }
      findings.subjects.append(SubjectNote(.file, path, fact.evidence))
    }
  }

  /// - Returns: nil for a path that can't be told apart from a like one elsewhere.
  static func absolute(_ path: String, _ cwd: String?) -> String? {
    guard path.hasPrefix("/") || cwd?.hasPrefix("/") == true else { return nil }
    let whole = path.hasPrefix("/") ? path : (cwd ?? "") + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// Lock files and generated folders, which everybody's tools write.
  static func isShared(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return true }
    return name.hasSuffix(".lock") || name.hasSuffix("-lock.json") || name.hasSuffix("-lock.yaml")
      || name == "go.sum" || name == "Package.resolved"
      || parts.contains { generated.contains(String($0)) }
  }

  private static let generated: Set<String> = [
    "node_modules", "dist", "build", ".build", "target", "out", ".next", "coverage",
    "__pycache__", ".git", "vendor", ".venv", "venv", "tmp",
  ]
}
