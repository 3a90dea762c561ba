import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("Resumed and forked transcripts")
struct ResumedSessionTests {
  private static let first = "5e551011-0000-4000-8000-00000000000a"
  private static let second = "5e551011-0000-4000-8000-00000000000b"

  /// The first session; the second repeats all but its last line under its own id and goes on.
  private static func transcripts() -> (String, String) {
    var original = ClaudeLines(session: first)
    original.prompt("Why are postings written twice?")
    original.run("swift test", id: "toolu_1")
    original.result("12 tests, 1 failed", id: "toolu_1")
    original.say("Found it.")
    let lines = original.text.split(separator: "\n").map { $0 + "\n" }
    var copy = ClaudeLines(session: second)
    for line in lines.prefix(3) { copy.raw(String(line.dropLast().replacing(first, with: second))) }
    let own =
      #"{"type":"user","uuid":"99999999-0000-4000-8000-000000000001","sessionId":"\#(second)","#
      + #""timestamp":"2026-01-01T15:00:00.000Z","cwd":"/home/dev/ledger","version":"2.0.46","#
      + #""message":{"role":"user","content":"Try another way."}}"#
    copy.raw(own)
    return (original.text, copy.text)
  }

  @Test("are whole on both pages and counted once in every total", arguments: [true, false])
  func bothOrders(originalFirst: Bool) throws {
    try Fleet.with { fleet in
      let (original, copy) = Self.transcripts()
      for (name, text) in originalFirst
        ? [("a.jsonl", original), ("b.jsonl", copy)] : [("b.jsonl", copy), ("a.jsonl", original)]
      {
        try fleet.folder.write(name, text)
        try fleet.ingest()
      }
      let all = try fleet.events()
      #expect(all.count { $0.type == .messageUser } == 2)
      #expect(all.count { $0.type == .toolCall } == 1)
      #expect(all.count { $0.type == .toolResult } == 1)
      #expect(all.count { $0.type == .llmCallCompleted } == 2)

      func shown(_ session: String) throws -> [String] {
        try fleet.events { $0.sessions = [session] }
          .filter { $0.type != .processStarted && !$0.isInferred }.map(\.type.rawValue)
      }
      #expect(
        try shown(Self.first) == [
          "message.user", "tool_call", "llm_call.completed", "tool_result", "message.assistant",
          "llm_call.completed",
        ])
      #expect(
        try shown(Self.second) == [
          "message.user", "tool_call", "llm_call.completed", "tool_result", "message.user",
        ])

      let log = try fleet.log
      let overview = try log.overview()
      #expect(overview.events == all.count)
      let sessions = try log.sessions(SessionQuery())?.sessions ?? []
      let byID = Dictionary(uniqueKeysWithValues: sessions.map { ($0.id, $0) })
      #expect(byID[Self.first]?.prompts == 1)
      #expect(byID[Self.second]?.prompts == 2)
      #expect(byID[Self.second]?.toolCalls == 1)
      #expect(byID[Self.second]?.outputTokens == 5)
      #expect(try log.session(Self.first)?.sharedWith == [Self.second])
      #expect(try log.session(Self.second)?.sharedWith == [Self.first])
    }
  }

  @Test("are found once by a search")
  func search() throws {
    try Fleet.with { fleet in
      let (original, copy) = Self.transcripts()
      try fleet.folder.write("a.jsonl", original)
      try fleet.folder.write("b.jsonl", copy)
      try fleet.ingest()
      #expect(try fleet.events { $0.text = "postings" }.count == 1)
      #expect(
        try fleet.events {
          $0.text = "postings"
          $0.sessions = [Self.second]
        }.count == 1)
    }
  }
}
