import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The command line")
struct CommandLineTests {
  @Test("every verb explains itself", arguments: Fleetlog.verbs.map { $0.name })
  func help(_ verb: String) throws {
    let answer = try RunningProgram.run([verb, "--help"])
    #expect(answer.status == 0)
    #expect(answer.output.hasPrefix("usage: fleetlog \(verb)"))
  }

  @Test(
    "wrong usage exits 2 with one sentence on stderr",
    arguments: [
      ["no-such-verb"], ["ingest"], ["events", "--nonsense"], ["events", "--min-severity", "9"],
      ["events", "--limit"], ["search"], ["serve", "--port", "x"], ["events", "-x"],
      ["events", "words"], ["sessions", "two", "words"], ["ingest", "/tmp", "--order", "odd"],
    ])
  func wrongUsage(_ arguments: [String]) throws {
    let answer = try RunningProgram.run(arguments)
    #expect(answer.status == 2)
    #expect(answer.output.isEmpty)
    #expect(answer.error.split(separator: "\n").count == 1)
  }

  @Test(
    "a verb or an option that is mistyped is told with those near it",
    arguments: [
      (["evnts"], "“evnts”, near it: events: see"),
      (["help", "session"], "near it: sessions: see"),
      (["events", "--sesion", "x"], "--sesion, near it: --session: see"),
      (["qqqq"], "“qqqq”: see"), (["events", "--zzzz"], "--zzzz: see"),
    ])
  func mistyped(words: [String], said: String) throws {
    let answer = try RunningProgram.run(words)
    #expect(answer.status == 2)
    #expect(answer.error.contains(said), "\(answer.error)")
  }

  @Test(
    "help and version are there by every name that people try",
    arguments: [
      (["-h"], "usage: fleetlog VERB"), (["events", "-h"], "usage: fleetlog events"),
      (["run", "-h"], "usage: fleetlog run"), (["hook", "-h"], "usage: fleetlog hook"),
      (["version"], "fleetlog \(Fleetlog.version)"), (["-v"], "fleetlog \(Fleetlog.version)"),
    ])
  func names(words: [String], said: String) throws {
    let answer = try RunningProgram.run(words)
    #expect(answer.status == 0)
    #expect(answer.output.hasPrefix(said), "\(answer.output)\(answer.error)")
  }

  @Test(
    "a complaint names what was typed, once, and what mends it",
    arguments: [
      (["events", "--since", "soon"], "fleetlog events: --since can't be \"soon\": it takes"),
      (["backup"], "fleetlog backup: it needs one file"),
      (["events", "stale"], "fleetlog events --type stale"),
      (["events", "refused"], "fleetlog search refused"),
      (["prune", "--older-than", "90"], "can't be \"90\": a bare number says no unit"),
    ])
  func complaints(words: [String], said: String) throws {
    let answer = try RunningProgram.run(words)
    #expect(answer.status == 2)
    #expect(answer.error.contains(said), "\(answer.error)")
  }

  @Test("a project is found by its path and by the name that people call it")
  func projects() throws {
    try Fleet.with { fleet in
      for (session, folder) in [
        ("aaaa", "/home/dev/site"), ("bbbb", "/srv/site"), ("cccc", "/home/dev/other-site"),
        ("dddd", #"e:\work\tool"#), ("eeee", #"/home/dev/a\tool"#),
      ] {
        let name = folder.replacing("\\", with: "\\\\")
        try fleet.folder.write(
          "\(session).jsonl",
          #"{"type":"user","uuid":"\#(session)-1","sessionId":"\#(session)","timestamp":"2026-01-01T00:00:00.000Z","cwd":"\#(name)","message":{"role":"user","content":"said in \#(session)"}}"#
            + "\n")
      }
      try fleet.ingest()
      func found(_ verb: [String], _ project: String) throws -> [String] {
        let answer = try RunningProgram.run(
          verb + ["--project", project, "--db", fleet.database])
        return ["aaaa", "bbbb", "cccc", "dddd", "eeee"].filter { answer.output.contains($0) }
      }
      for verb in [
        ["events"], ["sessions"], ["runs"], ["workers", "--all"], ["search", "said"],
        ["events", "--type", "message.user"],
      ] {
        #expect(try found(verb, "site") == ["aaaa", "bbbb"], "\(verb)")
        #expect(try found(verb, "/srv/site") == ["bbbb"], "\(verb)")
        #expect(try found(verb, "tool") == ["dddd"], "\(verb)")
        #expect(try found(verb, #"e:\work\tool"#) == ["dddd"], "\(verb)")
      }
      let workers = try RunningProgram.run(["workers", "--all", "--db", fleet.database])
      #expect(workers.error.hasPrefix("5 known of 5 workers"), "\(workers.error)")
      let live = try RunningProgram.run(["workers", "--db", fleet.database])
      #expect(live.error.hasPrefix("0 live of 5 workers"), "\(live.error)")
      #expect(workers.output.contains("tool claude-dddd"), "\(workers.output)")
      let runs = try RunningProgram.run(["runs", "--db", fleet.database])
      #expect(runs.output.contains("  2026-01-01 00:00  "), "\(runs.output)")
      let search = try RunningProgram.run(["search", "type:blocked", "--db", fleet.database])
      #expect(search.error.contains("--type blocked"), "\(search.error)")
    }
  }

  @Test("an export that can't be written says what to do, and no name of its own")
  func unwritable() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("asked")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      let answer = try RunningProgram.run([
        "export", lines.session, "-o", "/nope/s.html", "--db", fleet.database, "--assets",
        RunningProgram.package.path,
      ])
      #expect(answer.status == 1)
      #expect(
        answer.error.contains("/nope/s.html: No such file or directory; make its folder first"))
      #expect(!answer.error.contains(".part"))
      let copy = try RunningProgram.run([
        "export", lines.session, "--format", "md", "--db", fleet.database, "--assets",
        RunningProgram.package.path,
      ])
      #expect(copy.status == 0, "\(copy.error)")
    }
  }

  @Test("a folder that can't be made for the log is said with what to do")
  func noFolder() throws {
    try Fleet.with { fleet in
      try fleet.folder.write("file", "no folder")
      let database = fleet.folder.path("file").text + "/sub/log.db"
      for verb in ["ingest", "serve"] {
        let answer = try RunningProgram.run([verb, fleet.folder.path.text, "--db", database])
        #expect(answer.status == 1)
        #expect(answer.error.contains("can't make the folder") && answer.error.contains("by hand"))
        #expect(!answer.error.contains("NSCocoaErrorDomain"), "\(answer.error)")
      }
    }
  }

  @Test("an operation that fails exits 1 and says what to do")
  func failure() throws {
    let answer = try RunningProgram.run(["events", "--db", "/nonexistent/log.db"])
    #expect(answer.status == 1)
    #expect(answer.error.contains("fleetlog ingest"))
  }

  @Test("ingest sums up as JSON, and events, search and sessions list what came in")
  func listing() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("Why are postings written twice?")
      lines.run("swift test", id: "toolu_1")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.folder.write("b.jsonl", "{}\n")
      let path = fleet.folder.path.text
      let summary = try JSONDocument(
        try RunningProgram.run(["ingest", path, "--db", fleet.database, "--json"]).output
      ).root
      #expect(summary["files"]?.int == 2)
      #expect(summary["bytes"]?.int == lines.text.utf8.count)
      #expect(summary["lines"]?.int == 2)
      #expect(summary["events_inserted"]?.int == 4)
      #expect(summary["events_existing"]?.int == 0)
      #expect(summary["validation_errors"]?.int == 0)
      let skipped = try #require(summary["skipped"]?.elements.first)
      #expect(skipped["path"]?.string?.hasSuffix("b.jsonl") == true)
      #expect(skipped["reason"]?.string?.isEmpty == false)
      #expect(summary["seconds"]?.double != nil)

      let found = try RunningProgram.run(["search", "postings", "--db", fleet.database, "--json"])
      let page = try JSONDocument(found.output).root
      #expect(page["events"]?.elements.count == 1)
      #expect(page["matched"]?.int == 1)
      let table = try RunningProgram.run(["events", "--type", "tool_call", "--db", fleet.database])
      #expect(table.output.contains("swift test"))
      let sessions = try RunningProgram.run(["sessions", "--db", fleet.database])
      #expect(sessions.output.contains(lines.session))
      #expect(try RunningProgram.run(["doctor", "--db", fleet.database]).status == 0)
    }
  }

  @Test("the beginning of a session's id will do where no other session begins so")
  func beginnings() throws {
    try Fleet.with { fleet in
      for session in ["0a1b2c3d-1111", "0a1b2c99-2222"] {
        var lines = ClaudeLines(session: session)
        lines.prompt("asked in \(session)")
        try fleet.folder.write("\(session).jsonl", lines.text)
      }
      try fleet.ingest()
      for verb in ["events", "runs"] {
        func list(_ session: String) throws -> Tool.Answer {
          try RunningProgram.run([verb, "--session", session, "--db", fleet.database])
        }
        let one = try list("0a1b2c3")
        #expect(one.output.contains("asked in 0a1b2c3d-1111"))
        #expect(!one.output.contains("0a1b2c99"))
        let both = try list("0a1b2c")
        #expect(both.status == 2)
        #expect(both.error.contains("several sessions begin with 0a1b2c"))
        #expect(try list("1b2c").error.contains("no session “1b2c”"))
      }
    }
  }

  @Test("one of a kind is told as one")
  func one() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.say("\(EventBlock.begin)\nno JSON\n\(EventBlock.end)")
      try fleet.folder.write("a.jsonl", lines.text)
      let said = try RunningProgram.run(
        ["ingest", fleet.folder.path.text, "--db", fleet.database]
      ).output
      #expect(said.hasPrefix("1 file, ") && said.contains(", 1 line in "), "\(said)")
      #expect(said.hasSuffix(", 1 refused block\n"), "\(said)")
      let forget = try RunningProgram.run(["forget", lines.session, "--db", fleet.database])
      #expect(forget.output.contains(" in 1 run with "), "\(forget.output)")
      #expect(Figures.plural(2, "link") == "2 links" && Figures.plural(0, "link") == "0 links")
    }
  }

  @Test("a name in a filter that the log has not is told, with what may have been meant")
  func unknownNames() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("Why are postings written twice?")
      lines.run("swift test", id: "toolu_1")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      func said(_ words: String...) throws -> String {
        let answer = try RunningProgram.run(words + ["--db", fleet.database])
        #expect(answer.status == 0)
        return answer.error
      }
      let mistyped = try said("events", "--type", "tool_cal")
      #expect(
        mistyped.hasPrefix(
          "the log has no event of the type “tool_cal”; near it: tool_call\n"), "\(mistyped)")
      #expect(try said("events", "--type", "tool", "--json").contains("tool_call, tool_result"))
      let strange = try said("search", "--type", "zzzzzz", "postings")
      #expect(strange.contains("message.user") && strange.contains("fleetlog contract"))
      #expect(
        try said("events", "--type", "blocked").hasPrefix(
          "the log has no event of the type “blocked” yet\n"))
      // What else a filter asks for may leave nothing of a type that is there.
      #expect(try !said("events", "--type", "tool_call", "--q", "heron").contains("the log has no"))
      let both = try said("events", "--type", "tool_call", "--type", "tool_cal")
      #expect(both.contains("“tool_cal”") && both.hasSuffix("1 of 1 events\n"), "\(both)")
      #expect(try !said("events", "--type", "tool_call").contains("the log has no"))

      let part = String(lines.session.dropFirst(2).prefix(8))
      #expect(try said("events", "--session", part).contains("near it: \(lines.session)"))
      #expect(try said("events", "--run", "77").contains("no run “77”; fleetlog runs lists them"))
      #expect(try said("events", "--tag", "ci").contains("no event with the tag “ci”"))
      for verb in ["sessions", "workers", "runs"] {
        let told = try said(verb, "--project", "edger")
        #expect(told.contains("“edger”; near it: /home/dev/ledger"), "\(told)")
        #expect(try !said(verb, "--project", "/home/dev/ledger").contains("the log has no"))
      }
      #expect(try said("runs", "--instance", "W00099").contains("no instance “W00099”"))
      #expect(try said("workers", "--agent", "claud").contains("near it: claude"))
    }
  }

  @Test("contract prints what the validator takes")
  func contract() throws {
    let answer = try RunningProgram.run(["contract"])
    #expect(answer.output.contains(EventBlock.begin))
    #expect(answer.output.contains("needs_decision"))
  }

  @Test("terminal escapes of a transcript do not reach the terminal")
  func terminalEscapes() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("\u{1B}]0;owned\u{7} \u{1B}[31mred \u{202E}reversed")
      try fleet.folder.write("a.jsonl", lines.text)
      try fleet.ingest()
      let output = try RunningProgram.run(["events", "--db", fleet.database]).output
      #expect(!output.unicodeScalars.contains("\u{1B}"))
      #expect(!output.unicodeScalars.contains("\u{7}"))
      #expect(!output.unicodeScalars.contains("\u{202E}"))
    }
  }
}
