import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Codex turns and model calls")
struct CodexTurnsTests {
  private typealias Reading = RolloutReading

  private static func usage(_ second: Int, total: Int, last: Int, cached: Int) -> String {
    Reading.event(
      second,
      #"{"type":"token_count","info":{"total_token_usage":{"input_tokens":\#(total),"cached_input_tokens":0,"output_tokens":10,"total_tokens":\#(total + 10)},"last_token_usage":{"input_tokens":\#(last),"cached_input_tokens":\#(cached),"output_tokens":10,"reasoning_output_tokens":4,"total_tokens":\#(last + 10)},"model_context_window":1000}}"#
    )
  }

  @Test("A total that is written again is no second model call")
  func reemittedTotals() {
    let output = Reading.read(
      [
        Reading.meta, Self.usage(1, total: 100, last: 100, cached: 60),
        Self.usage(2, total: 100, last: 100, cached: 60),
        Reading.event(3, #"{"type":"token_count","info":null,"rate_limits":{"primary":{}}}"#),
        Self.usage(4, total: 150, last: 50, cached: 0),
        Self.usage(5, total: 40, last: 40, cached: 0),
      ], inChunks: true)
    #expect(output.drafts(.llmCallCompleted).count == 3)
    #expect(output.drafts.count == 4)
  }

  @Test("Cached tokens are taken out of the input they are part of")
  func cachedTokens() throws {
    let output = Reading.read([Reading.meta, Self.usage(1, total: 100, last: 100, cached: 60)])
    let call = try #require(output.drafts(.llmCallCompleted).first)
    #expect(
      call.payload.text
        == #"{"input_tokens":40,"cache_read_tokens":60,"output_tokens":10,"reasoning_tokens":4,"context_tokens":100,"context_window":1000}"#
    )
    #expect(call.dedupeKey == nil)
  }

  @Test("An interrupted turn has neither failed nor been completed")
  func interrupted() throws {
    let output = Reading.read([
      Reading.meta, Reading.event(1, #"{"type":"task_started","turn_id":"t"}"#),
      Reading.event(2, #"{"type":"turn_aborted","reason":"interrupted"}"#),
    ])
    let note = try #require(output.drafts(.messageSystem).first)
    #expect(note.sourceKind == .operator)
    #expect(note.payload.text.contains(#""interrupted":true"#))
    #expect(output.drafts(.turnCompleted).isEmpty && output.drafts(.failed).isEmpty)
  }

  @Test("A turn that was replaced was not interrupted by the operator")
  func replaced() {
    let output = Reading.read([
      Reading.meta, Reading.event(2, #"{"type":"turn_aborted","reason":"replaced"}"#),
    ])
    #expect(output.drafts(.messageSystem).map(\.sourceKind) == [.worker])
  }

  @Test("A turn that failed has ended with its error")
  func failedTurn() {
    let output = Reading.read([
      Reading.meta,
      Reading.event(2, #"{"type":"task_complete","error":{"message":"out of quota"}}"#),
    ])
    #expect(output.drafts(.turnCompleted).map(\.summary) == ["Turn failed: out of quota"])
  }

  @Test("Where a build writes no ends, a final message with nothing behind it is one")
  func inferredEnds() throws {
    let prompt = Reading.event(9, #"{"type":"user_message","message":"Next"}"#)
    let said = Reading.said(1, "Done.")
    let call = Reading.item(
      2, #"{"type":"function_call","name":"x","arguments":"{}","call_id":"c"}"#)
    let ended = Reading.read([Reading.meta, said, prompt], settles: false).drafts(.turnCompleted)
    #expect(ended.map(\.confidence) == [0.7])
    #expect(ended.first?.provenance.hasPrefix("hub-inferred: ") == true)
    #expect(Reading.read([Reading.meta, said, call, prompt]).drafts(.turnCompleted).isEmpty)
    let stated = Reading.event(0, #"{"type":"task_started"}"#)
    #expect(Reading.read([Reading.meta, stated, said, prompt]).drafts(.turnCompleted).isEmpty)
    #expect(Reading.read([Reading.meta, said]).drafts(.turnCompleted).count == 1)
  }

  @Test("A compaction that two records tell is one, and its history is no activity")
  func compaction() {
    let compacted = Reading.line(
      1, "compacted",
      #"{"message":"So far so good","replacement_history":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Old"}]}]}"#
    )
    let event = Reading.event(1, #"{"type":"context_compacted"}"#)
    for lines in [[compacted, event], [event, compacted], [compacted], [event]] {
      let output = Reading.read([Reading.meta] + lines)
      #expect(output.drafts.map(\.type) == [.processStarted, .contextCompacted])
    }
    let twice = [compacted, event, compacted, event]
    #expect(Reading.read([Reading.meta] + twice).drafts(.contextCompacted).count == 2)
  }

  @Test("An error is a failed model call, and a retry says that it is one")
  func errors() {
    let output = Reading.read([
      Reading.meta,
      Reading.event(1, #"{"type":"error","error":{"kind":"rate_limit","message":"Slow down"}}"#),
      Reading.event(2, #"{"type":"stream_error","message":"Reconnecting 1/5"}"#),
    ])
    #expect(
      output.drafts(.llmCallFailed).map(\.summary) == [
        "Model call failed: Slow down", "Model call retried: Reconnecting 1/5",
      ])
    #expect(
      output.drafts(.llmCallFailed).last?.payload.text.contains(#""will_retry":true"#) == true)
  }

  @Test("Settings are told when they change")
  func settings() {
    func context(_ approval: String) -> String {
      Reading.line(
        1, "turn_context",
        #"{"cwd":"/home/mara/shop","approval_policy":"\#(approval)","sandbox_policy":{"mode":"read-only"},"model":"gpt-5-codex"}"#
      )
    }
    let output = Reading.read([
      Reading.meta, context("never"), context("never"), context("on-request"),
      Self.usage(2, total: 5, last: 5, cached: 0),
    ])
    #expect(
      output.drafts(.contextSet).map(\.summary) == [
        "gpt-5-codex, approval never, sandbox read-only",
        "gpt-5-codex, approval on-request, sandbox read-only",
      ])
    #expect(output.drafts(.llmCallCompleted).first?.payload.text.contains("gpt-5-codex") == true)
  }
}
