import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("Hooks in Claude Code's settings")
struct ClaudeHooksTests {
  private static let files = Fixtures.cases("settings/claude", ending: ".json")
  private static let command = "/opt/fleetlog hook --agent claude 2>/dev/null || true"

  private static func bytes(_ file: String) throws -> [UInt8] {
    try Fixtures.bytes("settings/claude/\(file).json")
  }

  /// The settings as JSON without our entries and what they made.
  private static func commands(_ settings: [UInt8], _ event: String) throws -> [String] {
    let groups = try JSONDocument(settings).root["hooks"]?[event]?.elements ?? []
    return groups.flatMap { $0["hooks"]?.elements ?? [] }.compactMap { $0["command"]?.string }
  }

  @Test("Each event gets one entry, and taking them out leaves every byte", arguments: files)
  func roundTrip(file: String) throws {
    let before = try Self.bytes(file)
    let after = try ClaudeHooks.install(Self.command, in: before)
    for event in ClaudeHooks.events {
      #expect(try Self.commands(after, event).filter(ClaudeHooks.isOurs) == [Self.command])
      #expect(
        try Self.commands(after, event).filter { !ClaudeHooks.isOurs($0) }
          == Self.commands(before, event))
    }
    #expect(try ClaudeHooks.remove(from: after) == before)
    #expect(try ClaudeHooks.install(Self.command, in: after) == after)
    #expect(try ClaudeHooks.remove(from: before) == before)
  }

  @Test("Only what is added differs: without it the bytes are those of before", arguments: files)
  func onlyAdds(file: String) throws {
    let before = try Self.bytes(file)
    let after = try ClaudeHooks.install(Self.command, in: before)
    var rest = after[...]
    for byte in before where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
      guard let next = rest.firstIndex(of: byte) else {
        Issue.record("\(file) lost a byte")
        return
      }
      rest = rest[(next + 1)...]
    }
    #expect(after.contains(0x0D) == before.contains(0x0D))
    #expect(before.contains(0x0A) || !after.contains(0x0A))
  }

  @Test("Another program's path, other events and doubled entries are put right")
  func renewed() throws {
    let old = try ClaudeHooks.install(
      "'/old place/fleetlog' hook --agent claude", events: ["Stop", "PreCompact"],
      in: try Self.bytes("other_hooks"))
    let twice = try ClaudeHooks.install(Self.command, in: old)
    let direct = try ClaudeHooks.install(Self.command, in: try Self.bytes("other_hooks"))
    #expect(twice == direct)
  }

  @Test(
    "Whose a command is, its program and verb tell",
    arguments: [
      ("/a/fleetlog hook", true), ("fleetlog hook --agent claude", true),
      ("\"/a b/fleetlog\" hook || true", true), ("/a\\ b/fleetlog hook", true),
      ("fleetlog demo", false), ("echo fleetlog hook", false), ("/a/fleetlog-hook hook", false),
      ("notify-send 'fleetlog hook'", false), ("", false),
    ])
  func ours(command: String, expected: Bool) {
    #expect(ClaudeHooks.isOurs(command) == expected)
    #expect(ShellWords.split(ShellWords.quoted("/it's/a b")) == ["/it's/a b"])
  }

  @Test("A missing or blank file becomes a plain one")
  func missing() throws {
    for blank in [[], Array(" \n".utf8)] as [[UInt8]] {
      let after = try ClaudeHooks.install(Self.command, in: blank)
      #expect(try Self.commands(after, "Stop") == [Self.command])
    }
  }

  @Test(
    "What can't be edited in place is refused",
    arguments: [
      "{ // mine\n}", "{\"a\":1,}", "[]", "{\"hooks\": []}", "{\"hooks\": {\"Stop\": {}}}",
    ])
  func refused(settings: String) {
    #expect(throws: ClaudeHooks.Refusal.self) {
      try ClaudeHooks.install(Self.command, in: Array(settings.utf8))
    }
  }
}
