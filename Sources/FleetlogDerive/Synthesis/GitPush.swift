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
