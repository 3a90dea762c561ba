import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What a run wrote")
struct CaptureFormatTests {
  @Test("gives the events of its golden")
  func golden() throws {
    let output = FormatRun.read(CaptureFormat.self, try Fixtures.bytes("capture/run.jsonl"))
    try Golden.verify(Golden.events(output), against: "capture/run.events.json")
  }

  @Test("gives the same events line by line")
  func chunks() throws {
    let bytes = try Fixtures.bytes("capture/run.jsonl")
    let whole = FormatRun.read(CaptureFormat.self, bytes)
    let pieces = FormatRun.read(CaptureFormat.self, bytes, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test("a record of an agent's is read as such however long it is")
  func longRecord() throws {
    let words = String(repeating: "word ", count: 50_000)
    let header = try Fixtures.bytes("capture/run.jsonl").prefix { $0 != 0x0A }
    let record = """
      {"type":"assistant","session_id":"s","uuid":"u","message":{"id":"m","role":"assistant",\
      "content":[{"type":"text","text":"\(words)"}]}}
      """
    let output = FormatRun.read(CaptureFormat.self, header + Array("\n\(record)\n".utf8))
    let said = output.drafts.filter { $0.type == .messageAssistant }
    #expect(said.map(\.run.key) == ["run:claude:s"])
    #expect(output.drafts.allSatisfy { $0.type != .workerObservation })
  }

  @Test("is told by its first line, whatever follows")
  func detection() throws {
    let lines = FormatRun.lines(try Fixtures.bytes("capture/run.jsonl")).map(\.bytes)
    let format = FormatCatalogue.detect(FormatCatalogue.sample(path: "x.capture", lines: lines))
    #expect(format?.name == CaptureFormat.name)
  }
}
