import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("What headless Claude Code prints")
struct ClaudeStreamFormatTests {
  private static let cases = Fixtures.cases("claude-stream", ending: ".jsonl")

  @Test("The fixtures come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = FormatRun.read(
      ClaudeStreamFormat.self, try Fixtures.bytes("claude-stream/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "claude-stream/\(name).events.json")
  }

  @Test("Chunks and names make no difference", arguments: cases)
  func chunks(name: String) throws {
    let bytes = try Fixtures.bytes("claude-stream/\(name).jsonl")
    let whole = FormatRun.read(ClaudeStreamFormat.self, bytes)
    let pieces = FormatRun.read(ClaudeStreamFormat.self, bytes, path: "/b/x.log", restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
    #expect(!whole.drafts.isEmpty && whole.drafts.allSatisfy(\.isPrinted))
  }

  @Test("The clock of the file is in no key", arguments: cases)
  func keysWithoutClock(name: String) throws {
    let bytes = try Fixtures.bytes("claude-stream/\(name).jsonl")
    let now = FormatRun.read(ClaudeStreamFormat.self, bytes)
    let later = FormatRun.read(ClaudeStreamFormat.self, bytes, modifiedAt: 1_800_000_000_000)
    #expect(now.drafts.map(\.idempotencyKey) == later.drafts.map(\.idempotencyKey))
  }

  @Test("The run is that of the session's own transcript")
  func run() throws {
    let output = FormatRun.read(
      ClaudeStreamFormat.self, try Fixtures.bytes("claude-stream/session.jsonl"))
    let start = try #require(output.drafts.first)
    #expect(start.type == .processStarted)
    #expect(start.idempotencyKey == "run:claude:7e551011-0000-4000-8000-000000000007")
    #expect(start.parentRunKey == nil)
  }

  @Test("In a capture the session is a child of the run that printed it")
  func capture() throws {
    let outer = RunIdentity(key: "run:outer", instanceID: "W1", role: "worker", sessionID: nil)
    let file = TranscriptFile(path: "/c/x.log", modifiedAt: 1, run: outer)
    var reader = ClaudeStreamFormat(file: file, state: nil)
    var output = FormatOutput()
    for line in FormatRun.lines(try Fixtures.bytes("claude-stream/session.jsonl")) {
      reader.read(line, into: &output)
    }
    let starts = output.drafts.filter { $0.type == .processStarted }
    #expect(
      starts.map(\.parentRunKey) == [
        "run:outer", "run:claude:7e551011-0000-4000-8000-000000000007",
      ])
  }

  @Test("Equal records without ids are different facts")
  func twins() throws {
    let output = FormatRun.read(
      ClaudeStreamFormat.self, try Fixtures.bytes("claude-stream/failed.jsonl"))
    let texts = output.drafts.filter { $0.type == .messageAssistant }
    #expect(texts.map(\.summary) == ["Again.", "Again."])
    #expect(Set(texts.map(\.idempotencyKey)).count == 2)
  }

  @Test("It is told from a transcript of the same session, and from a log with other lines in it")
  func detection() throws {
    func format(_ name: String) throws -> String? {
      let lines = FormatRun.lines(try Fixtures.bytes(name)).map(\.bytes)
      return FormatCatalogue.detect(FormatCatalogue.sample(path: "x.log", lines: lines))?.name
    }
    #expect(try format("claude-stream/session.jsonl") == "claude-stream")
    #expect(try format("claude-stream/recording.jsonl") == "claude-stream")
    #expect(try format("claude/session.jsonl") == "claude")
    #expect(try format("log/mixed.log") == "log")
  }
}
