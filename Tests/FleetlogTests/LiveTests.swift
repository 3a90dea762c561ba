import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("What is served live", .timeLimit(.minutes(10)))
struct LiveTests {
  /// `/live` as curl receives it.
  private final class Follower {
    private let process = ChildProcess()
    private let output = Pipe()
    private var unread: [UInt8] = []

    init(_ server: RunningServer, _ query: String = "", lastEventID: Int64? = nil) throws {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        ["curl", "-sN", server.url + "/live" + query]
        + (lastEventID.map { ["-H", "Last-Event-ID: \($0)"] } ?? [])
      process.standardOutput = output
      process.standardInput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      while let line = line(), line != ": live" {}
    }

    deinit {
      process.terminate()
      process.waitUntilExit()
    }

    /// The next event; nil when the server has ended the stream.
    func event() -> (id: Int64, data: String)? {
      var id: Int64?
      while let line = line() {
        if line.hasPrefix("id: ") { id = Int64(line.dropFirst(4)) }
        if line.hasPrefix("data: "), let id { return (id, String(line.dropFirst(6))) }
      }
      return nil
    }

    /// The events up to the one that holds a text.
    func events(until text: String) -> [(id: Int64, data: String)] {
      var events: [(id: Int64, data: String)] = []
      while let event = event() {
        events.append(event)
        if event.data.contains(text) { break }
      }
      return events
    }

    private func line() -> String? {
      while true {
        if let end = unread.firstIndex(of: 0x0A) {
          let line = String(decoding: unread[..<end], as: UTF8.self)
          unread.removeFirst(end + 1)
          return line
        }
        let more = output.fileHandleForReading.availableData
        if more.isEmpty { return nil }
        unread += more
      }
    }
  }

  @Test("an appended line arrives as an event, with the id that its page has")
  func appended() throws {
    try Fleet.with { fleet in
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      let follower = try Follower(server)
      let texts = try Follower(server, "?q=zebra")
      var lines = ClaudeLines()
      lines.prompt("a zebra crosses")
      try fleet.folder.write("a.jsonl", lines.text)
      let event = try #require(follower.events(until: "a zebra crosses").last)
      #expect(try server.get("/events/\(event.id).json").body.contains("a zebra crosses"))
      #expect(texts.event()?.id == event.id)
      #expect(server.stop() == 0)
      // A line of long ago that nothing follows is a silent worker's.
      while let more = follower.event() { #expect(more.data.contains("hub-inferred:")) }
    }
  }

  @Test("after a kill and a restart the last id brings the rest, each event once")
  func restart() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      var seen: [Int64] = []
      for round in 0..<3 {
        let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
        let follower = try Follower(server, lastEventID: seen.last ?? 0)
        let before = lines.text.utf8.count
        for index in 0..<40 { lines.prompt("prompt \(round)-\(index).") }
        let added = Array(lines.text.utf8.dropFirst(before))
        try fleet.folder.append("a.jsonl", added)
        // The first rounds are left in the middle of what they have to say.
        let last = round == 2 ? "prompt 2-39." : "prompt \(round)-11."
        seen += follower.events(until: last).map(\.id)
        server.program.signal(SIGKILL)
        _ = server.program.exitStatus()
      }
      let recorded = try fleet.events().map(\.id).sorted()
      #expect(recorded.count >= 120)
      #expect(seen == Array(recorded.prefix(seen.count)))
      #expect(Set(recorded).subtracting(seen).count < 5)
    }
  }

  @Test("the newest files of an archive are read first, and a file that changes comes to the front")
  func order() throws {
    var queue = ReadingQueue(.newestFirst)
    let paths = (0..<4).map { FilePath("/t/\($0)") }
    for (index, path) in paths.enumerated() {
      queue.add(path, isLive: false, modifiedAt: [20, 40, 10, 30][index])
    }
    queue.add(paths[2], isLive: false, modifiedAt: 50)
    #expect(queue.next()?.path == paths[2])
    queue.again(paths[2], modifiedAt: 35)
    #expect([queue.next()?.path, queue.next()?.path] == [paths[1], paths[2]])
    queue.add(paths[1], isLive: true, modifiedAt: 60)
    #expect(
      [queue.next()?.path, queue.next()?.path, queue.next()?.path] == [
        paths[1], paths[3], paths[0],
      ])
    #expect(queue.next()?.path == nil)
    #expect(queue.isEmpty)
  }

  @Test("a long file lets the others in between its turns where order is as taken")
  func turns() throws {
    var queue = ReadingQueue(.asTaken)
    let (long, short) = (FilePath("/t/long"), FilePath("/t/short"))
    queue.add(long, isLive: false)
    queue.add(short, isLive: false)
    #expect(queue.next()?.path == long)
    queue.again(long, modifiedAt: 0)
    #expect([queue.next()?.path, queue.next()?.path] == [short, long])
    #expect(queue.next()?.path == nil)
  }

  @Test("an import tells its rate and the time that is left, and is over with its full text")
  func meter() throws {
    var meter = ImportMeter()
    var read = Pipeline.Progress()
    #expect(meter.report(read, isReading: false, searchLag: { 0 }, now: 1000) == nil)
    (read.files, read.bytes) = (10, 100 << 20)
    func report(_ isReading: Bool, lag: Int, now: Int64) -> ImportMeter.Report? {
      meter.report(read, isReading: isReading, searchLag: { lag }, now: now)
    }
    guard case .importing(let first)? = report(true, lag: 0, now: 2000) else {
      Issue.record("a hundred megabytes are no import")
      return
    }
    #expect(first.bytes == 100 << 20)
    #expect(first.secondsLeft == nil)
    #expect(report(true, lag: 0, now: 2100) == nil)
    (read.filesDone, read.bytesDone) = (3, 20 << 20)
    guard case .importing(let second)? = report(true, lag: 12, now: 4000) else {
      Issue.record("nothing is told after two seconds")
      return
    }
    #expect(second.bytesPerSecond == 10 << 20)
    #expect(second.secondsLeft == 9)
    #expect(second.searchLag == 12)
    (read.filesDone, read.bytesDone) = (10, 100 << 20)
    guard case .importing(let third)? = report(false, lag: 7, now: 9000) else {
      Issue.record("the import is over while the full text is behind")
      return
    }
    #expect(third.searchLag == 7)
    #expect(report(false, lag: 0, now: 9300) == .over)
    #expect(report(false, lag: 5, now: 9600) == nil)
  }

  @Test("lines that are read within a moment are no import")
  func noImport() throws {
    var meter = ImportMeter()
    var read = Pipeline.Progress()
    for now in stride(from: Int64(0), to: 60_000, by: 100) {
      read.bytes += 1000
      #expect(meter.report(read, isReading: true, searchLag: { 0 }, now: now) == nil)
      read.bytesDone += 1000
      #expect(meter.report(read, isReading: false, searchLag: { 9 }, now: now + 50) == nil)
    }
  }
}
