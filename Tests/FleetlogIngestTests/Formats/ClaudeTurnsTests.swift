import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Claude Code responses and turns")
struct ClaudeTurnsTests {
  private typealias Block = ClaudeTranscript

  @Test("A response counts once, with the usage of its last line, whatever stands in between")
  func lastLine() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.text("I look."), output: 2)
    transcript.reply("msg_1", Block.bash("toolu_1", "ls"), output: 30)
    transcript.result("toolu_1", "a.txt")
    transcript.reply("msg_1", Block.bash("toolu_2", "pwd"), output: 44)
    transcript.result("toolu_2", "/home")
    transcript.reply("msg_2", Block.text("Seen."), output: 7)
    let output = transcript.read()
    #expect(output.drafts(.llmCallCompleted).count == 2)
    #expect(output.value("output_tokens", of: .llmCallCompleted) == "44")
    #expect(output.value("context_tokens", of: .llmCallCompleted) == "130")
    let first = output.drafts(.llmCallCompleted).first
    #expect(first?.dedupeKey == "llm:msg_1:req_msg_1")
    #expect(first?.version == 44)
  }

  @Test("A response whose end is not shown waits for the next one")
  func held() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.text("Half"), output: 2)
    #expect(transcript.read(settling: false).drafts(.llmCallCompleted).isEmpty)
    #expect(transcript.read().drafts(.llmCallCompleted).count == 1)
    transcript.prompt("next")
    #expect(transcript.read(settling: false).drafts(.llmCallCompleted).count == 1)
  }

  @Test("A response that grows after it was written is written again, with a higher version")
  func grown() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.text("A"), stop: "tool_use", output: 2)
    transcript.reply("msg_1", Block.bash("toolu_1", "ls"), stop: "tool_use", output: 2)
    #expect(transcript.read().drafts(.llmCallCompleted).count == 1)
    transcript.reply("msg_1", Block.bash("toolu_2", "ls"), stop: "tool_use", output: 9)
    let drafts = transcript.read().drafts(.llmCallCompleted)
    #expect(drafts.map(\.version) == [2, 9])
    #expect(Set(drafts.map(\.dedupeKey)).count == 1)
    #expect(Set(drafts.map(\.idempotencyKey)).count == 2)
  }

  @Test("A hook that lets the agent stop ends its turn, not that of the agent that started it")
  func stopHook() {
    func hook(_ event: String, _ kind: String = "hook_success") -> String {
      #""attachment":{"type":"\#(kind)","hookName":"\#(event)","hookEvent":"\#(event)"}"#
    }
    func ends(agent: String?, _ attachments: String...) -> Int {
      var transcript = ClaudeTranscript()
      transcript.envelope.set("agentId", agent)
      transcript.prompt("go")
      transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "ls"))
      transcript.result("toolu_1", "a.txt")
      for attachment in attachments { transcript.record("attachment", attachment) }
      return transcript.read().drafts(.turnCompleted).count
    }
    #expect(ends(agent: "a1", hook("SubagentStop")) == 1)
    #expect(ends(agent: nil, hook("Stop")) == 1)
    #expect(ends(agent: nil, hook("Stop"), hook("Stop")) == 1)
    #expect(ends(agent: nil, hook("SubagentStop")) == 0)
    #expect(ends(agent: nil, hook("Stop", "hook_blocking_error")) == 0)
    #expect(ends(agent: nil, hook("PostToolUse")) == 0)
  }

  @Test("A turn says which blocks it carried and the contract's version that was echoed last")
  func contract() {
    func block(_ json: String) -> String { EventBlock.begin + json + EventBlock.end }
    var transcript = ClaudeTranscript()
    let replies = [
      "No block.", block(#"{"contract_version":"2","events":[]}"#),
      block(#"{"events":[{"event_type":"progress","summary":"x"},{"event_type":"?"}]}"#),
      block("{oops"), "None again.",
    ]
    for (index, reply) in replies.enumerated() {
      transcript.prompt("go \(index)")
      transcript.reply("msg_\(index)", Block.text(reply), stop: "end_turn")
    }
    let turns = transcript.read().drafts(.turnCompleted).map(\.payload.text)
    func contract(_ turn: String) -> String {
      turn.split(separator: ",").filter { $0.contains("_blocks") || $0.contains("contract") }
        .joined(separator: ",").replacing("}", with: "")
    }
    #expect(
      turns.map(contract) == [
        "", #""event_blocks":1,"contract_version":"2""#,
        #""event_blocks":1,"refused_blocks":1,"contract_version":"2""#,
        #""refused_blocks":1,"contract_version":"2""#, #""contract_version":"2""#,
      ])
    #expect(turns.allSatisfy { $0.contains(#""model_name":"#) })
  }

  @Test("A turn ends once, by its first proof; later proofs are notes")
  func firstProof() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.text("Done."), stop: "end_turn")
    transcript.record("system", #""subtype":"turn_duration","durationMs":41000"#)
    let output = transcript.read()
    #expect(output.value("proof", of: .turnCompleted) == #"end_turn"#)
    #expect(output.drafts(.turnCompleted).count == 1)
    #expect(output.summaries(.messageSystem) == ["The turn took 41 s"])
  }

  @Test("Without a stop reason the system line proves the end and brings the duration")
  func systemProof() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.bash("toolu_1", "ls"))
    transcript.reply("msg_2", Block.text("Done."))
    transcript.record("system", #""subtype":"turn_duration","durationMs":192000"#)
    let output = transcript.read(settling: false)
    #expect(output.summaries(.turnCompleted) == ["Turn finished after 3 min 12 s · 1 tool call"])
    #expect(output.value("duration_ms", of: .turnCompleted) == "192000")
    #expect(output.drafts.last?.type == .turnCompleted)
    #expect(output.drafts(.llmCallCompleted).count == 2)
  }

  @Test("Thinking that claims the end lets the text come before the turn ends")
  func thinkingFirst() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.thinking("Over."), stop: "end_turn")
    #expect(transcript.read(settling: false).drafts(.turnCompleted).isEmpty)
    #expect(transcript.read().drafts(.turnCompleted).count == 1)
    transcript.reply("msg_1", Block.text("Over."), stop: "end_turn")
    let output = transcript.read(settling: false)
    #expect(output.drafts.last?.type == .turnCompleted)
    #expect(output.drafts(.turnCompleted).count == 1)
  }

  @Test("A pause in the middle of a response changes nothing that is read after it")
  func pause() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.thinking("Over."), stop: "end_turn", output: 4)
    let block = #"{"schema_version":1,"events":[{"event_type":"progress","summary":"half"}]}"#
    transcript.reply(
      "msg_1", Block.text("Over.\n<!--HAPI_EVENTS_BEGIN-->\(block)<!--HAPI_EVENTS_END-->"),
      stop: "end_turn", output: 4)
    transcript.reply("msg_2", Block.text("More."), output: 1)
    transcript.reply("msg_2", Block.text("<!--HAPI_EVENTS_BEGIN-->\(block)<!--HAPI_EVENTS_END-->"))
    let file = TranscriptFile(path: "/a.jsonl", modifiedAt: 0)
    var reader = ClaudeFormat(file: file, state: nil)
    var paused = FormatOutput()
    for line in FormatRun.lines(Array(transcript.text.utf8)) {
      reader.read(line, into: &paused)
      reader.settle(into: &paused)
    }
    func keys(_ output: FormatOutput, _ type: EventType) -> [String?] {
      output.drafts(type).map(\.idempotencyKey)
    }
    let whole = transcript.read()
    for type in [EventType.turnCompleted, .progress, .messageAssistant] {
      #expect(keys(paused, type) == keys(whole, type))
    }
    #expect(keys(whole, .progress).count == 2)
    #expect(keys(paused, .llmCallCompleted).suffix(1) == keys(whole, .llmCallCompleted).suffix(1))
  }

  @Test("An interrupt ends a turn without completing it")
  func interrupt() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", Block.thinking("Over."), stop: "end_turn")
    transcript.prompt("[Request interrupted by user for tool use]")
    let output = transcript.read()
    #expect(output.drafts(.turnCompleted).isEmpty)
    #expect(output.value("interrupted", of: .messageSystem) == "true")
    #expect(output.drafts(.messageSystem).first?.sourceKind == .operator)
  }

  @Test("A retried call is a failure that will be tried again; an API error message is the end")
  func failures() throws {
    let output = FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/api_errors.jsonl"))
    #expect(output.drafts(.llmCallFailed).count == 2)
    #expect(output.value("will_retry", of: .llmCallFailed) == "true")
    #expect(output.value("will_retry", of: .llmCallFailed, at: 1) == "false")
    #expect(output.value("status", of: .llmCallFailed, at: 1) == "429")
    #expect(!output.drafts(.llmCallCompleted).contains { $0.payload.text.contains("<synthetic>") })
  }

  @Test("A compaction is one, whether announced or not, and never a prompt")
  func compaction() throws {
    let output = FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/compaction.jsonl"))
    #expect(output.drafts(.contextCompacted).count == 2)
    #expect(output.value("pre_tokens", of: .contextCompacted) == "155000")
    #expect(output.summaries(.messageUser) == ["Go on"])
  }
}
