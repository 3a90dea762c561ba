import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What a run wrote")
struct CaptureFormatTests {
  @Test("gives the events of its golden")
  func golden() throws {
    let output = FormatRun.read(CaptureFormat.self, try Fixtures.bytes("capture/run.jsonl"))
    try Golden.verify(
      Golden.events(output.drafts, output.problems), against: "capture/run.events.json")
  }

  @Test("gives the same events line by line")
  func chunks() throws {
    let bytes = try Fixtures.bytes("capture/run.jsonl")
    let whole = FormatRun.read(CaptureFormat.self, bytes)
    let pieces = FormatRun.read(CaptureFormat.self, bytes, restoring: true)
    #expect(
      Golden.events(whole.drafts, whole.problems) == Golden.events(pieces.drafts, pieces.problems))
  }

  @Test("is told by its first line, whatever follows")
  func detection() throws {
    let lines = FormatRun.lines(try Fixtures.bytes("capture/run.jsonl")).map(\.bytes)
    let format = FormatCatalogue.detect(FormatCatalogue.sample(path: "x.capture", lines: lines))
    #expect(format?.name == CaptureFormat.name)
  }
}
