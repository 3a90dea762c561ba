import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("Backup")
struct BackupTests {
  @Test("A copy is a whole log in two files: same events, searchable, private")
  func whole() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a", summary: "zebra crossing"))
    try log.index()
    let copy = log.path("copy.db")
    let report = try Backup.write(of: log.path, to: copy)
    #expect(report.events == 2)
    #expect(report.bytes == fileSize(copy) + fileSize(copy + "-search"))
    let reader = try EventLog(path: copy, deadline: 60_000)
    var filter = EventFilter()
    filter.text = "zebra"
    #expect(try reader.events(filter).rows.map(\.event) == [log.event("a")])
    #expect(try reader.integrityProblems().isEmpty)
    let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: log.path("."))
    #expect(!names.contains { $0.contains("partial") })
  }

  @Test("A copy is written on like the log itself, and its index is its own")
  func usable() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a"))
    try log.index()
    let copy = log.path("copy.db")
    _ = try Backup.write(of: log.path, to: copy)
    let writer = try EventWriter(path: copy) { _, _ in }
    _ = try writer.commit(EventBatch(drafts: [.sample("a"), .sample("b")]), now: 0)
    #expect(try writer.lastEventID() == 3)
    #expect(try SearchIndex(database: copy).advance() == 1)
    #expect(try log.events().count == 2)
  }

  @Test("What is committed while the copy is made is not in it, and is not lost")
  func liveWriter() throws {
    let log = try TemporaryLog()
    // What can't be packed, so that the copy takes several steps.
    var generator = SeededGenerator(seed: 1)
    let text = String.noise(10_000, using: &generator)
    try log.append(
      (0..<5000).map { n in .sample("k\(n)") { $0.payload.set("text", text) } })
    let copy = log.path("copy.db")
    let writer = log.writer
    var calls = 0
    let report = try Backup.write(of: log.path, to: copy) { _, all in
      // The index, which comes first, is a few pages.
      guard all > 100 else { return }
      calls += 1
      _ = try? writer.commit(EventBatch(drafts: [.sample("during \(calls)")]), now: 0)
    }
    #expect(calls > 1)
    #expect(report.events == 5001)
    #expect(try writer.lastEventID() == Int64(5001 + calls))
    #expect(try EventLog(path: copy).integrityProblems().isEmpty)
  }

  @Test("A copy's index knows of no event that the copy lacks, whatever is indexed meanwhile")
  func indexedMeanwhile() throws {
    let log = try TemporaryLog()
    try log.append(.started("s1"), .sample("a"))
    try log.index()
    var calls = 0
    let copy = log.path("copy.db")
    _ = try Backup.write(of: log.path, to: copy) { _, _ in
      calls += 1
      _ = try? log.append(.sample("during \(calls)"))
      try? log.index()
    }
    #expect(calls > 1)
    let reader = try EventLog(path: copy)
    #expect(try reader.lastEventID(isSearch: true) <= reader.lastEventID())
  }

  @Test("Nothing is overwritten", arguments: ["copy.db", "copy.db-search", "copy.db-partial"])
  func refusal(_ name: String) throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    let taken = log.path(name)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: taken))
    let error = #expect(throws: StoreError.self) {
      try Backup.write(of: log.path, to: log.path("copy.db"))
    }
    #expect(error?.cause == .exists)
    #expect(error?.mend != nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: taken)) == Data("mine".utf8))
  }

  @Test("A second copy to the same place names the file that was asked for, not its index")
  func again() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a"))
    let index = try SearchIndex(database: log.path)
    while try index.advance() > 0 {}
    let copy = log.path("copy.db")
    _ = try Backup.write(of: log.path, to: copy)
    #expect(FileManager.default.fileExists(atPath: copy + "-search"))
    let error = #expect(throws: StoreError.self) { try Backup.write(of: log.path, to: copy) }
    #expect(error?.place == copy)
  }

  @Test("A log that is not there, or a folder that is not, is an error that leaves nothing")
  func missing() throws {
    let log = try TemporaryLog()
    #expect(throws: StoreError.self) {
      try Backup.write(of: log.path("none.db"), to: log.path("copy.db"))
    }
    #expect(throws: StoreError.self) {
      try Backup.write(of: log.path, to: log.path("no/folder/copy.db"))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: log.path("."))
    #expect(!names.contains { $0.hasPrefix("copy") || $0.hasPrefix("none") })
  }
}
