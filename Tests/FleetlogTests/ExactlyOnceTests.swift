import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Reading again adds nothing")
struct ExactlyOnceTests {
  private static var session: ClaudeLines {
    var lines = ClaudeLines()
    lines.prompt("Why are postings written twice?")
    lines.say("I will look at the importer.")
    lines.run("swift test --filter Posting", id: "toolu_1")
    lines.result("12 tests, 1 failed", id: "toolu_1")
    lines.say("Found it: the retry has no idempotency key.")
    return lines
  }

  @Test("a second run, a copy elsewhere and new names give no event")
  func copies() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.session.text)
      let first = try fleet.ingest()
      #expect(first.appended.inserted == 9)
      #expect(try fleet.ingest().appended.inserted == 0)

      try fleet.folder.makeFolder("elsewhere/deep")
      try fleet.folder.copy("a.jsonl", to: "elsewhere/deep/other-name.jsonl")
      let copied = try fleet.ingest()
      #expect(copied.appended.inserted == 0)
      #expect(copied.appended.existing == 9)

      try fleet.folder.move("a.jsonl", to: "moved.jsonl")
      let moved = try fleet.ingest()
      #expect(moved.appended.inserted == 0)
      #expect(moved.lines == 0, "a moved file is known by its identity and not read again")
    }
  }

  @Test("a resumed transcript that has taken a deleted file's inode is read for itself")
  func takenInode() throws {
    try Fleet.with { fleet in
      let text = String(repeating: "The importer retries without a key. ", count: 20)
      func lines(_ session: String) -> String {
        var lines = ClaudeLines(session: session)
        lines.prompt(text)
        return lines.text
      }
      let resumed = "5e551011-0000-4000-8000-000000000009"
      try fleet.folder.write("a.jsonl", lines("5e551011-0000-4000-8000-000000000008"))
      try fleet.ingest()
      try fleet.folder.move("a.jsonl", to: "b.jsonl")
      let file = try FileHandle(
        forWritingTo: URL(fileURLWithPath: fleet.folder.path("b.jsonl").text))
      try file.write(contentsOf: Data(lines(resumed).utf8))
      try file.close()
      try fleet.ingest()
      #expect(try fleet.events { $0.sessions = [resumed] }.contains { $0.type == .messageUser })
    }
  }

  @Test("the order in which files are read changes nothing")
  func order() throws {
    func log(oldestFirst: Bool) throws -> [String] {
      try Fleet.with { fleet in
        var other = ClaudeLines(session: "5e551011-0000-4000-8000-000000000002")
        other.prompt("Write the release notes.")
        try fleet.folder.write("a.jsonl", Self.session.text)
        try fleet.folder.write("b.jsonl", other.text)
        try fleet.ingest(oldestFirst: oldestFirst)
        return try fleet.content()
      }
    }
    #expect(try log(oldestFirst: true) == log(oldestFirst: false))
  }

  @Test("a file that grows between two runs gives what it would have given at once")
  func growth() throws {
    let text = Self.session.text
    let whole = try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", text)
      try fleet.ingest()
      return try fleet.content()
    }
    let cuts = [1, text.utf8.count / 3, text.utf8.count / 2, text.utf8.count - 1]
    for cut in cuts {
      let pieces = try Fleet.with { fleet in
        let writer = try Pipeline.create(database: fleet.database)
        let search = try SearchThread(database: fleet.database)
        let pipeline = Pipeline(
          writer: writer, cap: .sha256(), search: search, clock: Clock.now)
        for part in [Array(text.utf8.prefix(cut)), Array(text.utf8.dropFirst(cut))] {
          let path = try fleet.folder.append("a.jsonl", part)
          pipeline.take(change(path))
          while try pipeline.step() {}
        }
        try pipeline.settle(quietSince: .max)
        try search.finish()
        return try fleet.content()
      }
      #expect(pieces == whole, "cut at byte \(cut)")
    }
  }

  @Test("a log that is cut in place and goes on loses and doubles nothing")
  func cutInPlace() throws {
    try Fleet.with { fleet in
      let lines = Self.session.text.split(separator: "\n").map { $0 + "\n" }
      try fleet.folder.write("a.jsonl", lines.prefix(4).joined())
      try fleet.ingest()
      try fleet.folder.write("a.jsonl", lines.suffix(3).joined())
      try fleet.ingest()
      let cut = try fleet.content()
      let whole = try Fleet.with { other in
        try other.folder.write("a.jsonl", Self.session.text)
        try other.ingest()
        return try other.content()
      }
      #expect(cut == whole)
    }
  }

  @Test("a torn last line waits for its end")
  func tornLine() throws {
    try Fleet.with { fleet in
      let text = Self.session.text
      try fleet.folder.write("a.jsonl", String(text.dropLast(40)))
      try fleet.ingest()
      #expect(try fleet.events(.messageAssistant).count == 1)
      try fleet.folder.append("a.jsonl", String(text.suffix(40)))
      try fleet.ingest()
      #expect(try fleet.events(.messageAssistant).count == 2)
    }
  }
}
