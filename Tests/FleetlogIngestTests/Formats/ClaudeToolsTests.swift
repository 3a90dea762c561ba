import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Claude Code tools")
struct ClaudeToolsTests {
  private func refusals() throws -> [EventDraft] {
    FormatRun.read(ClaudeFormat.self, try Fixtures.bytes("claude/refusals.jsonl"))
      .drafts(.toolResult)
  }

  private func flag(_ name: String, _ draft: EventDraft) -> Bool {
    (try? JSONDocument(draft.payload.text))?.root[name]?.bool ?? false
  }

  @Test("A refusal comes from the operator and is no failure; a failure is not a refusal")
  func refusal() throws {
    let results = try refusals()
    let denied = results.filter { flag("denied", $0) }
    #expect(denied.count == 7)
    #expect(denied.allSatisfy { $0.sourceKind == .operator && !flag("is_error", $0) })
    let failed = results.filter { flag("is_error", $0) }
    #expect(
      failed.map(\.summary) == [
        "make: failed · make: *** No rule to make target. Stop.",
        "Edit a.js: failed · File has not been read yet. Read it first before writing to it.",
      ])
  }

  @Test("A refusal gives the operator's reason")
  func reasons() throws {
    let summaries = try refusals().map(\.summary)
    #expect(summaries.contains("Refused: npm install — “use pnpm”"))
    #expect(
      summaries.contains(
        "Refused: git commit -m “Add the app” && git push — “please add transformer.js too first”"))
    #expect(summaries.contains("Not approved: claude --version"))
  }

  @Test("An error of a command is never taken for the operator's words")
  func machineWords() {
    for text in [
      "Error", "Request failed with status code 403",
      "(eval):cd:1: no such file or directory: test",
      "grep: renderer.py: No such file or directory", "Command timed out after 5s",
      "fatal: you are not on a branch", "npm warning: should be updated by you\nand more",
    ] {
      var transcript = ClaudeTranscript()
      transcript.version = "2.0.5"
      transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "run"))
      transcript.result("toolu_1", text, isError: true)
      #expect(transcript.read().value("is_error", of: .toolResult) == "true", "\(text)")
    }
  }

  @Test("Bare words are a refusal only where the version wrote them so")
  func versions() {
    for (version, denied) in [("2.0.5", "true"), ("2.0.37", nil), ("1.0.51", nil), ("x", nil)] {
      var transcript = ClaudeTranscript()
      transcript.version = version
      transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "run"))
      transcript.result("toolu_1", "please wait for me", isError: true)
      #expect(transcript.read().value("denied", of: .toolResult) == denied)
    }
  }

  @Test("A result follows from its call, and says how long it took to come")
  func pairing() {
    var transcript = ClaudeTranscript()
    transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "npm test"))
    transcript.result("toolu_1", "ok")
    let output = transcript.read()
    let call = output.drafts(.toolCall).first?.idempotencyKey ?? ""
    #expect(output.drafts(.toolResult).first?.links.first?.relation == .causedBy)
    #expect(output.drafts(.toolResult).first?.links.first?.target == .idempotencyKey(call))
    #expect(output.drafts(.toolResult).first?.relatedKey == call)
    #expect(output.value("elapsed_ms", of: .toolResult) == "1000")
    #expect(output.value("duration_ms", of: .toolResult) == nil)
    #expect(output.value("is_error", of: .toolResult) == "false")
  }

  @Test("A failed command tells its exit code and how its tests went")
  func exitCode() {
    var transcript = ClaudeTranscript()
    transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "cd app && npm test"))
    transcript.result("toolu_1", "Exit code 1\nTests: 1 failed, 11 passed, 12 total", isError: true)
    let output = transcript.read()
    #expect(output.value("exit_code", of: .toolResult) == "1")
    #expect(output.summaries(.toolResult) == ["npm test: exit 1 · 12 tests, 1 failed"])
  }

  @Test(
    "What a tool did is said in words",
    arguments: [
      ("Grep", #"{"pattern":"x"}"#, #"{"numFiles":3,"filenames":[]}"#, "Search “x”: 3 files found"),
      ("Glob", #"{"pattern":"*.go"}"#, #"{"numFiles":0}"#, "Find *.go: nothing found"),
      (
        "WebFetch", #"{"url":"https://example.org"}"#,
        #"{"code":200,"codeText":"OK","bytes":240300,"durationMs":50}"#,
        "Fetch https://example.org: 200 OK, 240 KB"
      ),
      (
        "Write", #"{"file_path":"/home/ada/shop/a.md"}"#,
        #"{"type":"create","filePath":"/home/ada/shop/a.md","content":"a\nb\n"}"#,
        "Created a.md (2 lines)"
      ),
      (
        "BashOutput", #"{"bash_id":"b1"}"#, #"{"status":"completed","exitCode":2}"#,
        "Look at background command b1: completed, exit 2"
      ),
      (
        "Bash", #"{"command":"make"}"#, #"{"backgroundTaskId":"b2"}"#,
        "make: started in the background as b2"
      ),
      (
        "Bash", #"{"command":"grep x y"}"#, #"{"returnCodeInterpretation":"No matches found"}"#,
        "grep x y: No matches found"
      ),
    ])
  func words(tool: String, input: String, result: String, summary: String) {
    var transcript = ClaudeTranscript()
    transcript.reply("msg_1", ClaudeTranscript.call("toolu_1", tool, input))
    transcript.result("toolu_1", "text", extra: ",\"toolUseResult\":\(result)")
    #expect(transcript.read().summaries(.toolResult) == [summary])
  }

  @Test("A result whose call stands in no line read is kept")
  func orphan() {
    var transcript = ClaudeTranscript()
    transcript.result("toolu_9", "four files")
    let output = transcript.read()
    #expect(output.summaries(.toolResult) == ["An earlier call: four files"])
    #expect(output.drafts(.toolResult).first?.links.isEmpty == true)
  }

  @Test("Long text is cut to the cap, and an image is noted without its bytes")
  func caps() throws {
    var transcript = ClaudeTranscript()
    transcript.reply("msg_1", ClaudeTranscript.bash("toolu_1", "cat"))
    transcript.record(
      "user",
      #""message":{"content":[{"type":"tool_result","tool_use_id":"toolu_1","content":["#
        + #"{"type":"text","text":"\#(String(repeating: "x", count: 5000))"},"#
        + #"{"type":"image","source":{"media_type":"image/png","data":"QUJDREVGR0g="}}]}]}"#)
    let file = TranscriptFile(path: "/a.jsonl", modifiedAt: 0, cap: .sha256(limit: 100))
    var reader = ClaudeFormat(file: file, state: nil)
    var output = FormatOutput()
    for line in FormatRun.lines(Array(transcript.text.utf8)) { reader.read(line, into: &output) }
    let payload = try #require(output.drafts(.toolResult).first).payload.text
    let root = try JSONDocument(payload).root
    #expect(root["content"]?["_cut"]?["length"]?.int == 5000)
    #expect(root["attachments"]?.elements.first?["media_type"]?.string == "image/png")
    #expect(root["attachments"]?.elements.first?["bytes"]?.int == 9)
    #expect(!payload.contains("QUJD"))
  }
}
