import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Codex tools")
struct CodexToolsTests {
  private typealias Reading = RolloutReading

  private static func call(_ name: String, _ arguments: String, id: String = "call_1") -> String {
    var payload = JSONObject()
    payload.set("type", "function_call")
    payload.set("name", name)
    payload.set("arguments", arguments)
    payload.set("call_id", id)
    return Reading.item(1, payload.text)
  }

  private static func summary(_ name: String, _ arguments: String) -> String? {
    Reading.read([Reading.meta, call(name, arguments)]).drafts(.toolCall).first?.summary
  }

  @Test("A call is told in a person's words")
  func words() {
    #expect(
      Self.summary("shell", #"{"command":["bash","-lc","cd app && npm test"]}"#) == "npm test")
    #expect(Self.summary("exec_command", #"{"cmd":"ls src"}"#) == "ls src")
    #expect(
      Self.summary(
        "shell",
        #"{"command":["apply_patch","*** Begin Patch\n*** Update File: a.ts\n-old\n+new\n+more\n*** End Patch"]}"#
      )
        == "Edit a.ts (+2 −1)")
    #expect(
      Self.summary(
        "update_plan",
        #"{"plan":[{"step":"Read","status":"completed"},{"step":"Write","status":"in_progress"}]}"#)
        == "Plan: 1 of 2 done · now: Write")
    #expect(
      Self.summary("mcp__issues__list_all", #"{"query":"open"}"#) == "issues: list all · open")
    #expect(Self.summary("shell", "not json") != nil)
  }

  @Test("A result leads back to its call")
  func pairing() throws {
    let drafts = Reading.read([
      Reading.meta, Self.call("exec_command", #"{"cmd":"make"}"#),
      Reading.item(1, #"{"type":"function_call_output","call_id":"call_1","output":"ok"}"#),
    ]).drafts
    let call = try #require(drafts.first { $0.type == .toolCall })
    let result = try #require(drafts.first { $0.type == .toolResult })
    #expect(result.links.map(\.relation) == [.causedBy])
    #expect(result.links.first?.target == call.idempotencyKey.map { .idempotencyKey($0) })
    #expect(call.payload.text.contains(#""input":{"cmd":"make"}"#))
    #expect(!result.payload.text.contains("elapsed_ms"))
  }

  @Test("Calls without ids are answered in their order")
  func withoutIDs() {
    let output = Reading.read([
      Reading.meta,
      Reading.item(
        1, #"{"type":"tool_call","function":{"name":"sh"},"arguments":{"command":"ls"}}"#),
      Reading.item(
        3, #"{"type":"tool_result","name":"sh","result":{"stdout":"a\n","exitCode":0}}"#),
    ])
    let result = output.drafts(.toolResult).first
    #expect(result?.links.count == 1)
    #expect(result?.payload.text.contains(#""elapsed_ms":2000"#) == true)
    #expect(result?.payload.text.contains(#""exit_code":0"#) == true)
  }

  @Test(
    "A result failed where its exit code or Codex's own words say so",
    arguments: [
      (#"{"output":"x","metadata":{"exit_code":2,"duration_seconds":1.5}}"#, 2, true),
      (#"{"output":"x","metadata":{"exit_code":0,"duration_seconds":1.5}}"#, 0, false),
      ("Exit code: 3\nWall time: 1.5 seconds\nOutput:\nx", 3, true),
      ("Chunk ID: a\nWall time: 1.5 seconds\nProcess exited with code 1\nOutput:\nx", 1, true),
      ("failed in sandbox LinuxSeccomp with execution error: exit code: 4, stderr: no", 4, true),
      ("execution error: Io(Os)", nil, true),
      ("Exit code: 0\nWall time: 1.5 seconds\nOutput:\nExit code: 7", 0, false),
      ("some text\nExit code: 1\nProcess exited with code 1", nil, false),
    ] as [(String, Int?, Bool)])
  func failures(output: String, exitCode: Int?, isError: Bool) throws {
    let payload = try Reading.result(output).payload.text
    #expect(payload.contains(#""is_error":\#(isError)"#))
    #expect(payload.contains("exit_code") == (exitCode != nil))
    if let exitCode { #expect(payload.contains(#""exit_code":\#(exitCode)"#)) }
    #expect(payload.contains(#""duration_ms":1500"#) == output.contains("1.5"))
  }

  @Test(
    "A refusal is the operator's word and no error",
    arguments: [
      "patch rejected by user", "exec command rejected by user", "rejected by user",
    ])
  func denials(output: String) throws {
    let result = try Reading.result(output)
    #expect(result.sourceKind == .operator)
    #expect(result.payload.text.contains(#""is_error":false,"denied":true"#))
    #expect(result.summary == "make: refused by the operator")
  }

  @Test("Output that talks of a refusal is not one")
  func noDenial() throws {
    let long = "the request was rejected by user agent rules\n" + String(repeating: "x", count: 500)
    #expect(try Reading.result(long).sourceKind == .worker)
  }

  @Test("The end of a command enriches its result and is no second one")
  func ends() throws {
    let end = Reading.event(
      2,
      #"{"type":"exec_command_end","call_id":"call_1","exit_code":1,"duration":{"secs":2,"nanos":500000000},"aggregated_output":"no"}"#
    )
    let output = Reading.read([
      Reading.meta, Self.call("exec_command", #"{"cmd":"make"}"#), end,
      Reading.item(3, #"{"type":"function_call_output","call_id":"call_1","output":"no"}"#), end,
    ])
    let results = output.drafts(.toolResult)
    #expect(results.count == 1)
    #expect(results.first?.payload.text.contains(#""exit_code":1,"duration_ms":2500"#) == true)
    #expect(output.drafts(.workerObservation).isEmpty)
  }

  @Test("The end of a command that no call asked for is told by itself")
  func ownCommands() {
    let output = Reading.read([
      Reading.meta,
      Reading.event(
        2,
        #"{"type":"exec_command_end","call_id":"own","command":["bash","-lc","git pull"],"exit_code":1,"stdout":"conflict"}"#
      ),
    ])
    #expect(output.drafts(.workerObservation).map(\.summary) == ["git pull: exit 1 · conflict"])
  }
}
