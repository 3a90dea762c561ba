import FleetlogDerive
import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Tasks in the log")
struct TaskLedgerTests {
  private static func draft(
    _ type: String, issue: Int, at minute: Int64, _ change: (inout EventDraft) -> Void = { _ in }
  ) -> EventDraft {
    var draft = EventDraft(
      EventType(rawValue: type), ts: 1_772_528_400_000 + minute * 60_000, run: .sample(nil),
      sourceKind: .overseer, summary: "\(type) of \(issue)")
    draft.idempotencyKey = "\(type):\(issue):\(minute)"
    draft.tags = ["issue:\(issue)"]
    change(&draft)
    return draft
  }

  private static func list(_ log: TemporaryLog, _ change: (inout TaskQuery) -> Void = { _ in })
    throws -> [TaskSummary]
  {
    var query = TaskQuery()
    change(&query)
    return try #require(try log.reader().tasks(query)).tasks
  }

  @Test("are listed by their last activity, filtered, and page by page")
  func list() throws {
    let log = try TemporaryLog()
    for issue in 0..<7 {
      try log.append(
        Self.draft("task.dispatched", issue: issue, at: Int64(issue)),
        Self.draft(
          issue.isMultiple(of: 2) ? "task.completed" : "task.failed", issue: issue,
          at: Int64(issue) + 10))
    }
    #expect(try Self.list(log).map(\.issue) == [6, 5, 4, 3, 2, 1, 0])
    #expect(try Self.list(log) { $0.statuses = [.failed] }.map(\.issue) == [5, 3, 1])
    #expect(try Self.list(log) { $0.text = "E:4" }.map(\.issue) == [4])
    var query = TaskQuery()
    query.limit = 3
    var seen: [Int?] = []
    repeat {
      let page = try #require(try log.reader().tasks(query))
      #expect(page.total == 7)
      seen += page.tasks.map(\.issue)
      query.after = page.next
    } while query.after != nil
    #expect(seen == [6, 5, 4, 3, 2, 1, 0])
    query.after = "nonsense"
    #expect(try log.reader().tasks(query) == nil)
  }

  @Test("show their events oldest first, and none that are another's")
  func detail() throws {
    let log = try TemporaryLog()
    try log.append(
      Self.draft("task.failed", issue: 1, at: 9), Self.draft("task.dispatched", issue: 1, at: 1),
      Self.draft("task.dispatched", issue: 11, at: 2))
    let detail = try #require(try log.reader().task("issue:1"))
    #expect(detail.events.map(\.type.rawValue) == ["task.dispatched", "task.failed"])
    #expect(!detail.isCut && detail.task.status == .failed)
    #expect(try log.reader().task("issue:2") == nil)
    #expect(try log.reader().task("") == nil)
  }

  @Test("are taken in when a writer that keeps them opens a log of one that did not")
  func catchUp() throws {
    let log = try TemporaryLog()
    try log.append(Self.draft("task.dispatched", issue: 1, at: 1))
    let plain = try EventWriter(path: log.path, holdsLock: false, project: SessionReducer.apply)
    _ = try plain.commit(
      EventBatch(drafts: [
        Self.draft("task.failed", issue: 1, at: 2), Self.draft("task.planned", issue: 2, at: 3),
      ]), now: TemporaryLog.recordedAt)
    #expect(try Self.list(log).map(\.events) == [1])
    for _ in 0..<2 {
      _ = try EventWriter(
        path: log.path, holdsLock: false, tasks: TaskReducer.projection,
        project: SessionReducer.apply)
      #expect(try Self.list(log).map(\.events) == [1, 2])
      #expect(try Self.list(log).last?.status == .failed)
    }
  }

  @Test("come out the same when the log is replayed from its first event, and tell if not")
  func replay() throws {
    let log = try TemporaryLog()
    try log.append(
      Self.draft("task.planned", issue: 1, at: 0), Self.draft("task.dispatched", issue: 1, at: 1),
      Self.draft("task.completed", issue: 1, at: 5), Self.draft("stale", issue: 2, at: 5))
    let connection = log.writer.connection
    let first = try TaskLedger.compare(connection, TaskReducer.projection)
    #expect(first.stored == first.replayed && first.stored.count == 2)
    try connection.run("UPDATE tasks SET facts = json_set(facts, '$.terminal', 'odd')")
    let second = try TaskLedger.compare(connection, TaskReducer.projection)
    #expect(second.stored != second.replayed)
  }

  @Test("A fact that is met again counts once")
  func repeated() throws {
    let log = try TemporaryLog()
    for _ in 0..<3 { try log.append(Self.draft("task.dispatched", issue: 1, at: 1)) }
    #expect(try Self.list(log).map(\.events) == [1])
  }

  @Test("are found without looking at the whole log")
  func plans() throws {
    let log = try TemporaryLog()
    func plan(_ sql: String) throws -> String {
      try log.writer.connection.rows("EXPLAIN QUERY PLAN " + sql) { $0.text(3) }
        .joined(separator: "; ")
    }
    let list = try plan("SELECT facts FROM tasks ORDER BY last_at DESC, id DESC LIMIT 9")
    #expect(list.contains("tasks_last") && !list.contains("TEMP B-TREE"))
    let detail = try plan(
      """
      SELECT e.id FROM task_events t CROSS JOIN events e ON e.id = t.event_id
      WHERE t.task_id = 'issue:1' ORDER BY t.event_id DESC LIMIT 9
      """)
    #expect(detail.contains("SEARCH t") && detail.contains("SEARCH e"))
    #expect(!detail.contains("TEMP B-TREE"))
  }
}
