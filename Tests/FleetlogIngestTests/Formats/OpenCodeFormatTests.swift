import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("OpenCode's records")
struct OpenCodeFormatTests {
  private static let cases = Fixtures.cases("opencode", ending: ".jsonl")

  @Test("give the events of their golden", arguments: cases)
  func golden(_ name: String) throws {
    let output = FormatRun.read(OpenCodeFormat.self, try Fixtures.bytes("opencode/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "opencode/\(name).events.json")
  }

  @Test("give the same events line by line", arguments: cases)
  func chunks(_ name: String) throws {
    let bytes = try Fixtures.bytes("opencode/\(name).jsonl")
    let whole = FormatRun.read(OpenCodeFormat.self, bytes)
    let pieces = FormatRun.read(OpenCodeFormat.self, bytes, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test("give the same facts in any order", arguments: cases)
  func order(_ name: String) throws {
    let bytes = try Fixtures.bytes("opencode/\(name).jsonl")
    let lines = bytes.split(separator: 0x0A)
    // Versions of one record keep their order; the log never turns them round.
    let turned = Dictionary(grouping: lines) { line in
      let value = try? JSONDocument(Array(line)).root
      return (value?["message"]?.string ?? "") + (value?["id"]?.string ?? "")
    }.sorted { $0.key > $1.key }.flatMap(\.value)
    func keys(_ lines: [ArraySlice<UInt8>]) -> Set<String> {
      let output = FormatRun.read(OpenCodeFormat.self, Array(lines.joined(separator: [0x0A])))
      return Set(output.drafts.compactMap(\.idempotencyKey))
    }
    #expect(keys(lines) == keys(turned))
  }

  @Test("Words that may still grow wait for their end, or for quiet")
  func growing() throws {
    func part(_ text: String, end: String) -> String {
      #"{"opencode":"part","session":{"id":"s"},"id":"p","message":"m","role":"assistant","#
        + #""created":1780000000000,"data":{"type":"text","text":"\#(text)","time":{"start":1"#
        + end + "}}}\n"
    }
    let begun = part("One", end: "") + part("One, two", end: "")
    let open = FormatRun.read(OpenCodeFormat.self, Array(begun.utf8), settling: false)
    #expect(open.drafts.map(\.type) == [.processStarted])
    let quiet = FormatRun.read(OpenCodeFormat.self, Array(begun.utf8))
    #expect(quiet.drafts.map(\.summary).dropFirst() == ["One, two"])
    let ended = FormatRun.read(
      OpenCodeFormat.self, Array((begun + part("One, two, three", end: #","end":2"#)).utf8),
      settling: false)
    #expect(ended.drafts.map(\.summary).dropFirst() == ["One, two, three"])
    // Had quiet been mistaken, the longer words would supersede the shorter ones.
    let (shorter, longer) = (try #require(quiet.drafts.last), try #require(ended.drafts.last))
    #expect(shorter.dedupeKey == longer.dedupeKey)
    #expect(try #require(shorter.version) < #require(longer.version))
  }

  @Test("An event's receipt is the record as OpenCode wrote it")
  func spans() throws {
    let bytes = try Fixtures.bytes("opencode/session.jsonl")
    let output = FormatRun.read(OpenCodeFormat.self, bytes)
    let prompt = try #require(output.drafts.first { $0.type == .messageUser })
    let span = try #require(prompt.span)
    let receipt = bytes[Int(span.offset)..<Int(span.offset + span.length)]
    #expect(
      String(decoding: receipt, as: UTF8.self) == #"{"type":"text","text":"Fix the rounding."}"#)
  }
}
