import FleetlogEvents

/// Says in one line what a shell command was and what came of it.
package enum CommandSummary {
  /// The command as a colleague would name it: `cd app && npm test` → "npm test".
  package static func call(_ command: String) -> String {
    let text = PlainText.head(command)
    if let commit = commit(text) { return PlainText.line(commit) }
    let lines = PlainText.lines(text).filter { !$0.hasPrefix("#") }
    guard let first = lines.first else { return PlainText.line(command) }
    let line = withoutChangeOfFolder(first)
    return PlainText.line(lines.count > 1 ? line + " …" : line)
  }

  /// What a command came to: "npm test: exit 1 · 12 tests, 1 failed".
  ///
  /// - Parameters:
  ///   - label: the command's line from ``call(_:)``.
  ///   - exitCode: nil where the source does not tell it.
  ///   - failed: whether the source says that the command failed.
  package static func result(
    of label: String, output: String, exitCode: Int? = nil, failed: Bool
  ) -> String {
    let pushed = label.contains("git push") ? pushed(output) : nil
    let detail = TestOutcome(output)?.words ?? pushed ?? telling(output, failed: failed)
    var state: String?
    if let exitCode, exitCode != 0 {
      state = "exit \(exitCode)"
    } else if failed {
      state = "failed"
    }
    let parts = [state, detail].compactMap { $0 }
    let outcome = parts.isEmpty ? silence(output) : parts.joined(separator: " · ")
    return PlainText.line(PlainText.line(label, limit: 120) + ": " + outcome)
  }

  private static func silence(_ output: String) -> String {
    output.trimmed.isEmpty ? "done, nothing printed" : "done"
  }

  /// The line of an output that says most: of a failure its error, else what it begins with.
  private static func telling(_ output: String, failed: Bool) -> String? {
    guard failed else {
      guard let first = PlainText.firstLine(of: PlainText.head(output), where: isOwn) else {
        return nil
      }
      let count = output.utf8.count { $0 == 0x0A } + (output.hasSuffix("\n") ? 0 : 1)
      return count > 1 ? PlainText.line(first, limit: 150) + " (\(count) lines)" : first
    }
    let lines = PlainText.lines(PlainText.head(output)).filter(isOwn)
    let last = PlainText.lines(PlainText.tail(output)).last
    if lines.contains(where: { $0.hasPrefix("Traceback (most recent call last)") }) { return last }
    return lines.first(where: soundsLikeAnError) ?? lines.first
  }

  /// Not what package managers echo, nor what runtimes warn of.
  private static func isOwn(_ line: String) -> Bool {
    !line.hasPrefix("> ") && !line.contains("Warning:")
  }

  private static func soundsLikeAnError(_ line: String) -> Bool {
    let line = line.lowercased()
    return ["error", "fatal", "failed", "no such file", "not found", "denied", "timed out"]
      .contains(where: line.contains) && !line.contains("0 errors")
  }

  /// The line of a push that says what went where.
  private static func pushed(_ output: String) -> String? {
    PlainText.lines(PlainText.tail(output)).first { $0.contains(" -> ") }
  }

  private static func withoutChangeOfFolder(_ line: String) -> String {
    guard line.hasPrefix("cd "), let end = line.firstRange(of: " && ") else { return line }
    return withoutChangeOfFolder(String(line[end.upperBound...]).trimmed)
  }

  /// `git commit -m "<message>" && git push` with the message's first line alone, which may stand
  /// in a here-document.
  private static func commit(_ text: String) -> String? {
    guard let commit = text.firstRange(of: "git commit"),
      let option = text[commit.upperBound...].firstRange(of: "-m "),
      let quote = text[option.upperBound...].first, quote == "\"" || quote == "'"
    else { return nil }
    var message = text[option.upperBound...].dropFirst()
    let isHereDocument = message.hasPrefix("$(cat <<")
    if isHereDocument {
      message = message.drop { !$0.isNewline }.dropFirst()
    }
    let body = message.prefix { !$0.isNewline && (isHereDocument || $0 != quote) }
    let closing = isHereDocument ? ")\"" : String(quote)
    let rest = message.dropFirst(body.count).firstRange(of: closing).map {
      message[$0.upperBound...].prefix { !$0.isNewline }
    }
    let before = withoutChangeOfFolder(String(text[..<option.upperBound]).oneLine)
    return before + " “\(String(body).trimmed)”" + (rest.map(String.init) ?? "")
  }
}

/// How many tests ran and failed, as the usual runners print it.
package struct TestOutcome: Equatable {
  package let total: Int
  package let failed: Int

  package var words: String {
    let tests = total == 1 ? "1 test" : "\(total) tests"
    return failed == 0 ? "\(tests) passed" : "\(tests), \(failed) failed"
  }

  package init(total: Int, failed: Int) {
    self.total = total
    self.failed = failed
  }

  /// Reads the last summary line of an output; nil where there is none.
  package init?(_ output: String) {
    let tail = PlainText.tail(output)
    guard TestCounts.mayStand(in: tail) else { return nil }
    var parts = TestCounts()
    for line in PlainText.lines(tail).reversed() {
      let counts = TestCounts(line)
      if counts.isPart || line.hasPrefix("test result:") {
        parts.add(counts)
      } else if parts.total == 0, counts.isSummary, counts.total > 0 {
        self.init(total: counts.total, failed: counts.failed ?? 0)
        return
      }
    }
    guard parts.total > 0 else { return nil }
    self.init(total: parts.total, failed: parts.failed ?? 0)
  }
}

/// The figures of one line.
private struct TestCounts {
  var passed: Int?
  var failed: Int?
  var stated: Int?
  /// Whether the line is one of several that are added up: "11 passing", "1 failing".
  var isPart = false
  private var saysTests = false

  /// A figure alone is not enough: "3 failed" may be said of anything.
  var isSummary: Bool {
    (passed != nil && (failed != nil || saysTests)) || (failed != nil && saysTests)
  }

  var total: Int { max(stated ?? 0, (passed ?? 0) + (failed ?? 0)) }

  init() {}

  /// Whether a text holds one of the words without which no line is a summary of tests: "pass",
  /// "fail" or "test", in whatever case.
  static func mayStand(in text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var index = 0
      while index + 4 <= bytes.count {
        switch bytes[index] | 0x20 {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "t"):
          let word = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[index + $1] | 0x20) }
          if word == 0x7061_7373 || word == 0x6661_696C || word == 0x7465_7374 { return true }
        default: break
        }
        index += 1
      }
      return false
    }
  }

  init(_ line: String) {
    guard line.utf8.count < 400, line.utf8.contains(where: { (0x30...0x39).contains($0) }),
      Self.mayStand(in: line)
    else { return }
    let words = line.lowercased().split { !$0.isLetter && !$0.isNumber }
    saysTests =
      words.contains { ["test", "tests"].contains($0) } || line.hasPrefix("==")
    for (number, word) in zip(words, words.dropFirst()) {
      guard let number = Int(number), number < 1_000_000_000 else { continue }
      switch word {
      case "passed": passed = number
      case "failed": failed = number
      case "failures", "failure": failed = stated == nil ? failed : number
      case "total", "tests", "test": stated = number
      case "passing", "failing":
        isPart = true
        if word == "passing" { passed = number } else { failed = number }
      default: break
      }
    }
    if passed == nil, failed == nil, let stated, words.contains("run"), words.contains("passed") {
      passed = stated
    }
  }

  mutating func add(_ other: TestCounts) {
    passed = (passed ?? 0) + (other.passed ?? 0)
    failed = (failed ?? 0) + (other.failed ?? 0)
  }
}
