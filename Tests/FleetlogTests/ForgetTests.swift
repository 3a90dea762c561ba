import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Forgetting")
struct ForgetTests {
  private static let first = "5e551011-0000-4000-8000-00000000000a"
  private static let second = "5e551011-0000-4000-8000-00000000000b"
  private static let secret = "the heron nests behind the third mill"

  private static func transcript(_ session: String, _ word: String, calls: Int = 40) -> ClaudeLines
  {
    var lines = ClaudeLines(session: session)
    lines.prompt("\(word): why are postings written twice?")
    for number in 0..<calls {
      lines.run("echo \(word) \(number)", id: "toolu_\(session.suffix(1))\(number)")
      lines.result(
        "\(word), and here is line \(number) of it", id: "toolu_\(session.suffix(1))\(number)")
    }
    lines.say("Found \(word).")
    return lines
  }

  /// A log of two sessions, one of which says the secret words.
  private func filled(_ body: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      try fleet.folder.write("a.jsonl", Self.transcript(Self.first, Self.secret).text)
      // Responses of one id are one fact, whichever session shows them.
      let other = Self.transcript(Self.second, "the weather is fine").text
      try fleet.folder.write("b.jsonl", other.replacing("msg_", with: "msg_b"))
      try fleet.ingest()
      try body(fleet)
    }
  }

  private func forget(_ word: String, _ fleet: Fleet) throws -> JSONValue {
    let answer = try RunningProgram.run(
      ["forget", word, "--yes", "--json", "--db", fleet.database])
    #expect(answer.status == 0, "\(answer.error)")
    return try JSONDocument(answer.output).root
  }

  /// What another process finds of a session. This one looks into the log's files itself, and has
  /// SQLite's locks on them taken away by that.
  private func summaries(of session: String, _ fleet: Fleet) throws -> [String] {
    let answer = try RunningProgram.run(
      ["events", "--session", session, "--limit", "500", "--json", "--db", fleet.database])
    let events = try JSONDocument(answer.output).root["events"]?.elements ?? []
    return events.compactMap { $0["summary"]?.string }.sorted()
  }

  /// Which files beside the log hold a text as it stands.
  private func files(holding text: String, _ fleet: Fleet) throws -> [String] {
    [fleet.database, fleet.database + "-search"].flatMap { [$0, $0 + "-wal"] }.filter {
      FileManager.default.fileExists(atPath: $0)
    }.filter {
      (try? Data(contentsOf: URL(fileURLWithPath: $0)))?.range(of: Data(text.utf8)) != nil
    }
  }

  private func differences(_ fleet: Fleet) throws -> [Replay.Difference] {
    try Replay.run(
      log: fleet.database, scratch: fleet.database + "-replay", synthesize: Synthesizer(),
      tasks: TaskReducer.projection, project: { SessionReducer.apply($0, to: &$1) },
      now: Clock.now()
    ).differences
  }

  @Test("says what would go, and changes nothing until it is told yes")
  func plan() throws {
    try filled { fleet in
      let before = try fleet.content()
      let answer = try RunningProgram.run(
        ["forget", Self.first, "--json", "--db", fleet.database])
      let said = try JSONDocument(answer.output).root
      let events = try fleet.events { $0.sessions = [Self.first] }.count
      #expect(events > 100 && said["events"]?.int == events && said["runs"]?.int == 1)
      #expect(said["removed"]?.bool == false)
      #expect((said["receipt_bytes"]?.int ?? 0) > 0 && (said["text_bytes"]?.int ?? 0) > 0)
      #expect(try fleet.content() == before)
    }
  }

  @Test("what would go is said beside a server too, with that it must be stopped first")
  func besideServer() throws {
    try filled { fleet in
      let plan = ["forget", Self.first, "--db", fleet.database]
      #expect(try !RunningProgram.run(plan).error.contains("refused"))
      let server = try RunningServer(folder: fleet.folder.path.text, database: fleet.database)
      try fleet.folder.write("c.jsonl", ClaudeLines.with { $0.prompt("a marsh harrier") }.text)
      // What is watched is read only once the notice of the server is written.
      _ = try server.wait(for: "marsh", at: "/events?q=harrier")
      let said = try RunningProgram.run(plan)
      #expect(said.status == 0 && said.output.hasPrefix("would forget"))
      let process = "(process \(server.program.identifier))"
      #expect(said.error.contains(process) && said.error.contains("--yes is refused"))
      let refused = try RunningProgram.run(plan + ["--yes"])
      #expect(refused.status == 1 && refused.error.contains(process), "\(refused.error)")
      #expect(server.stop() == 0)
      #expect(try !RunningProgram.run(plan).error.contains("refused"))
    }
  }

  @Test("leaves nothing of a session in any file, and all of the others as it was")
  func forgets() throws {
    try filled { fleet in
      #expect(try !files(holding: Self.secret, fleet).isEmpty)
      let others = try fleet.events { $0.sessions = [Self.second] }.map(\.summary)
      let said = try forget(Self.first, fleet)
      #expect(said["texts_looked_for"]?.int ?? 0 > 5 && said["texts_found"]?.int == 0)
      for text in [Self.secret, "heron", Self.first] {
        #expect(try files(holding: text, fleet) == [], "\(text)")
      }
      let kept = try fleet.events { $0.sessions = [Self.second] }.map(\.summary)
      #expect(kept.filter { !others.contains($0) } == [])
      #expect(others.filter { !kept.contains($0) } == [])
      #expect(try fleet.events { $0.text = "heron" }.isEmpty)
      #expect(try fleet.events { $0.text = "weather" }.count > 40)
      #expect(try fleet.log.session(Self.first) == nil)
      #expect(try fleet.events(.logForgotten).count == 1)
      #expect(try fleet.log.integrityProblems().isEmpty)
      #expect(try differences(fleet).map { "\($0)" } == [])
      for event in try fleet.events(.toolCall) {
        #expect(try fleet.log.event(event.id)?.receipt != nil)
      }
    }
  }

  @Test("it does not come back when its file is read again, grows, is moved or copied")
  func staysAway() throws {
    try filled { fleet in
      _ = try forget(Self.first, fleet)
      let before = try fleet.content()
      try fleet.ingest()
      try fleet.folder.write("copy.jsonl", Self.transcript(Self.first, Self.secret).text)
      try fleet.folder.move("a.jsonl", to: "moved.jsonl")
      try fleet.ingest()
      try fleet.folder.write("copy.jsonl", Self.transcript(Self.first, Self.secret, calls: 50).text)
      try fleet.ingest()
      #expect(try fleet.content() == before)
      #expect(try files(holding: Self.secret, fleet) == [])
      let states = try fleet.log.sources().filter { $0.state == .excluded }
      #expect(!states.isEmpty && states.allSatisfy { $0.lastError == SourceStatus.forgotten })
    }
  }

  @Test("a session that resumes a forgotten one shows what is new in it, and nothing of the old")
  func resumed() throws {
    try filled { fleet in
      _ = try forget(Self.first, fleet)
      var copy = ClaudeLines(session: Self.second.dropLast() + "c")
      let old = Self.transcript(Self.first, Self.secret).text
      copy.raw(String(old.dropLast().replacing(Self.first, with: copy.session)))
      let own =
        #"{"type":"user","uuid":"99999999-0000-4000-8000-000000000001","sessionId":"\#(copy.session)","#
        + #""timestamp":"2026-01-01T15:00:00.000Z","cwd":"/home/dev/ledger","version":"2.0.46","#
        + #""message":{"role":"user","content":"Try another way."}}"#
      copy.raw(own)
      try fleet.folder.write("c.jsonl", copy.text)
      try fleet.ingest()
      let shown = try fleet.events { $0.sessions = [copy.session] }
      #expect(shown.filter { $0.type == .messageUser }.map(\.summary) == ["Try another way."])
      for event in shown {
        let receipt = try fleet.log.event(event.id)?.receipt.map {
          String(decoding: $0.bytes, as: UTF8.self)
        }
        #expect(![event.summary, event.payload ?? "", receipt ?? ""].joined().contains("heron"))
      }
      #expect(try fleet.events { $0.text = "heron" }.isEmpty)
    }
  }

  @Test("a project's sessions go together")
  func project() throws {
    try filled { fleet in
      let said = try forget("ledger", fleet)
      #expect(said["sessions"]?.elements.count == 2)
      #expect(try fleet.log.sessions(SessionQuery())?.sessions.isEmpty == true)
      #expect(try differences(fleet).isEmpty)
    }
  }

  @Test("cut short after its rows are gone, it goes on when it is called again")
  func goesOn() throws {
    try filled { fleet in
      do {
        let writer = try Pipeline.create(database: fleet.database)
        #expect(try writer.forget(Self.first, now: Clock.now()) != nil)
        #expect(try writer.isForgetting())
      }
      let answer = try RunningProgram.run(["forget", Self.first, "--yes", "--db", fleet.database])
      #expect(answer.status == 0 && answer.output.contains("finished"))
      #expect(try files(holding: Self.secret, fleet) == [])
      #expect(try differences(fleet).isEmpty)
    }
  }

  /// `FLEETLOG_KILLS` sets how often.
  @Test(
    "killed at any instant it leaves all of a session or nothing, and goes on when called again")
  func killed() throws {
    let kills = ProcessInfo.processInfo.environment["FLEETLOG_KILLS"].flatMap { Int($0) } ?? 8
    try filled { fleet in
      let whole = try summaries(of: Self.first, fleet).count
      let others = try summaries(of: Self.second, fleet)
      let clock = ContinuousClock()
      let undisturbed = try clock.measure { _ = try forget(Self.first, try fleet.copy("whole")) }
      for kill in 1...kills {
        let copy = try fleet.copy("copy-\(kill)")
        let program = try RunningProgram(["forget", Self.first, "--yes", "--db", copy.database])
        usleep(UInt32(undisturbed / .microseconds(1) * Double.random(in: 0...1.1)))
        program.signal(SIGKILL)
        _ = program.exitStatus()
        let left = try summaries(of: Self.first, copy).count
        #expect(left == 0 || left == whole)
        // Whoever opens the log next goes on with it as it is.
        if kill % 2 == 0 { try copy.ingest() }
        #expect(try summaries(of: Self.first, copy).count == left)
        let wasCutShort = try copy.log.isForgetting()
        #expect(left == 0 || !wasCutShort)
        let again = try RunningProgram.run(["forget", Self.first, "--yes", "--db", copy.database])
        let wasDone = left == 0 && !wasCutShort
        #expect(wasDone ? again.error.contains("no session") : again.status == 0, "\(again)")
        #expect(try !copy.log.isForgetting())
        for text in [Self.secret, "heron", Self.first] {
          #expect(try files(holding: text, copy) == [], "\(text)")
        }
        #expect(try summaries(of: Self.second, copy) == others)
        #expect(try copy.log.integrityProblems().isEmpty)
        #expect(try differences(copy).map { "\($0)" } == [])
      }
    }
  }

  @Test("one that was cut short is told by doctor, until it is finished")
  func doctor() throws {
    try filled { fleet in
      do {
        let writer = try Pipeline.create(database: fleet.database)
        #expect(try writer.forget(Self.first, now: Clock.now()) != nil)
      }
      let doctor = ["doctor", "--db", fleet.database, "--assets", RunningProgram.package.path]
      #expect(try RunningProgram.run(doctor).output.contains("was cut short"))
      _ = try RunningProgram.run(["forget", Self.first, "--yes", "--db", fleet.database])
      #expect(try !RunningProgram.run(doctor).output.contains("was cut short"))
    }
  }

  @Test("while others read the log it is forgotten all the same, and they find it no more")
  func besideReaders() throws {
    try filled { fleet in
      let server = try RunningServer(
        folders: [], database: fleet.database, options: ["--read-only"])
      let pages = ["/events.json?limit=500", "/events.json?q=heron", "/sessions.json", "/"]
      #expect(try server.get("/events.json?q=heron").body.contains(Self.secret))
      let reader = ChildProcess()
      let answers = Pipe()
      reader.executableURL = URL(fileURLWithPath: "/bin/sh")
      reader.arguments =
        [
          "-c",
          "trap 'exit 0' TERM; while :; do for page; do "
            + "curl -s -m 20 -o /dev/null -w '%{http_code}\n' \"$page\"; done; done", "reader",
        ] + pages.map { server.url + $0 }
      reader.standardOutput = answers
      try reader.run()
      let said = try? forget(Self.first, fleet)
      reader.terminate()
      let statuses = String(
        decoding: answers.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(Set(statuses.split(separator: "\n")) == ["200"])
      #expect(said?["texts_found"]?.int == 0)
      #expect(try files(holding: Self.secret, fleet) == [])
      for path in ["/events.json?q=heron", "/sessions.json", "/sources.json"] {
        let answer = try server.get(path)
        #expect(answer.status == 200 && !answer.body.contains(Self.first), "\(path)")
        #expect(!answer.body.contains(Self.secret), "\(path)")
      }
      #expect(try server.get("/events.json?q=weather").body.contains("weather is fine"))
      #expect(server.stop() == 0)
      #expect(try fleet.log.integrityProblems().isEmpty)
    }
  }

  @Test("while another process writes it says how, and what is not there it says")
  func refuses() throws {
    try filled { fleet in
      let unknown = try RunningProgram.run(["forget", "nothing", "--yes", "--db", fleet.database])
      #expect(unknown.status == 1 && unknown.error.contains("no session"))
      let writer = try Pipeline.create(database: fleet.database)
      let busy = try RunningProgram.run(["forget", Self.first, "--yes", "--db", fleet.database])
      #expect(busy.status == 1 && busy.error.contains("stop it"))
      #expect(try fleet.log.session(Self.first) != nil)
      withExtendedLifetime(writer) {}
    }
  }
}

extension Fleet {
  /// The same transcripts with a copy of the log, which nobody may have open.
  fileprivate func copy(_ name: String) throws -> Fleet {
    let copy = (database as NSString).deletingLastPathComponent + "/\(name).db"
    for part in ["", "-wal", "-search", "-search-wal"]
    where FileManager.default.fileExists(atPath: database + part) {
      try FileManager.default.copyItem(atPath: database + part, toPath: copy + part)
    }
    return Fleet(folder: folder, database: copy)
  }
}
