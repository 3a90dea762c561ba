import FleetlogEvents
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@Suite("fleetlog run")
struct RunCommandTests {
  @Test(
    "ends as the command ends",
    arguments: [
      ("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137), ("kill -SEGV $$", 139),
    ])
  func status(script: String, status: Int32) throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog run -- sh -c '\(script)'")
      #expect(outcome.status == status)
      let ended = try launching.only("process.exited").payload
      if status < 128 {
        #expect(ended.int("exit_code") == Int(status))
        #expect(try launching.events("--type worker.crashed").isEmpty)
      } else {
        #expect(ended.text("signal") == (status == 137 ? "SIGKILL" : "SIGSEGV"))
        #expect(try launching.events("--type worker.crashed").count == 1)
      }
    }
  }

  @Test("a run that nobody named shows its command beside its number, wherever runs are listed")
  func commands() throws {
    try Launching.with { launching in
      _ = try launching.shell(
        """
        fleetlog run --role supervisor -- sh -c 'fleetlog run -- sleep 0; echo Done here'
        fleetlog run --instance named -- true
        """)
      let runs = try launching.shell("fleetlog runs").text
      for line in ["W00001: sh -c fleetlog run -- sleep 0;", "  W00002: sleep 0 ", "named: true"] {
        #expect(runs.contains(line), "\(runs)")
      }
      let workers = try launching.shell("fleetlog workers --all").text
      #expect(workers.contains("W00001 sh -c fleetlog run"), "\(workers)")
      #expect(workers.contains("W00002 sleep 0 "), "\(workers)")
      let server = try launching.serve()
      let list = try server.get("/workers?all=1").body
      #expect(list.contains("worker · sleep 0") && list.contains("supervisor · sh -c"))
      #expect(try server.get("/runs").body.contains("sleep 0"))
      for twin in ["/runs.json", "/workers.json?all=1"] {
        #expect(try server.get(twin).body.contains(#""title":"sleep 0""#), "\(twin)")
      }
      #expect(server.stop() == 0)
    }
  }

  @Test("a command that is not there is told as a shell tells it, and in the log")
  func missing() throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog run -- /nowhere/program")
      #expect(outcome.status == 127)
      #expect(outcome.error.contains("can't be started"))
      #expect(try launching.only("process.exited").payload.int("exit_code") == 127)
      // Nobody sits at a terminal that would have shown it. Whoever reads draws the conclusions.
      _ = try launching.shell("mkdir -p none && fleetlog ingest none")
      let asking = try launching.events("--attention").map { $0.text("summary") }
      #expect(asking == ["“/nowhere/program” ended with status 127"])
    }
  }

  @Test("input, output and errors go through byte for byte and apart")
  func bytes() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        head -c 3000000 /dev/urandom > in.bin
        fleetlog run -- sh -c 'cat; printf "no newline" >&2' < in.bin > out.bin 2> err.txt
        cmp in.bin out.bin && printf '%s' "$(cat err.txt)"
        """)
      #expect(outcome.status == 0)
      #expect(outcome.text == "no newline")
    }
  }

  @Test("what is written is kept with the run, and the events in it are taken")
  func capture() throws {
    try Launching.with { launching in
      _ = try launching.shell(
        """
        fleetlog run -- sh -c '
          echo "<!--HAPI_EVENTS_BEGIN-->"
          echo "{\\"schema_version\\":1,\\"events\\":[{\\"event_type\\":\\"blocked\\",\\"summary\\":\\"CI is down\\"}]}"
          echo "<!--HAPI_EVENTS_END-->"
          echo "{\\"event_type\\":\\"progress\\",\\"summary\\":\\"half\\"}"
          printf "the end"'
        fleetlog ingest inbox
        fleetlog ingest inbox
        """)
      let started = try launching.only("process.started")
      for type in ["blocked", "progress"] {
        let event = try launching.only(type)
        #expect(event.int("run_id") == started.int("id"))
        #expect(event.text("instance_id") == "W00001")
        #expect(event["source_file_id"] as? Int != nil)
      }
    }
  }

  @Test("a run that is told to a server is not told again by its files, in any order")
  func rebuilt() throws {
    try Launching.with { launching in
      _ = try launching.shell(
        """
        fleetlog run --instance first -- sh -c 'fleetlog run -- sh -c "echo deep; exit 3"'
        FLEETLOG_DB=$PWD/other.db fleetlog ingest inbox
        """)
      let json = try launching.shell("fleetlog events --db other.db --type process.started --json")
        .text
      // The other log learns of the inner run by its output alone, under the name that it had.
      #expect(json.contains("W00001"))
    }
  }

  @Test("a reader that goes away is noticed by the command as without us")
  func closedOutput() throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog run -- yes | head -n 2; sleep 0.1")
      #expect(outcome.text == "y\ny\n")
      let ended = try launching.only("process.exited").payload
      #expect(ended.text("signal") == "SIGPIPE")
      #expect(try launching.events("--type worker.crashed").isEmpty)
    }
  }

  @Test("a signal is passed on once, and the command's answer to it is the status")
  func signals() throws {
    try Launching.with { launching in
      let started = try launching.start(
        """
        exec fleetlog run -- sh -c '
          trap "echo got >> got.txt; exit 9" TERM
          echo ready > ready.txt
          while :; do sleep 0.05; done'
        """)
      _ = try launching.wait(for: "ready.txt")
      kill(started.process.processIdentifier, SIGTERM)
      #expect(started.finish().status == 9)
      #expect(try launching.wait(for: "got.txt") == "got")
      let ended = try launching.only("process.exited").payload
      #expect(ended.int("exit_code") == 9)
      #expect(ended["requested"] as? Bool == true)
      #expect(try launching.events("--type failed").isEmpty)
    }
  }

  @Test("a run that is stopped stops with its command, and both go on")
  func stopped() throws {
    try Launching.with { launching in
      let started = try launching.start(
        """
        exec fleetlog run -- sh -c '
          trap "echo went on > on.txt; exit 3" USR1
          echo $$ > pid.txt
          while :; do sleep 0.05; done'
        """)
      let run = started.process.processIdentifier
      let command = try #require(Int32(try launching.wait(for: "pid.txt")))
      kill(run, SIGTSTP)
      #expect(launching.wait(for: command, in: "T"))
      #expect(launching.wait(for: run, in: "T"))
      kill(run, SIGCONT)
      #expect(launching.wait(for: command, in: "S"))
      kill(run, SIGUSR1)
      #expect(started.finish().status == 3)
      #expect(try launching.wait(for: "on.txt") == "went on")
    }
  }

  @Test("runs at the same time have names of their own, without a gap")
  func concurrent() throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        "for i in $(seq 50); do fleetlog run -- sh -c 'exit 0' & done; wait; echo done")
      #expect(outcome.text == "done\n")
      let names = try launching.events("--type process.started").compactMap {
        $0.text("instance_id")
      }
      #expect(names.sorted() == (1...50).map { String(format: "W%05d", $0) })
      #expect(try launching.events("--type process.exited").count == 50)
    }
  }

  @Test(
    "without a log to be reached the run waits in the drop folder and is told once, whichever of its files is read first",
    arguments: [false, true])
  func unreachable(isInnerFirst: Bool) throws {
    try Launching.with { launching in
      let outcome = try launching.shell(
        """
        mkdir no; touch no/log.db; chmod 000 no/log.db
        export FLEETLOG_DB=$PWD/no/dir/log.db FLEETLOG_INBOX=$PWD/inbox
        touch no/dir
        fleetlog run -- sh -c 'fleetlog run -- true; exit 4'
        """)
      #expect(outcome.status == 4)
      #expect(outcome.error.contains("no log can be reached"))
      // The newest is read first, and a tick of the clock may hold the ends of both.
      _ = try launching.shell(
        """
        cd inbox/runs
        inner=$(grep -l 'Started a worker' *.jsonl) outer=$(grep -L 'Started a worker' *.jsonl)
        touch -d '2 hours ago' *; touch -d '1 hour ago' $\(isInnerFirst ? "inner" : "outer")
        """)
      for _ in 0..<2 { _ = try launching.shell("fleetlog ingest inbox") }
      // What stood for a start that was not read yet is superseded by it.
      let log = try EventLog(path: launching.database)
      let starts = try launching.events("--type process.started").filter { start in
        let id = try #require(start.int("id"))
        let links = try #require(try log.event(Int64(id))).links
        return !links.contains { $0.relation == .supersedes && $0.direction == .incoming }
      }
      #expect(starts.count == 2)
      #expect(Set(starts.compactMap { $0.text("instance_id") }) == ["W00001", "W00002"])
      let root = try #require(starts.first { $0["parent_run_id"] as? Int == nil })
      let inner = try #require(starts.first { $0["parent_run_id"] as? Int != nil })
      #expect(inner.int("parent_run_id") == root.int("run_id"))
      #expect(try launching.events("--type process.exited").count == 2)
    }
  }

  @Test(
    "wrong use is told and nothing is started", arguments: ["", "--role", "--nonsense x -- true"])
  func misuse(words: String) throws {
    try Launching.with { launching in
      let outcome = try launching.shell("fleetlog run \(words)")
      #expect(outcome.status == 2)
      #expect(outcome.error.hasPrefix("fleetlog run: "))
    }
  }
}
