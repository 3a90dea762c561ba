import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Claude Code messages")
struct ClaudeMessagesTests {
  @Test(
    "Text that the machinery wrote is no prompt",
    arguments: [
      ("<command-name>/clear</command-name>\n<command-args></command-args>", "/clear"),
      ("<local-command-stdout>Bye!</local-command-stdout>", "The command printed: Bye!"),
      ("<local-command-stdout></local-command-stdout>", "The command printed nothing"),
      ("<local-command-caveat>Caveat: x</local-command-caveat>", "Caveat: x"),
      ("Caveat: The messages below were generated", "Caveat: The messages below were generated"),
      ("<bash-input>ls -l</bash-input>", "! ls -l"),
      ("<system-reminder>\nBe brief.\n</system-reminder>", "Reminder: Be brief."),
      (
        "<task-notification>\n<summary>Agent \"x\" completed</summary>\n</task-notification>",
        "Agent \"x\" completed"
      ),
      (
        "<teammate-message teammate_id=\"bob\" summary=\"tests pass\">\nAll.\n</teammate-message>",
        "Message from bob: tests pass"
      ),
      ("Stop hook feedback:\n- lint", "Stop hook feedback: lint"),
      ("This session is being continued from", "This session is being continued from"),
    ])
  func machinery(text: String, summary: String) {
    var transcript = ClaudeTranscript()
    transcript.prompt(text)
    let output = transcript.read()
    #expect(output.drafts(.messageUser).isEmpty)
    #expect(output.summaries(.messageSystem) == [summary])
    #expect(output.drafts(.messageSystem).first?.sourceKind == .worker)
  }

  @Test("A prompt is the operator's, and reads without what the editor put before it")
  func prompt() {
    var transcript = ClaudeTranscript()
    transcript.prompt("<ide_opened_file>x.go</ide_opened_file>\n# Mend **this**\nplease")
    let output = transcript.read()
    #expect(output.summaries(.messageUser) == ["Mend this · please"])
    #expect(output.drafts(.messageUser).first?.sourceKind == .operator)
  }

  @Test("A block in a record without a time has one key, whenever the file was touched")
  func blockWithoutTime() throws {
    var text = JSONObject()
    text.set("type", "text")
    text.set(
      "text",
      EventBlock.begin + #"{"events":[{"event_type":"blocked","summary":"No key"}]}"#
        + EventBlock.end)
    let line =
      #"{"type":"assistant","uuid":"u1","sessionId":"s1","#
      + "\"message\":{\"id\":\"m1\",\"content\":[\(text.text)]}}"
    func keys(modifiedAt: Int64) -> [String?] {
      FormatRun.read(ClaudeFormat.self, Array(line.utf8), modifiedAt: modifiedAt)
        .drafts(.blocked).map(\.idempotencyKey)
    }
    #expect(keys(modifiedAt: 1000).count == 1)
    #expect(keys(modifiedAt: 1000) == keys(modifiedAt: 1_900_000_000_000))
  }

  @Test("A prompt queued in mid-turn counts once and does not end the turn")
  func queued() {
    var transcript = ClaudeTranscript()
    transcript.prompt("go")
    transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "ls"))
    transcript.record("attachment", #""attachment":{"type":"queued_command","prompt":"and push"}"#)
    transcript.note(
      #"{"type":"queue-operation","operation":"remove","content":"and push","sessionId":"s"}"#)
    transcript.record("system", #""subtype":"turn_duration","durationMs":5000"#)
    let output = transcript.read()
    #expect(output.summaries(.messageUser) == ["go", "and push"])
    #expect(output.summaries(.turnCompleted) == ["Turn finished after 5 s · 1 tool call"])
  }

  @Test("Injected text is not the operator's")
  func meta() {
    var transcript = ClaudeTranscript()
    transcript.record(
      "user", #""isMeta":true,"message":{"content":"Please analyze this codebase"}"#)
    let output = transcript.read()
    #expect(output.drafts(.messageUser).isEmpty)
    #expect(output.value("injected", of: .messageSystem) == "true")
  }

  @Test("Escapes and control characters never reach a summary")
  func hostile() {
    var transcript = ClaudeTranscript()
    transcript.prompt("\u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{07}and \u{202E}back\u{0} again\nnow")
    #expect(transcript.read().summaries(.messageUser) == ["red and back\u{FFFD} again · now"])
  }

  @Test("An event block split over two pieces of one message emits once, from the worker")
  func splitBlock() throws {
    let output = FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/event_blocks.jsonl"))
    #expect(output.summaries(.blocked) == ["CI refuses the push"])
    #expect(output.drafts(.blocked).first?.dedupeKey == "ci")
    #expect(output.summaries(.progress) == ["half way"])
    #expect(output.drafts(.validationError).count == 1)
    #expect(output.problems.map(\.kind) == [.fencedBlock])
    #expect(output.drafts(.failed).isEmpty)
    #expect(output.summaries(.completed) == ["Retry is mended"])
    #expect(output.drafts(.completed).first?.operatorActionRequired == true)
    #expect(output.summaries(.messageAssistant).allSatisfy { !$0.contains("event_type") })
  }

  @Test("A last line is the last one when the next message begins, not before")
  func carrier() {
    var transcript = ClaudeTranscript()
    let line = #"AGENT_NOTIFY_SUMMARY {"version":1,"status":"blocked","summary":"No key"}"#
    transcript.reply("msg_1", ClaudeTranscript.text("Well.\n" + line))
    #expect(transcript.read(settling: false).drafts(.blocked).isEmpty)
    var longer = transcript
    longer.reply("msg_1", ClaudeTranscript.text("One more thing."))
    #expect(longer.read().drafts(.blocked).isEmpty)
    transcript.reply("msg_2", ClaudeTranscript.text("Next."))
    #expect(transcript.read(settling: false).summaries(.blocked) == ["No key"])
  }

  @Test("A pull request's link becomes an artifact only if it is a web address")
  func pullRequest() {
    for (url, expected) in [
      ("https://example.org/pull/7", "https://example.org/pull/7"),
      ("javascript:alert(1)", nil),
    ] {
      var transcript = ClaudeTranscript()
      transcript.prompt("go")
      transcript.note(
        #"{"type":"pr-link","sessionId":"s","prNumber":7,"prUrl":"\#(url)","prRepository":"a/b"}"#)
      let draft = transcript.read().drafts(.observationRecorded).first
      #expect(draft?.artifacts.first?.kind == "github_pr")
      #expect(draft?.artifacts.first?.url == expected)
      #expect(draft?.summary == "Pull request a/b#7")
    }
  }

  @Test("A summary is this session's title only if its leaf stands in the file")
  func titles() {
    var transcript = ClaudeTranscript()
    let leaf = transcript.record("user", #""message":{"content":"go"}"#)
    transcript.note(#"{"type":"summary","summary":"Mine","leafUuid":"\#(leaf)"}"#)
    transcript.note(#"{"type":"summary","summary":"Not mine","leafUuid":"elsewhere"}"#)
    let output = transcript.read()
    #expect(output.value("title", of: .contextSet) == "Mine")
    #expect(output.value("title", of: .contextSet, at: 1) == nil)
    #expect(output.value("other_title", of: .contextSet, at: 1) == "Not mine")
  }

  @Test("An unknown kind is told and noted; what is no record at all is skipped with its reason")
  func unknown() throws {
    let output = FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/malformed.jsonl"))
    #expect(output.summaries(.workerObservation).contains("Unknown record kind frame-link"))
    #expect(output.problems.count { $0.kind == .unknownRecord } == 3)
    #expect(output.problems.filter { $0.kind == .skipped }.allSatisfy { !$0.reason.isEmpty })
    #expect(output.summaries(.messageUser).contains("a bare message"))
  }
}
