import FleetlogEvents
import FleetlogTestSupport
import Testing

private let begin = EventBlock.begin
private let end = EventBlock.end

@Suite("Finding event blocks in a worker's text")
struct EventBlockTests {
  private func scan(_ text: String) -> [EventBlock.Finding] {
    EventBlock.scan(text, isComplete: true).findings
  }

  /// The bodies of the blocks that count as emitted.
  private func bodies(_ text: String) -> [String] {
    scan(text).compactMap { if case .block(let body, _) = $0 { body } else { nil } }
  }

  private func reasons(_ text: String) -> [String] {
    scan(text).compactMap { if case .broken(let reason, _, _) = $0 { reason } else { nil } }
  }

  private func fenced(_ text: String) -> Int {
    scan(text).count { if case .fenced = $0 { true } else { false } }
  }

  @Test("A block is what stands between the sentinels, with its place")
  func oneBlock() {
    #expect(scan("é\n\(begin)\n{}\n\(end)\nafter") == [.block(body: "\n{}\n", offset: 3)])
  }

  @Test("Several blocks in one text are found in their order, also on one line")
  func severalBlocks() {
    #expect(
      bodies("a \(begin)1\(end) b \(begin)2\(end)\n\(begin)\n3\n\(end)") == ["1", "2", "\n3\n"])
  }

  @Test("Prose is never an event, however structured it looks")
  func prose() {
    #expect(scan(#"{"events":[{"event_type":"failed","summary":"x"}]}"#).isEmpty)
    #expect(scan("HAPI_EVENTS_BEGIN {} HAPI_EVENTS_END").isEmpty)
    #expect(scan("<!-- HAPI_EVENTS_BEGIN -->{}<!-- HAPI_EVENTS_END -->").isEmpty)
    #expect(scan("<!--hapi_events_begin-->{}<!--hapi_events_end-->").isEmpty)
    #expect(scan("").isEmpty)
  }

  @Test(
    "A block in a code fence is an example, whatever the fence looks like",
    arguments: [
      "```\nBLOCK\n```", "```json\nBLOCK\n```", "~~~\nBLOCK\n~~~", "````\n```\nBLOCK\n```\n````",
      "  ```\n  BLOCK\n  ```", "> ```\n> BLOCK\n> ```", "```\nBLOCK\n", "~~~ a `b` c\nBLOCK\n~~~",
      "~~~\n```\nBLOCK\n~~~", "```\nBLOCK\n``` x\n```", "text\n```\r\nBLOCK\r\n```\r\n",
    ])
  func fences(text: String) {
    let text = text.replacing("BLOCK", with: "\(begin)\n{}\n\(end)")
    #expect(bodies(text).isEmpty)
    #expect(reasons(text).isEmpty)
    #expect(fenced(text) == 1)
  }

  @Test(
    "A fence that is over, or none at all, hides nothing",
    arguments: [
      "```\ncode\n```\nBLOCK", "~~~\n```\n~~~\nBLOCK", "```` \n```\n````\nBLOCK", "``\nBLOCK",
      "```inline``` code\nBLOCK", "a ``` b\nBLOCK", "``` a`b\nBLOCK",
    ])
  func closedFences(text: String) {
    #expect(bodies(text.replacing("BLOCK", with: "\(begin){}\(end)")) == ["{}"])
  }

  @Test("A fence inside a block belongs to the block")
  func fenceInsideBlock() {
    #expect(bodies("\(begin)\n```\n\(end)\n\(begin){}\(end)") == ["\n```\n", "{}"])
  }

  @Test("A sentinel in a code span is talked about")
  func codeSpans() {
    let text = "Write `\(begin)` and then `\(end)` around it."
    #expect(bodies(text).isEmpty)
    #expect(reasons(text).isEmpty)
    #expect(fenced(text) == 1)
    #expect(bodies("a `b` c \(begin){}\(end)") == ["{}"])
    #expect(bodies("it`s \(begin){}\(end)") == ["{}"])
  }

  @Test("Sentinels without their partner are one refusal each, with the text that stood there")
  func broken() {
    #expect(
      scan("a\n\(begin)\n{}") == [
        .broken(reason: "BEGIN without END", text: "\(begin)\n{}", offset: 2)
      ])
    #expect(
      scan("a\nb {} \(end) c\nd") == [
        .broken(reason: "END without BEGIN", text: "b {} \(end) c", offset: 2)
      ])
    #expect(reasons("\(end)\n\(end)") == ["END without BEGIN", "END without BEGIN"])
  }

  @Test("A nested BEGIN refuses the whole as one, and the next block is read again")
  func nested() {
    #expect(reasons("\(begin)\n1\n\(begin)\n2\n\(end)\n3\n\(end)") == ["BEGIN inside a block"])
    #expect(reasons("\(begin)\(begin)\(begin)x\(end)\(end)\(end)") == ["BEGIN inside a block"])
    let followed = "\(begin)1\(begin)2\(end)3\(end)\n\(begin){}\(end)"
    #expect(bodies(followed) == ["{}"])
    #expect(reasons(followed) == ["BEGIN inside a block"])
    #expect(reasons("\(begin)1\(begin)2") == ["BEGIN without END"])
    let unbalanced = "\(begin)1\(begin)2\(end)\n\(begin){}\(end)\n\(end)"
    #expect(bodies(unbalanced) == ["{}"])
    #expect(reasons(unbalanced) == ["BEGIN inside a block", "END without BEGIN"])
  }

  @Test("The carrier counts on the last line that is not blank, and only there")
  func carrier() {
    let line = "AGENT_NOTIFY_SUMMARY {\"status\":\"done\"}"
    #expect(scan("x\n  \(line)\n \t\r\n\n").count == 1)
    #expect(
      scan("x\n\(line)") == [.summaryLine(body: " {\"status\":\"done\"}", offset: 2)])
    #expect(scan("AGENT_NOTIFY_SUMMARY{}").count == 1)
    for text in [
      "\(line)\nmore", "say \(line)", "`\(line)`", "> \(line)", "AGENT_NOTIFY_SUMMARYX {}",
      "AGENT_NOTIFY_SUMMARY", "```\n\(line)\n```", "```\n\(line)", "\(line)\n```\n```",
      "\(line)\n```", "\(line)\n.",
    ] {
      #expect(scan(text).isEmpty, "\(text)")
    }
    #expect(scan("\(line)\n\(begin){}\(end)") == [.block(body: "{}", offset: line.utf8.count + 1)])
  }

  @Test("While a message may grow, neither an open block nor the last line is reported")
  func incomplete() {
    let open = EventBlock.scan("\(begin)1\(end)\n\(begin)2", isComplete: false)
    #expect(open.findings == [.block(body: "1", offset: 0)])
    #expect(open.endsInsideBlock)
    let carrier = EventBlock.scan("AGENT_NOTIFY_SUMMARY {}", isComplete: false)
    #expect(carrier.findings.isEmpty)
    #expect(!carrier.endsInsideBlock)
  }

  @Test("The findings of a text are the first findings of every text that goes on from it")
  func prefixStability() {
    var random = SeededGenerator.new()
    let pieces = [
      begin, end, "{}", "```", "~~~", "````", "`", "> ", "  ", "text", "\n", "\n", "\r\n",
      "AGENT_NOTIFY_SUMMARY {}",
    ]
    for _ in 0..<1500 {
      let text = (0..<random.below(14)).map { _ in random.one(of: pieces) }.joined()
      let more = (0..<random.below(10)).map { _ in random.one(of: pieces) }.joined()
      let early = EventBlock.scan(text, isComplete: false)
      let late = EventBlock.scan(text + "\n" + more, isComplete: false)
      #expect(
        early.findings == Array(late.findings.prefix(early.findings.count)),
        "seed \(random.seed): \(text.debugDescription) + \(more.debugDescription)")
      let whole = EventBlock.scan(text, isComplete: true)
      #expect(
        early.findings == Array(whole.findings.prefix(early.findings.count)),
        "seed \(random.seed): \(text.debugDescription)")
    }
  }

  @Test("A line of nothing but sentinels is kept about once, not once for each")
  func hostileLine() {
    let findings = scan(String(repeating: end, count: 4000))
    #expect(findings.count == 4000)
    let kept = findings.reduce(0) { sum, finding in
      if case .broken(_, let text, _) = finding { sum + text.utf8.count } else { sum }
    }
    #expect(kept < 3 * 4000 * end.utf8.count)
  }
}
