import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Hooks and transcripts of the same session")
struct HookIngestTests {
  /// A session of two turns, and the lines that its hooks wrote meanwhile.
  private struct Both {
    var transcript = ClaudeLines()
    var hooks = ""

    init() {
      hook(0, "SessionStart", #""source":"startup","cwd":"/home/dev/ledger""#)
      transcript.prompt("Why are postings written twice?")
      transcript.run("swift test", id: "toolu_1")
      hook(
        2, "PermissionRequest", #""tool_name":"Bash","tool_input":{"command":"swift test"}"#)
      hook(2, "Notification", #""message":"Claude needs your permission to use Bash""#, ms: 6000)
      transcript.result("12 tests passed", id: "toolu_1")
      transcript.raw(end(4, "The retry has no key."))
      hook(4, "Stop", #""stop_hook_active":false"#, ms: 300)
      transcript.raw(prompt(6, "Mend it."))
      transcript.raw(end(7, "Mended."))
      hook(7, "Stop", #""stop_hook_active":false"#, ms: 300)
      hook(9, "SessionEnd", #""reason":"other""#)
    }

    private func time(_ minute: Int, ms: Int64 = 0) -> Int64 {
      1_767_268_800_000 + Int64(minute) * 60_000 + ms
    }

    private mutating func hook(_ minute: Int, _ name: String, _ fields: String, ms: Int64 = 0) {
      hooks +=
        #"{"fleetlog_hook":1,"agent":"claude","at":\#(time(minute, ms: ms)),"#
        + #""document":{"session_id":"\#(transcript.session)","hook_event_name":"\#(name)","#
        + fields + "}}\n"
    }

    private func record(_ type: String, _ minute: Int, _ message: String) -> String {
      #"{"type":"\#(type)","uuid":"u\#(minute)","sessionId":"\#(transcript.session)","#
        + #""timestamp":"\#(Timestamp.format(time(minute)))","cwd":"/home/dev/ledger","#
        + #""gitBranch":"main","message":{"role":"\#(type)",\#(message)}}"#
    }

    private func prompt(_ minute: Int, _ text: String) -> String {
      record("user", minute, #""content":"\#(text)""#)
    }

    private func end(_ minute: Int, _ text: String) -> String {
      record(
        "assistant", minute,
        #""id":"m\#(minute)","model":"opus","content":[{"type":"text","text":"\#(text)"}],"#
          + #""stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}"#)
    }
  }

  /// The events that count: those that nothing supersedes.
  private static func current(_ fleet: Fleet, _ type: EventType) throws -> [StoredEvent] {
    let log = try fleet.log
    return try fleet.events(type).filter { event in
      let links = try log.event(event.id)?.links ?? []
      return !links.contains { $0.direction == .incoming && $0.relation == .supersedes }
    }
  }

  private static func check(_ fleet: Fleet, _ both: Both) throws {
    #expect(try current(fleet, .turnCompleted).count == 2)
    #expect(try current(fleet, .turnCompleted).allSatisfy { !$0.isToldByHook })
    #expect(try current(fleet, .processStarted).count == 1)
    #expect(try fleet.events(.approvalRequested).count == 1)
    #expect(try fleet.events(.processExited).count == 1)
    let session = try #require(try fleet.log.session(both.transcript.session)?.session)
    #expect(session.turns == 2)
    #expect(session.agent == "claude" && session.agentVersion == "2.0.46")
    #expect(session.project == "/home/dev/ledger")
    #expect(Set(try fleet.events().map(\.runID)).count == 1)
  }

  @Test("what both tell counts once, whichever is read first, and read again adds nothing")
  func orders() throws {
    let both = Both()
    for oldestFirst in [true, false] {
      try Fleet.with { fleet in
        try fleet.folder.write("s.jsonl", both.transcript.text)
        try fleet.folder.write("t.jsonl", both.hooks)
        try fleet.ingest(oldestFirst: oldestFirst)
        try Self.check(fleet, both)
        try fleet.folder.copy("t.jsonl", to: "again.jsonl")
        try fleet.folder.copy("s.jsonl", to: "again-too.jsonl")
        #expect(try fleet.ingest(oldestFirst: !oldestFirst).appended.inserted == 0)
        try Self.check(fleet, both)
      }
    }
  }

  @Test("hooks that are settled before the transcript is read yield to it")
  func hooksLongBefore() throws {
    let both = Both()
    try Fleet.with { fleet in
      try fleet.folder.write("hooks.jsonl", both.hooks)
      try fleet.ingest()
      #expect(try Self.current(fleet, .turnCompleted).count == 2)
      try fleet.folder.write("s.jsonl", both.transcript.text)
      try fleet.ingest()
      try Self.check(fleet, both)
      #expect(try fleet.ingest().appended.inserted == 0)
    }
  }

  @Test("a hook alone shows its session, its agent and what it waits for")
  func alone() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("hooks.jsonl", Both().hooks)
      try fleet.ingest()
      let session = try #require(try fleet.log.session(ClaudeLines().session)?.session)
      #expect(session.agent == "claude" && session.turns == 2)
      let waiting = try fleet.events { $0.attention = true }
      #expect(waiting.map(\.summary) == ["Waits for permission: swift test"])
      #expect(try fleet.log.validation(limit: 1).compliance.isEmpty)
    }
  }

  @Test("a prompt shows on the page of a server that runs, as soon as its hook was called")
  func live() throws {
    try TemporaryFolder.with { (home) throws in
      let inbox = home.path("inbox").text
      try home.makeFolder("inbox")
      let server = try RunningServer(
        folders: [inbox], database: home.path("log.db").text)
      let document =
        #"{"session_id":"s-1","hook_event_name":"PermissionRequest","tool_name":"Bash","#
        + #""tool_input":{"command":"git push --force"}}"#
      let hook = try RunningProgram.run(["hook", "--inbox", inbox, document])
      #expect(hook.status == 0 && hook.output.isEmpty && hook.error.isEmpty)
      _ = try server.wait(for: "Waits for permission: git push --force", at: "/")
      #expect(server.stop() == 0)
    }
  }
}
