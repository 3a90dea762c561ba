import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The demo fleet")
struct DemoTests {
  private static let start: Int64 = 1_772_535_600_000
  private static let minute: Int64 = 60_000

  /// What is in each file after a stretch of simulated time, by the file's path.
  private static func files(
    seed: UInt64 = 7, until end: Int64 = start, patience: Int64 = .max
  ) -> [String: String] {
    var fleet = DemoFleet(seed: seed, start: start)
    var files: [String: String] = [:]
    fleet.advance(to: end, patience: patience) { change, _ in
      switch change {
      case .append(let path, let line): files[path, default: ""] += line + "\n"
      case .write(let path, let text): files[path] = text
      case .resume(let resumption):
        files[resumption.newPath] = (files[resumption.path] ?? "").replacing(
          resumption.session, with: resumption.newSession)
      }
    }
    return files
  }

  /// Everything that the formats make of the files' transcripts.
  private static func read(_ files: [String: String]) throws -> FormatOutput {
    var output = FormatOutput()
    for (path, text) in files.sorted(by: { $0.key < $1.key }) where path.hasSuffix(".jsonl") {
      var lines: [RawLine] = []
      var offset: Int64 = 0
      for line in text.split(separator: "\n") {
        lines.append(RawLine(offset: offset, bytes: Array(line.utf8), number: lines.count))
        offset += Int64(line.utf8.count) + 1
      }
      let sample = FormatCatalogue.sample(path: path, lines: lines.prefix(20).map(\.bytes))
      let format = try #require(FormatCatalogue.detect(sample), "no format knows \(path)")
      var parser = format.init(
        file: TranscriptFile(path: path, modifiedAt: start, cap: .sha256()), state: nil)
      for line in lines { parser.read(line, into: &output) }
      parser.settle(into: &output)
    }
    return output
  }

  private static let history = files()
  private static let story = Result { try read(history).drafts }

  private static func payload(_ draft: EventDraft) throws -> JSONValue {
    try JSONDocument(draft.payload.text).root
  }

  @Test("One seed writes one fleet, byte for byte, and another seed another one")
  func repeats() {
    #expect(Self.files() == Self.history)
    #expect(Self.files(seed: 8) != Self.history)
  }

  @Test("A fleet that is let on in small steps writes what it writes in one")
  func doesNotDependOnSteps() {
    var fleet = DemoFleet(seed: 7, start: Self.start)
    var lines: [String: String] = [:]
    for step in stride(from: Self.start - 200 * Self.minute, through: Self.start, by: 7001) {
      fleet.advance(to: step) { change, _ in
        if case .append(let path, let line) = change { lines[path, default: ""] += line + "\n" }
      }
    }
    fleet.advance(to: Self.start) { change, _ in
      if case .append(let path, let line) = change { lines[path, default: ""] += line + "\n" }
    }
    let whole = Self.history
    #expect(lines.keys.sorted() == whole.keys.filter { !$0.hasPrefix("opencode/") }.sorted())
    #expect(lines.allSatisfy { whole[$0.key]?.hasSuffix($0.value) ?? false })
  }

  @Test("The history takes the last three hours and ends in the middle of work")
  func historyEndsNow() throws {
    let times = try Self.story.get().map(\.ts)
    let first = try #require(times.min())
    let last = try #require(times.max())
    #expect(first >= Self.start - 181 * Self.minute)
    #expect(first < Self.start - 170 * Self.minute)
    #expect(last <= Self.start + 100)
    #expect(times.filter { $0 > Self.start - 2 * Self.minute }.count > 20)
  }

  @Test("The formats know every file and every record, but for the one example in a fence")
  func isUnderstood() throws {
    let problems = try Self.read(Self.files(until: Self.start + 90 * Self.minute)).problems
    #expect(problems.map(\.kind) == [.fencedBlock])
  }

  @Test("Five workers are stopped by one expired login")
  func sharesOneCause() throws {
    let blocked = try Self.story.get().filter { $0.type == .blocked }
    #expect(Set(blocked.map(\.dedupeKey)) == ["registry-login"])
    #expect(Set(blocked.map(\.run.instanceID)).count == 5)
  }

  @Test("An approval, a decision and a silent command wait when the live part begins")
  func leavesCallsOpen() throws {
    let drafts = try Self.story.get()
    let answered = try Set(
      drafts.filter { $0.type == .toolResult }.compactMap {
        try Self.payload($0)["tool_use_id"]?.string
      })
    let open = try drafts.filter { draft in
      let id = try Self.payload(draft)["tool_use_id"]?.string
      return draft.type == .toolCall && draft.ts < Self.start - Self.minute
        && id.map { !answered.contains($0) } ?? false
    }
    #expect(open.contains { $0.summary == "npm install" && $0.ts < Self.start - 40 * Self.minute })
    #expect(open.contains { $0.summary == "rm -rf build/ && make release" })
    #expect(open.contains { $0.summary.contains("Keep the offline cache in SQLite or in files?") })
    #expect(Set(open.map(\.idempotencyKey)).count == 3)
    let asked = Set(drafts.map(\.type))
    #expect(asked.isSuperset(of: [.approvalRequested, .needsDecision, .needsReview]))
  }

  @Test("A worker claims that all tests pass although its last run of them failed")
  func contradictsItself() throws {
    let drafts = try Self.story.get()
    let claim = try #require(drafts.first { $0.summary.hasPrefix("All tests pass; PR #482") })
    #expect(claim.type == .completed)
    #expect(claim.operatorActionRequired)
    #expect(claim.artifacts.map(\.kind) == ["github_pr"])
    let run = try #require(
      drafts.last {
        $0.type == .toolResult && $0.run.key == claim.run.key && $0.ts < claim.ts
          && $0.summary.hasPrefix("swift test")
      })
    #expect(try Self.payload(run)["is_error"]?.bool == true)
  }

  @Test("Refused, summed up in one line, compacted, failed: each is in the history")
  func showsTheRest() throws {
    let drafts = try Self.story.get()
    #expect(drafts.filter { $0.type == .validationError }.count == 1)
    #expect(drafts.contains { $0.type == .contextCompacted })
    let ended = try #require(
      drafts.first { $0.run.instanceID == "nightly-bench" && $0.type == .processExited })
    #expect(try Self.payload(ended)["exit_code"]?.int == 2)
    #expect(drafts.filter { $0.summary == "Shell completion for bash and fish" }.count == 1)
    #expect(drafts.contains { $0.summary.contains("中文") && $0.type == .completed })
    let subagents = drafts.filter { $0.type == .processStarted && $0.run.role == "subagent" }
    #expect(subagents.count == 2)
    let models = try Set(drafts.compactMap { try Self.payload($0)["model_name"]?.string })
    #expect(models.count >= 4)
  }

  @Test("A runner's tasks, a program that starts others and a Gemini session are in the history")
  func showsOtherSources() throws {
    let drafts = try Self.story.get()
    let merged = drafts.filter { $0.type.rawValue == "pr.merged" }
    #expect(merged.count > 5)
    #expect(drafts.contains { $0.type.rawValue == "task.failed" })
    let parents = Set(drafts.compactMap(\.parentRunKey))
    let started = drafts.filter { $0.type == .processStarted && parents.contains($0.run.key) }
    #expect(started.contains { $0.run.instanceID.hasPrefix("checks-") })
    let gemini = drafts.filter { $0.run.instanceID.hasPrefix("gemini-") }
    #expect(Set(gemini.map(\.type)).isSuperset(of: [.messageUser, .toolCall, .toolResult]))
  }

  @Test("Most of a response's context comes from the cache")
  func usageLooksRight() throws {
    var contexts: [Int] = []
    for draft in try Self.story.get() where draft.type == .llmCallCompleted {
      let payload = try Self.payload(draft)
      let context = try #require(payload["context_tokens"]?.int)
      let cached = try #require(payload["cache_read_tokens"]?.int)
      let answered = try #require(payload["output_tokens"]?.int)
      #expect(cached >= 0 && cached < context && context < 272_000)
      #expect(answered > 0 && answered < 4000)
      if context > 60_000 { contexts.append(cached * 100 / context) }
    }
    #expect(contexts.count > 50)
    #expect(contexts.allSatisfy { $0 > 60 })
  }

  @Test("A resumed session begins with the records of the first, under its own id")
  func resumes() throws {
    let files = Self.history
    let sessions = files.filter { $0.key.contains("web-console") }.map(\.value)
    let uuids = try sessions.map { text in
      try text.split(separator: "\n").compactMap {
        try JSONDocument(String($0)).root["uuid"]?.string
      }
    }
    let resumed = try #require(uuids.first { $0.count == uuids.map(\.count).max() })
    #expect(uuids.contains { $0 != resumed && $0.count > 5 && resumed.starts(with: $0) })
  }

  @Test("What waits is answered in time, and nobody stops for good")
  func goesOn() throws {
    let end = Self.start + 150 * Self.minute
    let files = Self.files(until: end)
    let drafts = try Self.read(files).drafts
    #expect(drafts.contains { $0.type == .progress && $0.dedupeKey == "registry-login" })
    let active = drafts.filter { $0.ts > Self.start + 15 * Self.minute && $0.ts < end }
    let pauses = zip(active.map(\.ts).sorted().dropFirst(), active.map(\.ts).sorted()).map(-)
    #expect(try #require(pauses.max()) < Self.minute)
    let lastHour = drafts.filter { $0.ts > end - 60 * Self.minute }
    #expect(
      Set(lastHour.map(\.run.sessionID)).count
        >= DemoScript.workers.count { $0.agent.logPath == nil && $0.agent != .opencode })
    #expect(drafts.filter { $0.type == .blocked }.count >= 15)
    #expect(files.values.allSatisfy { $0.utf8.count < 1 << 20 })
  }

  @Test("After a long sleep the fleet goes on from now, instead of catching up")
  func sleeps() {
    var fleet = DemoFleet(seed: 7, start: Self.start)
    fleet.advance(to: Self.start) { _, _ in }
    let morning = Self.start + 600 * Self.minute
    var count = 0
    var isLate = true
    fleet.advance(to: morning, patience: 30_000) { _, time in
      count += 1
      isLate = isLate && time >= morning - 30_000
    }
    #expect(isLate)
    #expect(count > 0 && count < 400)
  }

  @Test("A torn line is written in two pieces, and whole in the end")
  func tearsLines() throws {
    try TemporaryFolder.with { temporary in
      let folder = DemoFolder(temporary.path.text)
      let file = temporary.path("inbox/a.jsonl").text
      var between = ""
      try folder.apply(
        .append(path: "inbox/a.jsonl", line: #"{"event_type":"heartbeat"}"#), at: 0, isTorn: true
      ) {
        between = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      }
      #expect(!between.isEmpty && !between.contains("\n"))
      let whole = try String(contentsOfFile: file, encoding: .utf8)
      #expect(whole == "{\"event_type\":\"heartbeat\"}\n")
    }
  }

  @Test("What the worker of OpenCode keeps as documents is read as one course of turns")
  func writesDocuments() throws {
    try Fleet.with { fleet in
      let folder = DemoFolder(fleet.folder.path.text)
      var simulation = DemoFleet(seed: 7, start: Self.start)
      try folder.writeHistory(of: &simulation, until: Self.start)
      try fleet.ingest()
      let events = try fleet.events().filter { $0.instanceID.hasPrefix("opencode-") }
      for type in [
        EventType.contextSet, .messageUser, .messageReasoning, .messageAssistant, .toolCall,
        .toolResult, .llmCallCompleted, .turnCompleted,
      ] {
        #expect(events.contains { $0.type == type }, "no \(type.rawValue)")
      }
      let prompts = events.count { $0.type == .messageUser }
      #expect(events.count { $0.type == .turnCompleted } >= prompts - 1)
      let skipped = try fleet.log.sources().map(\.skippedLines)
      #expect(!skipped.isEmpty && skipped.allSatisfy { $0 == 0 })
    }
  }

  @Test("A folder that holds something else is refused, and --once needs a folder")
  func refusesForeignFolders() throws {
    func demo(_ words: String...) throws -> Int32 {
      try DemoCommand.run(
        Arguments(words, options: DemoCommand.options, environment: [:]))
    }
    #expect(throws: UsageError.self) { try demo("--once") }
    try TemporaryFolder.with { temporary in
      try temporary.write("mine.txt", "keep me")
      #expect(throws: Failure.self) { try demo("--once", "--folder", temporary.path.text) }
    }
  }
}
