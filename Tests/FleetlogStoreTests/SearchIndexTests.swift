import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("The full-text index")
struct SearchIndexTests {
  private func hits(_ log: TemporaryLog, _ text: String = "word") throws -> EventPage {
    var filter = EventFilter()
    filter.text = text
    return try EventLog(path: log.path).events(filter)
  }

  @Test("It follows its watermark, and a page says while it is behind")
  func watermark() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a", summary: "word"))
    #expect(try hits(log).rows.isEmpty)
    #expect(try hits(log).partialReason?.contains("2 events behind") == true)
    #expect(try EventLog(path: log.path).overview().searchLag == 2)
    let index = try SearchIndex(database: log.path)
    #expect(try index.advance() == 2)
    #expect(try index.advance() == 0)
    #expect(try hits(log).rows.count == 1)
    #expect(try hits(log).partialReason == nil)
    try log.append(.sample("b", summary: "word"))
    #expect(try index.advance() == 1)
    #expect(try hits(log).matched == 2)
  }

  @Test("It is built anew when it was deleted")
  func deleted() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", summary: "word"))
    try log.index()
    for ending in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: SearchIndex.path(forDatabase: log.path) + ending)
    }
    try log.index()
    #expect(try hits(log).matched == 1)
  }

  @Test("It is built anew when it belongs to another log, or to one that lost events")
  func foreign() throws {
    let log = try TemporaryLog()
    let other = try TemporaryLog()
    try log.append(.sample("a", summary: "word"), .sample("b", summary: "word"))
    try other.append(.sample("x", summary: "other"))
    try other.index()
    let (here, there) = (
      SearchIndex.path(forDatabase: log.path), SearchIndex.path(forDatabase: other.path)
    )
    for ending in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: here + ending)
      if FileManager.default.fileExists(atPath: there + ending) {
        try FileManager.default.copyItem(atPath: there + ending, toPath: here + ending)
      }
    }
    try log.index()
    #expect(try hits(log).matched == 2)
    #expect(try hits(log, "other").matched == 0)
    let connection = try Connection(path: here, access: .readWrite)
    try connection.run("UPDATE watermark SET last_event_id = 99")
    try log.index()
    #expect(try hits(log).matched == 2)
    #expect(try hits(log).partialReason == nil)
  }

  @Test("An index of another version is built anew")
  func otherVersion() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", summary: "word"))
    try log.index()
    let connection = try Connection(
      path: SearchIndex.path(forDatabase: log.path), access: .readWrite)
    try connection.script(
      "DELETE FROM documents; PRAGMA user_version = 99", operation: "play another version")
    try log.index()
    #expect(try hits(log).matched == 1)
  }

  @Test("Events of one instant, before 1970 and far away are all found")
  func extremeTimes() throws {
    let log = try TemporaryLog()
    for batch in 0..<3 {
      try log.append((0..<900).map { .sample("\(batch) \($0)", ts: 7, summary: "word") })
      try log.index()
    }
    try log.append(
      .sample("early", ts: -5, summary: "word"), .sample("next", ts: 1000, summary: "word"),
      .sample("far", ts: Timestamp.latest, summary: "word"))
    try log.index()
    #expect(try hits(log).matched == 2703)
    #expect(try hits(log).rows.first?.event.idempotencyKey == "far")
  }
}
