import FleetlogEvents
import FleetlogTestSupport
import FleetlogThreads
import Testing

@testable import FleetlogStore
@testable import FleetlogWeb

/// What visitors are told when the log does not answer, and what they are not.
@Suite("A log that does not answer")
struct FailingLogTests {
  private let log: TemporaryLog
  private let reports = Monitor<[String]>([])

  init() throws {
    log = try TemporaryLog()
    try log.append(
      (0..<600).map { .sample("n\($0)", ts: 1_767_300_000_000 + Int64($0), summary: "words") })
    try log.index()
  }

  private func dashboard(limit: UInt64? = nil) throws -> Dashboard {
    let reader = try EventLog(path: log.path, limit: limit)
    var program = ServingProgram()
    program.report = { [reports] line in reports.withLock { $0.append(line) } }
    return try Dashboard(
      log: reader, live: LiveHub(log: reader, now: { 0 }), kit: .ofThisPackage(),
      now: { TemporaryLog.recordedAt }, program: program)
  }

  private func ask(_ dashboard: Dashboard, _ target: String) throws -> HTTPResponse {
    let parsed = try RequestTarget(Array(target.utf8))
    let request = HTTPRequest(path: parsed.path, segments: parsed.segments, query: parsed.query)
    guard case .queued(let answer) = dashboard.reply(to: request) else {
      throw NotFound(message: "\(target) is answered otherwise")
    }
    return answer()
  }

  @Test("in time is a 503 that says so and what to do", arguments: ["/workers.json", "/workers"])
  func tooLong(target: String) throws {
    // The clock stands behind the deadline before the first row.
    let answer = try ask(try dashboard(limit: 0), target)
    #expect(answer.status == 503)
    #expect(answer.headers["Retry-After"] == "5")
    #expect(String(decoding: answer.body, as: UTF8.self).contains("Narrow the question"))
    #expect(reports.withLock { $0.isEmpty })
  }

  @Test(
    "stops a question that would never end, also within a part that had more time",
    arguments: [false, true])
  func endless(isRevealed: Bool) throws {
    let bounded = try EventLog(path: log.path, limit: 20)
    let reader = isRevealed ? try bounded.revealed : bounded
    let endless =
      "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    let error = #expect(throws: StoreError.self) {
      try reader.pool.withConnection { (connection) throws(StoreError) in
        try connection.withDeadline(ms: 3_600_000) { () throws(StoreError) in
          _ = try connection.first(endless) { $0.int(0) }
        }
      }
    }
    #expect(error?.cause == .interrupted)
    // The connection goes back without a deadline of its own.
    #expect(try reader.lastEventID() == 601)
  }

  @Test("at all is a 500 without path, SQL or the database's words; the operator is told them")
  func unreadable() throws {
    let dashboard = try dashboard()
    try Connection(path: log.path, access: .readWrite)
      .script("DROP TABLE sessions", operation: "break the log")
    for target in ["/sessions", "/sessions.json"] {
      let answer = try ask(dashboard, target)
      #expect(answer.status == 500)
      let text = String(decoding: answer.body, as: UTF8.self)
      for word in ["log.db", log.path, "no such table", "SELECT", "sqlite", ".swift"] {
        #expect(!text.contains(word))
      }
      #expect(text.contains("can’t be read just now"))
    }
    let told = reports.withLock { $0 }
    #expect(told.count == 2)
    #expect(told.allSatisfy { $0.contains(log.path) && $0.contains("no such table") })
  }
}
