import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Sources")
struct SourceTests {
  private func skipped(_ offset: Int64, _ reason: String = "not JSON") -> SourceProblem {
    SourceProblem(
      kind: .skipped, span: SourceSpan(offset: offset, length: 5), reason: reason)
  }

  @Test("A transcript is registered under its path and found by path, identity and id")
  func add() throws {
    let log = try TemporaryLog()
    let sources = log.writer.sources
    let added = try sources.add(
      SourceFile(path: "/a", device: 3, inode: 4, size: 5, modifiedAt: 6), state: .reading,
      format: nil, parserVersion: nil)
    #expect(try sources.find(path: "/a") == added)
    #expect(try sources.find(device: 3, inode: 4) == [added])
    #expect(try sources.find(id: added.id) == added)
    #expect(try sources.present() == [added])
    #expect(try sources.find(path: "/b") == nil)
    #expect(try sources.find(device: 3, inode: 5).isEmpty)
  }

  @Test("Each file counts at the innermost of the folders that it lies in")
  func folders() throws {
    let log = try TemporaryLog()
    for (place, path) in ["/in/a", "/in/runs/b", "/in/runs/deep/c", "/in/runs/deep/d"].enumerated()
    {
      _ = try log.writer.sources.add(
        SourceFile(path: path, device: 1, inode: Int64(place), size: 5, modifiedAt: 6),
        state: .reading, format: nil, parserVersion: nil)
    }
    let reader = try log.reader()
    #expect(try reader.fileCounts(below: ["/in", "/in/runs", "/in/runs/deep/"]) == [1, 1, 2])
    #expect(try reader.fileCounts(below: ["/in/runs/deep", "/in"]) == [2, 2])
    #expect(try reader.fileCounts(below: ["/in"]) == [4])
  }

  @Test("Where all sources are listed, what their parsers remember is left out")
  func slim() throws {
    let log = try TemporaryLog()
    let source = try log.addSource("/a")
    try log.commit(EventBatch(drafts: [], source: .read(source, to: 10)))
    let sources = log.writer.sources
    #expect(try sources.find(path: "/a")?.parserState == "{}")
    for listed in [try sources.present(), try sources.read()] {
      #expect(listed.map(\.cursor) == ["at 10"])
      #expect(listed.map(\.parserState) == [nil])
    }
  }

  @Test("Other content at the same path is another source, and the old one is gone but known")
  func replace() throws {
    let log = try TemporaryLog()
    let sources = log.writer.sources
    let old = try log.addSource("/a")
    let new = try log.addSource("/a")
    #expect(new.id != old.id)
    #expect(try sources.find(path: "/a")?.id == new.id)
    #expect(try sources.find(id: old.id)?.state == .gone)
    #expect(try sources.present().map(\.id) == [new.id])
    #expect(try log.reader().sources().map(\.id) == [new.id, old.id])
    #expect(try log.reader().overview().sources == 1)
  }

  @Test("The list shows what is wrong first and what is gone last, and reads no more than a page")
  func list() throws {
    let log = try TemporaryLog()
    let connection = try Connection(path: log.path, access: .readWrite)
    try connection.script(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
      INSERT INTO files (path, device, inode, modified_at, state, skipped_lines, parser_state)
      SELECT '/t/' || i, 1, i, i % 700, CASE i % 10 WHEN 1 THEN 'gone' WHEN 2 THEN 'unrecognised'
        WHEN 3 THEN 'unreadable' ELSE 'reading' END, i % 50 = 0, hex(zeroblob(3000)) FROM n;
      """, operation: "register files")
    let reader = try log.reader()
    var query = SourceQuery()
    query.limit = 400
    var listed: [SourceStatus] = []
    repeat {
      let page = try #require(try reader.sources(query))
      #expect(page.total == 10_000)
      #expect(page.sources.count == 400)
      listed += page.sources
      query.after = page.next
    } while query.after != nil
    #expect(Set(listed.map(\.id)).count == 10_000)
    func place(_ source: SourceStatus) -> [Int64] {
      let isWrong = source.state == .unreadable || source.skippedLines > 0
      let standing: Int64 = source.state == .gone ? 0 : isWrong ? 2 : 1
      return [standing, source.modifiedAt, source.id]
    }
    let places = listed.map(place)
    #expect(zip(places, places.dropFirst()).allSatisfy { $1.lexicographicallyPrecedes($0) })
    #expect(listed.count { place($0)[0] == 2 } == 1200)
    #expect(try reader.unreadableSources().count == 1000)
    #expect(try reader.source(listed[7].id) == listed[7])
    query.after = "2_5"
    #expect(try reader.sources(query) == nil)

    let steps = try connection.rows(
      """
      EXPLAIN QUERY PLAN SELECT f.path FROM files f
      WHERE (f.standing, f.modified_at, f.id) < (1, 2, 3)
      ORDER BY f.standing DESC, f.modified_at DESC, f.id DESC LIMIT 100
      """
    ) { $0.text(3) }
    #expect(steps.count == 1)
    #expect(steps.first?.hasPrefix("SEARCH f USING INDEX files_listed") == true)
  }

  @Test("A moved transcript keeps its events; what stood at its new path is gone")
  func move() throws {
    let log = try TemporaryLog()
    let sources = log.writer.sources
    let moved = try log.addSource("/a")
    let other = try log.addSource("/b")
    try sources.move(moved.id, to: "/b")
    #expect(try sources.find(path: "/a") == nil)
    #expect(try sources.find(path: "/b")?.id == moved.id)
    #expect(try sources.find(id: other.id)?.state == .gone)
    try sources.move(moved.id, to: "/b")
    #expect(try sources.find(path: "/b")?.id == moved.id)
  }

  @Test("What became of a transcript that was not read is noted, and reading it mends that")
  func marks() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    try log.writer.sources.mark(source.id, .unreadable, error: "permission denied", size: 7)
    let unreadable = try #require(try log.reader().sources().first)
    #expect(unreadable.state == .unreadable)
    #expect(unreadable.lastError == "permission denied")
    #expect(unreadable.size == 7)
    try log.commit(EventBatch(drafts: [.sample("a")], source: .read(source, to: 9, lines: 3)))
    let read = try #require(try log.reader().sources().first)
    #expect(read.state == .reading)
    #expect(read.lastError == nil)
    #expect(read.offset == 9)
    #expect(read.lines == 3)
    #expect(read.events == 2)
    #expect(read.lastReadAt == TemporaryLog.recordedAt)
    #expect(try log.writer.sources.find(id: source.id)?.cursor == "at 9")
    #expect(try log.writer.sources.holding().isEmpty)
  }

  @Test("A transcript whose parser holds something back is found until it lets go")
  func holding() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    try log.commit(EventBatch(drafts: [], source: .read(source, to: 1, isHolding: true)))
    #expect(try log.writer.sources.holding().map(\.id) == [source.id])
    try log.commit(EventBatch(drafts: [], source: .read(source, to: 1)))
    #expect(try log.writer.sources.holding().isEmpty)
  }

  @Test("A problem is noted once with its place and reason, however often its line is read")
  func problems() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    let found = [skipped(0), skipped(9), skipped(9, "too deep")]
    for _ in 0..<3 {
      try log.commit(
        EventBatch(drafts: [], problems: found, source: .read(source, to: 20)))
    }
    let reader = try log.reader()
    #expect(try reader.problems(source: source.id, limit: 9).map(\.problem) == found)
    #expect(try reader.problems(source: nil, limit: 1).count == 1)
    #expect(try reader.problems(source: source.id + 1, limit: 9).isEmpty)
    #expect(try reader.sources().first?.skippedLines == 3)
  }

  @Test("Refused and fenced blocks are reported")
  func validation() throws {
    let log = try TemporaryLog()
    let source = try log.addSource()
    let fenced = SourceProblem(
      kind: .fencedBlock, span: SourceSpan(offset: 1, length: 2), reason: "an example")
    try log.commit(
      EventBatch(
        drafts: [.sample("c", .toolCall), .sample("d", .validationError, session: "s3")],
        problems: [fenced], source: .read(source, to: 9)))
    let report = try log.reader().validation(limit: 10)
    #expect(report.totalErrors == 1)
    #expect(report.errors.map(\.idempotencyKey) == ["d"])
    #expect(report.totalFenced == 1)
    #expect(report.fenced.map(\.problem) == [fenced])
  }
}
