import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

/// What holds for every transcript, shown on all fixtures.
@Suite("Claude Code transcripts")
struct ClaudeFormatTests {
  static let cases = Fixtures.cases("claude", ending: ".jsonl")

  private func bytes(_ name: String) throws -> [UInt8] {
    try Fixtures.bytes("claude/\(name).jsonl")
  }

  @Test("The fixtures are found")
  func fixtures() {
    #expect(Self.cases.count >= 9)
  }

  @Test("A transcript gives the events of its golden", arguments: cases)
  func goldens(_ name: String) throws {
    let output = FormatRun.read(ClaudeFormat.self, try bytes(name))
    try Golden.verify(Golden.events(output), against: "claude/\(name).events.json")
  }

  @Test("The events are the same whatever the chunks", arguments: cases)
  func chunks(_ name: String) throws {
    let bytes = try bytes(name)
    let whole = FormatRun.read(ClaudeFormat.self, bytes)
    let pieces = FormatRun.read(ClaudeFormat.self, bytes, restoring: true)
    #expect(Golden.events(pieces) == Golden.events(whole))
  }

  @Test("The events are the same wherever the file lies", arguments: cases)
  func places(_ name: String) throws {
    let bytes = try bytes(name)
    let here = FormatRun.read(ClaudeFormat.self, bytes, path: "/a/b/copy of it.jsonl")
    #expect(Golden.events(here) == Golden.events(FormatRun.read(ClaudeFormat.self, bytes)))
  }

  @Test(
    "Reading a second time gives the same keys, whenever the file was touched", arguments: cases)
  func touched(_ name: String) throws {
    let bytes = try bytes(name)
    let once = FormatRun.read(ClaudeFormat.self, bytes)
    let later = FormatRun.read(ClaudeFormat.self, bytes, modifiedAt: 1_900_000_000_000)
    #expect(later.drafts.map(\.idempotencyKey) == once.drafts.map(\.idempotencyKey))
  }

  @Test("Every event has a key, a session and one line of at most 300 characters", arguments: cases)
  func decency(_ name: String) throws {
    for draft in FormatRun.read(ClaudeFormat.self, try bytes(name)).drafts {
      #expect(draft.idempotencyKey?.isEmpty == false)
      #expect(draft.sourceRef == draft.run.sessionID)
      #expect(!draft.summary.isEmpty && draft.summary.count <= 300)
      #expect(!draft.summary.contains { $0.isNewline || $0 == "\u{1B}" })
      #expect((try? JSONDocument(draft.payload.text)) != nil)
    }
  }

  @Test("A run begins before anything else of it is told", arguments: cases)
  func beginnings(_ name: String) throws {
    var begun: Set<String> = []
    for draft in FormatRun.read(ClaudeFormat.self, try bytes(name)).drafts {
      if draft.type == .processStarted { begun.insert(draft.run.key) }
      #expect(begun.contains(draft.run.key))
    }
  }

  @Test("No event of the transcript itself asks for attention")
  func attention() throws {
    let output = FormatRun.read(ClaudeFormat.self, try bytes("session"))
    #expect(output.drafts.count > 20)
    #expect(output.drafts.allSatisfy { !$0.attentionCandidate && !$0.operatorActionRequired })
  }

  @Test("A copy under another session states the same facts")
  func copies() throws {
    let text = String(decoding: try bytes("session"), as: UTF8.self)
    let session = "aaaaaaaa-0000-4000-8000-000000000001"
    let copy = text.replacing(session, with: "12341234-0000-4000-8000-000000000002")
    func keys(_ text: String) -> [String] {
      let drafts = FormatRun.read(ClaudeFormat.self, Array(text.utf8)).drafts
      let named: [EventType] = [.contextSet, .observationRecorded, .messageSystem, .processStarted]
      return drafts.filter { !named.contains($0.type) }.compactMap(\.idempotencyKey)
    }
    #expect(keys(copy) == keys(text))
    #expect(keys(text).count >= 15)
  }

  @Test("The same uuid with another text is another fact")
  func sameUUID() throws {
    let drafts = FormatRun.read(ClaudeFormat.self, try bytes("malformed")).drafts
    let twins = drafts.filter { ["one text", "another text"].contains($0.summary) }
    #expect(twins.count == 2)
    #expect(twins.first?.idempotencyKey != twins.last?.idempotencyKey)
  }

  @Test("A broken state begins anew instead of failing")
  func brokenState() {
    let file = TranscriptFile(path: "/a.jsonl", modifiedAt: 0)
    let fresh = ClaudeFormat(file: file, state: nil).state
    #expect(ClaudeFormat(file: file, state: "{").state == fresh)
    #expect(!fresh.isEmpty)
  }

  @Test("The state stays small however long the session")
  func boundedState() {
    var transcript = ClaudeTranscript()
    for index in 0..<1500 {
      transcript.prompt("again")
      transcript.reply("msg_\(index)", ClaudeTranscript.bash("toolu_\(index)", "make \(index)"))
    }
    let file = TranscriptFile(path: "/a.jsonl", modifiedAt: 0)
    var reader = ClaudeFormat(file: file, state: nil)
    var output = FormatOutput()
    for line in FormatRun.lines(Array(transcript.text.utf8)) { reader.read(line, into: &output) }
    #expect(output.drafts(.toolCall).count == 1500)
    #expect(reader.state.utf8.count < 400_000)
  }

  @Test("Transcripts are recognised by what stands in them")
  func recognition() throws {
    func sample(_ lines: String...) -> Bool {
      let values = lines.map { try? JSONDocument($0).root }
      return ClaudeFormat.recognises(FormatSample(path: "/x.jsonl", lines: values))
    }
    #expect(sample(#"{"type":"summary","summary":"x","leafUuid":"y"}"#))
    #expect(sample("oops", #"{"type":"user","sessionId":"s","message":{}}"#))
    #expect(sample(#"{"type":"file-history-snapshot","messageId":"m","snapshot":{}}"#))
    #expect(!sample(#"{"type":"session_meta","payload":{"id":"x"}}"#))
    #expect(!sample(#"{"sessionId":"s","projectHash":"h","kind":"main"}"#))
    #expect(!sample("plain text"))
  }
}
