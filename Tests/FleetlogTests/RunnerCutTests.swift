import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

/// The runner cuts its file in place to the last 50 lines after every tick, and rotates it at boot.
@Suite("A runner's file that is cut in place")
struct RunnerCutTests {
  private static let path = "docs/ops/loop-runner-events.jsonl"

  private static func line(_ number: Int) -> String {
    let time = Timestamp.format(1_772_528_400_000 + Int64(number) * 1000)
    return
      #"{"ts":"\#(time)","kind":"worker_iteration","tick":\#(number / 20),"issue":\#(number % 3),"attempt":\#(number)}"#
      + "\n"
  }

  /// Replaces the content under the same inode, as `open(path, "w")` does.
  private static func overwrite(_ fleet: Fleet, _ text: String) throws {
    let file = fopen(fleet.folder.path(path).text, "w")
    defer { if let file { fclose(file) } }
    let written = text.withCString { file == nil ? -1 : fputs($0, file) }
    #expect(written >= 0)
  }

  private static func cut(_ fleet: Fleet) throws {
    let text = try String(contentsOfFile: fleet.folder.path(path).text, encoding: .utf8)
    let lines = text.split(separator: "\n").suffix(50).joined(separator: "\n")
    try overwrite(fleet, lines + "\n")
  }

  private static func attempts(_ fleet: Fleet) throws -> [Int] {
    try fleet.events(.progress).compactMap { event in
      try event.payload.flatMap { try JSONDocument($0).root["attempt"]?.int }
    }.sorted()
  }

  @Test("loses nothing and doubles nothing between two readings", arguments: [0, 1, 9, 40, 50])
  func cutBetweenReadings(appended: Int) throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("docs/ops")
      try fleet.folder.write(Self.path, (0..<120).map(Self.line).joined())
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == Array(0..<120))
      // More is written, then all is cut, then more is written: only then it is read again.
      try fleet.folder.append(Self.path, Array((120..<120 + appended).map(Self.line).joined().utf8))
      try Self.cut(fleet)
      try fleet.folder.append(Self.path, Array((120 + appended..<200).map(Self.line).joined().utf8))
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == Array(0..<200))
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == Array(0..<200))
    }
  }

  @Test("also where the cut file has grown to its old size again")
  func sameSize() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("docs/ops")
      try fleet.folder.write(Self.path, (100..<200).map(Self.line).joined())
      try fleet.ingest()
      try Self.cut(fleet)
      try fleet.folder.append(Self.path, Array((200..<250).map(Self.line).joined().utf8))
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == Array(100..<250))
    }
  }

  @Test("and where it is rotated away at boot")
  func rotation() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("docs/ops")
      try fleet.folder.write(Self.path, (0..<60).map(Self.line).joined())
      try fleet.ingest()
      try fleet.folder.append(Self.path, Array((60..<70).map(Self.line).joined().utf8))
      try fleet.folder.move(Self.path, to: Self.path + ".1")
      try fleet.folder.write(Self.path, (70..<80).map(Self.line).joined())
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == Array(0..<80))
      #expect(try fleet.log.sources().filter { $0.state == .reading }.count == 2)
    }
  }

  @Test("while a reading is under way, at any place of it", arguments: 1...6)
  func cutDuringReading(turns: Int) throws {
    try TemporaryFolder.with { folder in
      // Each turn takes a few lines; the cut comes after so many of them.
      let old = (0..<120).map(Self.line).joined()
      try folder.write("e.jsonl", old)
      let path = folder.path("e.jsonl")
      var reader = TailReader(chunkSize: 700)
      var cursor: Cursor?
      var seen: [[UInt8]] = []
      for _ in 0..<turns {
        let batch = try reader.read(path, from: cursor, budget: 2000)
        seen += batch.lines.map(\.bytes)
        cursor = batch.next
      }
      try folder.write("e.jsonl", (70..<120).map(Self.line).joined())
      try folder.append("e.jsonl", Array((120..<150).map(Self.line).joined().utf8))
      var after: [[UInt8]] = []
      while true {
        let batch = try reader.read(path, from: cursor, budget: 2000)
        if batch.restart != nil { after = [] }
        after += batch.lines.map(\.bytes)
        cursor = batch.next
        if batch.reachedEnd { break }
      }
      let expected = (70..<150).map { Array(Self.line($0).utf8.dropLast()) }
      #expect(after == expected)
      #expect(Set(seen + after).isSuperset(of: expected))
    }
  }

  @Test("while a server watches it, with a writer that appends and cuts without a pause")
  func live() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("docs/ops")
      try fleet.folder.write(Self.path, "")
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      defer { _ = server.stop() }
      let total = 400
      for number in 0..<total {
        try fleet.folder.append(Self.path, Array(Self.line(number).utf8))
        guard number % 40 == 39 else { continue }
        // What the runner cuts away has stood there for a whole tick.
        _ = Self.waits { try Self.attempts(fleet).count > number - 30 }
        try Self.cut(fleet)
      }
      #expect(Self.waits { try Self.attempts(fleet).count >= total })
      #expect(try Self.attempts(fleet) == Array(0..<total))
    }
  }

  private static func waits(for condition: () throws -> Bool) -> Bool {
    for _ in 0..<1500 {
      if (try? condition()) ?? false { return true }
      usleep(20_000)
    }
    return false
  }

  @Test("Two records that say the same of the same second are one")
  func identical() throws {
    try Fleet.with { fleet in
      try fleet.folder.makeFolder("docs/ops")
      try fleet.folder.write(Self.path, Self.line(1) + Self.line(1) + Self.line(2))
      try fleet.ingest()
      #expect(try Self.attempts(fleet) == [1, 2])
    }
  }
}
