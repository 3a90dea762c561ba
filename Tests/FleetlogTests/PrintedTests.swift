import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("What programs print")
struct PrintedTests {
  /// A transcript, and what its program printed meanwhile: the same messages without times.
  private static func session() throws -> (transcript: String, printed: String) {
    var lines = ClaudeLines()
    lines.prompt("Why are postings written twice?")
    lines.say("I look.")
    lines.run("swift test", id: "toolu_1")
    lines.result("12 tests, 1 failed", id: "toolu_1")
    lines.say("I look.")
    lines.say(
      "Found.\n\(EventBlock.begin)"
        + #"{"schema_version":1,"events":[{"event_type":"progress","summary":"Found the cause"}]}"#
        + EventBlock.end)
    var printed: [String] = []
    for line in lines.text.split(separator: "\n").dropFirst() {
      var record = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      record["session_id"] = record.removeValue(forKey: "sessionId")
      record["timestamp"] = nil
      record["parent_tool_use_id"] = NSNull()
      printed.append(
        String(decoding: try JSONSerialization.data(withJSONObject: record), as: UTF8.self))
    }
    printed.append(
      #"{"type":"result","subtype":"success","is_error":false,"session_id":"\#(lines.session)"}"#)
    return (lines.text, printed.joined(separator: "\n") + "\n")
  }

  @Test("and their transcripts tell is in the log once, in either order", arguments: [true, false])
  func bothTellings(printedFirst: Bool) throws {
    let (transcript, printed) = try Self.session()
    func figures(_ texts: [String]) throws -> [String] {
      try Fleet.with { fleet in
        for (index, text) in texts.enumerated() {
          try fleet.folder.write("\(index).jsonl", text)
          try fleet.ingest()
        }
        for index in texts.indices {
          try fleet.folder.copy("\(index).jsonl", to: "copy-\(index).jsonl")
        }
        #expect(try fleet.ingest().appended.inserted == 0)
        let session = try #require(try fleet.log.session(ClaudeLines().session)?.session)
        let replaced = try fleet.events().filter { event in
          try fleet.log.event(event.id)?.links.contains {
            $0.relation == .supersedes && $0.direction == .incoming
          } ?? false
        }.map(\.id)
        let counted = try fleet.events().filter { !replaced.contains($0.id) && !$0.isInferred }
        let types = Dictionary(grouping: counted, by: \.type).mapValues(\.count)
        return [
          "\(session.prompts) \(session.toolCalls) \(session.responses) \(session.outputTokens)"
        ]
          + [
            EventType.messageAssistant, .toolCall, .toolResult, .llmCallCompleted, .progress,
            .messageUser,
          ].map { "\($0) \(types[$0] ?? 0)" }
      }
    }
    let alone = try figures([transcript])
    #expect(try figures(printedFirst ? [printed, transcript] : [transcript, printed]) == alone)
  }

  @Test("tells the same as its transcript, however the two are interleaved as they are read")
  func interleaved() throws {
    let session = "7e551011-0000-4000-8000-0000000000aa"
    let (start, end) = ("2026-05-20T10:00:00.000Z", "2026-05-20T10:00:05.000Z")
    let answer = """
      "message":{"id":"m1","role":"assistant","model":"claude-test",\
      "content":[{"type":"text","text":"There are two ways. Shall I take the first?"}],\
      "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}
      """
    let transcript = [
      """
      {"type":"user","uuid":"u1","sessionId":"\(session)","timestamp":"\(start)","cwd":"/w",\
      "message":{"role":"user","content":"Choose"}}
      """,
      """
      {"type":"assistant","uuid":"u2","sessionId":"\(session)","timestamp":"\(end)","cwd":"/w",\
      "requestId":"r1",\(answer)}
      """,
      """
      {"type":"system","subtype":"turn_duration","durationMs":5000,"uuid":"u3",\
      "sessionId":"\(session)","timestamp":"\(end)","cwd":"/w"}
      """,
    ]
    let printed = [
      """
      {"type":"system","subtype":"init","session_id":"\(session)","cwd":"/w",\
      "model":"claude-test","timestamp":"\(start)"}
      """,
      """
      {"type":"assistant","session_id":"\(session)","uuid":"u2","timestamp":"\(end)",\(answer)}
      """,
      """
      {"type":"result","subtype":"success","is_error":false,"session_id":"\(session)",\
      "timestamp":"\(end)","duration_ms":5000,"num_turns":1,"result":"."}
      """,
    ]
    func inferred(_ order: [(file: String, line: String)]) throws -> [String] {
      try Fleet.with { fleet in
        for file in ["a.jsonl", "b.jsonl"] { try fleet.folder.write(file, "") }
        for (file, line) in order {
          try fleet.folder.append(file, line + "\n")
          try fleet.ingest()
        }
        return try fleet.events { $0.sort = .oldest }
          .filter { Inference.isKey($0.idempotencyKey) }.map { "\($0.type) \($0.summary)" }.sorted()
      }
    }
    let told = transcript.map { (file: "a.jsonl", line: $0) }
    let shown = printed.map { (file: "b.jsonl", line: $0) }
    let alone = try inferred(told + shown)
    #expect(alone == ["waiting_on_operator Asks: Shall I take the first?"])
    #expect(try inferred(shown + told) == alone)
    #expect(
      try inferred([shown[0], told[0], shown[1], told[1], told[2], shown[2]]) == alone)
    #expect(
      try inferred([told[0], shown[0], shown[1], shown[2], told[1], told[2]]) == alone)
  }

  @Test("into a log that is copied, moved, rotated and goes on is read once")
  func logs() throws {
    try Fleet.with { fleet in
      func lines(_ range: Range<Int>) -> String {
        range.map { "2026-05-20 10:00:\($0) INFO step \($0)\n" }.joined()
      }
      try fleet.folder.write("w.log", lines(10..<20))
      #expect(try fleet.ingest().appended.inserted > 0)
      try fleet.folder.copy("w.log", to: "copy.log")
      #expect(try fleet.ingest().appended.inserted == 0)
      try fleet.folder.move("w.log", to: "w.log.1")
      #expect(try fleet.ingest().appended.inserted == 0)
      // What grows is shown anew, as a whole.
      try fleet.folder.append("w.log.1", lines(20..<30))
      #expect(try fleet.ingest().appended.inserted == 1)
      try fleet.folder.copy("w.log.1", to: "late.log")
      #expect(try fleet.ingest().appended.inserted == 0)
      let shown = try fleet.events(.workerObservation)
      #expect(shown.count == 2)
      #expect(shown.last?.payload?.contains("step 29") == true)
    }
  }

  @Test("is found by a search, and leads to its bytes")
  func search() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("w.log", "starting\nERROR the königsberg bridge is closed\n")
      try fleet.ingest()
      let found = try fleet.events { $0.text = "königsberg" }
      #expect(found.map(\.severity) == [2])
      #expect(found.first?.span?.offset == 9)
    }
  }
}
