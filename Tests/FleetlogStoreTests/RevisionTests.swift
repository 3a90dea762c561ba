import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogStore

@Suite("Reading again with a newer parser")
struct RevisionTests {
  private let log: TemporaryLog
  private let source: SourceRecord

  init() throws {
    log = try TemporaryLog()
    source = try log.addSource()
  }

  private static func call(_ key: String, _ summary: String) -> EventDraft {
    .sample(key, .toolCall, summary: summary) { draft in
      draft.span = SourceSpan(offset: 0, length: 4)
    }
  }

  private func read(_ drafts: [EventDraft]) throws {
    try log.commit(EventBatch(drafts: drafts, source: .read(source, to: 10)))
  }

  private func revise(_ drafts: [EventDraft], version: Int = 2, file: Int64? = nil) throws
    -> Appended
  {
    let revision = EventBatch.Revision(
      fileID: file ?? source.id, parserVersion: version, final: ("{}", false))
    return try log.commit(EventBatch(drafts: drafts, revision: revision))
  }

  @Test("What comes out alike is left untouched, ids and all")
  func unchanged() throws {
    let drafts = [EventDraft.started("s1"), Self.call("a", "ran a test")]
    try read(drafts)
    let before = try log.events()
    let result = try revise(drafts)
    #expect(result.superseded == 0)
    #expect(result.inserted == 0)
    #expect(try log.events() == before)
    #expect(try log.writer.sources.find(id: source.id)?.parserVersion == 2)
  }

  @Test("What comes out otherwise supersedes the old event, which stays, at the same place")
  func changed() throws {
    try read([.started("s1"), Self.call("a", "old words"), Self.call("b", "same")])
    let before = try log.events()
    let result = try revise([.started("s1"), Self.call("a", "new words"), Self.call("b", "same")])
    #expect(result.superseded == 1)
    #expect(result.inserted == 1)
    let after = try log.events()
    #expect(after.dropLast() == before[...])
    let new = try #require(after.last)
    #expect(new.summary == "new words")
    #expect(new.span == SourceSpan(offset: 0, length: 4))
    #expect(new.sourceFileID == source.id)
    #expect(try log.links().contains("r2.a supersedes a"))
  }

  @Test("A second reading by the same parser adds nothing, a third parser goes on from there")
  func again() throws {
    try read([.started("s1"), Self.call("a", "one")])
    _ = try revise([Self.call("a", "two")])
    #expect(try revise([Self.call("a", "two")]).inserted == 0)
    #expect(try revise([Self.call("a", "three")], version: 3).superseded == 1)
    #expect(try log.links().isSuperset(of: ["r2.a supersedes a", "r3.a supersedes r2.a"]))
    #expect(try revise([Self.call("a", "three")], version: 3).inserted == 0)
  }

  @Test("A session counts what superseded, not what was superseded, and all its rows")
  func sessionFigures() throws {
    try read([.started("s1"), Self.call("a", "one"), Self.call("b", "two")])
    _ = try revise([Self.call("a", "another"), Self.call("b", "two"), Self.call("c", "new")])
    let session = try #require(try log.session("s1"))
    #expect(session.toolCalls == 3)
    #expect(session.events == 5)
    #expect(try log.events().count == 5)
  }

  @Test("A fact that another file showed first keeps that file's reading")
  func otherFile() throws {
    try read([.started("s1"), Self.call("a", "one")])
    let other = try log.addSource("/transcripts/copy.jsonl")
    #expect(try revise([Self.call("a", "otherwise")], file: other.id).inserted == 0)
  }

  @Test("A line that repeats a fact of an earlier one otherwise is no revision of it")
  func repeatedInFile() throws {
    var repeated = Self.call("a", "otherwise")
    repeated.span = SourceSpan(offset: 5, length: 4)
    let drafts = [.started("s1"), Self.call("a", "one"), repeated]
    try read(drafts)
    #expect(try revise(drafts).inserted == 0)
  }

  @Test("A worker's key used for two facts is still refused, not taken for a revision")
  func reusedKey() throws {
    func named(_ summary: String, alias: String) -> EventDraft {
      .sample("s1:mine", summary: summary) { draft in
        draft.aliasKey = alias
        draft.span = SourceSpan(offset: 0, length: 4)
      }
    }
    let drafts = [.started("s1"), named("one", alias: "e1"), named("two", alias: "e2")]
    try read(drafts)
    let before = try log.events()
    #expect(before.contains { $0.type == .validationError })
    let result = try revise(drafts)
    #expect(result.inserted == 0)
    #expect(try log.events() == before)
  }

  @Test("What was pruned stays so when a newer parser reads it")
  func pruned() throws {
    try read([.started("s1"), Self.call("a", "one")])
    try log.index()
    let plan = try log.writer.plan(PruneRules(before: 2000), now: 0)
    _ = try log.writer.prune(plan, index: try SearchIndex(database: log.path), now: 0)
    #expect(try revise([Self.call("a", "otherwise")]).inserted == 0)
  }

  @Test("The bytes of what was forgotten or pruned do not come back with what a newer parser adds")
  func removedBytes() throws {
    for isForgotten in [true, false] {
      let log = try TemporaryLog()
      let source = try log.addSource()
      func line(_ offset: Int64, _ text: String) -> EventBatch.Line {
        EventBatch.Line(offset: offset, bytes: Array(text.utf8))
      }
      func call(_ key: String, at offset: Int64, session: String, _ summary: String) -> EventDraft {
        .sample(key, .toolCall, ts: offset, session: session, summary: summary) {
          $0.span = SourceSpan(offset: offset, length: 8)
        }
      }
      let lines = [line(0, "nevermor"), line(9, "whatever")]
      let old = call("a", at: 0, session: "s1", "gone")
      try log.commit(
        EventBatch(
          drafts: [.started("s1"), old], lines: [lines[0]], source: .read(source, to: 8)))
      try log.commit(
        EventBatch(
          drafts: [.started("s2"), call("b", at: 9, session: "s2", "one")], lines: [lines[1]],
          source: .read(source, to: 17)))
      if isForgotten {
        _ = try #require(try log.writer.forget("s1", now: 9_000_000))
      } else {
        try log.index()
        let plan = try log.writer.plan(PruneRules(before: 5), now: 0)
        _ = try log.writer.prune(plan, index: try SearchIndex(database: log.path), now: 0)
      }
      func kept() throws -> [String] {
        try log.writer.connection.rows("SELECT bytes FROM transcript_chunks ORDER BY id") {
          String(decoding: $0.blob(0), as: UTF8.self)
        }
      }
      #expect(try kept() == ["whatever"])
      let result = try log.commit(
        EventBatch(
          drafts: [old, call("b", at: 9, session: "s2", "two")], lines: lines,
          revision: EventBatch.Revision(
            fileID: source.id, parserVersion: 2, final: ("{}", false))))
      #expect(result.inserted == 1)
      #expect(try kept() == ["whatever"])
    }
  }

  @Test("What was kept of a transcript is read again only if every line of it is there")
  func keptTranscript() throws {
    func keep(_ texts: [(Int64, String)]) throws -> Int64 {
      let file = try log.addSource("/transcripts/\(texts.count)\(texts[0].0).jsonl")
      let lines = texts.map { EventBatch.Line(offset: $0.0, bytes: Array($0.1.utf8)) }
      try log.commit(
        EventBatch(
          drafts: [.sample("k\(file.id)")], lines: lines, source: .read(file, to: 100)))
      return file.id
    }
    let whole = try keep([(0, "ab"), (3, "cde"), (7, "f")])
    let kept = try #require(try KeptTranscript(log.writer, file: whole, end: 9))
    let lines = try #require(try kept.nextLines())
    #expect(lines.map(\.offset) == [0, 3, 7])
    #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["ab", "cde", "f"])
    #expect(try kept.nextLines() == nil)
    #expect(try KeptTranscript(log.writer, file: whole, end: 12) == nil)
    let blank = try keep([(0, "ab"), (4, "cd")])
    #expect(try KeptTranscript(log.writer, file: blank, end: 7) == nil)
    let late = try keep([(5, "ab")])
    #expect(try KeptTranscript(log.writer, file: late, end: 8) == nil)
  }
}
