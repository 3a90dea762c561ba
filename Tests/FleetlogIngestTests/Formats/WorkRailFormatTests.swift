import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("WorkRail's logs")
struct WorkRailFormatTests {
  private static func types(_ output: FormatOutput) -> [String] {
    output.drafts.map(\.type.rawValue)
  }

  private static func event(_ kind: String, _ data: String, index: Int = 0) -> [UInt8] {
    Array(
      #"{"v":1,"kind":"\#(kind)","sessionId":"sess_a","eventId":"e\#(index)","eventIndex":\#(index),"dedupeKey":"\#(kind):\#(index)","timestampMs":1772528400000,"data":\#(data)}"#
        .utf8)
  }

  @Test("A session comes to the events that were approved", arguments: ["session", "malformed"])
  func session(name: String) throws {
    let bytes = try Fixtures.bytes("workrail/\(name).jsonl")
    let output = FormatRun.read(WorkRailFormat.self, bytes, modifiedAt: 1000)
    try Golden.verify(Golden.events(output), against: "workrail/\(name).events.json")
    let pieces = FormatRun.read(WorkRailFormat.self, bytes, modifiedAt: 1000, restoring: true)
    #expect(
      Golden.events(output)
        == Golden.events(pieces))
  }

  @Test("A daemon's day comes to the events that were approved")
  func daemon() throws {
    let bytes = try Fixtures.bytes("workrail-daemon/day.jsonl")
    let output = FormatRun.read(WorkRailDaemonFormat.self, bytes, modifiedAt: 1000)
    try Golden.verify(Golden.events(output), against: "workrail-daemon/day.events.json")
    let pieces = FormatRun.read(WorkRailDaemonFormat.self, bytes, modifiedAt: 1000, restoring: true)
    #expect(
      Golden.events(output)
        == Golden.events(pieces))
  }

  @Test("A call that is told twice is one call")
  func doubledCalls() throws {
    let output = FormatRun.read(
      WorkRailDaemonFormat.self, try Fixtures.bytes("workrail-daemon/day.jsonl"))
    let calls = output.drafts(.toolCall).filter { $0.run.sessionID == "sess_shop0001" }
    #expect(
      calls.map(\.summary) == [
        "Bash: npm test", #"Bash: {"command":"git push origin ma"#, "Read: src/tar.py",
      ])
    let results = output.drafts(.toolResult)
    #expect(results.count == 3)
    #expect(results.map(\.relatedKey) == calls.map(\.idempotencyKey))
  }

  @Test("What the daemon tells of a session joins that session's own run")
  func join() throws {
    let daemon = FormatRun.read(
      WorkRailDaemonFormat.self, try Fixtures.bytes("workrail-daemon/day.jsonl"))
    let session = FormatRun.read(
      WorkRailFormat.self, try Fixtures.bytes("workrail/session.jsonl"))
    let run = try #require(session.drafts.first?.run)
    #expect(run.key == "run:workrail:sess_shop0001")
    #expect(daemon.drafts(.toolCall).prefix(3).allSatisfy { $0.run == run })
    let start = try #require(daemon.drafts.first { $0.idempotencyKey == run.key })
    #expect(start.parentRunKey == "run:workrail-daemon")
    // A process that no record names a session of stands for one.
    #expect(daemon.drafts.contains { $0.run.sessionID == "lone-process" && $0.type == .failed })
    #expect(daemon.drafts.contains { $0.idempotencyKey == "run:workrail:held-process" })
  }

  @Test("Metrics keys stand flat in the payload, each as it was given")
  func metrics() throws {
    let output = FormatRun.read(
      WorkRailFormat.self, try Fixtures.bytes("workrail/session.jsonl"))
    let draft = try #require(output.drafts(.contextSet).last)
    let payload = try JSONDocument(draft.payload.text).root
    #expect(payload["metrics_outcome"]?.string == "success")
    #expect(payload["metrics_pr_numbers"]?.source == "[42]")
    #expect(payload["metrics_lines_added"]?.string == "many")
    let observed = try #require(
      output.drafts(.observationRecorded).first { $0.payload.text.contains("git_head_sha_end") })
    #expect(observed.payload.text.contains(#""git_head_sha":"030d80d1""#))
  }

  @Test("A parent session gives the hierarchy of runs, also when a context tells it later")
  func parents() {
    let created = FormatRun.read(
      WorkRailFormat.self, Self.event("session_created", #"{"parentSessionId":"sess_p"}"#))
    #expect(created.drafts.map(\.parentRunKey) == ["run:workrail:sess_p"])
    let later = FormatRun.read(
      WorkRailFormat.self, Self.event("context_set", #"{"context":{"parentSessionId":"sess_p"}}"#))
    #expect(Self.types(later) == ["process.started", "context.set", "process.started"])
    #expect(later.drafts.last?.parentRunKey == "run:workrail:sess_p")
    let own = FormatRun.read(
      WorkRailFormat.self, Self.event("session_created", #"{"parentSessionId":"sess_a"}"#))
    #expect(own.drafts.map(\.parentRunKey) == [nil])
  }

  @Test("Unknown kinds are kept and ask for nothing")
  func unknown() {
    let output = FormatRun.read(WorkRailFormat.self, Self.event("moon_phase", #"{"full":true}"#))
    #expect(Self.types(output) == ["process.started", "worker.observation"])
    #expect(output.drafts.allSatisfy { !$0.attentionCandidate })
  }

  @Test(
    "Each file is told from the others by its first lines",
    arguments: [
      ("workrail/session", "workrail"), ("workrail-daemon/day", "workrail-daemon"),
      ("forge-loop/tick", "forge-loop"),
    ])
  func detection(name: String, format: String) throws {
    let lines = FormatRun.lines(try Fixtures.bytes(name + ".jsonl")).map(\.bytes)
    #expect(
      FormatCatalogue.detect(FormatCatalogue.sample(path: "/a/x.jsonl", lines: lines))?.name
        == format)
    let manifest =
      #"{"kind":"segment_closed","manifestIndex":0,"sessionId":"s","segmentRelPath":"events/a"}"#
    #expect(
      FormatCatalogue.detect(
        FormatCatalogue.sample(path: "/a/x.jsonl", lines: [Array(manifest.utf8)]))?.name
        == "workrail-manifest")
  }
}
