import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Housekeeping")
struct HousekeepingTests {
  private static let transcript = ClaudeLines.with { lines in
    lines.prompt("Why are postings written twice?")
    lines.run("swift test", id: "toolu_1")
    lines.result("all passed", id: "toolu_1")
    lines.say("They are not.")
  }

  /// A log of one transcript, at the years' end so that a span back from now covers it.
  private func filled(_ body: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.transcript.text)
      try fleet.ingest()
      try body(fleet)
    }
  }

  private func json(_ words: [String], _ fleet: Fleet) throws -> JSONValue {
    let answer = try RunningProgram.run(words + ["--db", fleet.database, "--json"])
    #expect(answer.status == 0, "\(answer.error)")
    return try JSONDocument(answer.output).root
  }

  @Test("prune says what it would remove and changes nothing until it is told yes")
  func prune() throws {
    try filled { fleet in
      let before = try fleet.content()
      let said = try json(["prune", "--older-than", "2026-06-01"], fleet)
      let events = try #require(said["events"]?.int)
      #expect(events > 0)
      #expect(said["removed"] == nil)
      #expect(said["by_type"]?["tool_call"]?.int == 1)
      #expect(said["kept"]?["prompts"]?.int == 1)
      #expect(try fleet.content() == before)
      let done = try json(["prune", "--older-than", "2026-06-01", "--yes"], fleet)
      #expect(done["removed"]?.int == events)
      #expect(try fleet.events(.toolCall).isEmpty)
      #expect(try fleet.events(.logPruned).count == 1)
      #expect(try fleet.log.integrityProblems().isEmpty)
    }
  }

  @Test("what was pruned does not come back when its file, or a copy of it, is read from zero")
  func doesNotComeBack() throws {
    try filled { fleet in
      _ = try json(["prune", "--older-than", "2026-06-01", "--yes"], fleet)
      let before = try fleet.content()
      try fleet.folder.write("copy.jsonl", Self.transcript.text)
      try fleet.folder.move("a.jsonl", to: "moved.jsonl")
      #expect(try fleet.ingest().appended.inserted == 0)
      #expect(try fleet.content() == before)
    }
  }

  @Test("prune works beside the long-lived writer")
  func besideWriter() throws {
    try filled { fleet in
      let writer = try Pipeline.create(database: fleet.database)
      _ = try json(["prune", "--older-than", "2026-06-01", "--yes"], fleet)
      #expect(try fleet.events(.toolCall).isEmpty)
      #expect(try writer.lastEventID() > 0)
    }
  }

  @Test(
    "wrong usage exits 2",
    arguments: [
      ["prune"], ["prune", "--older-than", "soon"], ["prune", "--older-than", "90"],
      ["prune", "x", "--older-than", "1d"],
      ["prune", "--older-than", "1d", "--keep", "gold"], ["backup"], ["backup", "a", "b"],
      ["reindex", "x"],
    ])
  func wrongUsage(_ words: [String]) throws {
    #expect(try RunningProgram.run(words).status == 2)
  }

  @Test(
    "without a log there is nothing to keep house in, and none is made",
    arguments: [["prune", "--older-than", "1d", "--yes"], ["reindex"], ["backup", "copy.db"]])
  func noLog(_ words: [String]) throws {
    try Fleet.with { fleet in
      let answer = try RunningProgram.run(words + ["--db", fleet.database])
      #expect(answer.status == 1)
      #expect(answer.error.contains("fleetlog ingest"))
      #expect(!FileManager.default.fileExists(atPath: fleet.database))
    }
  }

  @Test("backup copies a log that is being written, and refuses a name that is taken")
  func backup() throws {
    try filled { fleet in
      let writer = try Pipeline.create(database: fleet.database)
      let copy = fleet.database + ".copy"
      let report = try json(["backup", copy], fleet)
      let events = try fleet.events().count
      #expect(report["events"]?.int == events)
      #expect(try writer.lastEventID() > 0)
      let copied = Fleet(folder: fleet.folder, database: copy)
      #expect(try copied.content() == fleet.content())
      #expect(try copied.events { $0.text = "postings" }.count == 1)
      let again = try RunningProgram.run(["backup", copy, "--db", fleet.database])
      #expect(again.status == 1)
      #expect(again.error.contains("nothing is overwritten"))
    }
  }

  @Test("doctor tells the size by kind of content")
  func sizes() throws {
    try filled { fleet in
      let checks = try json(["doctor", "--assets", RunningProgram.package.path], fleet)["checks"]
      let size = try #require(checks?.elements.first { $0["name"]?.string == "size" })
      for kind in ["events", "payloads", "indexes", "links", "receipts", "full text"] {
        #expect((size["bytes"]?[kind]?.int ?? 0) > 0, "\(kind)")
      }
    }
  }

  /// Reads every file again as if its format had a newer parser.
  private func reindex(_ fleet: Fleet) throws -> [Reindexer.Outcome] {
    let writer = try Pipeline.create(database: fleet.database)
    let reindexer = Reindexer(writer: writer, cap: .sha256(), clock: Clock.now)
    return try reindexer.files(.all).map { try reindexer.read($0) }
  }

  private func superseded(_ outcomes: [Reindexer.Outcome]) -> [Int?] {
    outcomes.map { outcome in
      if case .read(let appended) = outcome { appended.superseded } else { nil }
    }
  }

  @Test("reading again what the same parser read changes nothing, from the file or what was kept")
  func reindexUnchanged() throws {
    try filled { fleet in
      let before = try fleet.events()
      let session = try fleet.log.session(Self.transcript.session)?.session
      #expect(superseded(try reindex(fleet)) == [0])
      #expect(try fleet.events() == before)
      try fleet.folder.remove("a.jsonl")
      #expect(superseded(try reindex(fleet)) == [0])
      #expect(try fleet.events() == before)
      #expect(try fleet.log.session(Self.transcript.session)?.session == session)
      let said = try json(["reindex"], fleet)
      #expect(said["files"]?.int == 0)
    }
  }

  @Test("a file that is still being written goes on with the newer parser where it was left")
  func reindexLive() throws {
    try Fleet.with { fleet in
      let lines = Self.transcript.text.split(separator: "\n").map { "\($0)\n" }
      try fleet.folder.write("a.jsonl", lines[0] + lines[1])
      try fleet.ingest()
      try fleet.folder.append("a.jsonl", lines[2])
      #expect(superseded(try reindex(fleet)) == [0])
      try fleet.folder.append("a.jsonl", lines[3])
      try fleet.ingest()
      let content = try fleet.content()
      try filled { other in
        let whole = try other.content()
        #expect(content == whole)
      }
    }
  }

  @Test("what a file no longer shows, and was not kept whole, is passed over with its reason")
  func reindexChanged() throws {
    try Fleet.with { fleet in
      let crlf = Self.transcript.text.replacingOccurrences(of: "\n", with: "\r\n")
      try fleet.folder.write("a.jsonl", crlf)
      try fleet.ingest()
      let before = try fleet.events()
      try fleet.folder.write("a.jsonl", "{}\n")
      let outcomes = try reindex(fleet)
      guard case .passedOver(let reason)? = outcomes.first else {
        Issue.record("it was read")
        return
      }
      #expect(reason.contains("not all of its bytes were kept"))
      #expect(try fleet.events() == before)
    }
  }

  @Test("reindex is refused while another process writes")
  func reindexLocked() throws {
    try filled { fleet in
      let writer = try Pipeline.create(database: fleet.database)
      let answer = try RunningProgram.run(["reindex", "--db", fleet.database])
      #expect(answer.status == 1)
      #expect(answer.error.contains("stop the other process"))
      #expect(try writer.lastEventID() > 0)
    }
  }
}
