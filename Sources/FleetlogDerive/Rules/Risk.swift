import FleetlogEvents

/// What could not be undone, if a command did what it says.
struct Risk {
  let words: String
  /// 3 to 5.
  let severity: Int

  /// The gravest of a script's commands; nil where none is risky.
  static func worst(in script: String, cwd: String?) -> Risk? {
    worst(of: ShellCommand(script).commands, cwd: cwd)
  }

  static func worst(of commands: [[String]], cwd: String?) -> Risk? {
    commands.compactMap { of($0, cwd: cwd) }.max { $0.severity < $1.severity }
  }

  private static func of(_ words: [String], cwd: String?) -> Risk? {
    guard let first = words.first else { return nil }
    let name = first.split(separator: "/").last.map(String.init) ?? first
    switch name {
    case "git": return git(words)
    case "rm": return removal(words, cwd: cwd)
    case "mkfs", "wipefs", "shred": return Risk(words: "overwrites a disk or file", severity: 5)
    case "dd" where words.contains { $0.hasPrefix("of=/dev/") && $0 != "of=/dev/null" }:
      return Risk(words: "overwrites a disk", severity: 5)
    case "dropdb": return Risk(words: "drops a database", severity: 5)
    case "terraform", "tofu":
      return words.contains("destroy")
        ? Risk(words: "destroys infrastructure", severity: 5) : nil
    case "kubectl" where words.contains("delete"):
      return Risk(words: "deletes from a cluster", severity: 4)
    case "docker" where words.contains("prune") && words.contains("--volumes"):
      return Risk(words: "removes volumes", severity: 4)
    case "psql", "mysql", "sqlite3", "mariadb", "clickhouse-client", "duckdb", "bq":
      return words.dropFirst().lazy.compactMap(statement).first
    case "rails", "rake":
      return words.contains { ["db:drop", "db:reset"].contains($0) }
        ? Risk(words: "drops a database", severity: 5) : nil
    case "npx", "prisma", "pnpm", "yarn", "bunx":
      let resets = words.contains("prisma") && words.contains("migrate") && words.contains("reset")
      return resets ? Risk(words: "drops a database", severity: 5) : nil
    default: return nil
    }
  }

  private static func git(_ words: [String]) -> Risk? {
    if let push = GitPush(words) {
      if push.isForced {
        return Risk(words: "forces a push over what others may have", severity: 4)
      }
      if push.deletes { return Risk(words: "deletes a remote branch", severity: 3) }
      if push.arguments.contains("--no-verify") {
        return Risk(words: "skips the checks before a push", severity: 3)
      }
    }
    func arguments(_ verb: String) -> [String]? { GitPush.arguments(of: verb, words) }
    if arguments("filter-branch") != nil || arguments("filter-repo") != nil {
      return Risk(words: "rewrites the history", severity: 4)
    }
    if arguments("reset")?.contains("--hard") == true {
      return Risk(words: "throws away changes that are not committed", severity: 3)
    }
    if let clean = arguments("clean"),
      clean.contains(where: { $0.hasPrefix("-") && $0.contains("f") }),
      !clean.contains("-n"), !clean.contains("--dry-run")
    {
      return Risk(words: "removes files that git does not know", severity: 3)
    }
    if let commit = arguments("commit"), commit.contains("--no-verify") {
      return Risk(words: "skips the checks before a commit", severity: 3)
    }
    return nil
  }

  /// A recursive, forced removal outside the workspace; within it, and of temporary files, it is
  /// everyday work.
  private static func removal(_ words: [String], cwd: String?) -> Risk? {
    let options = words.dropFirst().filter { $0.hasPrefix("-") }
    let isRecursive = options.contains {
      $0 == "--recursive" || (!$0.hasPrefix("--") && ($0.contains("r") || $0.contains("R")))
    }
    guard isRecursive else { return nil }
    let targets = words.dropFirst().filter { !$0.hasPrefix("-") }
    let outside = targets.filter { isOutside($0, cwd) }
    guard let worst = outside.first else { return nil }
    let isRoot = ["/", "/*", "~", "~/", "$HOME", "~/*"].contains(worst)
    return Risk(words: "removes \(worst), outside the workspace", severity: isRoot ? 5 : 4)
  }

  private static func isOutside(_ target: String, _ cwd: String?) -> Bool {
    if target.hasPrefix("/tmp/") || target.hasPrefix("/var/folders/")
      || target.hasPrefix("/private/tmp/") || target.hasPrefix("$TMPDIR")
    {
      return false
    }
    if target.hasPrefix("~") || target == "$HOME" || target.hasPrefix("$HOME/") { return true }
    guard target.hasPrefix("/") else {
      // `cd` may have led anywhere, so only a path that climbs out counts.
      return target.hasPrefix("../../")
    }
    guard let cwd, !cwd.isEmpty else { return true }
    return target != cwd && !target.hasPrefix(cwd + "/")
  }

  /// An SQL statement that drops or empties a table or more.
  static func statement(_ text: String) -> Risk? {
    let words = text.uppercased().split { !$0.isLetter }
    for (verb, object) in zip(words, words.dropFirst()) {
      if verb == "DROP", ["TABLE", "DATABASE", "SCHEMA", "COLUMN"].contains(object) {
        return Risk(words: "drops a \(object.lowercased())", severity: 5)
      }
      if verb == "TRUNCATE", object == "TABLE" {
        return Risk(words: "empties a table", severity: 5)
      }
    }
    return nil
  }
}
