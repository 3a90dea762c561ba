import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What codex exec --json prints")
struct CodexExecFormatTests {
  @Test("gives the events of its golden")
  func golden() throws {
    let bytes = try Fixtures.bytes("codex-exec/turn.jsonl")
    let output = FormatRun.read(CodexExecFormat.self, bytes)
    try Golden.verify(
      Golden.events(output.drafts, output.problems), against: "codex-exec/turn.events.json")
  }

  @Test("gives the same events line by line")
  func chunks() throws {
    let bytes = try Fixtures.bytes("codex-exec/turn.jsonl")
    let whole = FormatRun.read(CodexExecFormat.self, bytes)
    let pieces = FormatRun.read(CodexExecFormat.self, bytes, restoring: true)
    #expect(
      Golden.events(whole.drafts, whole.problems) == Golden.events(pieces.drafts, pieces.problems))
  }

  @Test("is told from a rollout by its first line")
  func detection() throws {
    let lines = FormatRun.lines(try Fixtures.bytes("codex-exec/turn.jsonl")).map(\.bytes)
    let format = FormatCatalogue.detect(FormatCatalogue.sample(path: "x.jsonl", lines: lines))
    #expect(format?.name == CodexExecFormat.name)
  }
}
