import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Codex threads")
struct CodexSessionTests {
  private typealias Reading = RolloutReading

  private static func child(_ source: String, _ more: String = "") -> String {
    #"{"timestamp":"2026-03-01T09:00:10.000Z","type":"session_meta","payload":{"id":"019ca8a0-6590-7000-8000-0000000000bb","timestamp":"2026-03-01T09:00:10.000Z","cwd":"/a","source":\#(source)\#(more)}}"#
  }

  private static let spawned =
    #"{"subagent":{"thread_spawn":{"parent_thread_id":"019ca8a0-3e80-7000-8000-0000000000aa","spawn_call_id":"call_s","agent_role":"explorer"}}}"#

  private static let spawnCall = Reading.item(
    1,
    #"{"type":"function_call","name":"spawn_agent","arguments":"{\"message\":\"Look\"}","call_id":"call_s"}"#
  )

  private static func said(_ second: Int, _ text: String) -> String {
    Reading.event(second, #"{"type":"user_message","message":"\#(text)"}"#)
  }

  @Test("A sub-agent is a thread of its own whose parent is the thread that spawned it")
  func subAgent() throws {
    let output = Reading.read([Self.child(Self.spawned), Self.said(11, "Look")])
    let start = try #require(output.drafts.first)
    #expect(start.run.role == "subagent")
    #expect(start.run.key == "run:codex:019ca8a0-6590-7000-8000-0000000000bb")
    #expect(start.parentRunKey == "run:codex:019ca8a0-3e80-7000-8000-0000000000aa")
    #expect(output.drafts(.messageUser).map(\.sourceKind) == [.worker])
  }

  @Test("A child that knows its call names the very event of its parent's file")
  func spawnFromChild() throws {
    let parent = Reading.read([Reading.meta, Self.spawnCall])
    let child = Reading.read([Self.child(Self.spawned)])
    let call = try #require(parent.drafts(.toolCall).first?.idempotencyKey)
    let link = try #require(child.drafts.first?.links.first)
    #expect(link.relation == .spawned && link.direction == .toThis)
    #expect(link.target == .idempotencyKey(call))
  }

  @Test("The parent's call is linked to the thread that its output names, once")
  func spawnFromParent() throws {
    let output = Reading.read([
      Reading.meta, Self.spawnCall,
      Reading.item(
        1, #"{"type":"function_call_output","call_id":"call_s","output":"{\"agent_id\":\"kid\"}"}"#),
      Reading.event(
        2, #"{"type":"collab_agent_spawn_end","call_id":"call_s","new_thread_id":"kid"}"#),
      Reading.event(
        3, #"{"type":"sub_agent_activity","event_id":"call_s","agent_thread_id":"kid"}"#),
    ])
    let links = output.drafts(.toolCall).flatMap(\.links)
    #expect(links.map(\.target) == [.idempotencyKey("run:codex:kid")])
    #expect(Set(output.drafts(.toolCall).map(\.idempotencyKey)).count == 1)
    #expect(output.drafts(EventType(rawValue: "worker.spawned")).isEmpty)
  }

  @Test("A spawn whose call was never seen is told by itself")
  func spawnWithoutCall() {
    let output = Reading.read([
      Reading.meta, Reading.event(2, #"{"type":"collab_agent_spawn_end","new_thread_id":"kid"}"#),
    ])
    let told = output.drafts(EventType(rawValue: "worker.spawned"))
    #expect(told.flatMap(\.links).map(\.target) == [.idempotencyKey("run:codex:kid")])
  }

  @Test("Two spawning calls that share an id are two calls")
  func reusedIDs() {
    let output = Reading.read([Reading.meta, Self.spawnCall, Self.spawnCall])
    #expect(Set(output.drafts(.toolCall).map(\.idempotencyKey)).count == 2)
  }

  @Test("Records older than a spawned thread are its parent's")
  func olderRecords() {
    let output = Reading.read([
      Self.child(Self.spawned), Self.said(7, "Spawn someone"), Self.said(11, "Look"),
    ])
    #expect(output.drafts(.messageUser).map(\.summary) == ["Look"])
    #expect(
      output.drafts(.workerObservation).map(\.summary) == [
        "Passed over 1 record copied from an earlier thread"
      ])
    #expect(output.problems.isEmpty)
  }

  @Test("In a thread of its own a clock that steps back loses nothing")
  func clockSteps() {
    let output = Reading.read([Self.child(#""cli""#), Self.said(7, "Go")])
    #expect(output.drafts(.messageUser).count == 1)
  }

  @Test("Behind a second session_meta all is copied until a turn of the thread's own begins")
  func copiedHistory() throws {
    let lines = try RolloutReading.lines("codex/sub_agent.jsonl")
    let output = Reading.read(lines)
    #expect(output.drafts(.messageUser).map(\.summary) == ["Explore the tax code."])
    #expect(output.drafts(.llmCallCompleted).isEmpty)
    #expect(Set(output.drafts.map(\.run.sessionID)).count == 1)
  }

  @Test("A copy without turn ids ends with a pause")
  func pause() {
    let fork = Self.child(#""cli""#, #","forked_from_id":"019ca8a0-3e80-7000-8000-0000000000aa""#)
    let copiedMeta =
      #"{"timestamp":"2026-03-01T09:00:10.000Z","type":"session_meta","payload":{"id":"019ca8a0-3e80-7000-8000-0000000000aa"}}"#
    let output = Reading.read([
      fork, copiedMeta, Self.said(10, "Old"), Reading.said(11, "Older"), Self.said(40, "New"),
    ])
    #expect(output.drafts(.messageUser).map(\.summary) == ["New"])
    #expect(output.drafts(.messageAssistant).isEmpty)
    #expect(output.drafts.first?.parentRunKey == nil)
    #expect(output.drafts.first?.payload.text.contains("forked_from_session_id") == true)
  }

  @Test("A thread that names itself again goes on")
  func sameMeta() {
    let output = Reading.read([
      Reading.meta, Self.said(1, "One"), Reading.meta, Self.said(2, "Two"),
    ])
    #expect(output.drafts(.processStarted).count == 1)
    #expect(output.drafts(.messageUser).count == 2)
  }
}
