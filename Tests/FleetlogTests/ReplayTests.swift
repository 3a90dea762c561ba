import FleetlogDerive
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("A replay of the raw events")
struct ReplayTests {
  /// A log in which every kind of thing is derived.
  private static func withLog(_ body: (Fleet) throws -> Void) throws {
    try Fleet.with { fleet in
      for name in ["one-root-five-symptoms", "silent-after-risk", "flood", "resumed-silence"] {
        try fleet.folder.makeFolder(name)
        for file in Fixtures.cases("\(Scenario.folder)/\(name)", ending: ".jsonl") {
          let path = "\(name)/\(file).jsonl"
          try fleet.folder.write(path, Fixtures.bytes("\(Scenario.folder)/\(path)"))
        }
      }
      try fleet.ingest()
      try body(fleet)
    }
  }

  private static func differences(_ fleet: Fleet) throws -> [Replay.Difference] {
    try Replay.run(
      log: fleet.database, scratch: fleet.folder.path("scratch.db").text,
      synthesize: Synthesizer(), project: SessionReducer.apply, now: Clock.now()
    ).differences
  }

  @Test("finds no difference in an untouched log, also by the command")
  func untouched() throws {
    try Self.withLog { fleet in
      #expect(try Self.differences(fleet).isEmpty)
      let run = try RunningProgram.run(["replay", "--check", "--db", fleet.database])
      #expect(run.status == 0)
      #expect(run.output.contains("no difference"))
    }
  }

  @Test(
    "finds a single derived row that was altered by hand",
    arguments: [
      "UPDATE events SET summary = 'all is well' WHERE event_type = 'stale' AND id = "
        + "(SELECT min(id) FROM events WHERE event_type = 'stale')",
      "UPDATE events SET confidence = 0.5 WHERE event_type = 'alarm_flood'",
      "UPDATE worker_states SET facts = json_set(facts, '$.turn', 'failed') "
        + "WHERE run_id = (SELECT min(run_id) FROM worker_states)",
      "UPDATE events SET attention_candidate = 1 - attention_candidate "
        + "WHERE event_type = 'alarm_flood'",
      "UPDATE events SET ts = ts + 1 WHERE event_type = 'commit_pushed'",
      "UPDATE events SET payload_json = json_set(payload_json, '$.evidence', json_array(1)) "
        + "WHERE event_type = 'stale'",
      "UPDATE events SET idempotency_key = 'inferred:silence:nothing' WHERE event_type = 'stale' "
        + "AND id = (SELECT min(id) FROM events WHERE event_type = 'stale')",
      "DELETE FROM event_links WHERE id = "
        + "(SELECT min(id) FROM event_links WHERE relation_type = 'blocked_by')",
      "DELETE FROM event_links WHERE id = (SELECT min(l.id) FROM event_links l JOIN events e "
        + "ON e.id = l.from_event_id WHERE e.event_type = 'stale')",
      "UPDATE event_links SET metadata_json = json_set(metadata_json, '$.confidence', 0.1) "
        + "WHERE id = (SELECT min(id) FROM event_links WHERE relation_type = 'resolves')",
      "INSERT INTO event_links (from_event_id, to_event_id, relation_type, created_at, "
        + "metadata_json) VALUES (1, 3, 'resolves', 0, '{\"by\":\"rule\",\"rule\":\"answer/1\"}')",
      "UPDATE sessions SET prompts = prompts + 1 WHERE id = (SELECT min(id) FROM sessions)",
      "UPDATE event_totals SET events = events + 1 WHERE event_type = 'blocked'",
      "UPDATE runs SET events = events + 1 WHERE id = (SELECT min(id) FROM runs)",
    ])
  func altered(_ sql: String) throws {
    try Self.withLog { fleet in
      try Connection(path: fleet.database, access: .readWrite).script(sql, operation: "tamper")
      #expect(try !Self.differences(fleet).isEmpty)
      let run = try RunningProgram.run(["replay", "--check", "--db", fleet.database])
      #expect(run.status == 1)
    }
  }
}
