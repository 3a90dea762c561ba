import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("The notified program in Codex's configuration")
struct CodexNotifyTests {
  private static let files = Fixtures.cases("settings/codex", ending: ".toml")
  private static let words = ["/opt/fleetlog", "hook", "--agent", "codex"]
  private static let line = #"notify = ["/opt/fleetlog", "hook", "--agent", "codex"]"#

  private static func bytes(_ file: String) throws -> [UInt8] {
    try Fixtures.bytes("settings/codex/\(file).toml")
  }

  @Test("It becomes a statement of its own at the top, and goes without a trace", arguments: files)
  func roundTrip(file: String) throws {
    let before = try Self.bytes(file)
    let after = try CodexNotify.install(Self.words, in: before)
    let statements = try TOMLStatements.topLevel(of: after)
    #expect(statements.filter { $0.key == "notify" }.count == 1)
    #expect(statements.count == (try TOMLStatements.topLevel(of: before)).count + 1)
    #expect(String(decoding: after, as: UTF8.self).contains(Self.line))
    #expect(try CodexNotify.remove(from: after) == before)
    #expect(try CodexNotify.install(Self.words, in: after) == after)
    #expect(try CodexNotify.remove(from: before) == before)
  }

  @Test("Another program's notify stays, and the refusal says how to call both")
  func foreign() {
    let config = "model = \"o4\"\nnotify = ['/usr/bin/say', \"it's \\\"done\\\"\"] # mine\n"
    let chained = Self.line.dropLast() + #", "--", "/usr/bin/say", "it's \"done\""]"#
    #expect {
      try CodexNotify.install(Self.words, in: Array(config.utf8))
    } throws: { error in
      (error as? CodexNotify.Refusal)
        == .foreign(
          current: "['/usr/bin/say', \"it's \\\"done\\\"\"]", chained: String(chained))
    }
    #expect(throws: CodexNotify.Refusal.self) {
      try CodexNotify.install(Self.words, in: Array("notify = \"say\"".utf8))
    }
  }

  @Test("What was chained by hand is kept when the program moves, and put back when it goes")
  func chained() throws {
    func config(_ words: String) -> [UInt8] { Array("notify = \(words) # both\n".utf8) }
    let old = config(#"["/old/fleetlog", "hook", "--agent", "codex", "--", "say", "x"]"#)
    let new = try CodexNotify.install(Self.words, in: old)
    #expect(
      new == config(#"["/opt/fleetlog", "hook", "--agent", "codex", "--", "say", "x"]"#))
    #expect(try CodexNotify.remove(from: new) == config(#"["say", "x"]"#))
  }

  @Test(
    "What can't be told apart is refused, with its line",
    arguments: [
      ("a = 1\nb = \"\n", 2), ("a = [1\n", 2), ("just words\n", 1), ("a = \n", 1),
      ("a = [}]", 1), ("a = 1 b = 2", 1),
    ])
  func refused(config: String, line: Int) {
    #expect { try CodexNotify.install(Self.words, in: Array(config.utf8)) } throws: { error in
      "\(error)".contains("line \(line)")
    }
  }
}
