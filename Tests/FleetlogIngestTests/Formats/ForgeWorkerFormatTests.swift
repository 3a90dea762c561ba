import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("The log that forge-loop keeps of a worker")
struct ForgeWorkerFormatTests {
  @Test("gives the events of its golden")
  func golden() throws {
    let output = FormatRun.read(
      ForgeWorkerFormat.self, try Fixtures.bytes("forge-worker/worker.log"))
    try Golden.verify(Golden.events(output), against: "forge-worker/worker.events.json")
  }

  @Test("gives the same events line by line, under another name and at another time")
  func chunks() throws {
    let bytes = try Fixtures.bytes("forge-worker/worker.log")
    let whole = FormatRun.read(ForgeWorkerFormat.self, bytes)
    let pieces = FormatRun.read(
      ForgeWorkerFormat.self, bytes, path: "/y", modifiedAt: 1, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test("is known by its records, whatever its name")
  func detection() throws {
    let lines = FormatRun.lines(try Fixtures.bytes("forge-worker/worker.log")).map(\.bytes)
    let complete = Array(lines.dropLast())
    for path in ["worker-7.log", "x.jsonl"] {
      let format = FormatCatalogue.detect(FormatCatalogue.sample(path: path, lines: complete))
      #expect(format?.name == ForgeWorkerFormat.name)
    }
  }
}
