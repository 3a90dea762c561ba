import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@Suite("Unrolling OpenCode's database")
struct DatabaseReaderTests {
  private let file = "opencode.db"
  private let start: Int64 = 1_780_000_000_000

  /// What came, as kind and id.
  private func words(_ lines: [String]) throws -> [String] {
    try lines.map { line in
      let value = try JSONDocument(line).root
      let id = value["id"]?.string ?? value["session"]?["id"]?.string ?? ""
      return (value["opencode"]?.string ?? "") + " " + id
    }
  }

  private func ask(_ database: OpenCodeDatabase) throws {
    try database.session("ses_1", at: start)
    try database.message(
      "msg_1", of: "ses_1", at: start, #"{"role":"user","time":{"created":1780000000000}}"#)
    try database.part(
      "prt_1", of: "msg_1", in: "ses_1", at: start, #"{"type":"text","text":"it's 'here'"}"#)
    try database.message(
      "msg_2", of: "ses_1", at: start + 1, #"{"role":"assistant","time":{"created":1780000000001}}"#
    )
  }

  @Test("tells each row once, and again where it changes before its message is over")
  func rows() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      let database = try OpenCodeDatabase(path)
      try ask(database)
      var follower = UnrollFollower()
      #expect(
        try words(follower.news(path)) == ["session ses_1", "part prt_1", "message msg_1"])
      let running = #"{"type":"tool","tool":"bash","state":{"status":"running"}}"#
      try database.part("prt_2", of: "msg_2", in: "ses_1", at: start + 2, running)
      #expect(try words(follower.news(path)) == ["part prt_2"])
      #expect(try follower.news(path) == [])
      follower.restart()
      try database.part(
        "prt_2", of: "msg_2", in: "ses_1", at: start + 2,
        running.replacing("running", with: "completed"))
      try database.part(
        "prt_3", of: "msg_2", in: "ses_1", at: start + 3, #"{"type":"step-finish"}"#)
      #expect(try words(follower.news(path)) == ["part prt_2", "part prt_3"])
      try database.message(
        "msg_2", of: "ses_1", at: start + 1,
        #"{"role":"assistant","finish":"stop","time":{"created":1780000000001}}"#)
      let last = try follower.news(path)
      #expect(try words(last) == ["message msg_2"])
      let message = try JSONDocument(try #require(last.first)).root
      #expect(message["steps"]?.int == 1)
      #expect(try follower.news(path) == [])
      #expect(follower.problems.isEmpty)
    }
  }

  @Test("leaves nothing beside it and changes no byte, closed, live and after a crash")
  func sideFiles() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      func state(of place: FilePath) throws -> [String: [UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: place.text)
        return try Dictionary(
          uniqueKeysWithValues: names.map { name in
            (name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: place.appending(name).text))))
          })
      }
      let database = try OpenCodeDatabase(path)
      try ask(database)
      let live = try state(of: folder.path)
      #expect(live.keys.sorted() == ["opencode.db", "opencode.db-shm", "opencode.db-wal"])
      // All of it stands in the -wal.
      var follower = UnrollFollower()
      #expect(try follower.news(path).count == 3)
      // But for the marks of readers, which within one process all connections share.
      var after = try state(of: folder.path)
      after["opencode.db-shm"] = live["opencode.db-shm"]
      #expect(after == live)

      // What a killed writer leaves.
      let crashed = folder.path("crashed")
      try folder.makeFolder("crashed")
      for name in live.keys { try folder.copy(name, to: "crashed/" + name) }
      let left = try state(of: crashed)
      var other = UnrollFollower()
      #expect(try other.news(crashed.appending(file)).count == 3)
      #expect(try state(of: crashed) == left)
      try folder.remove("crashed")

      database.close()
      let closed = try state(of: folder.path)
      #expect(closed.keys.sorted() == ["opencode.db"])
      #expect(try follower.news(path) == [])
      #expect(try state(of: folder.path) == closed)
    }
  }

  @Test("A -wal without its -shm is refused rather than passed over")
  func withoutShm() throws {
    try TemporaryFolder.with { folder in
      let database = try OpenCodeDatabase(folder.path(file))
      try ask(database)
      try folder.makeFolder("copy")
      for name in [file, file + "-wal"] { try folder.copy(name, to: "copy/" + name) }
      var reader = SourceReader()
      let path = folder.path("copy/" + file)
      #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("copy").text)
      #expect(names.sorted() == [file, file + "-wal"])
    }
  }

  @Test("A change of the -wal alone is a change of the database")
  func stamp() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      let database = try OpenCodeDatabase(path)
      let before = try #require(FileStamp.of(path))
      let listed = try #require(FileLister().list([folder.path]).files.first)
      #expect(listed.path == path)
      #expect(listed.stamp == before)
      try ask(database)
      #expect(FileStamp.of(path) != before)
      let watcher = DirectoryWatcher(roots: [folder.path])
      defer { watcher.stop() }
      while !watcher.status.isComplete { _ = watcher.next(timeoutMs: 100) }
      _ = watcher.next(timeoutMs: 0)
      try database.part("prt_9", of: "msg_1", in: "ses_1", at: start, "{}")
      var changes: [FileChange] = []
      while changes.isEmpty { changes = watcher.next(timeoutMs: nil) }
      #expect(Set(changes.map(\.path)) == [path])
    }
  }

  @Test("A large one is read in turns, none of its rows twice, and ends with each in its place")
  func turns() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      let database = try OpenCodeDatabase(path)
      try database.run("BEGIN")
      try database.session("ses_1", at: start)
      for number in 1000..<1100 {
        try database.message(
          "msg_\(number)", of: "ses_1", at: start,
          #"{"role":"assistant","finish":"stop","time":{"created":1780000000001}}"#)
        for part in 0..<5 {
          try database.part(
            "prt_\(number)_\(part)", of: "msg_\(number)", in: "ses_1", at: start,
            #"{"type":"text","text":"\#(String(repeating: "x", count: 100))"}"#)
        }
      }
      try database.run("COMMIT")
      var follower = UnrollFollower(budget: 5000)
      let lines = try words(follower.news(path))
      #expect(follower.turns > 20)
      #expect(lines.count == 601)
      #expect(Set(lines).count == 601)
      for number in 1000..<1100 {
        let message = lines.firstIndex(of: "message msg_\(number)") ?? 0
        let part = lines.firstIndex(of: "part prt_\(number)_4") ?? .max
        #expect(part < message)
      }
    }
  }

  @Test("Rows that were numbered anew are read again, not passed over")
  func vacuum() throws {
    try TemporaryFolder.with { folder in
      let path = folder.path(file)
      let database = try OpenCodeDatabase(path)
      try ask(database)
      var follower = UnrollFollower()
      _ = try follower.news(path)
      try database.run("DELETE FROM part; DELETE FROM message; DELETE FROM session")
      try database.session("ses_2", at: start)
      try database.message(
        "msg_7", of: "ses_2", at: start, #"{"role":"user","time":{"created":1780000000000}}"#)
      try database.part("prt_7", of: "msg_7", in: "ses_2", at: start, #"{"type":"text"}"#)
      #expect(
        try words(follower.news(path)) == ["session ses_2", "part prt_7", "message msg_7"])
    }
  }

  @Test("What is no database, none of OpenCode's, or not JSON in a row, says so")
  func hostile() throws {
    try TemporaryFolder.with { folder in
      var reader = SourceReader()
      let path = try folder.write(file, "not a database at all, but long enough to be looked at")
      #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
      try folder.remove(file)
      let database = try OpenCodeDatabase(path)
      try ask(database)
      try database.part("prt_8", of: "msg_2", in: "ses_1", at: start, "{not json")
      try database.part("prt_9", of: "msg_gone", in: "ses_1", at: start, "{}")
      var follower = UnrollFollower()
      _ = try follower.news(path)
      #expect(follower.problems.count == 2)
      try database.run("DROP TABLE part")
      #expect(throws: ReadError.self) { try reader.read(path, from: nil) }
    }
  }
}
