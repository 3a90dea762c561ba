import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("A damaged log", .timeLimit(.minutes(10)))
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

  /// A transcript of sixty calls with long output, of which so many lines are written.
  private static let long = ClaudeLines.with { lines in
    for number in 0..<60 { lines.run("swift build --target \(number)", id: "toolu_\(number)") }
    for number in 0..<60 {
      let output = (0..<200).map { "[\($0)/200] Compiling part \($0) of target \(number)" }
      lines.result(output.joined(separator: "\n"), id: "toolu_\(number)")
    }
  }

  /// Flips a bit in the middle of what is packed in a column, in rows that fit.
  private func flip(
    _ column: String, of table: String, where condition: String = "1", in fleet: Fleet
  ) throws {
    let connection = try Connection(path: fleet.database, access: .readWrite)
    let rows = try connection.rows(
      "SELECT id, \(column) FROM \(table) WHERE \(column) IS NOT NULL AND \(condition)"
    ) { (id: $0.int(0), bytes: $0.blob(1)) }
    #expect(!rows.isEmpty)
    for row in rows {
      var bytes = row.bytes
      bytes[bytes.count / 2] ^= 4
      try connection.run(
        "UPDATE \(table) SET \(column) = ? WHERE id = ?", [.blob(bytes), .int(row.id)])
    }
  }

  private func doctor(_ fleet: Fleet) throws -> (status: Int32, texts: JSONValue) {
    let answer = try RunningProgram.run([
      "doctor", fleet.folder.path.text, "--db", fleet.database, "--json",
    ])
    let checks = try JSONDocument(answer.output).root["checks"]?.elements ?? []
    return (answer.status, try #require(checks.first { $0["name"]?.string == "texts" }))
  }

  @Test(
    "a flipped bit in a packed text is said by doctor and where the text is shown, and reindex puts it back",
    arguments: [false, true])
  func flippedText(isGone: Bool) throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.long.text)
      try fleet.ingest()
      let before = try fleet.events()
      #expect(try doctor(fleet).texts["well"]?.bool == true)
      let results = try fleet.events(.toolResult).map(\.id)
      #expect(results.count == 60)
      let damaged = results.prefix(7)
      let list = damaged.map(String.init).joined(separator: ",")
      try flip("payload_packed", of: "events", where: "id IN (\(list))", in: fleet)
      if isGone { try fleet.folder.remove("a.jsonl") }

      let said = try doctor(fleet)
      #expect(said.status == 1)
      let finding = try #require(said.texts["finding"]?.string)
      let first = damaged.prefix(5).map(String.init).joined(separator: ", ")
      #expect(finding == "the payload of 7 events is damaged: \(first), …")
      #expect(said.texts["mend"]?.string?.contains("fleetlog reindex --damaged") == true)

      let note = "damaged in the log: see fleetlog doctor"
      let session = Self.long.session
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      let shown = try #require(damaged.first)
      for page in [
        "/events/\(shown)", "/events/\(shown).json", "/sessions/\(session)", "/events.ndjson",
        "/events.csv", "/export/sessions/\(session).html", "/export/sessions/\(session).md",
      ] {
        let answer = try server.get(page)
        #expect(answer.status == 200 && answer.body.contains(note), "\(page)")
      }
      let other = try server.get("/events/\(results[59])")
      #expect(other.status == 200 && !other.body.contains(note))
      #expect(server.stop() == 0)

      let reindex = try RunningProgram.run([
        "reindex", "--damaged", "--json", "--db", fleet.database,
      ])
      #expect(reindex.status == 0, "\(reindex.error)")
      let report = try JSONDocument(reindex.output).root
      #expect(report["files"]?.int == 1 && report["events_inserted"]?.int == 0)
      // The server saw that the turn stands still.
      #expect(try fleet.events().filter { !$0.isInferred } == before.filter { !$0.isInferred })
      #expect(try doctor(fleet).texts["well"]?.bool == true)
    }
  }

  @Test("where a parser's memory is damaged its file is read again from its start, and none twice")
  func flippedState() throws {
    let lines = Self.long.text.split(separator: "\n").map { "\($0)\n" }
    let whole = try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.long.text)
      try fleet.ingest()
      return try fleet.content()
    }
    for mends in [false, true] {
      try Fleet.with { fleet in
        try fleet.folder.write("a.jsonl", lines.prefix(61).joined())
        try fleet.ingest()
        try flip("parser_state_packed", of: "files", in: fleet)
        let said = try doctor(fleet)
        #expect(said.texts["finding"]?.string?.contains("1 file ") == true)
        if mends {
          let answer = try RunningProgram.run(["reindex", "--damaged", "--db", fleet.database])
          #expect(answer.status == 0, "\(answer.error)")
          #expect(try doctor(fleet).texts["well"]?.bool == true)
        }
        try fleet.folder.append("a.jsonl", lines.dropFirst(61).joined())
        try fleet.ingest()
        #expect(try fleet.content() == whole)
        #expect(try doctor(fleet).texts["well"]?.bool == true)
      }
    }
  }

  @Test("a damaged piece of transcript is counted; its receipts are the file's own bytes")
  func flippedPiece() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.long.text)
      try fleet.ingest()
      try flip("bytes", of: "transcript_chunks", where: "codec = 'zstd'", in: fleet)
      #expect(try doctor(fleet).texts["finding"]?.string == "damaged pieces of kept transcripts: 1")
      let id = try #require(try fleet.events(.toolResult).last?.id)
      #expect(try fleet.log.event(id)?.receipt?.bytes.isEmpty == false)
      try fleet.folder.remove("a.jsonl")
      #expect(try fleet.log.event(id)?.receipt == nil)
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
