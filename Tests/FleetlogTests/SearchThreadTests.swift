import FleetlogEvents
import FleetlogTestSupport
import FleetlogThreads
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("Full text beside the writer")
struct SearchThreadTests {
  private func finds(_ word: String, in log: TemporaryLog) throws -> Bool {
    var filter = EventFilter()
    filter.text = word
    return try !EventLog(path: log.path, deadline: 60_000).events(filter).rows.isEmpty
  }

  private func isFound(_ word: String, in log: TemporaryLog) throws -> Bool {
    for _ in 0..<1000 {
      if try finds(word, in: log) { return true }
      usleep(20_000)
    }
    return false
  }

  @Test("is completed while it yields to an import, and when it need yield no more")
  func completes() throws {
    let log = try TemporaryLog()
    let search = try SearchThread(database: log.path)
    try log.append(.sample("a", summary: "aardvark"))
    search.wake(isImporting: true)
    #expect(try isFound("aardvark", in: log))
    search.yieldNoMore()
    try log.append(.sample("b", summary: "buffalo"))
    search.wake()
    #expect(try isFound("buffalo", in: log))
    try log.append(.sample("c", summary: "capybara"))
    search.wake(isImporting: true)
    try search.finish()
    #expect(try finds("capybara", in: log))
  }

  @Test("holds nobody up who stops, and goes on later where it was")
  func settles() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a", summary: "aardvark"))
    let search = try SearchThread(database: log.path)
    let other = try Connection(path: SearchIndex.path(forDatabase: log.path), access: .readWrite)
    try other.transaction { () throws(StoreError) in
      search.settle(within: .milliseconds(50))
      #expect(try EventLog(path: log.path, deadline: 60_000).searchLag() > 0)
    }
    search.settle(within: .seconds(60))
    #expect(try EventLog(path: log.path, deadline: 60_000).searchLag() == 0)
    #expect(try finds("aardvark", in: log))
  }

  @Test("says what fails until it has been tried again, and not only been left to another thread")
  func trouble() throws {
    let log = try TemporaryLog()
    let work = SearchWork(try SearchIndex(database: log.path))
    func rename(_ table: String, to other: String) throws {
      let index = try Connection(
        path: SearchIndex.path(forDatabase: log.path), access: .readWrite)
      try index.script("ALTER TABLE \(table) RENAME TO \(other)", operation: "rename a table")
    }
    try log.append(.sample("a", summary: "aardvark"))
    try rename("watermark", to: "elsewhere")
    work.advance(while: { true })
    #expect(work.failure.withLock { $0 } != nil)
    work.advance(while: { false })
    #expect(work.failure.withLock { $0 } != nil)
    try rename("elsewhere", to: "watermark")
    work.advance(while: { true })
    #expect(work.failure.withLock { $0 } == nil)
    #expect(try finds("aardvark", in: log))
  }
}
