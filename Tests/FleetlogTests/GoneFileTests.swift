import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import fleetlog

@Suite("A file that goes or is replaced before its parser said its last")
struct GoneFileTests {
  /// A message whose last line may turn out not to be the last.
  private static let held = ClaudeLines.with { lines in
    lines.prompt("Go on.")
    lines.say(
      #"Done.\#nAGENT_NOTIFY_SUMMARY {"version":1,"agent":"claude","project":"ledger","#
        + #""status":"done","summary":"all green"}"#)
  }

  private func reading(_ body: (Fleet, Pipeline) throws -> Void) throws {
    try Fleet.with { fleet in
      let pipeline = Pipeline(
        writer: try Pipeline.create(database: fleet.database), cap: .sha256(),
        search: try SearchThread(database: fleet.database), clock: Clock.now)
      try read(try fleet.folder.write("a.jsonl", Self.held.text), pipeline)
      try #require(try isHeld(pipeline))
      try body(fleet, pipeline)
      try pipeline.settle(quietSince: .max)
      #expect(try !isHeld(pipeline))
      #expect(try fleet.events().count { $0.summary == "all green" } == 1)
    }
  }

  private func isHeld(_ pipeline: Pipeline) throws -> Bool {
    try !pipeline.writer.sources.holding().isEmpty
  }

  private func read(_ path: FilePath, _ pipeline: Pipeline) throws {
    pipeline.take(change(path))
    while try pipeline.step() {}
  }

  @Test("What was held back is written when the file is deleted, and it stays gone")
  func deleted() throws {
    try reading { fleet, pipeline in
      try fleet.folder.remove("a.jsonl")
      try read(fleet.folder.path("a.jsonl"), pipeline)
      try pipeline.settle(quietSince: .max)
      #expect(try fleet.log.sources().map(\.state) == [.gone])
    }
  }

  @Test("What was held back is written when other content takes the file's place")
  func replaced() throws {
    try reading { fleet, pipeline in
      var other = ClaudeLines(session: "5e551011-0000-4000-8000-00000000000c")
      other.prompt("Something else.")
      try read(try fleet.folder.write("a.jsonl", other.text), pipeline)
      #expect(try fleet.log.sources().map(\.state).contains(.gone))
    }
  }

  @Test("A file that was rewritten behind its beginning and renamed is another: the first is gone")
  func rewrittenAndRenamed() throws {
    try reading { fleet, pipeline in
      func text(_ end: String) -> String {
        var lines = ClaudeLines(session: "5e551011-0000-4000-8000-00000000000c")
        lines.prompt(String(repeating: "at length ", count: 2000))
        lines.say(end)
        return lines.text
      }
      try read(try fleet.folder.write("b.jsonl", text("The first end.")), pipeline)
      try fleet.folder.write("b.jsonl", text("The other end, which is longer."))
      try fleet.folder.move("b.jsonl", to: "c.jsonl")
      try read(fleet.folder.path("c.jsonl"), pipeline)
      try read(fleet.folder.path("b.jsonl"), pipeline)
      let sources = try fleet.log.sources().map { "\($0.path.suffix(7)) \($0.state.rawValue)" }
      #expect(sources.sorted() == ["a.jsonl reading", "b.jsonl gone", "c.jsonl reading"])
    }
  }

  @Test("A file that went while nobody watched is marked as gone")
  func wentUnseen() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.held.text)
      try fleet.ingest()
      try fleet.folder.remove("a.jsonl")
      let pipeline = Pipeline(
        writer: try Pipeline.create(database: fleet.database), cap: .sha256(),
        search: try SearchThread(database: fleet.database), clock: Clock.now)
      pipeline.noteMissing()
      while try pipeline.step() {}
      #expect(try fleet.log.sources().map(\.state) == [.gone])
    }
  }
}
