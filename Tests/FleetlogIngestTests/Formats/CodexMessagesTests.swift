import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Codex messages")
struct CodexMessagesTests {
  private typealias Reading = RolloutReading

  private static let block = """
    <!--HAPI_EVENTS_BEGIN-->
    {"schema_version":1,"events":[{"event_type":"progress","summary":"Half done"}]}
    <!--HAPI_EVENTS_END-->
    """

  private static func prompt(_ second: Int, _ text: String) -> String {
    Reading.event(second, #"{"type":"user_message","message":"\#(text)"}"#)
  }

  private static func promptItem(_ second: Int, _ text: String) -> String {
    Reading.item(
      second,
      #"{"type":"message","role":"user","content":[{"type":"input_text","text":"\#(text)"}]}"#)
  }

  @Test("A message that stands twice is told once, whichever comes first")
  func twins() {
    let said = [Reading.said(1, "Done."), Reading.answered(2, "Done.")]
    let asked = [Self.prompt(1, "Go"), Self.promptItem(2, "Go")]
    for lines in [said, said.reversed()] {
      #expect(Reading.read([Reading.meta] + lines).drafts(.messageAssistant).count == 1)
    }
    for lines in [asked, asked.reversed()] {
      #expect(Reading.read([Reading.meta] + lines).drafts(.messageUser).count == 1)
    }
  }

  @Test("A message that only one family tells is told")
  func single() {
    for line in [Reading.said(1, "Done."), Reading.answered(1, "Done.")] {
      #expect(Reading.read([Reading.meta, line]).drafts(.messageAssistant).count == 1)
    }
  }

  @Test("A message of three families is told once")
  func triplets() {
    let third = Reading.event(
      3,
      #"{"type":"item_completed","item":{"type":"AgentMessage","id":"i","content":[{"type":"Text","text":"Done."}]}}"#
    )
    let output = Reading.read([
      Reading.meta, Reading.said(1, "Done."), Reading.answered(2, "Done."), third,
    ])
    #expect(output.drafts(.messageAssistant).count == 1)
  }

  @Test("The same words said again are another message")
  func repeats() {
    let output = Reading.read([
      Reading.meta, Self.promptItem(1, "continue"), Self.prompt(1, "continue"),
      Reading.said(2, "Ok"), Reading.answered(2, "Ok"), Self.promptItem(3, "continue"),
      Self.prompt(3, "continue"), Reading.said(4, "Ok"), Reading.answered(4, "Ok"),
    ])
    #expect(output.drafts(.messageUser).count == 2)
    #expect(output.drafts(.messageAssistant).count == 2)
  }

  @Test("Reasoning is told once for each of its summaries, and not at all where it is encrypted")
  func reasoning() {
    let output = Reading.read([
      Reading.meta, Reading.event(1, #"{"type":"agent_reasoning","text":"First"}"#),
      Reading.event(1, #"{"type":"agent_reasoning","text":"Second"}"#),
      Reading.item(
        2,
        #"{"type":"reasoning","summary":[{"type":"summary_text","text":"First"},{"type":"summary_text","text":"Second"},{"type":"summary_text","text":"Third"}],"encrypted_content":"x"}"#
      ),
      Reading.item(3, #"{"type":"reasoning","summary":[],"encrypted_content":"x"}"#),
    ])
    #expect(output.drafts(.messageReasoning).map(\.summary) == ["First", "Second", "Third"])
  }

  @Test("The editor's context is kept apart from the operator's request")
  func editorContext() throws {
    let output = Reading.read([
      Reading.meta,
      Self.promptItem(
        1,
        "# Context from my IDE setup:\\n\\n## Open tabs:\\n- a.ts\\n\\n## My request for Codex:\\nMake it fast\\n"
      ),
      Self.prompt(1, "Make it fast"),
    ])
    let prompts = output.drafts(.messageUser)
    #expect(prompts.map(\.summary) == ["Make it fast"])
    #expect(prompts.first?.sourceKind == .operator)
    #expect(prompts.first?.payload.text.contains("a.ts") == true)
  }

  @Test(
    "What the program says in the operator's role is no prompt",
    arguments: [
      "<environment_context>\\n  <cwd>/a</cwd>\\n</environment_context>", "# AGENTS.md\\nBe kind",
      "<INSTRUCTIONS>x</INSTRUCTIONS>", "<user_instructions>x</user_instructions>",
      "<turn_aborted>x</turn_aborted>", "<subagent_notification>{}</subagent_notification>",
      "<skill>x</skill>", "<recommended_plugins>x</recommended_plugins>",
    ])
  func injected(text: String) {
    let output = Reading.read([Reading.meta, Self.promptItem(1, text)])
    #expect(output.drafts(.messageUser).isEmpty)
    #expect(output.drafts(.messageSystem).map(\.sourceKind) == [.worker])
  }

  @Test("An event block in an answer emits once although the answer stands twice")
  func blockOnce() throws {
    let text = "Going well.\n\n" + Self.block
    let output = Reading.read([Reading.meta, Reading.said(1, text), Reading.answered(2, text)])
    #expect(output.drafts(.progress).map(\.summary) == ["Half done"])
    #expect(output.drafts(.messageAssistant).map(\.summary) == ["Going well."])
    #expect(output.drafts(.validationError).isEmpty)
  }

  @Test("An event block may be split over the parts of an answer, whichever family comes first")
  func split() throws {
    let cut = try #require(Self.block.firstRange(of: "Half")).lowerBound
    let first = String(Self.block[..<cut])
    let second = String(Self.block[cut...])
    let events = [Reading.said(1, first), Reading.said(1, second)]
    let item = [Reading.answered(2, first, second)]
    for lines in [item, events, events + item, item + events] {
      let output = Reading.read([Reading.meta] + lines, inChunks: true)
      #expect(output.drafts(.progress).map(\.summary) == ["Half done"])
      #expect(output.drafts(.validationError).isEmpty)
    }
  }

  @Test("A block that never ends is refused when something else comes")
  func unclosed() {
    let output = Reading.read(
      [
        Reading.meta, Reading.said(1, "<!--HAPI_EVENTS_BEGIN-->\n{\"events\":["),
        Reading.event(2, #"{"type":"task_complete"}"#),
      ], settles: false)
    #expect(output.drafts.map(\.type).suffix(2) == [.validationError, .turnCompleted])
  }

  @Test("A block in a code fence is an example")
  func fenced() {
    let output = Reading.read([
      Reading.meta, Reading.answered(1, "```\n" + Self.block + "\n```"),
    ])
    #expect(output.drafts(.progress).isEmpty)
    #expect(output.problems.map(\.kind) == [.fencedBlock])
  }

  @Test("A summary line that ends a message is an event")
  func carrier() {
    let text =
      #"All done.\#n\#nAGENT_NOTIFY_SUMMARY {"version":1,"agent":"codex","status":"done","action":"none","summary":"Tax added"}"#
    let output = Reading.read([Reading.meta, Reading.said(1, text), Reading.answered(1, text)])
    #expect(output.drafts(.completed).map(\.summary) == ["Tax added"])
  }

  @Test("Sentinels outside the agent's own answers emit nothing")
  func quoted() {
    var output = JSONObject()
    output.set("type", "function_call_output")
    output.set("call_id", "call_1")
    output.set("output", Self.block)
    var prompt = JSONObject()
    prompt.set("type", "user_message")
    prompt.set("message", Self.block)
    var thought = JSONObject()
    thought.set("type", "agent_reasoning")
    thought.set("text", Self.block)
    let read = Reading.read([
      Reading.meta, Reading.item(1, output.text), Reading.event(2, prompt.text),
      Reading.event(3, thought.text),
    ])
    #expect(read.drafts(.progress).isEmpty)
    #expect(read.drafts(.validationError).isEmpty)
    #expect(read.drafts(.toolResult).count == 1)
  }
}
