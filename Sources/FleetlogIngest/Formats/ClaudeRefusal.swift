import FleetlogEvents

/// How a result reads whose call the operator, or a rule in the operator's place, did not let run.
enum ClaudeRefusal {
  static func isRefusal(_ text: String) -> Bool {
    rejections.contains(where: text.hasPrefix) || lacksApproval(text)
  }

  private static let rejections = [
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now", "Permission prompt was aborted.",
  ]

  /// Refused because nobody was asked or there to approve.
  static func lacksApproval(_ text: String) -> Bool {
    let head = PlainText.head(text)
    return
      (head.hasPrefix("Claude requested permissions to ")
      && head.contains("you haven't granted it yet"))
      || head.hasPrefix("This command requires approval")
      || (head.hasPrefix("This Bash command contains multiple operations.")
        && (head.contains("requires approval") || head.contains("require approval")))
  }

  /// Why the operator refused, in the operator's words.
  static func reason(_ text: String) -> String? {
    if let mark = text.firstRange(of: "provided the following reason for the rejection:") {
      let reason = String(text[mark.upperBound...]).trimmed
      return reason.isEmpty ? nil : reason
    }
    return isRefusal(text) ? nil : text
  }

  /// Early 2.0 stored a refusal with a reason as the bare words, marked as an error like any
  /// other. Only what can hardly be the output of a program is taken for them: one line of prose
  /// that speaks to somebody. Other refusals of that time read as failures.
  static func isOperatorsWords(_ text: String, tool: String, version: String?) -> Bool {
    guard let version, hasBareRefusals(version), promptingTools.contains(tool),
      text.utf8.count <= 1000, !text.contains(where: \.isNewline),
      let first = text.first, first.isLetter, !isNamedByProgram(text)
    else { return false }
    let line = text.lowercased()
    let words = line.split { !$0.isLetter && $0 != "'" && $0 != "’" }.map(String.init)
    guard words.count >= 2, !machineMarks.contains(where: line.contains) else { return false }
    return words.contains(where: personalWords.contains)
  }

  /// `make: *** No rule …`: programs begin their complaints with their name.
  private static func isNamedByProgram(_ text: String) -> Bool {
    text.prefix { !$0.isWhitespace }.hasSuffix(":")
  }

  /// 2.0.0 up to 2.0.36: from 2.0.37 on a failing command begins with its exit code.
  private static func hasBareRefusals(_ version: String) -> Bool {
    let parts = version.split(separator: ".").map { Int($0) }
    guard parts.count >= 3, parts[0] == 2, parts[1] == 0, let patch = parts[2] else { return false }
    return patch < 37
  }

  private static let promptingTools: Set<String> = [
    "Bash", "Edit", "MultiEdit", "Write", "NotebookEdit", "WebFetch", "ExitPlanMode",
  ]

  private static let machineMarks = [
    "<tool_use_error>", "error", "fatal", "exception", "traceback", "timed out", "no such file",
    "command not found", "permission denied", "exit code", "failed", "cannot ", "usage:", "warning",
  ]

  private static let personalWords: Set<String> = [
    "please", "you", "your", "i", "i'd", "i'll", "i'm", "we", "we're", "let's", "let’s", "don't",
    "don’t", "wait", "instead", "should", "actually", "why",
  ]
}
