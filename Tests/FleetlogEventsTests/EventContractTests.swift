import FleetlogEvents
import FleetlogTestSupport
import Testing

@Suite("The event contract")
struct EventContractTests {
  /// The one event of a block whose event has these fields beside type and summary.
  private func event(
    _ fields: String = "", type: String = "progress", summary: String = "s"
  ) throws -> AdmittedEvent {
    let more = fields.isEmpty ? "" : ", " + fields
    let result = EventContract.admit(
      block: #"{"events":[{"event_type":"\#(type)","summary":"\#(summary)"\#(more)}]}"#)
    #expect(result.refusals.isEmpty)
    return try #require(result.events.first)
  }

  private func coerced(_ event: AdmittedEvent) throws -> JSONValue? {
    try JSONDocument(event.payload.text).root["_coerced"]
  }

  private func payload(_ event: AdmittedEvent) throws -> JSONValue {
    try JSONDocument(event.payload.text).root
  }

  @Test("An event that says no more than it must gets the catalogue's defaults")
  func defaults() throws {
    for entry in EventTypeCatalogue.entries where entry.family == .worker {
      let event = try event(type: entry.type.rawValue)
      #expect(event.type == entry.type)
      #expect(event.severity == 1)
      #expect(event.confidence == nil)
      #expect(event.attentionCandidate == (entry.attention || entry.type == .riskDetected))
      #expect(event.operatorActionRequired == false)
      #expect(event.riskDetected == (entry.type == .riskDetected))
      #expect(event.ts == nil)
      #expect(event.payload.isEmpty)
      #expect(event.tags.isEmpty && event.artifacts.isEmpty && event.links.isEmpty)
    }
  }

  @Test("Which worker types ask for attention is as the specification lists them")
  func attentionByType() {
    let asking = EventTypeCatalogue.entries.filter { $0.family == .worker && $0.attention }
    #expect(
      Set(asking.map(\.type.rawValue)) == [
        "commit_pushed", "pr_opened", "needs_decision", "needs_review", "approval_requested",
        "blocked", "risk_detected", "failed",
      ])
  }

  @Test(
    "A severity is brought to 1–5, its original kept",
    arguments: [
      ("3", 3, nil), ("3.0", 3, nil), (#""4""#, 4, #"4"#), ("9", 5, "9"), ("-2", 1, "-2"),
      ("0", 1, "0"), ("2.6", 3, "2.6"), ("1e300", 5, "1e300"), (#""high""#, 1, "high"),
      ("null", 1, nil), ("[]", 1, "[]"), ("true", 1, "true"), ("1e999", 1, "1e999"),
    ] as [(String, Int, String?)])
  func severities(written: String, severity: Int, original: String?) throws {
    let event = try event(#""severity":\#(written)"#)
    #expect(event.severity == severity)
    #expect(try coerced(event)?["severity"]?.source == original)
  }

  @Test(
    "A confidence is brought to 0–1, percentages divided, its original kept",
    arguments: [
      ("0.5", 0.5, nil), ("0", 0, nil), ("1", 1, nil), ("1.5", 1, "1.5"), ("1.99", 1, "1.99"),
      ("2", 0.02, "2"), ("85", 0.85, "85"), ("100", 1, "100"), ("101", 1, "101"),
      ("-3", 0, "-3"), (#""85%""#, 0.85, "85%"), (#""0.5""#, 0.5, "0.5"), (#""85""#, 0.85, "85"),
      (#""1%""#, 0.01, "1%"), (#""250%""#, 1, "250%"), (#"" 7 % ""#, 0.07, " 7 % "),
      (#""sure""#, nil, "sure"), (#""nan""#, nil, "nan"), (#""inf%""#, nil, "inf%"),
      ("1e999", nil, "1e999"), ("null", nil, nil), ("true", nil, "true"),
    ] as [(String, Double?, String?)])
  func confidences(written: String, confidence: Double?, original: String?) throws {
    let event = try event(#""confidence":\#(written)"#)
    #expect(event.confidence == confidence)
    #expect(try coerced(event)?["confidence"]?.source == original)
  }

  @Test(
    "A flag may be written as a word or number, its original kept",
    arguments: [
      ("true", true, nil), ("false", false, nil), ("1", true, "1"), ("0", false, "0"),
      (#""true""#, true, "true"), (#"" TRUE ""#, true, " TRUE "), (#""no""#, false, "no"),
      ("2", false, "2"), (#""maybe""#, false, "maybe"), ("{}", false, "{}"), ("null", false, nil),
    ] as [(String, Bool, String?)])
  func flags(written: String, flag: Bool, original: String?) throws {
    for field in ["operator_action_required", "risk_detected", "attention_candidate"] {
      let event = try event(#""\#(field)":\#(written)"#)
      let value =
        switch field {
        case "operator_action_required": event.operatorActionRequired
        case "risk_detected": event.riskDetected
        default: event.attentionCandidate
        }
      #expect(value == flag, "\(field)")
      #expect(try coerced(event)?[field]?.source == original, "\(field)")
    }
  }

  @Test("An attention flag that can't be read falls to the type's default")
  func unreadableAttention() throws {
    #expect(try event(#""attention_candidate":"perhaps""#, type: "blocked").attentionCandidate)
    #expect(try !event(#""attention_candidate":false"#, type: "blocked").attentionCandidate)
  }

  @Test(
    "A completed event asks for attention by its flags and confidence, not by its own word",
    arguments: [
      ("", false), (#""operator_action_required":true"#, true), (#""risk_detected":"1""#, true),
      (#""confidence":0.49"#, true), (#""confidence":0.5"#, false), (#""confidence":"30%""#, true),
      (#""attention_candidate":true"#, false),
      (#""attention_candidate":false,"risk_detected":true"#, true),
    ])
  func completed(fields: String, attention: Bool) throws {
    let event = try event(fields, type: "completed")
    #expect(event.attentionCandidate == attention)
    let isOverruled = fields.contains("attention_candidate")
    #expect(try (coerced(event)?["attention_candidate"] != nil) == isOverruled)
  }

  @Test(
    "A time is ISO-8601 or ms; another text falls to the record's own time",
    arguments: [
      ("1767323045678", 1_767_323_045_678, false), (#""1767323045678""#, 1_767_323_045_678, true),
      (#""2026-01-02T03:04:05.678Z""#, 1_767_323_045_678, false), (#""soon""#, nil, true),
      ("-5", nil, true), ("0", nil, true), ("9223372036854775807", nil, true),
      (#""9223372036854775807""#, nil, true), ("1.5", nil, true), ("[]", nil, true),
    ] as [(String, Int64?, Bool)])
  func times(written: String, ms: Int64?, isCoerced: Bool) throws {
    for field in ["ts", "expires_at"] {
      let event = try event(#""\#(field)":\#(written)"#)
      #expect((field == "ts" ? event.ts : event.expiresAt) == ms)
      #expect(try (coerced(event)?[field] != nil) == isCoerced)
    }
  }

  @Test(
    "Tags are strings; a single one becomes an array, others are left out",
    arguments: [
      (#"["a"," b "]"#, ["a", "b"], false), (#""a""#, ["a"], true),
      (#"["a",1,null,""]"#, ["a"], true),
      ("{}", [], true), ("[]", [], false), (#""""#, [], true),
    ] as [(String, [String], Bool)])
  func tags(written: String, tags: [String], isCoerced: Bool) throws {
    let event = try event(#""tags":\#(written)"#)
    #expect(event.tags == tags)
    #expect(try (coerced(event)?["tags"] != nil) == isCoerced)
  }

  @Test("of more tags than 64 the first are kept, and all as they were written")
  func manyTags() throws {
    let all = (1...100).map { "tag-\($0)" }
    let written = JSONObject.array(of: all)
    let most = try event(#""tags":\#(written)"#)
    #expect(most.tags == Array(all.prefix(64)))
    #expect(try coerced(most)?["tags"]?.elements.count == 100)
    let enough = try event(#""tags":\#(JSONObject.array(of: Array(all.prefix(64))))"#)
    #expect(enough.tags.count == 64)
    #expect(try coerced(enough) == nil)
  }

  @Test("A key that is a number is taken as its text, and a blank one is none")
  func keys() throws {
    #expect(try event(#""dedupe_key":" k ""#).dedupeKey == "k")
    #expect(try event(#""dedupe_key":42,"idempotency_key":"  ""#).dedupeKey == "42")
    #expect(try event(#""idempotency_key":"  ""#).idempotencyKey == nil)
    #expect(try event(#""idempotency_key":["a"]"#).idempotencyKey == nil)
    #expect(try coerced(event(#""idempotency_key":["a"]"#))?["idempotency_key"] != nil)
  }

  @Test("Artifact references of a known kind are kept, and the others cost nothing but themselves")
  func artifacts() throws {
    let event = try event(
      #"""
      "artifact_refs":[{"kind":"github_pr","url":"https://x/1","source":"tool_output"},
        {"kind":"nonsense","url":"x"},{"kind":"commit","ref":17},{"kind":"doc"},"x",
        {"kind":"url","url":"javascript:alert(1)","source":"me","created_at":5}]
      """#)
    #expect(event.artifacts.map(\.kind) == ["github_pr", "commit", "url"])
    #expect(event.artifacts.map(\.source) == ["tool_output", "worker", "worker"])
    #expect(event.artifacts.map(\.ref) == [nil, "17", nil])
    #expect(event.artifacts.map(\.webURL) == ["https://x/1", nil, nil])
    #expect(event.artifacts[2].createdAt == "5")
    #expect(try coerced(event)?["artifact_refs"]?.elements.count == 6)
    #expect(try self.event(#""artifact_refs":{"kind":"doc","title":"t"}"#).artifacts.count == 1)
  }

  @Test("Links to a known relation and target are kept, and the others cost nothing but themselves")
  func links() throws {
    let event = try event(
      #"""
      "links":[{"relation_type":"resolves","to":{"dedupe_key":"d"}},
        {"relation_type":"blocked_by","to":{"event_id":7}},
        {"relation_type":"caused_by","to":{"idempotency_key":"i"}},
        {"relation_type":"likes","to":{"event_id":7}},{"relation_type":"blocks"},
        {"relation_type":"blocks","to":{"event_id":-1}},7]
      """#)
    #expect(event.links.map(\.relation) == [.resolves, .blockedBy, .causedBy])
    #expect(
      event.links.map(\.target) == [.dedupeKey("d"), .eventID(7), .idempotencyKey("i")])
    #expect(try coerced(event)?["links"]?.elements.count == 7)
    #expect(try self.event(#""links":"x""#).links.isEmpty)
  }

  @Test("The payload and every unknown key are kept")
  func payloads() throws {
    let event = try event(#""payload":{"a":1,"b":{"c":[2]}},"extra":"x","metrics_outcome":"y""#)
    let payload = try payload(event)
    #expect(payload["a"]?.int == 1)
    #expect(payload["b"]?["c"]?.elements.first?.int == 2)
    #expect(payload["extra"]?.string == "x")
    #expect(payload["metrics_outcome"]?.string == "y")
    #expect(payload["_coerced"] == nil)
  }

  @Test("A payload that is no object is kept as what was written")
  func otherPayloads() throws {
    let event = try event(#""payload":[1,2]"#)
    #expect(try coerced(event)?["payload"]?.source == "[1,2]")
    #expect(event.payload.keys == ["_coerced"])
  }

  @Test("A key that stands beside the payload and in it is lost in neither place")
  func clashes() throws {
    let event = try event(#""payload":{"a":1},"a":2"#)
    #expect(try payload(event)["a"]?.int == 1)
    #expect(try coerced(event)?["a"]?.int == 2)
  }

  @Test("A worker can't pass its own words for Fleetlog's")
  func reservedKeys() throws {
    let event = try event(
      #""_coerced":{"severity":1},"payload":{"_coerced":"x","_full_summary":"y"},"severity":"3""#,
      summary: #"two\nlines"#)
    #expect(try payload(event)["_full_summary"]?.string == "two\nlines")
    let coerced = try coerced(event)
    #expect(coerced?["severity"]?.string == "3")
    #expect(coerced?["_coerced"]?.string == "x")
    #expect(coerced?["_full_summary"]?.string == "y")
  }

  @Test("Of a repeated key the last one counts, at every place")
  func repeatedKeys() throws {
    let event = try event(#""severity":2,"x":1,"severity":4,"payload":{"y":1,"y":2},"x":3"#)
    #expect(event.severity == 4)
    #expect(try payload(event)["x"]?.int == 3)
    #expect(try payload(event)["y"]?.int == 2)
  }

  @Test("A summary is one line; the whole of it stays in the payload")
  func summaries() throws {
    let long = String(repeating: "word ", count: 300)
    let event = try event(summary: #"  a\n\tb  "#)
    #expect(event.summary == "a b")
    #expect(try payload(event)["_full_summary"]?.string == "a\n\tb")
    let cut = try self.event(summary: long)
    #expect(cut.summary.count <= 501)
    #expect(cut.summary.hasSuffix("word…"))
    #expect(try payload(cut)["_full_summary"]?.string == long.trimmed)
  }

  @Test(
    "A malformed block is one refusal with its whole text",
    arguments: [
      "", "not json", #"{"events":["#, "[]", #""x""#, "{}", #"{"events":{}}"#,
      #"{"events":null}"#, #"{"schema_version":2,"events":[]}"#,
      #"{"schema_version":"one","events":[]}"#, #"{"events":[]} trailing"#,
    ])
  func malformedBlocks(text: String) {
    let result = EventContract.admit(block: text)
    #expect(result.events.isEmpty)
    #expect(result.refusals.count == 1)
    #expect(result.refusals.first?.text == text)
    #expect(result.refusals.first?.index == nil)
    #expect(result.refusals.first?.reason.isEmpty == false)
  }

  @Test(
    "A malformed event is one refusal with its text and place, and the good ones beside it stay",
    arguments: [
      "1", "null", #""x""#, "[]", "{}", #"{"event_type":"progress"}"#, #"{"summary":"s"}"#,
      #"{"event_type":"progress","summary":"  "}"#, #"{"event_type":" ","summary":"s"}"#,
      #"{"event_type":7,"summary":"s"}"#, #"{"event_type":"progress","summary":["s"]}"#,
      #"{"event_type":"made_up","summary":"s"}"#, #"{"event_type":"pr.merged","summary":"s"}"#,
      #"{"event_type":"stale","summary":"s"}"#, #"{"event_type":"validation_error","summary":"s"}"#,
      #"{"event_type":"progress","summary":"s","schema_version":99}"#,
    ])
  func malformedEvents(text: String) {
    let good = #"{"event_type":"blocked","summary":"good"}"#
    let result = EventContract.admit(block: #"{"events":[\#(good), \#(text), \#(good)]}"#)
    #expect(result.events.map(\.summary) == ["good", "good"])
    #expect(result.refusals.count == 1)
    #expect(result.refusals.first?.text == text)
    #expect(result.refusals.first?.index == 1)
  }

  @Test("No event of the system's own family is taken from a block")
  func systemTypes() {
    for entry in EventTypeCatalogue.entries where entry.family == .system {
      let result = EventContract.admit(
        block: #"{"events":[{"event_type":"\#(entry.type.rawValue)","summary":"s"}]}"#)
      #expect(result.events.isEmpty)
      #expect(result.refusals.count == 1)
    }
  }

  @Test("An empty block means nothing to report, and may still tell what the turn came to")
  func emptyBlocks() {
    let empty = EventContract.admit(block: #"{"schema_version":"1","events":[]}"#)
    #expect(empty.events.isEmpty && empty.refusals.isEmpty && empty.turnSummary == nil)
    let summary = EventContract.admit(
      block: #"{"events":[],"summary":" done ","contract_version":1}"#)
    #expect(summary.turnSummary == "done")
    #expect(summary.contractVersion == "1")
  }

  @Test("A deeply nested or very wide payload is taken or refused, and never a crash")
  func hostileShapes() throws {
    let deep = String(repeating: "[", count: 600) + String(repeating: "]", count: 600)
    let refused = EventContract.admit(
      block: #"{"events":[{"event_type":"progress","summary":"s","payload":{"a":\#(deep)}}]}"#)
    #expect(refused.refusals.count == 1)
    let wide = (0..<20_000).map { #""k\#($0)":0"# }.joined(separator: ",")
    #expect(try event(wide).payload.keys.count == 20_000)
  }

  @Test(
    "The carrier's status names the event",
    arguments: [
      ("done", "completed"), ("blocked", "blocked"), ("needs_review", "needs_review"),
      ("needs_decision", "needs_decision"), ("failed", "failed"), ("stalled", "stale"),
    ])
  func carrierStatuses(status: String, type: String) throws {
    let event = try EventContract.admit(
      summaryLine: #" {"version":1,"agent":"a","project":"p","status":"\#(status)","action":"","#
        + #""summary":"what came of it"}"#
    ).get()
    #expect(event.type.rawValue == type)
    #expect(event.summary == "what came of it")
    #expect(try payload(event)["agent"]?.string == "a")
    #expect(!event.operatorActionRequired)
  }

  @Test(
    "A carrier that is done asks for action where there is a real one",
    arguments: [
      ("merge PR 7", true), ("", false), ("none", false), ("N/A", false), ("None.", false),
      ("no action needed", false), ("-", false), ("nothing", false),
    ])
  func carrierActions(action: String, isRequired: Bool) throws {
    let event = try EventContract.admit(
      summaryLine: #"{"status":"done","action":"\#(action)","summary":"s"}"#
    ).get()
    #expect(event.operatorActionRequired == isRequired)
    #expect(event.attentionCandidate == isRequired)
  }

  @Test(
    "A malformed carrier is refused with its text",
    arguments: [
      "{", "[]", "{}", #"{"status":"fine","summary":"s"}"#, #"{"status":"done"}"#,
      #"{"version":2,"status":"done","summary":"s"}"#,
    ])
  func carrierRefusals(text: String) {
    guard case .failure(let refusal) = EventContract.admit(summaryLine: text) else {
      Issue.record("\(text) was admitted")
      return
    }
    #expect(refusal.text == text)
  }
}
