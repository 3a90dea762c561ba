import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

/// Reads rollouts given as lines.
struct RolloutReading {
  /// Where every rollout of these tests begins.
  static let meta =
    #"{"timestamp":"2026-03-01T09:00:00.000Z","type":"session_meta","payload":{"id":"019ca8a0-3e80-7000-8000-0000000000aa","timestamp":"2026-03-01T09:00:00.000Z","cwd":"/home/mara/shop","cli_version":"0.106.0","source":"cli"}}"#

  /// The lines of a fixture.
  static func lines(_ name: String) throws -> [String] {
    String(decoding: try Fixtures.bytes(name), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
  }

  /// A line of the given kind at a second of the first minute.
  static func line(_ second: Int, _ type: String, _ payload: String) -> String {
    let stamp = "2026-03-01T09:00:\(second < 10 ? "0" : "")\(second).000Z"
    return #"{"timestamp":"\#(stamp)","type":"\#(type)","payload":\#(payload)}"#
  }

  static func event(_ second: Int, _ payload: String) -> String {
    line(second, "event_msg", payload)
  }

  static func item(_ second: Int, _ payload: String) -> String {
    line(second, "response_item", payload)
  }

  static func said(_ second: Int, _ text: String) -> String {
    var payload = JSONObject()
    payload.set("type", "agent_message")
    payload.set("message", text)
    return event(second, payload.text)
  }

  static func answered(_ second: Int, _ parts: String...) -> String {
    var payload = JSONObject()
    payload.set("type", "message")
    payload.set("role", "assistant")
    payload.set(
      "content",
      parts.map { text in
        var part = JSONObject()
        part.set("type", "output_text")
        part.set("text", text)
        return part
      })
    return item(second, payload.text)
  }

  /// The output of a call of a shell command, and what it came to.
  static func result(_ output: String) throws -> EventDraft {
    var answer = JSONObject()
    answer.set("type", "function_call_output")
    answer.set("call_id", "call_1")
    answer.set("output", output)
    let drafts = read([
      meta,
      item(
        1,
        #"{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"make\"}","call_id":"call_1"}"#
      ),
      item(1, answer.text),
    ]).drafts
    return try #require(drafts.last { $0.type == .toolResult })
  }

  static func read(
    _ lines: [String], path: String = "/a/rollout-x.jsonl", inChunks: Bool = false,
    settles: Bool = true
  ) -> FormatOutput {
    FormatRun.read(
      CodexFormat.self, Array(lines.joined(separator: "\n").utf8), path: path,
      modifiedAt: 1000, restoring: inChunks, settling: settles)
  }
}

extension FormatOutput {
  /// Everything about the drafts that the store would keep.
  var fingerprint: [String] { drafts.map { "\($0)" } + problems.map { "\($0)" } }
}

@Suite("Codex rollouts")
struct CodexFormatTests {
  static let cases = Fixtures.cases("codex", ending: ".jsonl")

  @Test("The fixtures come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = RolloutReading.read(try RolloutReading.lines("codex/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "codex/\(name).events.json")
  }

  @Test("Reading line by line gives what reading at once gives", arguments: cases)
  func chunks(name: String) throws {
    let lines = try RolloutReading.lines("codex/\(name).jsonl")
    let whole = RolloutReading.read(lines)
    #expect(whole.fingerprint == RolloutReading.read(lines, inChunks: true).fingerprint)
    #expect(!whole.drafts.isEmpty)
  }

  @Test("A file under another name gives the same events", arguments: cases)
  func renamed(name: String) throws {
    let lines = try RolloutReading.lines("codex/\(name).jsonl")
    #expect(
      RolloutReading.read(lines).fingerprint
        == RolloutReading.read(lines, path: "/other/copy.jsonl").fingerprint)
  }

  @Test(
    "Every event has a key of its own but a call that is named again for its link", arguments: cases
  )
  func keys(name: String) throws {
    let drafts = RolloutReading.read(try RolloutReading.lines("codex/\(name).jsonl")).drafts
    let keys = drafts.filter { $0.span != nil }.map(\.idempotencyKey)
    #expect(!keys.contains(nil))
    #expect(Set(keys).count == keys.count)
  }

  @Test("Every event of a thread but its start has a key that begins alike")
  func neighbours() throws {
    let drafts = RolloutReading.read(try RolloutReading.lines("codex/turn.jsonl")).drafts
    let prefixes = Set(
      drafts.filter { $0.type != .processStarted && $0.type != .completed }
        .map { $0.idempotencyKey?.prefix(7) })
    #expect(prefixes.count == 1)
  }

  @Test("The start tells where, what and since when")
  func start() throws {
    let drafts = RolloutReading.read(try RolloutReading.lines("codex/turn.jsonl")).drafts
    let start = try #require(drafts.first)
    #expect(start.type == .processStarted)
    #expect(start.idempotencyKey == "run:codex:019ca8a0-3e80-7000-8000-0000000000aa")
    #expect(start.run.instanceID == "codex-000000aa")
    #expect(start.run.role == "worker")
    #expect(Timestamp.format(start.ts) == "2026-03-01T09:00:00.000Z")
    #expect(start.payload.text.contains(#""git_branch":"main","git_head_sha":"1f2e3d4c""#))
  }

  @Test("A record of an unknown kind is told and counted")
  func unknown() throws {
    let output = RolloutReading.read([
      RolloutReading.meta, RolloutReading.line(1, "novelty", #"{"a":1}"#),
      RolloutReading.event(2, #"{"type":"novel_event"}"#),
      RolloutReading.item(3, #"{"type":"novel_item"}"#),
    ])
    #expect(output.drafts(.workerObservation).count == 3)
    #expect(output.problems.map(\.kind) == [.unknownRecord, .unknownRecord, .unknownRecord])
  }

  @Test("Lines that are no records cost themselves alone")
  func broken() {
    let output = RolloutReading.read([
      RolloutReading.meta, "{\"timestamp\":", "[1]", "\0\0\0", RolloutReading.said(2, "Still here"),
    ])
    #expect(output.drafts(.messageAssistant).map(\.summary) == ["Still here"])
    #expect(output.problems.map(\.kind) == [.skipped, .skipped, .skipped])
  }

  @Test("A record without a time takes that of the one before, or of the file")
  func borrowedTimes() {
    let output = RolloutReading.read([
      #"{"type":"message","role":"user","content":"First"}"#,
      #"{"timestamp":"2026-03-01T09:00:05Z","type":"message","role":"assistant","content":"Second"}"#,
      #"{"type":"message","role":"user","content":"Third"}"#,
    ])
    #expect(output.drafts(.messageUser).map(\.ts) == [1000, 1_772_355_605_000])
    let sources = output.drafts(.messageUser).map(\.payload.text)
    #expect(sources.first?.contains(#""_ts_from":"file_mtime""#) == true)
    #expect(sources.last?.contains(#""_ts_from":"previous_record""#) == true)
  }

  @Test("State that cannot be read begins anew instead of failing")
  func brokenState() {
    let format = CodexFormat(file: TranscriptFile(path: "/a", modifiedAt: 0), state: "{oops")
    #expect(
      format.state == CodexFormat(file: TranscriptFile(path: "/a", modifiedAt: 0), state: nil).state
    )
  }
}
