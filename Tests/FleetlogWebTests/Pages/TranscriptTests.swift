import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("Transcripts")
struct TranscriptTests {
  private let template: Template<TranscriptEntry>

  init() throws { template = try Templates.ofThisPackage().entry }

  private func fill(_ events: [StoredEvent], runs: [RunSummary] = []) -> String {
    Transcript(events: events, runs: runs, now: 0, template: template).fill().text
  }

  private func run(_ id: Int64, parent: Int64?) -> RunSummary {
    RunSummary(
      id: id, key: "run:\(id)", parentID: parent, instanceID: "agent-\(id)",
      role: parent == nil ? "worker" : "subagent", sessionID: "s", startedAt: 0, lastAt: 0,
      events: 1, summary: "Agent \(id) started")
  }

  private func call(_ id: Int64, run: Int64 = 1) -> StoredEvent {
    .sample(
      .toolCall, id: id, run: run, text: "make test",
      payload: #"{"tool":"Bash","tool_use_id":"t1","input":{"command":"make test"}}"#)
  }

  private func result(_ id: Int64, run: Int64 = 1, content: String = "all good") -> StoredEvent {
    .sample(
      .toolResult, id: id, run: run, text: "result",
      payload:
        #"{"tool":"Bash","tool_use_id":"t1","is_error":true,"exit_code":2,"content":"\#(content)"}"#
    )
  }

  @Test("a result stands beneath its call and nowhere else")
  func pairs() {
    let html = fill([call(1), .sample(.messageAssistant, id: 2, text: "between"), result(3)])
    #expect(html.ranges(of: "all good").count == 1)
    #expect(html.ranges(of: "<li class=\"entry").count == 2)
    #expect(html.contains("exit 2"))
    #expect(html.contains("id=\"e3\""))
  }

  @Test("a result whose call is on an earlier page stands by itself")
  func unpaired() {
    #expect(fill([result(3)]).contains("all good"))
  }

  @Test("equal ids in two runs are two calls")
  func callsOfTwoRuns() {
    let html = fill(
      [
        call(1), call(2, run: 2), result(3, run: 2, content: "second"), result(4, content: "first"),
      ],
      runs: [run(1, parent: nil), run(2, parent: 1)])
    #expect(html.contains("first") && html.contains("second"))
    #expect(html.ranges(of: "class=\"output").count == 2)
  }

  @Test("a sub-agent's events are folded at the place where it started, its own ones inside it")
  func nested() throws {
    let events: [StoredEvent] = [
      .sample(.messageUser, id: 1, run: 1, text: "trunk before"),
      .sample(.messageUser, id: 2, run: 2, text: "inside"),
      .sample(.messageUser, id: 3, run: 3, text: "deeper"),
      .sample(.messageUser, id: 4, run: 1, text: "trunk after"),
    ]
    let html = fill(events, runs: [run(1, parent: nil), run(2, parent: 1), run(3, parent: 2)])
    #expect(html.ranges(of: "<details class=\"agent\">").count == 2)
    let order = [
      "trunk before", "Agent 2 started", "inside", "Agent 3 started", "deeper", "trunk after",
    ]
    let places = try order.map { try #require(html.firstRange(of: $0)).lowerBound }
    #expect(places == places.sorted())
  }

  @Test("runs that name each other as parents end somewhere")
  func cycle() {
    let html = fill(
      [.sample(.messageUser, id: 1, run: 2, text: "lost")],
      runs: [run(1, parent: nil), run(2, parent: 3), run(3, parent: 2)])
    #expect(html.contains("Agent 2 started"))
  }

  @Test("a response's figures stand beside what the model said")
  func usage() {
    let html = fill([
      .sample(.messageAssistant, id: 1, text: "said"),
      .sample(
        .llmCallCompleted, id: 2, text: "model: figures",
        payload: #"{"output_tokens":642,"context_tokens":50435}"#),
    ])
    #expect(html.contains("642 out · 50.4 k in context"))
    #expect(html.ranges(of: "<li class=\"entry").count == 1)
  }

  @Test("an event block shows as a fold, not in the worker's text; an example in a fence stays")
  func eventBlocks() {
    let block = "\(EventBlock.begin)\n{\"events\":[]}\n\(EventBlock.end)"
    let emitted = EmittedText("Before.\n\n\(block)\nAfter.")
    #expect(emitted.prose == "Before.\n\n\nAfter.")
    #expect(emitted.blocks == block)
    let fenced = EmittedText("```\n\(block)\n```")
    #expect(fenced.blocks.isEmpty)
    #expect(fenced.prose.contains(EventBlock.begin))
  }

  @Test("what was inferred is marked so")
  func inferred() {
    let html = fill([
      .sample(.stale, id: 1, text: "silent", provenance: "hub-inferred: no output for 41 min")
    ])
    #expect(html.contains("entry typed tone-stale inferred"))
    #expect(html.contains("inferred 0.85"))
  }
}
