import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Logs of any program")
struct LogFormatTests {
  private static let cases =
    Fixtures.cases("log", ending: ".log").map { $0 + ".log" }
    + Fixtures.cases("log", ending: ".jsonl").map { $0 + ".jsonl" }

  private static func read(_ text: String, settling: Bool = true) -> [EventDraft] {
    FormatRun.read(LogFormat.self, Array(text.utf8), path: "/l/w.log", settling: settling).drafts
  }

  private static func texts(_ drafts: [EventDraft]) throws -> [String] {
    try drafts.filter { $0.type == .workerObservation }.map {
      try JSONDocument($0.payload.bytes).root["text"]?.string ?? ""
    }
  }

  @Test("The fixtures come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = FormatRun.read(LogFormat.self, try Fixtures.bytes("log/\(name)"), path: "/l/w.log")
    let golden = name.replacing(".jsonl", with: "").replacing(".log", with: "")
    try Golden.verify(Golden.events(output), against: "log/\(golden).events.json")
  }

  @Test("Chunks make no difference", arguments: cases)
  func chunks(name: String) throws {
    let bytes = try Fixtures.bytes("log/\(name)")
    let whole = FormatRun.read(LogFormat.self, bytes)
    let pieces = FormatRun.read(LogFormat.self, bytes, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
    #expect(!whole.drafts.isEmpty)
  }

  @Test("A copy under another name and with another time holds the same facts", arguments: cases)
  func copies(name: String) throws {
    let bytes = try Fixtures.bytes("log/\(name)")
    let one = FormatRun.read(LogFormat.self, bytes, path: "/a/one.log")
    let other = FormatRun.read(LogFormat.self, bytes, path: "/b/other.md", modifiedAt: 1)
    #expect(one.drafts.map(\.idempotencyKey) == other.drafts.map(\.idempotencyKey))
  }

  @Test("Lines of random text, cut into lines and read in any chunks, give the same events")
  func anyChunks() {
    var random = SeededGenerator(seed: 7)
    let pieces = [
      "2026-05-20 10:00:00 INFO x", "ERROR y", "\r 5%\r 7%", "```", EventBlock.begin,
      #"{"schema_version":1,"events":[{"event_type":"progress","summary":"p"}]}"#,
      EventBlock.end, "", "plain", #"{"level":"error","msg":"m"}"#, "\u{1B}[31mred\u{1B}[0m",
      #"{"type":"thread.started","thread_id":"t"}"#, #"{"type":"turn.started"}"#,
      #"{"type":"result","subtype":"success","session_id":"s"}"#, "AGENT_NOTIFY_SUMMARY {}",
    ]
    for _ in 0..<60 {
      let lines = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }
      let bytes = Array(lines.joined(separator: "\n").utf8)
      let whole = FormatRun.read(LogFormat.self, bytes)
      let cut = FormatRun.read(LogFormat.self, bytes, restoring: true)
      #expect(Golden.events(whole) == Golden.events(cut))
    }
  }

  @Test("A stamp at a line's start is its time, in the usual shapes")
  func stamps() {
    let noon: Int64 = 1_779_278_400_000
    for (stamp, ms) in [
      ("2026-05-20T12:00:00Z", noon), ("[2026-05-20 12:00:00,250]", noon + 250),
      ("2026/05/20 12:00:00.5", noon + 500), ("2026-05-20T14:00:00+02:00", noon),
      ("2026-05-20 14:00:00 +0200", noon), ("2026-05-20 12:00:00 UTC", noon),
      ("1779278400", noon), ("1779278400.25", noon + 250), ("1779278400123", noon + 123),
      ("[1779278400]", noon), ("2026-05-20 12:00:", noon), ("2026-05-20 12:00", noon),
    ] {
      let draft = Self.read(stamp + " words").last
      #expect(draft?.ts == ms, "\(stamp)")
      #expect(draft?.summary == "words", "\(stamp)")
    }
    for text in [
      "2026-13-20T12:00:00Z x", "1234567890123456 x", "0000000001 x", "2026-05-20 is a day",
      "12:00:00 x", "20260520 x",
    ] {
      #expect(Self.read(text).last?.ts == 1_700_000_000_000, "\(text)")
    }
  }

  @Test("A line that was written over shows its last state, without colours")
  func progress() throws {
    #expect(try Self.texts(Self.read("a 1%\r a 50%\r\u{1B}[32ma 100%\u{1B}[0m\r")) == ["a 100%"])
  }

  @Test("An error begins an event of its own, with what follows it and names no time")
  func errors() throws {
    let drafts = Self.read(
      "2026-05-20 12:00:00 a\n2026-05-20 12:00:01 ERROR b\n  at c\n2026-05-20 12:00:02 d")
    #expect(
      try Self.texts(drafts) == [
        "2026-05-20 12:00:00 a", "2026-05-20 12:00:01 ERROR b\n  at c", "2026-05-20 12:00:02 d",
      ])
    #expect(drafts.suffix(3).map(\.severity) == [1, 2, 1])
    #expect(drafts.suffix(3).allSatisfy { ($0.confidence ?? 1) < 0.5 })
    for harmless in ["0 errors", "no error: fine", "errors.log written", "INFO error rate 0"] {
      #expect(Self.read(harmless).last?.severity == 1, "\(harmless)")
    }
  }

  @Test("Text that was shown while it grew is superseded by the whole")
  func growing() throws {
    let bytes = Array("one\ntwo\nthree\n".utf8)
    let file = TranscriptFile(path: "/l/w.log", modifiedAt: 1)
    var reader = LogFormat(file: file, state: nil)
    var output = FormatOutput()
    let lines = FormatRun.lines(bytes)
    reader.read(lines[0], into: &output)
    #expect(reader.isHolding)
    reader.settle(into: &output)
    #expect(!reader.isHolding)
    reader.settle(into: &output)
    reader.read(lines[1], into: &output)
    reader.read(lines[2], into: &output)
    reader.settle(into: &output)
    #expect(try Self.texts(output.drafts) == ["one", "one\ntwo\nthree"])
    let shown = try #require(output.drafts.first { $0.type == .workerObservation })
    #expect(
      output.drafts.last?.links == [
        .byRule("log_goes_on", .supersedes, .idempotencyKey(shown.idempotencyKey ?? ""))
      ])
    // Read at once it is the same fact.
    #expect(
      FormatRun.read(LogFormat.self, bytes).drafts.last?.idempotencyKey
        == output.drafts.last?.idempotencyKey)
  }

  @Test("However often it was shown while it grew, what is left is what it would have been at once")
  func anyPauses() throws {
    var random = SeededGenerator(seed: 11)
    let pieces = ["2026-05-20 10:00:00 a", "2026-05-20 10:02:00 b", "ERROR c", "  d", "", "e"]
    for _ in 0..<60 {
      let lines = (0..<Int.random(in: 1...60, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }
      let bytes = Array(lines.joined(separator: "\n").utf8)
      let file = TranscriptFile(path: "/l/w.log", modifiedAt: 1_700_000_000_000)
      var reader = LogFormat(file: file, state: nil)
      var output = FormatOutput()
      for line in FormatRun.lines(bytes) {
        reader.read(line, into: &output)
        if Bool.random(using: &random) { reader.settle(into: &output) }
      }
      reader.settle(into: &output)
      let replaced = output.drafts.flatMap(\.links).map(\.target)
      let left = output.drafts.filter { draft in
        !replaced.contains(.idempotencyKey(draft.idempotencyKey ?? ""))
      }
      #expect(
        left.map(\.idempotencyKey)
          == FormatRun.read(LogFormat.self, bytes).drafts.map(\.idempotencyKey))
    }
  }

  @Test("An event block is the program's word, whole or behind stamps, but not in a fence")
  func blocks() {
    let block =
      EventBlock.begin + #"{"schema_version":1,"events":[{"event_type":"blocked","summary":"b"}]}"#
      + EventBlock.end
    #expect(Self.read(block).contains { $0.type == .blocked })
    #expect(Self.read("2026-05-20 12:00:00 " + block).contains { $0.type == .blocked })
    #expect(!Self.read("```\n\(block)\n```").contains { $0.type == .blocked })
    let stamped = block.replacing(EventBlock.begin, with: EventBlock.begin + "\n")
      .replacing(EventBlock.end, with: "\n" + EventBlock.end)
      .split(separator: "\n").map { "[2026-05-20 12:00:00] " + $0 }.joined(separator: "\n")
    #expect(Self.read(stamped).contains { $0.type == .blocked })
    let unclosed = "```\n" + String(repeating: "x\n", count: 600) + block
    #expect(Self.read(unclosed).contains { $0.type == .blocked })
  }

  @Test("No event is longer than a person reads, however long the text")
  func bounded() throws {
    let texts = try Self.texts(Self.read(String(repeating: "a line\n", count: 1000)))
    #expect(texts.count == 10)
    let long = try Self.texts(Self.read(String(repeating: "x", count: 1_000_000)))
    #expect(long.map(\.utf8.count) == [64 << 10])
  }

  @Test("UTF-16 is put together from lines that were split within characters")
  func utf16() throws {
    for name in ["utf16le.log", "utf16be.log"] {
      let output = FormatRun.read(LogFormat.self, try Fixtures.bytes("log/\(name)"))
      #expect(
        try Self.texts(output.drafts).joined(separator: "\n").contains("start 上海 ready"), "\(name)")
      #expect(try Self.texts(output.drafts).joined().contains("third ċĊ"), "\(name)")
    }
  }

  @Test("Only text is taken for a log, and JSON only if a record says what it is")
  func detection() {
    func format(_ lines: [[UInt8]], _ path: String) -> String? {
      FormatCatalogue.detect(FormatCatalogue.sample(path: path, lines: lines))?.name
    }
    let text = [Array("hello".utf8)]
    #expect(format(text, "/a/w.log") == "log")
    #expect(format(text, "/a/w.log.1") == "log")
    #expect(format(text, "/a/w.jsonl") == nil)
    #expect(format([Array(#"{"a":1}"#.utf8)], "/a/w.jsonl") == nil)
    #expect(format([Array(#"{"level":"info","msg":"x"}"#.utf8)], "/a/w.jsonl") == "log")
    #expect(format([(0..<200).map { UInt8($0 % 32) }], "/a/w.log") == nil)
  }

  @Test("In a capture the text belongs to the run that printed it, which is told elsewhere")
  func capture() {
    let outer = RunIdentity(key: "run:outer", instanceID: "W1", role: "worker", sessionID: "s")
    var reader = LogFormat(
      file: TranscriptFile(path: "/c/x", modifiedAt: 1, run: outer), state: nil)
    var output = FormatOutput()
    for line in FormatRun.lines(Array("hello\n".utf8)) { reader.read(line, into: &output) }
    reader.settle(into: &output)
    #expect(output.drafts.map(\.type) == [.workerObservation])
    #expect(output.drafts.map(\.run) == [outer])
  }
}
