import FleetlogDerive
import FleetlogDirect
import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import FleetlogThreads
import Foundation
import Testing

@testable import FleetlogStore

@Suite("A process's own hand on a log")
struct DirectLogTests {
  private static func line(_ number: Int, padding: Int = 0) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(number))
    let text = String.noise(padding, using: &generator)
    return Array(
      #"{"event_type":"progress","instance_id":"a","summary":"\#(number)","text":"\#(text)"}"#.utf8)
  }

  private static func summaries(_ path: String) throws -> [String] {
    try Connection(path: path, access: .readOnly).rows(
      "SELECT summary FROM events WHERE event_type = 'progress' ORDER BY id"
    ) { $0.text(0) }
  }

  /// A path of a log in a folder of its own, which is not there yet.
  private func place(_ body: (String) throws -> Void) throws {
    try TemporaryFolder.with { try body($0.path("data/log.db").text) }
  }

  @Test("what is written is there at once, also for others, and is written once")
  func writes() throws {
    try place { path in
      let log = DirectLog(database: path)
      for number in 1...3 {
        guard case .logged(_, let isNew, _, "a", _) = try log.write([Self.line(number)])[0] else {
          Issue.record("line \(number) was refused")
          return
        }
        #expect(isNew)
        #expect(try Self.summaries(path) == (1...number).map(String.init))
      }
    }
  }

  @Test("each line has its answer, also one that is none")
  func answers() throws {
    try place { path in
      let answers = try DirectLog(database: path).write([
        Self.line(1), Array("no JSON".utf8), Array(#"{"event_type":"nonsense"}"#.utf8),
      ])
      #expect(answers.count == 3)
      if case .logged = answers[0] {} else { Issue.record("\(answers[0])") }
      if case .refused(code: "bad_json", _, id: nil) = answers[1] {
      } else {
        Issue.record("\(answers[1])")
      }
      if case .refused(code: "refused", _, id: .some) = answers[2] {
      } else {
        Issue.record("\(answers[2])")
      }
    }
  }

  @Test("who keeps it open hinders nobody who comes to stay, and writes on beside them")
  func lock() throws {
    try place { path in
      let log = DirectLog(database: path)
      _ = try log.write([Self.line(1)])
      let staying = try EventWriter(path: path, project: SessionReducer.apply)
      _ = try log.write([Self.line(2)])
      #expect(try Self.summaries(path) == ["1", "2"])
      withExtendedLifetime(staying) {}
    }
  }

  @Test("a log that was moved away meanwhile is not written to any more")
  func moved() throws {
    try place { path in
      let log = DirectLog(database: path)
      _ = try log.write([Self.line(1)])
      for part in ["", "-wal", "-shm"]
      where FileManager.default.fileExists(atPath: path + part) {
        try FileManager.default.moveItem(atPath: path + part, toPath: path + ".old" + part)
      }
      _ = try log.write([Self.line(2)])
      #expect(try Self.summaries(path) == ["2"])
      #expect(try Self.summaries(path + ".old") == ["1"])
    }
  }

  @Test("a log that a later version has taken over meanwhile is refused and left as it is")
  func newer() throws {
    try place { path in
      let log = DirectLog(database: path)
      _ = try log.write([Self.line(1)])
      try Connection(path: path, access: .readWrite).script(
        "PRAGMA user_version = 999", operation: "pretend")
      #expect(throws: StoreError.self) { try log.write([Self.line(2)]) }
      #expect(try Self.summaries(path) == ["1"])
    }
  }

  @Test("a small write-ahead log is left to the next, a large one is copied back")
  func closing() throws {
    try place { path in
      func left() -> Bool { FileManager.default.fileExists(atPath: path + "-wal") }
      _ = try DirectLog(database: path).write([Self.line(1)])
      #expect(left())
      _ = try DirectLog(database: path).write([Self.line(2, padding: 600_000)])
      _ = try DirectLog(database: path).write([Self.line(3, padding: 600_000)])
      #expect(!left())
      #expect(try Self.summaries(path) == ["1", "2", "3"])
    }
  }

  @Test("many at once lose nothing and give no id twice", .timeLimit(.minutes(10)))
  func concurrent() throws {
    try place { path in
      let ids = Monitor<[Int64]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { process in
        let log = DirectLog(database: path)
        for number in 0..<20 {
          let answers = try? log.write([Self.line(process * 100 + number)])
          guard case .logged(let id, true, _, _, _)? = answers?.first else { continue }
          ids.withLock { $0.append(id) }
        }
      }
      let given = ids.withLock { $0 }
      #expect(Set(given).count == 160)
      let stored = try Self.summaries(path)
      #expect(stored.count == 160)
    }
  }
}
