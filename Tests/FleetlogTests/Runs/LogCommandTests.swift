import FleetlogTestSupport
import Foundation
import Testing

@Suite("fleetlog log")
struct LogCommandTests {
  @Test("prints the id, and existing where nothing was inserted", arguments: [false, true])
  func ids(hasServer: Bool) throws {
    try Launching.with { launching in
      let server = hasServer ? try launching.serve() : nil
      let outcome = try launching.shell(
        """
        fleetlog log progress --summary one --instance a
        fleetlog log progress --summary two --instance a --idempotency-key k
        fleetlog log progress --summary two --instance a --idempotency-key k
        fleetlog log blocked --payload '{"reason": "no disk"}' --instance a
        """)
      #expect(outcome.text == "2\n3\n3 existing\n4\n")
      #expect(outcome.status == 0)
      #expect(try launching.only("blocked").text("summary") == "Blocked: no disk")
      if let server { #expect(server.stop() == 0) }
    }
  }

  @Test("what it resolves needs nobody any more")
  func resolves() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        event=$(fleetlog log blocked --summary one --instance a)
        fleetlog log blocked --summary other --instance b
        fleetlog log decided --summary 'taken over by hand' --resolves $event --instance me
        """)
      #expect(outcome.status == 0)
      let server = try launching.serve()
      let needs = try server.get("/.json").body.components(separatedBy: #""workers":"#)[0]
      #expect(needs.contains("other") && !needs.contains(#""summary":"one""#))
      #expect(server.stop() == 0)
      let wrong = try launching.shell("fleetlog log decided --resolves the-first")
      #expect(wrong.status == 2)
      #expect(wrong.error.contains("it takes the number of an event"))
    }
  }

  @Test("a decision outside of any run is the operator's, who is no worker")
  func decides() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        event=$(fleetlog log blocked --summary one --instance a)
        fleetlog log decided --summary 'taken over by hand' --resolves $event
        fleetlog run -- fleetlog log decided --summary 'by the run'
        """)
      #expect(outcome.status == 0, "\(outcome.error)")
      let decisions = try launching.events("--type decided")
      #expect(decisions.map { $0.text("source_kind") } == ["operator", "worker"])
      #expect(decisions.map { $0.text("instance_id") } == ["operator", "W00001"])
      let json = try launching.shell("fleetlog workers --json").output
      let root = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
      let workers = try #require(root["workers"] as? [[String: Any]])
      #expect(Set(workers.compactMap { $0.text("instance_id") }).isDisjoint(with: ["operator"]))
      let blocked = try #require(workers.first { $0.text("instance_id") == "a" })
      #expect(blocked["need"] == nil || blocked["need"] is NSNull, "\(blocked)")
    }
  }

  @Test("a type that is mistyped is told with those near it")
  func mistyped() throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog log complete --instance a")
      #expect(outcome.status == 1)
      #expect(outcome.error.contains("near it: completed"), "\(outcome.error)")
    }
  }

  @Test("an event that is to be resolved and is not there is told of", arguments: [false, true])
  func resolvesNothing(hasServer: Bool) throws {
    try Launching.with { launching in
      let server = hasServer ? try launching.serve() : nil
      let outcome = try launching.shell(
        """
        event=$(fleetlog log blocked --summary one --instance a)
        fleetlog log decided --instance me --resolves $event --resolves 4711 --summary 'by hand'
        fleetlog log decided --instance me --resolves 4711 --summary again --json
        """)
      #expect(outcome.status == 0)
      #expect(outcome.error.components(separatedBy: "no other event 4711").count == 3)
      #expect(!outcome.error.contains("no other event 2 "), "\(outcome.error)")
      #expect(outcome.text.contains(#""missing_events":[4711]"#), "\(outcome.text)")
      #expect(try launching.events("--type decided").count == 2)
      if let server { #expect(server.stop() == 0) }
    }
  }

  @Test("says why an event is refused, and keeps it")
  func refused() throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog log nonsense --instance a")
      #expect(outcome.status == 1)
      #expect(outcome.error.contains("unknown event_type"))
      #expect(try launching.events("--type validation_error").count == 1)
      // At a terminal it is told, and nothing comes of it.
      let typed = try launching.shell("fleetlog log blokced")
      #expect(typed.status == 1)
      #expect(typed.error.contains("refused") && typed.error.contains("near it: blocked"))
      #expect(try launching.events("--type validation_error").count == 1)
      _ = try launching.shell("fleetlog log not.a.type")
      #expect(try launching.only("not.a.type").text("instance_id") == "operator")
      let workers = try launching.shell("fleetlog workers --all").text
      #expect(!workers.contains("log ") && !workers.contains("operator"), "\(workers)")
    }
  }

  @Test("an event of a run bears the run's name and role")
  func run() throws {
    try Launching.with { launching in
      _ = try launching.shell(
        "fleetlog run --role reviewer -- sh -c 'fleetlog log heartbeat; fleetlog log task.done'")
      let done = try launching.only("task.done")
      #expect(done.text("instance_id") == "W00001")
      #expect(done.text("role") == "reviewer")
      #expect(done.int("run_id") == 1)
    }
  }

  @Test("where no log can be reached the event waits, and the status says so")
  func dropped() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        touch no; export FLEETLOG_INBOX=$PWD/inbox
        FLEETLOG_DB=$PWD/no/log.db fleetlog log progress --summary later --instance a
        """)
      #expect(outcome.status == 3)
      #expect(outcome.text.isEmpty)
      for _ in 0..<2 { _ = try launching.shell("fleetlog ingest inbox") }
      #expect(try launching.only("progress").text("summary") == "later")
    }
  }

  @Test("takes a line for each event and answers each")
  func lines() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        printf '%s\n' '{"event_type":"progress","summary":"a","instance_id":"x"}' '{bad' \
          '{"event_type":"progress","summary":"b","instance_id":"x"}' | fleetlog log --lines
        """)
      let answers = outcome.text.split(separator: "\n")
      #expect(answers.count == 3)
      #expect(answers.first?.contains("\"status\":\"new\"") == true)
      #expect(answers.dropFirst().first?.contains("bad_json") == true)
      #expect(outcome.status == 1)
    }
  }
}

@Suite("The examples")
struct ExampleTests {
  private static var examples: String {
    RunningProgram.package.appendingPathComponent("Packaging/examples").path
  }

  @Test("a supervisor in a shell starts two workers")
  func shell() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        "fleetlog run --role supervisor -- sh \(Self.examples)/log.sh")
      #expect(outcome.status == 0)
      #expect(try launching.events("--type task.done").count == 2)
      #expect(try launching.events("--type worker.spawned").count == 2)
      #expect(
        try launching.shell("mkdir -p none && fleetlog ingest none && fleetlog tasks").text
          .contains("issue:1"))
    }
  }

  @Test("curl posts to a server")
  func post() throws {
    try Launching.with { launching in
      let server = try launching.serve()
      let outcome = try launching.shell(
        "sh \(Self.examples)/post.sh", ["FLEETLOG_URL": server.url])
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(try launching.only("blocked").text("instance_id") == "W00001")
      #expect(server.stop() == 0)
    }
  }

  @Test("a line is dropped")
  func drop() throws {
    try Launching.with { launching in
      let script = "FLEETLOG_INBOX=$PWD/inbox sh \(Self.examples)/drop.sh; fleetlog ingest inbox"
      let outcome = try launching.shell(script)
      #expect(outcome.status == 0)
      #expect(try launching.only("blocked").text("instance_id") == "nightly")
    }
  }

  @Test(
    "the Swift client logs as a run of its own, or as the one that it is in", arguments: [0, 1, 2])
  func swift(way: Int) throws {
    try Launching.with { launching in
      let server = way == 1 ? try launching.serve() : nil
      let outcome = try launching.shell(
        way == 2 ? "fleetlog run -- fleetlog-example" : "fleetlog-example")
      #expect(outcome.status == 0)
      #expect(outcome.text.contains("asked in event"), "\(outcome.text)")
      let started = try launching.only("process.started")
      for type in ["llm_call.started", "llm_call.completed", "needs_decision", "task.done"] {
        #expect(try launching.only(type).int("run_id") == started.int("id"), "\(type)")
      }
      #expect(try launching.events("--type process.exited").count == 1)
      let context = try launching.only("llm_call.started").payload["context_tokens"]
      #expect((context as? [String: Any])?.text("method") == "utf8-bytes/4")
      if let server { #expect(server.stop() == 0) }
    }
  }
}
