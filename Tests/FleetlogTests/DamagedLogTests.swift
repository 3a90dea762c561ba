import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("A damaged log", .timeLimit(.minutes(2)))
struct DamagedLogTests {
  private static func session(_ number: Int) -> String {
    "5e551011-0000-4000-8000-0000000001\(10 + number)"
  }

  /// A log of several pages of events, and what it says.
  private func scene(_ body: (Fleet, _ content: [String]) throws -> Void) throws {
    try Fleet.with { fleet in
      for number in 0..<60 {
        var lines = ClaudeLines(session: "\(Self.session(number))")
        for turn in 0..<10 { lines.prompt("prompt \(turn) of session \(number)") }
        try fleet.folder.write("\(number).jsonl", lines.text)
      }
      try fleet.ingest()
      try body(fleet, try facts(fleet))
    }
  }

  /// What the transcripts say; what is inferred from it depends on when it was read.
  private func facts(_ fleet: Fleet) throws -> [String] {
    try fleet.events().filter { !$0.isInferred }.map { ($0.idempotencyKey ?? "") + $0.summary }
      .sorted()
  }

  /// Flips the lowest bit of the first byte of a page in the middle of a table: what the page is.
  private func flip(_ table: String, in fleet: Fleet) throws {
    let connection = try Connection(path: fleet.database, access: .readWrite)
    // Everything into the file itself: its write-ahead log would hide the damage.
    _ = try connection.first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.int(0) }
    let pages = try connection.rows(
      "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno",
      [.text(table)]
    ) { $0.int(0) }
    let size = try connection.first("PRAGMA page_size") { $0.int(0) } ?? 0
    let page = try #require(pages.dropFirst(pages.count / 2).first)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: fleet.database))
    try file.seek(toOffset: UInt64((page - 1) * size))
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.seek(toOffset: UInt64((page - 1) * size))
    try file.write(contentsOf: Data([byte ^ 1]))
    try file.close()
  }

  @Test(
    "is said at /healthz and by doctor, harms no process, and is made anew from the transcripts")
  func flippedByte() throws {
    try scene { fleet, content in
      try flip("events", in: fleet)
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      let pages = [
        "/events.json?limit=500", "/events.ndjson", "/", "/sessions", "/events", "/metrics",
      ]
      let statuses = try pages.map { try server.get($0).status }
      #expect(statuses.contains(500))
      #expect(statuses.allSatisfy { $0 == 200 || $0 == 500 }, "\(statuses)")
      let health = try server.get("/healthz.json")
      #expect(health.status == 200)
      #expect(health.body.contains(#""status":"degraded""#))
      #expect(health.body.contains("damaged"))
      #expect(server.stop() == 0)

      let doctor = try RunningProgram.run([
        "doctor", fleet.folder.path.text, "--db", fleet.database,
      ])
      #expect(doctor.status == 1)
      #expect(doctor.output.contains("MEND"))
      #expect(doctor.output.contains("from the transcripts") || doctor.output.contains("damaged"))

      // As the mend has it.
      for ending in ["", "-wal", "-shm", "-search", "-search-wal", "-search-shm"] {
        let file = fleet.database + ending
        guard FileManager.default.fileExists(atPath: file) else { continue }
        try FileManager.default.moveItem(atPath: file, toPath: file + ".damaged")
      }
      let again = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      _ = try again.wait(for: #""status":"ok""#, at: "/healthz.json")
      for number in 0..<60 {
        _ = try again.wait(
          for: #""matched":10,"#,
          at:
            "/events.json?type=message.user&session=\(Self.session(number))"
        )
      }
      #expect(again.stop() == 0)
      #expect(try facts(fleet) == content)
    }
  }

  @Test("a file that is no database is refused by every command, with what to do")
  func noDatabase() throws {
    try Fleet.with { fleet in
      let bytes = [UInt8](repeating: 0x5A, count: 20_000)
      try Data(bytes).write(to: URL(fileURLWithPath: fleet.database))
      for command in [
        ["ingest", fleet.folder.path.text], ["events"], ["sessions"], ["doctor"], ["replay"],
        ["prune", "--older-than", "1d"],
      ] {
        let result = try RunningProgram.run(command + ["--db", fleet.database])
        #expect(result.status == 1, "\(command[0]): \(result.status)")
        #expect((result.error + result.output).contains("not a"), "\(command[0]): \(result.error)")
      }
      #expect(FileManager.default.contents(atPath: fleet.database) == Data(bytes))
    }
  }
}
