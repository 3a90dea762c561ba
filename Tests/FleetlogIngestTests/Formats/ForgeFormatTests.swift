import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("A forge-loop runner's records")
struct ForgeFormatTests {
  private static func read(_ lines: [String]) -> FormatOutput {
    FormatRun.read(ForgeFormat.self, Array(lines.joined(separator: "\n").utf8), modifiedAt: 1000)
  }

  /// What lines come to, the starts of runs left out.
  private static func drafts(_ lines: String...) -> [EventDraft] {
    read(lines).drafts.filter { $0.type != .processStarted }
  }

  private static func types(_ line: String) -> [String] { drafts(line).map(\.type.rawValue) }

  private static func record(_ kind: String, _ fields: String) -> String {
    #"{"ts":"2026-03-03T09:00:00+00:00","kind":"\#(kind)"\#(fields.isEmpty ? "" : "," + fields)}"#
  }

  private static let cases = Fixtures.cases("forge-loop", ending: ".jsonl")

  @Test("come to the events that were approved", arguments: cases)
  func goldens(name: String) throws {
    let output = FormatRun.read(
      ForgeFormat.self, try Fixtures.bytes("forge-loop/\(name).jsonl"), modifiedAt: 1000)
    try Golden.verify(Golden.events(output), against: "forge-loop/\(name).events.json")
  }

  @Test("come to the same line by line, under any name", arguments: cases)
  func chunks(name: String) throws {
    let bytes = try Fixtures.bytes("forge-loop/\(name).jsonl")
    let whole = FormatRun.read(ForgeFormat.self, bytes)
    let pieces = FormatRun.read(ForgeFormat.self, bytes, path: "/b/x.jsonl", restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test(
    "become what the table of milestones says",
    arguments: [
      ("tick_start", #""tick":7,"issues":[1]"#, ["tick.started"]),
      ("tick_done", #""tick":7,"outcomes":[]"#, ["tick.completed"]),
      ("po_done", #""tick":7,"expanded":[1,2]"#, ["task.planned", "task.planned"]),
      ("worker_started", #""issue":1"#, ["task.dispatched"]),
      ("worker_start", #""issue":1"#, ["task.dispatched"]),
      ("worker_session_transition", #""issue":1,"new_state":"running""#, ["task.dispatched"]),
      (
        "worker_session_transition",
        #""issue":1,"new_state":"awaiting_critic","pr_url":"https://x.org/pull/1""#,
        ["task.dispatched", "pr.opened"]
      ),
      (
        "worker_session_transition", #""issue":1,"new_state":"awaiting_critic""#,
        ["task.dispatched"]
      ),
      ("worker_iteration_attempt", #""issue":1,"attempt":2"#, ["task.dispatched"]),
      ("watchdog_worker_stuck", #""issue":1"#, ["stale"]),
      ("watchdog_worker_killed", #""issue":1"#, ["worker.crashed"]),
      ("stage_timeout", #""issue":1,"stage":"worker""#, ["task.failed"]),
      ("stage_error", #""issue":1,"stage":"worker""#, ["task.failed"]),
      ("stage_timeout", #""issue":1,"stage":"critic""#, ["worker.observation"]),
      ("stage_error", #""issue":1,"stage":"critic""#, ["worker.observation"]),
      ("critic_verdict_merged", #""issue":1"#, ["critique.issued"]),
      ("critic_verdict_blocked", #""issue":1"#, ["critique.issued", "merge.blocked"]),
      ("critic_verdict_revising", #""issue":1"#, ["critique.issued"]),
      ("critic_verdict_unknown", #""issue":1"#, ["critique.issued"]),
      ("post_critic_automerge_enabled", #""issue":1"#, ["pr.merged"]),
      ("post_critic_automerge_failed", #""issue":1"#, ["merge.blocked"]),
      ("worker_work_rescued", #""issue":1"#, ["task.compensated"]),
      ("worktree_reaped", #""issue":1"#, ["worktree.reaped"]),
      ("loop_drift_halt", "", ["loop.halted"]), ("deploy_drift_halt", "", ["loop.halted"]),
      ("max_ticks_reached", "", ["loop.halted"]), ("loop_stop", "", ["loop.halted"]),
      ("worker_failed", #""issue":1"#, ["task.failed"]),
      ("worker_iterations_exhausted", #""issue":1"#, ["task.failed"]),
      ("anything_else", #""issue":1"#, ["worker.observation"]),
    ])
  func milestones(kind: String, fields: String, expected: [String]) {
    #expect(Self.types(Self.record(kind, fields)) == expected)
  }

  @Test(
    "end a task by the status of its outcome",
    arguments: [
      ("merged", ["pr.opened", "task.completed", "pr.merged"]),
      ("open", ["pr.opened", "task.completed"]), ("failed", ["pr.opened", "task.failed"]),
      ("no_pr", ["pr.opened", "task.failed"]), ("timeout", ["pr.opened", "task.failed"]),
      ("stale", ["pr.opened", "task.failed"]), ("budget_exceeded", ["pr.opened", "task.failed"]),
      ("compensated", ["pr.opened", "task.compensated"]), ("melted", ["pr.opened"]),
    ])
  func outcomes(status: String, expected: [String]) throws {
    let outcome = #"{"issue":5,"status":"\#(status)","pr_url":"https://x.org/pull/3"}"#
    let drafts = Self.drafts(Self.record("tick_done", #""tick":7,"outcomes":[\#(outcome)]"#))
    #expect(drafts.map(\.type.rawValue) == ["tick.completed"] + expected)
    for draft in drafts.dropFirst() {
      #expect(draft.tags == ["issue:5", "tick:7"])
      #expect(draft.payload.text.contains(#""status":"\#(status)""#))
      #expect(draft.payload.text.contains(#""saga_id":"tick:7""#))
      #expect(draft.artifacts.map(\.url) == ["https://x.org/pull/3"])
    }
  }

  @Test("say of a stuck or killed worker what they know for sure")
  func explicitEvidence() throws {
    for kind in ["watchdog_worker_stuck", "watchdog_worker_killed"] {
      let draft = try #require(Self.drafts(Self.record(kind, #""issue":1,"idle_s":615"#)).first)
      #expect(draft.confidence == 0.95 && draft.attentionCandidate)
    }
  }

  @Test("take auto-merge for a merge only until one is seen")
  func automerge() throws {
    let url = "https://x.org/pull/3"
    let drafts = Self.drafts(
      Self.record("post_critic_automerge_enabled", #""issue":5,"pr":"\#(url)""#),
      Self.record(
        "tick_done", #""tick":1,"outcomes":[{"issue":5,"status":"merged","pr_url":"\#(url)"}]"#))
    let merges = drafts.filter { $0.type.rawValue == "pr.merged" }
    #expect(merges.map(\.confidence) == [0.7, nil])
    #expect(merges.map(\.version) == [1, 2] && Set(merges.map(\.dedupeKey)).count == 1)
  }

  @Test("with a tick or an issue of 0 are about tick 0 and issue 0")
  func zero() throws {
    let draft = try #require(
      Self.drafts(Self.record("worker_started", #""tick":0,"issue":0"#)).first)
    #expect(draft.tags == ["issue:0", "tick:0"])
    let absent = try #require(Self.drafts(Self.record("worker_started", #""worktree":"/w""#)).first)
    #expect(absent.tags == [] && absent.run.key == "run:forge-loop")
    #expect(draft.idempotencyKey != absent.idempotencyKey)
  }

  @Test("may hold their numbers as strings")
  func strings() throws {
    let plain = Self.drafts(Self.record("worker_started", #""tick":7,"issue":41"#))
    let text = Self.drafts(Self.record("worker_started", #""tick":"7","issue":" 41 ""#))
    let number = Self.drafts(Self.record("worker_started", #""tick":7.0,"number":41"#))
    #expect(plain.map(\.idempotencyKey) == text.map(\.idempotencyKey))
    #expect(plain.map(\.idempotencyKey) == number.map(\.idempotencyKey))
    #expect(text.first?.tags == ["issue:41", "tick:7"])
  }

  @Test("of two workers, alike but for the worker, stay two")
  func workers() {
    let names = [
      "session_id", "worker_id", "worker", "thread_id", "log_path", "worktree", "branch",
    ]
    for name in names {
      let drafts = Self.drafts(
        Self.record("worker_iteration", #""issue":1,"\#(name)":"a""#),
        Self.record("worker_iteration", #""issue":1,"\#(name)":"b""#))
      #expect(Set(drafts.map(\.idempotencyKey)).count == 2, "\(name)")
    }
  }

  @Test("of one worker's two transitions stay two")
  func transitions() {
    func line(_ prior: String, _ new: String) -> String {
      Self.record(
        "worker_session_transition",
        #""session_id":"w","issue":1,"prior_state":"\#(prior)","new_state":"\#(new)""#)
    }
    let drafts = Self.drafts(line("", "dispatched"), line("dispatched", "running"))
    #expect(Set(drafts.map(\.idempotencyKey)).count == 2)
  }

  @Test("that say the same are one, wherever they stand and however they were written")
  func sameFact() {
    let one =
      #"{"ts":"2026-03-03T09:00:00+00:00","kind":"redeploy","ok":true,"tick":2,"n":[1,{"a":"é"}]}"#
    let other =
      #"{ "kind": "redeploy", "n": [1, {"a": "\u00e9"}], "tick": "2", "ok": true, "ts": "2026-03-03T10:00:00.000+01:00" }"#
    let different = one.replacing("true", with: "false")
    let drafts = Self.drafts(one, Self.record("tick_idle", ""), other, different)
    #expect(drafts[0].idempotencyKey == drafts[2].idempotencyKey)
    #expect(drafts[0].idempotencyKey != drafts[3].idempotencyKey)
  }

  @Test("that are empty, or no records, come to nothing but a note")
  func empty() {
    #expect(Self.read([]).drafts.isEmpty && Self.read([]).problems.isEmpty)
    let output = Self.read(["[]", "7", "{}", #"{"ts":1}"#, #"{"kind":null}"#, "{"])
    #expect(output.drafts.isEmpty)
    #expect(output.problems.map(\.kind) == Array(repeating: .skipped, count: 6))
  }

  @Test("never take Fleetlog's own names from a record")
  func ownNames() throws {
    let draft = try #require(
      Self.drafts(
        Self.record(
          "worker_started",
          #""issue":1,"legacy_kind":"x","task_id":"issue:9","worker":"w","_version":9,"_ts_from":"x""#
        )
      ).first)
    #expect(
      draft.payload.text
        == #"{"legacy_kind":"worker_started","task_id":"issue:1","issue":1,"worker":"w"}"#)
  }

  @Test("are told from other records by their kind, else by the name of the file")
  func detection() {
    func format(_ line: String, path: String) -> String? {
      FormatCatalogue.detect(FormatCatalogue.sample(path: path, lines: [Array(line.utf8)]))?.name
    }
    let known = Self.record("tick_start", "")
    let odd = Self.record("bug_found", "")
    #expect(format(known, path: "/a/x.jsonl") == "forge-loop")
    #expect(format(odd, path: "/a/sprint-events.jsonl") == "forge-loop")
    #expect(format(odd, path: "/a/docs/ops/loop-runner-events.jsonl.1") == "forge-loop")
    #expect(format(odd, path: "/a/x.jsonl") == nil)
    #expect(
      format(#"{"seq":1,"ts":"2026-03-03T09:00:00Z","kind":"turn_start"}"#, path: "/a/x.jsonl")
        != "forge-loop")
    let summary = #"{"ts":"2026-03-03T09:00:00Z","tick":1,"total":0,"merged":[],"failed":[]}"#
    #expect(format(summary, path: "/a/loop-runner-summaries.jsonl") == "forge-loop")
    #expect(format(summary, path: "/a/x.jsonl") == nil)
  }
}
