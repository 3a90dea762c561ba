import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Event log lines")
struct EventLogFormatTests {
  private static func read(
    _ lines: [String], path: String = "/a/log.jsonl", inChunks: Bool = false
  ) -> FormatOutput {
    FormatRun.read(
      EventLogFormat.self, Array(lines.joined(separator: "\n").utf8), path: path,
      modifiedAt: 1000, restoring: inChunks)
  }

  /// The one event that a line says, the synthesized start of its run left out.
  private static func event(_ line: String) throws -> EventDraft {
    let drafts = read([line]).drafts
    return try #require(drafts.last)
  }

  private static let cases = Fixtures.cases("eventlog", ending: ".jsonl")

  @Test("The fixtures come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = Self.read(try RolloutReading.lines("eventlog/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "eventlog/\(name).events.json")
  }

  @Test("Chunks and names make no difference", arguments: cases)
  func chunks(name: String) throws {
    let lines = try RolloutReading.lines("eventlog/\(name).jsonl")
    let whole = Self.read(lines).fingerprint
    #expect(whole == Self.read(lines, inChunks: true).fingerprint)
    #expect(whole == Self.read(lines, path: "/b/other.txt").fingerprint)
    #expect(!whole.isEmpty)
  }

  @Test("Every column of the log is taken by its name")
  func columns() throws {
    let draft = try Self.event(
      #"{"ts":1775044800000,"run_id":7,"parent_run_id":"8","instance_id":"W1","role":"supervisor","source_kind":"overseer","source_ref":"m-1","sink_kind":"operator","sink_ref":"mara","event_type":"needs_decision","schema_version":2,"attention_candidate":false,"operator_action_required":true,"risk_detected":1,"severity":4,"confidence":0.5,"summary":"Which way?","payload":{"a":1},"artifact_refs":[{"kind":"url","url":"https://x.org"}],"tags":["t"],"related_session_id":"s-1","dedupe_key":"d","idempotency_key":"k","expires_at":1775044900000,"provenance":"repo"}"#
    )
    #expect(draft.ts == 1_775_044_800_000 && draft.expiresAt == 1_775_044_900_000)
    #expect(
      draft.run
        == RunIdentity(key: "run:log:W1", instanceID: "W1", role: "supervisor", sessionID: "s-1"))
    #expect(draft.sourceKind == .overseer && draft.sourceRef == "m-1")
    #expect(draft.sinkKind == .operator && draft.sinkRef == "mara")
    #expect(draft.type == .needsDecision && draft.schemaVersion == 2)
    #expect(!draft.attentionCandidate && draft.operatorActionRequired && draft.riskDetected)
    #expect(draft.severity == 4 && draft.confidence == 0.5)
    #expect(draft.artifacts.map(\.url) == ["https://x.org"] && draft.tags == ["t"])
    #expect(draft.dedupeKey == "d" && draft.idempotencyKey == "l:W1:k")
    #expect(draft.provenance == "repo")
    #expect(draft.payload.text.contains(#""a":1"#))
    #expect(draft.payload.text.contains(#""_run_id":7,"_parent_run_id":8"#))
  }

  @Test("Columns that hold JSON as text are read as what they hold")
  func textColumns() throws {
    let draft = try Self.event(
      #"{"event_type":"progress","summary":"x","payload_json":"{\"a\":\"b\"}","tags":"[\"t\",\"u\"]","artifact_refs":"[{\"kind\":\"url\",\"url\":\"https://x.org\"}]","event_type":"progress"}"#
    )
    #expect(draft.payload.text.contains(#""a":"b""#))
    #expect(draft.tags == ["t", "u"] && draft.artifacts.count == 1)
    #expect(!draft.payload.text.contains("_coerced"))
  }

  @Test("A payload that is no object is kept as it was written")
  func oddPayload() throws {
    let draft = try Self.event(#"{"event_type":"progress","summary":"x","payload_json":"{oops"}"#)
    #expect(draft.payload.text.contains(#""_coerced":{"payload":"{oops"}"#))
  }

  @Test("A missing summary is written from type and payload")
  func missingSummary() throws {
    let claimed = try Self.event(
      #"{"event_type":"task.claimed","payload":{"task":"A-1","attempt":2}}"#)
    #expect(claimed.summary == "Task claimed: task A-1, attempt 2")
    let failed = try Self.event(#"{"event_type":"failed","payload":{"reason":"no disk"}}"#)
    #expect(failed.summary == "Failed: no disk")
    #expect(try Self.event(#"{"event_type":"heartbeat","ts":1,"role":"x"}"#).summary == "Heartbeat")
  }

  @Test("An unknown dotted type is stored and never asks for attention")
  func unknownDotted() throws {
    let draft = try Self.event(
      #"{"event_type":"deploy.rolled_back","summary":"x","attention_candidate":true}"#)
    #expect(draft.type.rawValue == "deploy.rolled_back")
    #expect(!draft.attentionCandidate)
  }

  @Test(
    "A line that is no event is refused with its reason and kept whole",
    arguments: [
      (#"{"summary":"x"}"#, "event_type is missing or blank"),
      (#"{"event_type":" ","summary":"x"}"#, "event_type is missing or blank"),
      (#"{"event_type":5,"summary":"x"}"#, "event_type is missing or blank"),
      (#"{"event_type":"nonsense","summary":"x"}"#, #"unknown event_type "nonsense""#),
      (#"{"event_type":"a..b","summary":"x"}"#, #"unknown event_type "a..b""#),
      (#"{"event_type":"a.<b>","summary":"x"}"#, #"unknown event_type "a.<b>""#),
      (#"[1,2]"#, "the line is not a JSON object"), (#""text""#, "the line is not a JSON object"),
    ])
  func refusals(line: String, reason: String) throws {
    let output = Self.read([line])
    let refusal = try #require(output.drafts.last)
    #expect(output.drafts(.validationError).count == 1)
    #expect(refusal.sourceKind == .system)
    var expected = JSONObject()
    expected.set("reason", reason)
    #expect(refusal.payload.text.hasPrefix(String(expected.text.dropLast())))
    var text = JSONObject()
    text.set("text", line)
    #expect(refusal.payload.text.contains(String(text.text.dropFirst().dropLast())))
  }

  @Test("A line that is not JSON is passed over and counted")
  func notJSON() {
    let output = Self.read([#"{"event_type":"progress","#, "plain words"])
    #expect(output.drafts.isEmpty)
    #expect(output.problems.map(\.kind) == [.skipped, .skipped])
  }

  @Test("Odd optional fields fall to their defaults and are kept")
  func coercion() throws {
    let draft = try Self.event(
      #"{"event_type":"blocked","summary":"x","severity":"grave","sink_kind":"nobody","role":" "}"#)
    #expect(draft.severity == 1 && draft.sinkKind == nil && draft.run.role == "worker")
    #expect(draft.payload.text.contains(#""severity":"grave""#))
    #expect(draft.payload.text.contains(#""sink_kind":"nobody""#))
  }

  @Test("A payload that uses Fleetlog's own names costs nothing")
  func ownNames() throws {
    let draft = try Self.event(
      #"{"event_type":"progress","summary":"a\nb","run_id":3,"payload":{"_full_summary":1,"_run_id":2,"_ts_from":3,"a":5}}"#
    )
    #expect(
      draft.payload.text
        == #"{"_run_id":2,"_ts_from":3,"a":5,"_coerced":{"_full_summary":1},"_full_summary":"a\nb"}"#
    )
  }

  @Test("Sentinels in a logged text mean nothing")
  func sentinels() throws {
    let draft = try Self.event(
      #"{"event_type":"progress","summary":"<!--HAPI_EVENTS_BEGIN-->{\"events\":[]}"}"#)
    #expect(draft.type == .progress)
  }

  @Test("Equal lines with a time are one fact, in any file")
  func equalLines() {
    let line = #"{"ts":"2026-04-01T12:00:00Z","event_type":"progress","summary":"x"}"#
    let drafts = Self.read([line, line]).drafts(.progress)
    #expect(Set(drafts.map(\.idempotencyKey)).count == 1)
    let other = Self.read(["", line], path: "/b").drafts(.progress)
    #expect(other.first?.idempotencyKey == drafts.first?.idempotencyKey)
  }

  @Test("Equal lines without a time are told apart by their place")
  func equalLinesWithoutTime() {
    let line = #"{"event_type":"progress","summary":"x"}"#
    let drafts = Self.read([line, line]).drafts(.progress)
    #expect(Set(drafts.map(\.idempotencyKey)).count == 2)
    #expect(drafts.map(\.ts) == [1000, 1000])
  }

  @Test("Two loggers' keys never collide")
  func loggersKeys() throws {
    let keys = try ["W1", "W2"].map {
      try Self.event(
        #"{"event_type":"progress","summary":"x","instance_id":"\#($0)","idempotency_key":"k"}"#
      ).idempotencyKey
    }
    #expect(keys == ["l:W1:k", "l:W2:k"])
  }

  @Test("A key used for other content can be told from the same line read again")
  func usedTwice() throws {
    func alias(_ summary: String) throws -> String? {
      try Self.event(
        #"{"ts":5,"event_type":"progress","summary":"\#(summary)","idempotency_key":"k"}"#
      ).aliasKey
    }
    #expect(try alias("a") != nil)
    #expect(try alias("a") == alias("a"))
    #expect(try alias("a") != alias("b"))
  }

  @Test("A run's start is synthesized once, unless the instance logs it itself")
  func starts() {
    let progress = #"{"event_type":"progress","summary":"x","instance_id":"W1"}"#
    let start =
      #"{"event_type":"process.started","summary":"up","instance_id":"W1","payload":{"pid":1}}"#
    let synthesized = Self.read([progress, progress]).drafts(.processStarted)
    #expect(synthesized.map(\.idempotencyKey) == ["run:log:W1"])
    #expect(synthesized.first?.sourceKind == .system)
    let own = Self.read([start, progress])
    #expect(own.drafts(.processStarted).map(\.summary) == ["up"])
    #expect(own.drafts.map(\.idempotencyKey).first == own.drafts.first?.run.key)
    #expect(Set(own.drafts.map(\.run.key)).count == 1)
  }

  @Test("An instance that starts again begins a run, and one that says so twice does not")
  func restarts() throws {
    let first = #"{"event_type":"process.started","summary":"up","instance_id":"W1","ts":1}"#
    let again = #"{"event_type":"process.started","summary":"up","instance_id":"W1","ts":2}"#
    let progress = #"{"event_type":"progress","summary":"x","instance_id":"W1"}"#
    let drafts = Self.read([first, first, again, progress], inChunks: true).drafts
    let keys = drafts.map(\.run.key)
    try #require(keys.count == 4)
    #expect(keys[0] == keys[1] && keys[1] != keys[2] && keys[2] == keys[3])
    #expect(drafts.prefix(3).allSatisfy { $0.idempotencyKey == $0.run.key })
    #expect(Self.read([again, progress], path: "/b").drafts.map(\.run.key) == [keys[2], keys[2]])
  }

  @Test("Links name the logger's own keys, and other loggers' by their whole key")
  func links() throws {
    let draft = try Self.event(
      #"{"event_type":"completed","summary":"x","instance_id":"W1","links":[{"relation_type":"resolves","to":{"idempotency_key":"k"}},{"relation_type":"blocked_by","to":{"idempotency_key":"l:W2:k"}},{"relation_type":"supersedes","to":{"event_id":4}}]}"#
    )
    #expect(
      draft.links.map(\.target) == [
        .idempotencyKey("l:W1:k"), .idempotencyKey("l:W2:k"), .eventID(4),
      ])
  }
}
