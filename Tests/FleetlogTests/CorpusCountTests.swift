import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

/// The program's figures for a transcript against those of `Tests/Counting/counts.py`, which was
/// written from the formats alone and shares nothing with the readers.
@Suite("Counting a transcript")
struct CorpusCountTests {
  @Test(
    "The program and the script count a corpus file alike",
    .enabled(if: Corpus.folder != nil, "no corpus: name its folder in FLEETLOG_CORPUS"),
    .enabled(if: CountingScript.python != nil, "there is no python3 in PATH"),
    arguments: Corpus.transcripts)
  func corpus(_ name: String) throws {
    let file = try #require(Corpus.folder).appendingPathComponent(name)
    let script = try Counts.ofScript(file)
    var program = try Counts.ofProgram(file)
    if script.sessions.isEmpty {
      // What a session is called that its file never names is the program's affair.
      #expect(program.sessions.count <= 1)
      program.sessions = []
    }
    #expect(program == script)
  }

  @Test(
    "Older runners' logs of the corpus are recognised, and every record is an event or part of one",
    .enabled(if: Corpus.folder != nil, "no corpus"),
    arguments: [
      // The events that a person counted by the table of milestones, starts of runs left out.
      ("forge/derived/docs/ops/loop-runner-events.jsonl", "forge-loop", 21, 27),
      ("forge/forge-loop/docs/ops/loop-runner-events.jsonl", "forge-loop", 2, 2),
      ("forge/forge-loop/sprint-events.jsonl", "forge-loop", 1, 1),
      (
        "workrail/derived/data/sessions/sess_dev0000001/events/00000000-00000007.jsonl",
        "workrail", 8, 7
      ),
      (
        "workrail/derived/data/sessions/sess_dev0000001/events/00000008-00000011.jsonl",
        "workrail", 4, 4
      ),
      (
        "workrail/derived/data/sessions/sess_dev0000001/events/00000012-00000015.jsonl",
        "workrail", 4, 5
      ),
      (
        "workrail/derived/data/sessions/sess_dev0000001/manifest.jsonl", "workrail-manifest", 5, 0
      ),
      ("workrail/derived/events/daemon/2026-06-01.jsonl", "workrail-daemon", 9, 6),
    ])
  func runners(_ file: (name: String, format: String, lines: Int, events: Int)) throws {
    let folder = try #require(Corpus.folder)
    try Fleet.with { fleet in
      let name = String(file.name.split(separator: "/").last ?? "")
      try fleet.folder.write(name, Data(contentsOf: folder.appendingPathComponent(file.name)))
      try fleet.ingest()
      let source = try #require(try fleet.log.sources().first)
      #expect(source.format == file.format && source.state == .reading)
      #expect(source.lines == file.lines && source.skippedLines == 0)
      let events = try fleet.events().filter {
        $0.type != .processStarted && !Inference.isKey($0.idempotencyKey)
      }
      #expect(events.count == file.events)
    }
  }

  @Test(
    "A WorkRail session of the corpus is read whole, as its manifest names it",
    .enabled(if: Corpus.folder != nil, "no corpus"))
  func workRail() throws {
    let folder = try #require(Corpus.folder)
    try Fleet.with { fleet in
      let session = "workrail/derived/data/sessions/sess_dev0000001"
      try fleet.folder.makeFolder("s/events")
      for name in FileManager.default.subpaths(
        atPath: folder.appendingPathComponent(session).path) ?? []
      where name.hasSuffix(".jsonl") {
        try fleet.folder.write(
          "s/" + name, Data(contentsOf: folder.appendingPathComponent(session + "/" + name)))
      }
      try fleet.ingest()
      #expect(try fleet.log.sources().allSatisfy { $0.state == .reading })
      let events = try fleet.events().filter { !Inference.isKey($0.idempotencyKey) }
      #expect(events.count == 17 && events.allSatisfy { $0.sessionID == "sess_dev0000001" })
      #expect(try fleet.events(.contextSet).last?.payload?.contains("metrics_outcome") == true)
    }
  }

  @Test("The corpus is whole", .enabled(if: Corpus.folder != nil, "no corpus"))
  func wholeCorpus() {
    #expect(Corpus.transcripts.filter { $0.hasPrefix("claude/") }.count >= 40)
    #expect(Corpus.transcripts.filter { $0.hasPrefix("codex/") }.count >= 9)
    #expect(Corpus.transcripts.filter { $0.hasPrefix("forge/") }.count >= 2)
    #expect(Corpus.transcripts.filter { $0.hasPrefix("gemini/") }.count >= 3)
    #expect(Corpus.transcripts.filter { $0.hasPrefix("opencode/") }.count >= 2)
  }

  @Test("The program counts what a person counted", arguments: Fixture.all)
  func program(_ fixture: Fixture) throws {
    let program = try Counts.ofProgram(fixture.file)
    #expect(program == fixture.expected)
  }

  @Test(
    "The script counts what a person counted",
    .enabled(if: CountingScript.python != nil, "there is no python3 in PATH"),
    arguments: Fixture.all)
  func script(_ fixture: Fixture) throws {
    let script = try Counts.ofScript(fixture.file)
    #expect(script == fixture.expected)
  }
}

/// What both sides count in one transcript.
struct Counts: Codable, Equatable {
  var sessions: [String] = []
  /// What the operator asked; not what was injected, nor what a parent told its sub-agent.
  var prompts = 0
  var toolCalls = 0
  var toolResults = 0
  /// Refused calls: they did not fail.
  var denied = 0
  var toolErrors = 0
  var responses = 0
  /// Tokens; input includes neither cache reads nor cache writes.
  var inputTokens = 0
  var outputTokens = 0
  var cacheReadTokens = 0
  var cacheWriteTokens = 0
  /// The same by model, by its name.
  var models: [ModelCount] = []

  static func ofScript(_ file: URL) throws -> Counts {
    let python = try #require(CountingScript.python)
    let json = try Command.output(of: python, [CountingScript.url.path, file.path])
    return try decoder.decode(Counts.self, from: json)
  }

  /// Counts from a new log that holds this one file.
  static func ofProgram(_ file: URL) throws -> Counts {
    try TemporaryFolder.with { folder in
      // Gemini's documents are known by their folder's name.
      try folder.makeFolder("transcripts/chats")
      try FileManager.default.copyItem(
        atPath: file.path, toPath: folder.path("transcripts/chats/" + file.lastPathComponent).text)
      let database = ["--json", "--db", folder.path("log.db").text]
      func fleetlog(_ arguments: [String]) throws -> Data {
        try Command.output(of: Command.fleetlog, arguments + database)
      }
      _ = try fleetlog(["ingest", folder.path("transcripts").text])
      let page = try decoder.decode(
        SessionPage.self, from: fleetlog(["sessions", "--limit", "500"]))
      var counts = page.sessions.reduce(into: Counts()) { $0.add($1) }
      counts.sessions = page.sessions.map(\.id).sorted()
      try counts.add(results: fleetlog)
      return counts
    }
  }

  private mutating func add(_ session: SessionPage.Session) {
    prompts += session.prompts
    toolCalls += session.toolCalls
    toolErrors += session.toolErrors
    responses += session.responses
    inputTokens += session.inputTokens
    outputTokens += session.outputTokens
    cacheReadTokens += session.cacheReadTokens
    cacheWriteTokens += session.cacheWriteTokens
    for usage in session.usage {
      if let index = models.firstIndex(where: { $0.model == usage.model }) {
        models[index] += usage
      } else {
        models.append(usage)
      }
    }
    models.sort { ($0.model ?? "") < ($1.model ?? "") }
  }

  private mutating func add(results fleetlog: ([String]) throws -> Data) throws {
    var next: String?
    repeat {
      let after = next.map { ["--after", $0] } ?? []
      let page = try Self.decoder.decode(
        ResultPage.self,
        from: fleetlog(["events", "--type", "tool_result", "--limit", "500"] + after))
      toolResults += page.events.count { !$0.isInferred }
      denied += page.events.count { $0.payloadJson?.denied == true }
      next = page.next
    } while next != nil
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}

/// What one model used.
struct ModelCount: Codable, Equatable {
  /// nil where the source does not name it.
  var model: String?
  var calls: Int
  var inputTokens: Int
  var outputTokens: Int
  var cacheReadTokens = 0
  var cacheWriteTokens = 0
  var hourlyTokens = 0

  /// As the decoder spells them; `cache_write_1h_tokens` is the last.
  private enum CodingKeys: String, CodingKey {
    case model, calls, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens
    case hourlyTokens = "cacheWrite1HTokens"
  }

  static func += (left: inout ModelCount, right: ModelCount) {
    left.calls += right.calls
    left.inputTokens += right.inputTokens
    left.outputTokens += right.outputTokens
    left.cacheReadTokens += right.cacheReadTokens
    left.cacheWriteTokens += right.cacheWriteTokens
    left.hourlyTokens += right.hourlyTokens
  }
}

private struct SessionPage: Decodable {
  struct Session: Decodable {
    let id: String
    let prompts: Int
    let toolCalls: Int
    let toolErrors: Int
    let responses: Int
    let inputTokens: Int
    let outputTokens: Int
    let cacheReadTokens: Int
    let cacheWriteTokens: Int
    let usage: [ModelCount]
  }

  let sessions: [Session]
}

private struct ResultPage: Decodable {
  struct Event: Decodable {
    struct Payload: Decodable {
      let denied: Bool?
    }

    let payloadJson: Payload?
    let provenance: String?

    /// Fleetlog's word on a call without a result.
    var isInferred: Bool { provenance?.hasPrefix("hub-inferred:") ?? false }
  }

  let events: [Event]
  let next: String?
}

/// A small transcript with every trap, counted by hand.
struct Fixture: CustomTestStringConvertible {
  let name: String
  let expected: Counts

  var testDescription: String { name }

  var file: URL { CountingScript.folder.appendingPathComponent("fixtures/\(name).jsonl") }

  static let all = [
    Fixture(
      name: "claude",
      expected: Counts(
        sessions: ["c0ffee00-0000-4000-8000-000000000001"], prompts: 7, toolCalls: 9,
        toolResults: 8, denied: 3, toolErrors: 1, responses: 8, inputTokens: 28,
        outputTokens: 120, cacheReadTokens: 770, cacheWriteTokens: 85,
        models: [
          ModelCount(
            model: "claude-opus-4-7", calls: 8, inputTokens: 28, outputTokens: 120,
            cacheReadTokens: 770, cacheWriteTokens: 85)
        ])),
    Fixture(
      name: "codex",
      expected: Counts(
        sessions: ["0199aaaa-0000-7000-8000-000000000002"], prompts: 2, toolCalls: 7,
        toolResults: 6, denied: 1, toolErrors: 2, responses: 3, inputTokens: 1300,
        outputTokens: 110, cacheReadTokens: 1500,
        models: [
          ModelCount(
            model: "gpt-5.2", calls: 3, inputTokens: 1300, outputTokens: 110,
            cacheReadTokens: 1500, cacheWriteTokens: 0)
        ])),
    Fixture(
      name: "claude-stream",
      expected: Counts(
        sessions: ["7e551011-0000-4000-8000-000000000007"], toolCalls: 2, toolResults: 2,
        toolErrors: 1, responses: 4, inputTokens: 18, outputTokens: 140, cacheReadTokens: 360,
        cacheWriteTokens: 20,
        models: [
          ModelCount(
            model: "claude-sonnet-4-5", calls: 4, inputTokens: 18, outputTokens: 140,
            cacheReadTokens: 360, cacheWriteTokens: 20)
        ])),
    Fixture(
      name: "forge-worker",
      expected: Counts(sessions: ["5f2a-worker"], toolCalls: 1, toolResults: 1, toolErrors: 1)),
    Fixture(
      name: "gemini",
      expected: Counts(
        sessions: ["9c3f21aa-0000-4000-8000-000000000003"], prompts: 2, toolCalls: 4,
        toolResults: 4, denied: 1, toolErrors: 2, responses: 3, inputTokens: 450,
        outputTokens: 66, cacheReadTokens: 150,
        models: [
          ModelCount(
            model: "gemini-3-pro", calls: 3, inputTokens: 450, outputTokens: 66,
            cacheReadTokens: 150, cacheWriteTokens: 0)
        ])),
  ]
}

private enum CountingScript {
  static let folder = testsFolder.appendingPathComponent("Counting")
  static let url = folder.appendingPathComponent("counts.py")

  static let python: URL? =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { URL(fileURLWithPath: String($0)).appendingPathComponent("python3") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }
}

/// Real transcripts, which are not part of the project.
enum Corpus {
  static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["FLEETLOG_CORPUS"]
    let url =
      named.map { URL(fileURLWithPath: $0) }
      ?? testsFolder.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("shared/corpus")
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(
      atPath: url.appendingPathComponent("claude").path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? url : nil
  }()

  /// Of a runner's files those that are of one worker; OpenCode's storage is one transcript with
  /// all its files.
  private static func isTranscript(_ name: String, of agent: String) -> Bool {
    let last = name.split(separator: "/").last ?? ""
    return switch agent {
    case "forge": name.contains("/sessions/") || name.hasSuffix(".log")
    case "gemini": last.hasSuffix(".jsonl") || last.hasPrefix("session-")
    case "opencode": last.hasSuffix(".db") || last.hasPrefix("storage")
    default: name.hasSuffix(".jsonl")
    }
  }

  /// Paths below the folder, sorted.
  static let transcripts: [String] = {
    guard let folder else { return [] }
    return ["claude", "codex", "forge", "gemini", "opencode"].flatMap { agent in
      let names = FileManager.default.subpaths(
        atPath: folder.appendingPathComponent(agent).path)
      return (names ?? []).filter { isTranscript($0, of: agent) }.sorted()
        .map { agent + "/" + $0 }
    }
  }()
}

private let testsFolder = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent()

/// Runs a program and takes what it prints.
private enum Command {
  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  /// The program as it was built beside the tests.
  static var fleetlog: URL {
    (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
      .deletingLastPathComponent().appendingPathComponent("fleetlog")
  }

  static func output(of program: URL, _ arguments: [String]) throws -> Data {
    let process = ChildProcess()
    process.executableURL = program
    process.arguments = arguments
    // Nothing of the surroundings: every option has a twin in the environment.
    process.environment = ["LC_ALL": "C.UTF-8"]
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let words = ([program.lastPathComponent] + arguments).joined(separator: " ")
      throw Failed(
        description: "\(words): exit \(process.terminationStatus): "
          + String(decoding: complaint, as: UTF8.self))
    }
    return data
  }
}
