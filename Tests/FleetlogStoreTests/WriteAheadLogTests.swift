import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Synchronization
import Testing

@testable import FleetlogStore

@Suite("The write-ahead log")
struct WriteAheadLogTests {
  private let log: TemporaryLog
  private var wal: WriteAheadLog { log.writer.writeAheadLog }
  private let limit: Int64 = 1 << 20

  init() throws {
    log = try TemporaryLog()
    log.writer.writeAheadLog.limit = limit
  }

  /// Appends about 200 kB.
  private func append(_ round: Int) throws {
    let text = String(repeating: "x", count: 10_000)
    try log.append((0..<20).map { n in .sample("\(round) \(n)") { $0.payload.set("text", text) } })
  }

  /// Reads in short transactions, again and again, until it is told to stop.
  private final class Readers: Sendable {
    private let isOver = Atomic(false)
    private let group = DispatchGroup()

    init(of path: String, count: Int) {
      for number in 0..<count {
        DispatchQueue(label: "reader \(number)").async(group: group) { self.read(path) }
      }
    }

    private func read(_ path: String) {
      guard let reader = try? Connection(path: path, access: .readOnly) else { return }
      while !isOver.load(ordering: .relaxed) {
        try? reader.script("BEGIN; SELECT count(*) FROM events", operation: "read")
        usleep(3000)
        try? reader.script("COMMIT", operation: "stop reading")
      }
    }

    func stop() {
      isOver.store(true, ordering: .relaxed)
      group.wait()
    }
  }

  @Test("It stays bounded although at every moment some reader reads")
  func overlappingReaders() throws {
    let readers = Readers(of: log.path, count: 4)
    defer { readers.stop() }
    var largest: Int64 = 0
    for round in 0..<100 {
      try append(round)
      largest = max(largest, wal.size)
    }
    // Untrimmed it would come to more than 20 MB.
    #expect(largest < 8 * limit)
  }

  @Test("A reader that stays stops neither the writer nor, once it lets go, the trimming")
  func longReader() throws {
    let reader = try Connection(path: log.path, access: .readOnly)
    try reader.script("BEGIN", operation: "read")
    let seen = try reader.first("SELECT count(*) FROM events") { $0.int(0) }
    for round in 0..<12 { try append(round) }
    #expect(wal.size > limit)
    #expect(try reader.first("SELECT count(*) FROM events") { $0.int(0) } == seen)
    try reader.script("COMMIT", operation: "stop reading")
    for round in 12..<16 { try append(round) }
    #expect(wal.size <= limit)
    #expect(try log.events().count == 16 * 20 + 1)
  }

  @Test("A writer with nothing to do empties it; a small one is left alone")
  func idle() throws {
    log.writer.writeAheadLog.limit = .max
    try append(0)
    let small = wal.size
    try log.writer.rest()
    #expect(wal.size == small)
    for round in 1..<25 { try append(round) }
    #expect(wal.size > 4 << 20)
    try log.writer.rest()
    #expect(wal.size == 0)
  }

  @Test("Commits that one transaction groups are trimmed behind it")
  func group() throws {
    try log.writer.group { () throws(StoreError) in
      for round in 0..<8 {
        do { try append(round) } catch { Issue.record(error) }
      }
    }
    #expect(wal.size <= limit)
    #expect(try log.events().count == 8 * 20 + 1)
  }

  @Test("Where another thread copies pages back, it stays bounded too")
  func aside() throws {
    log.writer.writeAheadLog.limit = .max
    log.writer.syncAside()
    let text = String(repeating: "x", count: 100_000)
    var largest: Int64 = 0
    for round in 0..<200 {
      try log.append((0..<4).map { n in .sample("\(round) \(n)") { $0.payload.set("text", text) } })
      largest = max(largest, wal.size)
    }
    // Never begun anew it would come to more than 80 MB.
    #expect(largest < 70 << 20)
    #expect(try log.events().count == 200 * 4 + 1)
    let reader = try Connection(path: log.path, access: .readOnly)
    #expect(try reader.rows("PRAGMA integrity_check") { $0.text(0) } == ["ok"])
  }

  @Test("What is of no file is synced before it is answered, what is read from files is not")
  func synced() throws {
    func level() throws -> Int64? {
      try log.writer.connection.first("PRAGMA synchronous") { $0.int(0) }
    }
    #expect(try level() == 2)
    #expect(try log.writer.synced { () throws(StoreError) in 1 } == 1)
    log.writer.syncAside()
    #expect(try level() == 1)
    let within = try log.writer.synced { () throws(StoreError) in
      try log.writer.connection.first("PRAGMA synchronous") { $0.int(0) }
    }
    #expect(within == 2)
    #expect(try level() == 1)
    #expect(throws: StoreError.self) {
      try log.writer.synced { () throws(StoreError) in
        throw StoreError(operation: "x", place: "x", cause: .exists, detail: "x")
      }
    }
    #expect(try level() == 1)
  }
}
