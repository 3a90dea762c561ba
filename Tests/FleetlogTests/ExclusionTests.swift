import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("What the settings exclude")
struct ExclusionTests {
  private static func rules(_ words: String...) throws -> Exclusion {
    try Exclusion(
      Arguments(words.flatMap { ["--exclude", $0] }, options: [Exclusion.option], environment: [:]))
  }

  private static let transcript = ClaudeLines.with { lines in
    lines.prompt("Why are postings written twice?")
    lines.run("swift test", id: "toolu_1")
    lines.result("all passed", id: "toolu_1")
    lines.say("They are not.")
  }

  @Test(
    "patterns stand for the whole of a path or name",
    arguments: [
      ("/a/*", "/a/b", true), ("/a/*", "/a/b/c", false), ("/a/**", "/a/b/c", true),
      ("**/private", "/a/b/private", true), ("a?c", "abc", true), ("a?c", "a/c", false),
      ("abc", "abcd", false), ("*", "", true), ("***", "a/b", true), ("a*b*c", "aXbXXc", true),
      ("a*b*c", "aXbXX", false),
    ])
  func patterns(pattern: String, name: String, isMatched: Bool) {
    #expect(Glob(pattern).matches(name[...]) == isMatched)
  }

  @Test("what is no rule is wrong usage", arguments: ["private", "path=/a", "=x"])
  func wrong(text: String) {
    #expect(throws: UsageError.self) { try Self.rules(text) }
  }

  @Test(
    "a project, an agent or a folder is not read, and read from its start once it may be",
    arguments: ["project=ledger", "project=/home/**", "agent=claude*", "folder=**/transcripts"])
  func excluded(rule: String) throws {
    let straight = try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.transcript.text)
      try fleet.ingest()
      return try fleet.content()
    }
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.transcript.text)
      let exclusion = try Self.rules(rule)
      for _ in 0..<2 {
        try fleet.ingest(exclusion: exclusion)
        #expect(try fleet.events().isEmpty)
        let source = try #require(try fleet.log.sources().first)
        #expect(source.state == .excluded && source.lastError == "excluded by \(rule)")
      }
      try fleet.ingest()
      #expect(try fleet.content() == straight)
      #expect(try fleet.log.sources().map(\.state) == [.reading])
      try fleet.ingest()
      #expect(try fleet.content() == straight)
    }
  }

  @Test("what was read before stays, and goes on where it was left")
  func goesOn() throws {
    try Fleet.with { fleet in
      var lines = Self.transcript
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      let before = try fleet.content()
      lines.prompt("And now?")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest(exclusion: try Self.rules("folder=**/transcripts"))
      #expect(try fleet.content() == before)
      try fleet.ingest()
      #expect(try fleet.events { $0.text = "now" }.count == 1)
      #expect(try fleet.content().filter { before.contains($0) } == before)
    }
  }

  @Test("other projects are read, and a transcript waits until it has told its own")
  func others() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.transcript.text)
      try fleet.ingest(exclusion: try Self.rules("project=other", "agent=codex"))
      #expect(try fleet.events(.toolCall).count == 1)
    }
  }
}
