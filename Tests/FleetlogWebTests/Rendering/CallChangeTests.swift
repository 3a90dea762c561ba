import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("What a call changes")
struct CallChangeTests {
  private func lines(_ json: String) throws -> [String] {
    let input = try JSONDocument(json).root
    return (CallChange(input: input)?.lines ?? []).map { $0.sign.rawValue + $0.text }
  }

  @Test(
    "is read from the inputs of agents' tools",
    arguments: [
      (
        #"{"file_path":"a","old_string":"x\ny\nz","new_string":"x\nq\nz"}"#,
        [" x", "-y", "+q", " z"]
      ),
      (#"{"path":"a","old_str":"x","new_str":"y"}"#, ["-x", "+y"]),
      (#"{"filePath":"a","oldString":"x","newString":"y"}"#, ["-x", "+y"]),
      (
        #"{"edits":[{"old_string":"a","new_string":"b"},{"old_string":"c","new_string":"d"}]}"#,
        ["-a", "+b", "…", "-c", "+d"]
      ),
      (#"{"file_path":"a","content":"x\ny\n"}"#, ["+x", "+y"]),
      (
        #"{"command":["bash","-lc","apply_patch <<'P'\n*** Begin Patch\n*** Update File: a.c\n@@ f\n x\n-y\n+z\n*** End Patch\nP"]}"#,
        ["…Update File: a.c", "…f", " x", "-y", "+z"]
      ),
      (#""*** Begin Patch\n*** Add File: b\n+n\n*** End Patch""#, ["…Add File: b", "+n"]),
      (#"{"command":"ls"}"#, []), (#"{"path":"a"}"#, []), (#"{"edits":7}"#, []), ("null", []),
    ])
  func inputs(json: String, expected: [String]) throws { #expect(try lines(json) == expected) }

  @Test("is folded and cut where it is long, and hostile lines stay text")
  func long() throws {
    let template = try Templates.ofThisPackage().entry
    let content = (0..<900).map { "<script>\($0)" }.joined(separator: "\n")
    var input = JSONObject()
    input.set("file_path", "a")
    input.set("content", content)
    var payload = JSONObject()
    payload.set("tool", "Write")
    payload.set("input", input)
    let event = StoredEvent.sample(.toolCall, text: "Write a", payload: payload.text)
    let entry = TranscriptEntry(event, payload: event.payloadObject, result: nil, now: 0)
    let html = template.fill(entry).text
    #expect(html.contains("+ &lt;script&gt;0"))
    #expect(!html.contains("<script"))
    #expect(html.contains("586 more lines"))
    #expect(html.contains("The rest is in the event itself."))
  }
}
