import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What codex exec --json prints")
struct CodexExecFormatTests {
  private static let cases = Fixtures.cases("codex-exec", ending: ".jsonl")

  @Test("gives the events of its golden", arguments: cases)
  func golden(name: String) throws {
    let bytes = try Fixtures.bytes("codex-exec/\(name).jsonl")
    let output = FormatRun.read(CodexExecFormat.self, bytes)
    try Golden.verify(Golden.events(output), against: "codex-exec/\(name).events.json")
  }

  @Test("has the clock of its file in no key", arguments: cases)
  func keysWithoutClock(name: String) throws {
    let bytes = try Fixtures.bytes("codex-exec/\(name).jsonl")
    let now = FormatRun.read(CodexExecFormat.self, bytes)
    let later = FormatRun.read(CodexExecFormat.self, bytes, modifiedAt: 1_800_000_000_000)
    #expect(now.drafts.map(\.idempotencyKey) == later.drafts.map(\.idempotencyKey))
  }

  @Test("gives the same events line by line", arguments: cases)
  func chunks(name: String) throws {
    let bytes = try Fixtures.bytes("codex-exec/\(name).jsonl")
    let whole = FormatRun.read(CodexExecFormat.self, bytes)
    let pieces = FormatRun.read(CodexExecFormat.self, bytes, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test("is told from a rollout by its first line")
  func detection() throws {
    let lines = FormatRun.lines(try Fixtures.bytes("codex-exec/turn.jsonl")).map(\.bytes)
    let format = FormatCatalogue.detect(FormatCatalogue.sample(path: "x.jsonl", lines: lines))
    #expect(format?.name == CodexExecFormat.name)
  }
}
