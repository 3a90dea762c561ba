import FleetlogEvents

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
