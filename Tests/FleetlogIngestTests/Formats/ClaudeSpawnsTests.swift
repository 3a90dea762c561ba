import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Claude Code sub-agents")
struct ClaudeSpawnsTests {
  private let session = "cccccccc-0000-4000-8000-000000000003"

  private func read(_ name: String) throws -> FormatOutput {
    FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/\(name).jsonl"))
  }

  @Test("An agent's file is a run of its own in the session that spawned it")
  func agentFile() throws {
    let output = try read("agent_file")
    let start = try #require(output.drafts.first)
    #expect(start.type == .processStarted)
    #expect(start.idempotencyKey == "run:claude:\(session):a1a1a1a")
    #expect(start.parentRunKey == "run:claude:\(session)")
    #expect(start.run.instanceID == "claude-cccccccc/a1a1a1a")
    #expect(Set(output.drafts.map(\.run.role)) == ["subagent"])
    #expect(Set(output.drafts.map(\.sourceRef)) == [session])
    #expect(output.drafts(.messageUser).map(\.sourceKind) == [.worker])
    #expect(output.drafts(.turnCompleted).count == 1)
  }

  @Test("A call is linked to the run it spawned, by the best evidence there is")
  func links() throws {
    let output = try read("agents")
    let spawned = output.drafts.flatMap { draft in
      draft.links.filter { $0.relation == .spawned }.map { (draft, $0) }
    }
    #expect(
      spawned.map(\.1.target)
        == ["c3c3c3c", "b2b2b2b", "a1a1a1a"].map {
          .idempotencyKey("run:claude:\(session):\($0)")
        })
    let rules = spawned.compactMap { (try? JSONDocument($0.1.metadata.text))?.root["rule"]?.string }
    #expect(rules == ["progress", "spawn_result", "spawn_result_text"])
    #expect(spawned.allSatisfy { $0.0.type == .toolCall && $0.1.direction == .fromThis })
    let calls = Set(output.drafts(.toolCall).filter(\.links.isEmpty).map(\.idempotencyKey))
    #expect(spawned.allSatisfy { calls.contains($0.0.idempotencyKey) })
  }

  @Test("An inline sidechain is a run of its own, linked by the prompt it was given")
  func inline() throws {
    let output = try read("inline_sidechain")
    let side = output.drafts.filter { $0.run.role == "subagent" }
    #expect(
      Set(side.map(\.run.key)) == [
        "run:claude:dddddddd-0000-4000-8000-000000000004:side-e1e1e1e1"
      ])
    let start = try #require(side.first)
    let call = try #require(output.drafts(.toolCall).first?.idempotencyKey)
    #expect(start.links.first?.target == .idempotencyKey(call))
    #expect(start.links.first?.direction == .toThis)
    #expect(output.drafts(.messageUser).map(\.sourceKind) == [.operator, .worker, .operator])
    #expect(
      output.drafts(.messageAssistant).map(\.run.role) == [
        "subagent", "worker", "subagent",
      ])
  }

  @Test("Interleaved agents do not end each other's responses")
  func interleaved() {
    var transcript = ClaudeTranscript()
    transcript.reply("msg_1", ClaudeTranscript.text("a"), output: 1)
    transcript.envelope.set("agentId", "ag1")
    transcript.reply("msg_2", ClaudeTranscript.text("b"), output: 2)
    transcript.envelope = JSONObject()
    transcript.reply("msg_1", ClaudeTranscript.text("c"), output: 3)
    let calls = transcript.read().drafts(.llmCallCompleted)
    #expect(Set(calls.compactMap(\.version)) == [2, 3])
    #expect(calls.count == 2)
  }

  @Test("An agent that names but itself belongs to the session whose folder it lies in")
  func selfNamed() {
    var transcript = ClaudeTranscript()
    transcript.session = "agent-ag7"
    transcript.envelope.set("agentId", "ag7")
    transcript.prompt("search")
    let bytes = Array(transcript.text.utf8)
    let nested = FormatRun.read(
      ClaudeFormat.self, bytes, path: "/p/the-trunk/subagents/agent-ag7.jsonl")
    #expect(nested.drafts.first?.parentRunKey == "run:claude:the-trunk")
    let flat = FormatRun.read(ClaudeFormat.self, bytes, path: "/p/agent-ag7.jsonl")
    #expect(flat.drafts.first?.parentRunKey == "run:claude:agent-ag7")
    #expect(
      nested.drafts(.messageUser).map(\.idempotencyKey)
        == flat.drafts(.messageUser).map(\.idempotencyKey))
  }

  @Test("A session begins with its folder and version even if notes stand before them")
  func opening() {
    var transcript = ClaudeTranscript()
    transcript.note(#"{"type":"mode","mode":"normal","sessionId":"\#(transcript.session)"}"#)
    transcript.note(
      #"{"type":"queue-operation","operation":"dequeue","sessionId":"\#(transcript.session)","#
        + #""timestamp":"2026-02-01T00:00:00.000Z"}"#)
    #expect(transcript.read(settling: false).drafts.isEmpty)
    transcript.prompt("go")
    let output = transcript.read()
    #expect(
      output.drafts.map(\.type) == [
        .processStarted, .contextSet, .messageSystem, .messageUser,
      ])
    #expect(output.value("version", of: .processStarted) == "2.1.90")
    #expect(output.drafts.first?.ts == Timestamp.parse("2026-02-01T00:00:00.000Z"))
  }

  @Test("A file of bare notes belongs to the session that it is named after")
  func notesOnly() {
    let text = #"{"type":"summary","summary":"Old times","leafUuid":"x"}"# + "\n"
    let output = FormatRun.read(ClaudeFormat.self, Array(text.utf8), path: "/p/s-1.jsonl")
    #expect(output.drafts.map(\.run.key) == ["run:claude:s-1", "run:claude:s-1"])
    #expect(output.drafts.last?.ts == 1_700_000_000_000)
    #expect(output.value("_ts_from", of: .contextSet) == "file_mtime")
  }
}
