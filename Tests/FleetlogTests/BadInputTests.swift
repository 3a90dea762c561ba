import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Bad input costs itself only")
struct BadInputTests {
  private static func good(_ text: String) -> String {
    var lines = ClaudeLines()
    lines.prompt(text)
    return lines.text
  }

  /// A file with one bad line between two good ones.
  private func around(_ bad: [UInt8], _ body: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      var before = ClaudeLines()
      before.prompt("before")
      var after = ClaudeLines(session: "5e551011-0000-4000-8000-00000000000f")
      after.prompt("after")
      try fleet.folder.write("a.jsonl", Array(before.text.utf8) + bad + [0x0A] + after.text.utf8)
      try fleet.ingest()
      #expect(try fleet.events { $0.text = "before" }.count == 1)
      #expect(try fleet.events { $0.text = "after" }.count == 1)
      try body(fleet)
    }
  }

  @Test(
    "a line that is not JSON is counted with its place and reason",
    arguments: [
      #"{"type":"user","message":{"#, "not json at all", "{\"a\":1}}", "[1,2", "\u{1}\u{2}",
    ])
  func unreadableLine(_ line: String) throws {
    try around(Array(line.utf8)) { fleet in
      let source = try #require(try fleet.log.sources().first)
      #expect(source.skippedLines == 1)
      let problem = try #require(try fleet.log.problems(source: source.id, limit: 10).first)
      #expect(problem.problem.kind == .skipped)
      #expect(problem.problem.span.length == line.utf8.count)
      #expect(!problem.problem.reason.isEmpty)
    }
  }

  @Test("a line nested too deeply is counted like any other bad line")
  func deepNesting() throws { try unreadableLine(String(repeating: "[", count: 100_000)) }

  @Test("a run of NULs, as a power cut leaves behind, is one bad line")
  func nulls() throws {
    try around([UInt8](repeating: 0, count: 4096)) { fleet in
      let source = try #require(try fleet.log.sources().first)
      #expect(source.skippedLines == 1)
    }
  }

  @Test("invalid UTF-8, lone surrogates and NULs in a string are mended and the line is read")
  func mendedText() throws {
    for bad in [[0xFF, 0xFE], Array("\\ud800".utf8), Array("\\u0000".utf8), [0x01]] {
      let line = Self.good("mended@@text")
      var bytes = Array(line.utf8)
      let mark = try #require(bytes.firstRange(of: Array("@@".utf8)))
      bytes.replaceSubrange(mark, with: bad)
      try Fleet.with { fleet in
        try fleet.folder.write("a.jsonl", bytes)
        try fleet.ingest()
        let events = try fleet.events(.messageUser)
        #expect(events.count == 1)
        #expect(events.first?.summary.contains("text") == true)
        #expect(try fleet.log.sources().first?.mendedLines == 1)
      }
    }
  }

  @Test("a byte order mark and CRLF are read as if they were not there")
  func windowsText() throws {
    let plain = Self.good("hello")
    let content = try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", plain)
      try fleet.ingest()
      return try fleet.content()
    }
    try Fleet.with { fleet in
      let windows = "\u{FEFF}" + plain.replacingOccurrences(of: "\n", with: "\r\n")
      try fleet.folder.write("a.jsonl", windows)
      try fleet.ingest()
      #expect(try fleet.content() == content)
      #expect(try fleet.log.sources().first?.mendedLines == 0)
    }
  }

  @Test("empty files, folders with a transcript's name, loops and FIFOs harm nothing")
  func oddFiles() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("empty.jsonl", "")
      try fleet.folder.makeFolder("folder.jsonl")
      try fleet.folder.makeLink("folder.jsonl/loop", to: "..")
      try fleet.folder.makeLink("dangling.jsonl", to: "nowhere")
      try fleet.folder.makeFIFO("pipe.jsonl")
      try fleet.folder.write("folder.jsonl/inside.jsonl", Self.good("inside"))
      let progress = try fleet.ingest()
      #expect(try fleet.events(.messageUser).map(\.summary) == ["inside"])
      #expect(progress.skipped.map(\.reason) == ["empty"])
    }
  }

  @Test("a file that no format knows stands at the sources with its reason")
  func unknownFormat() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("other.jsonl", "{\"what\":\"is this\"}\n{\"and\":\"this\"}\n")
      try fleet.folder.write("good.jsonl", Self.good("hello"))
      let progress = try fleet.ingest()
      #expect(progress.skipped.count == 1)
      let source = try #require(try fleet.log.sources().first { $0.path.hasSuffix("other.jsonl") })
      #expect(source.state == .unrecognised)
      #expect(source.lastError?.isEmpty == false)
      #expect(try fleet.events(.messageUser).count == 1)
    }
  }

  @Test("a file that becomes recognisable is read from its beginning")
  func lateFormat() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", "{\"type\":\"us")
      try fleet.ingest()
      try fleet.folder.write("a.jsonl", Self.good("hello"))
      try fleet.ingest()
      #expect(try fleet.events(.messageUser).count == 1)
      #expect(try fleet.log.sources().map(\.state) == [.reading])
    }
  }

  @Test("an unreadable file is named, and read once it can be", .enabled(if: getuid() != 0))
  func unreadableFile() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.good("hello"))
      try fleet.folder.setMode("a.jsonl", 0)
      try fleet.ingest()
      #expect(try fleet.log.sources().map(\.state) == [.unreadable])
      try fleet.folder.setMode("a.jsonl", 0o600)
      try fleet.ingest()
      #expect(try fleet.log.sources().map(\.state) == [.reading])
      #expect(try fleet.events(.messageUser).count == 1)
    }
  }

  @Test("a repeated uuid that names itself as its parent is read like any other")
  func selfParent() throws {
    let line =
      #"{"type":"user","uuid":"u1","parentUuid":"u1","sessionId":"s","isSidechain":true,"#
      + #""timestamp":"2026-01-01T00:00:00Z","message":{"role":"user","content":"loop"}}"#
    let other = line.replacing("loop", with: "again")
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", [line, line, other, ""].joined(separator: "\n"))
      try fleet.ingest()
      let texts = try fleet.events { $0.types = ["message.user", "message.system"] }
      #expect(texts.map(\.summary).sorted() == ["again", "loop"])
    }
  }

  @Test("text beyond the cap keeps head, tail, length and digest, and its receipt whole")
  func cappedText() throws {
    try Fleet.with { fleet in
      let output = "first line\n" + String(repeating: "x", count: 100_000) + "\nlast line"
      var lines = ClaudeLines()
      lines.run("cat big", id: "toolu_1")
      lines.result(output, id: "toolu_1")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest(cap: 4096)
      let event = try #require(try fleet.events(.toolResult).first)
      let payload = try JSONDocument(event.payload ?? "").root
      let cut = try #require(payload["content"]?["_cut"])
      #expect(cut["length"]?.int == output.utf8.count)
      #expect(cut["digest"]?.string?.hasPrefix("sha256:") == true)
      #expect(cut["head"]?.string?.hasPrefix("first line") == true)
      #expect(cut["tail"]?.string?.hasSuffix("last line") == true)
      let receipt = try #require(try fleet.log.event(event.id)?.receipt)
      #expect(String(decoding: receipt.bytes, as: UTF8.self).contains(#"\nlast line""#))
    }
  }
}
