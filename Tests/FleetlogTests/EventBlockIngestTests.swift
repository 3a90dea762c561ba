import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("Event blocks, from transcript to log")
struct EventBlockIngestTests {
  private static let blocked =
    #"{"schema_version": 1, "events": [{"event_type": "blocked", "#
    + #""summary": "Registry login expired", "severity": "4", "dedupe_key": "registry"}]}"#

  private static func block(_ body: String = blocked) -> String {
    "\(EventBlock.begin)\n\(body)\n\(EventBlock.end)"
  }

  private func ingest(_ lines: ClaudeLines, _ check: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      try check(fleet)
      #expect(try fleet.ingest().appended.inserted == 0)
    }
  }

  @Test("a block becomes its typed event, with the defaults of its type")
  func typedEvent() throws {
    try ingest(.with { $0.say("Stuck.\n\n" + Self.block() + "\n") }) { fleet in
      let event = try #require(try fleet.events(.blocked).first)
      #expect(event.summary == "Registry login expired")
      #expect(event.attentionCandidate)
      #expect(event.severity == 4)
      #expect(event.confidence == nil)
      #expect(event.dedupeKey == "registry")
      #expect(event.provenance == "worker")
      #expect(event.payload?.contains(#""_coerced":{"severity":"4"}"#) == true)
      let message = try #require(try fleet.events(.messageAssistant).first)
      #expect(event.relatedEventID == message.id)
      let receipt = try #require(try fleet.log.event(event.id)?.receipt)
      #expect(String(decoding: receipt.bytes, as: UTF8.self).contains("HAPI_EVENTS_BEGIN"))
    }
  }

  @Test("a block split over two pieces of one message is one block")
  func splitBlock() throws {
    let text = Self.block()
    for cut in [10, 30, text.count / 2, text.count - 8] {
      try ingest(
        .with {
          $0.say(String(text.prefix(cut)), message: "msg_split")
          $0.say(String(text.dropFirst(cut)), message: "msg_split")
        }
      ) { fleet in
        let found = try fleet.events(.blocked).count
        // A BEGIN that is itself cut in two is not the exact sentinel any more.
        #expect(found == (cut < EventBlock.begin.count ? 0 : 1), "cut at \(cut)")
      }
    }
  }

  @Test("only the worker's own text emits: results, prompts and fenced examples do not")
  func quotedSentinels() throws {
    try ingest(
      .with {
        $0.prompt("What does this do?\n" + Self.block())
        $0.run("cat prompt.md", id: "toolu_1")
        $0.result(Self.block(), id: "toolu_1")
        $0.say("An example:\n```\n\(Self.block())\n```\n")
      }
    ) { fleet in
      #expect(try fleet.events(.blocked).isEmpty)
      #expect(try fleet.events(.validationError).isEmpty)
      let report = try fleet.log.validation(limit: 10)
      #expect(report.totalFenced == 1)
      #expect(report.fenced.first?.problem.reason.contains("code fence") == true)
    }
  }

  static let malformed: [(String, String)] = [
    ("malformed JSON", block(#"{"schema_version": 1, "events": [}"#)),
    ("not an object", block("[]")),
    ("no events array", block(#"{"schema_version": 1}"#)),
    ("events is no array", block(#"{"events": {"event_type": "progress"}}"#)),
    ("missing type", block(#"{"events": [{"summary": "x"}]}"#)),
    ("blank summary", block(#"{"events": [{"event_type": "progress", "summary": "  "}]}"#)),
    ("unknown type", block(#"{"events": [{"event_type": "victory", "summary": "x"}]}"#)),
    ("a system type", block(#"{"events": [{"event_type": "pr.merged", "summary": "x"}]}"#)),
    ("unsupported version", block(#"{"schema_version": 9, "events": []}"#)),
    ("BEGIN without END", "\(EventBlock.begin)\n{\"events\": []}"),
    ("END without BEGIN", "{\"events\": []}\n\(EventBlock.end)"),
    ("nested BEGIN", "\(EventBlock.begin)\n\(block())\n\(EventBlock.end)"),
    ("an event that is no object", block(#"{"events": ["progress"]}"#)),
    ("a bad carrier", #"AGENT_NOTIFY_SUMMARY {"version":1,"status":"maybe","summary":"x"}"#),
  ]

  @Test(
    "each malformed block gives exactly one validation_error and spares the good events",
    arguments: malformed)
  func malformedBlock(_ name: String, _ text: String) throws {
    try ingest(
      .with {
        $0.say(Self.block() + "\nand\n" + text, message: "msg_1")
        $0.say(
          Self.block(Self.blocked.replacing("expired", with: "still expired")), message: "msg_2")
      }
    ) { fleet in
      let errors = try fleet.events(.validationError)
      #expect(errors.count == 1)
      #expect(try fleet.events(.blocked).count == 2)
      let error = try #require(errors.first)
      #expect(error.sourceKind == "system")
      let payload = try JSONDocument(error.payload ?? "").root
      #expect(payload["reason"]?.string?.isEmpty == false)
      #expect(payload["position"]?.int != nil)
      let kept = try #require(payload["text"]?.string)
      #expect(!kept.isEmpty && text.replacing("\\", with: "").contains(kept.prefix(20)))
      let links = try #require(try fleet.log.event(error.id)).links
      #expect(links.first?.relation == .causedBy)
      #expect(links.first?.other.type == .messageAssistant)
    }
  }

  @Test("a block in what a worker was asked stands in no list of a command")
  func titles() throws {
    try ingest(
      .with {
        $0.prompt("Report so: \(EventBlock.begin){\"events\":[]}\(EventBlock.end) and go on")
        $0.say("Going on.")
      }
    ) { fleet in
      for verb in ["sessions", "runs"] {
        let answer = try RunningProgram.run([verb, "--db", fleet.database])
        #expect(answer.output.contains("Report so: and go on"), "\(verb)")
        #expect(!answer.output.contains(EventBlock.begin), "\(verb)")
      }
    }
  }

  @Test("the good events of a block with a bad one are written")
  func partlyGood() throws {
    let body =
      #"{"events": [{"event_type": "progress", "summary": "first"}, {"event_type": "nope", "#
      + #""summary": "x"}, {"event_type": "completed", "summary": "last", "confidence": "30%"}], "#
      + #""summary": "Two of three"}"#
    try ingest(.with { $0.say(Self.block(body)) }) { fleet in
      #expect(try fleet.events(.progress).map(\.summary) == ["first"])
      #expect(try fleet.events(.validationError).count == 1)
      let completed = try #require(try fleet.events(.completed).first)
      #expect(completed.confidence == 0.3)
      #expect(completed.attentionCandidate, "a doubtful completion asks for attention")
      #expect(try fleet.events(.turnSummary).map(\.summary) == ["Two of three"])
    }
  }

  @Test("AGENT_NOTIFY_SUMMARY counts as the last line of a message, and only there")
  func carrier() throws {
    let line =
      #"AGENT_NOTIFY_SUMMARY {"version":1,"agent":"claude","project":"ledger","status":"done","#
      + #""action":"Merge the pull request","summary":"Postings are written once"}"#
    try ingest(
      .with {
        $0.say("Done.\n\n\(line)\n", message: "msg_1")
        $0.say("\(line)\nand more text", message: "msg_2")
      }
    ) { fleet in
      let events = try fleet.events(.completed)
      #expect(events.map(\.summary) == ["Postings are written once"])
      #expect(events.first?.operatorActionRequired == true)
      #expect(events.first?.attentionCandidate == true)
    }
  }

  @Test("links find their target now or when it arrives")
  func links() throws {
    try ingest(
      .with {
        $0.say(
          Self.block(
            #"{"events": [{"event_type": "progress", "summary": "Logged in", "links": "#
              + #"[{"relation_type": "resolves", "to": {"dedupe_key": "registry"}}, "#
              + #"{"relation_type": "blocks", "to": {"idempotency_key": "later"}}]}]}"#),
          message: "msg_2")
        $0.say(
          Self.block(
            #"{"events": [{"event_type": "progress", "summary": "Later", "#
              + #""idempotency_key": "later", "dedupe_key": "registry"}]}"#), message: "msg_3")
      }
    ) { fleet in
      let event = try #require(try fleet.events(.progress).first)
      let links = try #require(try fleet.log.event(event.id)).links
      #expect(Set(links.map(\.relation)) == [.resolves, .blocks])
      #expect(links.allSatisfy { $0.other.summary == "Later" })
    }
  }

  @Test("a worker's key used for two different events is a validation_error, not a silent drop")
  func keyConflict() throws {
    func keyed(_ summary: String) -> String {
      Self.block(
        #"{"events": [{"event_type": "progress", "summary": "\#(summary)", "#
          + #""idempotency_key": "step-1"}]}"#)
    }
    try ingest(
      .with {
        $0.say(keyed("one"), message: "msg_1")
        $0.say(keyed("one"), message: "msg_2")
        $0.say(keyed("two"), message: "msg_3")
      }
    ) { fleet in
      #expect(try fleet.events(.progress).map(\.summary) == ["one"])
      let errors = try fleet.events(.validationError)
      #expect(errors.count == 1)
      #expect(errors.first?.payload?.contains("two") == true)
    }
  }
}
