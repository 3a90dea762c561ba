import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("The course of a session")
struct CourseTests {
  private func course(
    _ log: TemporaryLog, _ session: String = "s1", within stretch: Range<Int64>? = nil
  ) throws -> SessionCourse {
    let reader = try log.reader()
    return try reader.course(of: #require(try reader.session(session)).session, within: stretch)
  }

  private func call(_ key: String, ts: Int64, tool: String = "Bash") -> EventDraft {
    .sample(key, .toolCall, ts: ts) {
      $0.payload.set("tool", tool)
      $0.payload.set("tool_use_id", key)
      $0.payload.set("input", String(repeating: "x", count: 5000))
    }
  }

  private func result(
    _ key: String, of call: String, ts: Int64, _ change: (inout JSONObject) -> Void = { _ in }
  ) -> EventDraft {
    .sample(key, .toolResult, ts: ts) {
      $0.relatedKey = call
      $0.payload.set("tool", "Bash")
      change(&$0.payload)
    }
  }

  @Test("Its steps come in order, results with the calls that they answer")
  func steps() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), call("c", ts: 10), result("r", of: "c", ts: 20))
    try log.append(.sample("early", ts: 5), .sample("other", ts: 6, session: "s2"))
    let steps = try course(log).steps
    #expect(steps.map(\.ts) == [0, 5, 10, 20])
    #expect(steps[3].relatedID == steps[2].id)
    #expect(steps.map(\.tool) == [nil, nil, "Bash", "Bash"])
  }

  @Test("A failure is told by the payload's own values, before or behind its text, not by the text")
  func failures() throws {
    let log = try TemporaryLog()
    let long = String(repeating: "output ", count: 500)
    try log.append(
      .started("s1"), call("c", ts: 1),
      result("before", of: "c", ts: 2) {
        $0.set("is_error", true)
        $0.set("content", long)
      },
      result("behind", of: "c", ts: 3) {
        $0.set("content", long)
        $0.set("is_error", true)
      },
      result("denied", of: "c", ts: 4) {
        $0.set("content", long)
        $0.set("denied", true)
      },
      result("text", of: "c", ts: 5) {
        $0.set("content", "{\"is_error\":true,\"tool\":\"Edit\"}")
        $0.set("is_error", false)
      })
    let results = try course(log).steps.dropFirst(2)
    #expect(results.map(\.hasFailed) == [true, true, false, false])
    #expect(results.map(\.wasDenied) == [false, false, true, false])
  }

  @Test("It knows which call started an agent, when a wait was over, and what was replaced")
  func links() throws {
    let log = try TemporaryLog()
    try log.append(
      .started("s1"),
      .sample("spawn", .toolCall, ts: 1) {
        $0.links = [.byRule("spawn_result", .spawned, .idempotencyKey("run:child"))]
      },
      .sample("wait", .needsDecision, ts: 5),
      .sample("guess", .stale, ts: 6),
      .sample("answer", .decided, ts: 9) {
        $0.links = [
          .byRule("answer/1", .resolves, .idempotencyKey("wait")),
          .byRule("silence/1", .supersedes, .idempotencyKey("guess")),
        ]
      },
      .sample("run:child", .processStarted, ts: 2) {
        $0.run = .sample("s1", key: "run:child")
      })
    let found = try course(log)
    func id(_ key: String) throws -> Int64 { try #require(try log.event(key)).id }
    #expect(found.spawns == [try id("run:child"): try id("spawn")])
    #expect(found.ends == [try id("wait"): 9])
    #expect(found.replaced == [try id("guess")])
  }

  @Test("A session of ordinary length is given whole, whatever stretch of it is drawn")
  func whole() throws {
    let log = try TemporaryLog()
    try log.append([.started("s1")] + (1...50).map { .sample("k\($0)", ts: $0 * 1000) })
    #expect(try course(log, within: 20_000..<30_000).steps.count == 51)
  }

  @Test("Of a very long one the stretch is given with what leads up to it, and says if it is cut")
  func veryLong() throws {
    let log = try TemporaryLog()
    let count = EventLog.mostSteps + 500
    try log.append(
      [.started("s1")] + (1...count).map { .sample("k\($0)", ts: Int64($0) * 10_000) })
    let all = try course(log)
    #expect(all.steps.count == EventLog.mostSteps)
    #expect(all.partialReason?.contains("first \(EventLog.mostSteps)") == true)
    let late = Int64(count) * 10_000
    let part = try course(log, within: (late - 100_000)..<late)
    #expect(part.partialReason == nil)
    #expect(part.steps.last?.ts == late - 10_000)
    #expect(part.steps.count < 400)
  }
}
