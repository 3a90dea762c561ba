import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("A process whose memory is limited", .timeLimit(.minutes(10)))
struct MemoryLimitTests {
  /// 200 sessions of 60 kB, and an older one with a line that is written only if `line` is more
  /// than nothing: what is read last, and takes about twice its length.
  private func fill(_ fleet: Fleet, line length: Int = 0) throws {
    for number in 0..<200 {
      var lines = ClaudeLines(session: "5e551011-0000-4000-8000-000000000\(100 + number)")
      for turn in 0..<20 {
        lines.prompt("prompt \(turn) of session \(number)")
        lines.say(String(repeating: "what was said \(turn) ", count: 180))
      }
      try fleet.folder.write("\(number).jsonl", lines.text)
    }
    guard length > 0 else { return }
    var lines = ClaudeLines(session: "5e551011-0000-4000-8000-000000000999")
    lines.prompt("before the long line")
    lines.say(String(repeating: "long ", count: length / 5))
    lines.prompt("after the long line")
    try fleet.folder.write("long.jsonl", lines.text)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -86_400)],
      ofItemAtPath: fleet.folder.path("long.jsonl").text)
  }

  private func ingest(_ fleet: Fleet, launcher: [String] = []) throws -> Tool.Answer {
    try RunningProgram.run(
      ["ingest", fleet.folder.path.text, "--db", fleet.database], launcher: launcher)
  }

  /// Whether a log is what one undisturbed reading of the same files gives.
  private func expectWhole(_ fleet: Fleet) throws {
    try TemporaryFolder.with { home in
      let clean = Fleet(folder: fleet.folder, database: home.path("clean.db").text)
      #expect(try ingest(clean).status == 0)
      let found = try LogContent(database: fleet.database)
      let expected = try LogContent(database: clean.database)
      #expect(expected.tables["events"]?.count ?? 0 > 4000)
      #expect(expected.rows(notIn: found) == [])
      #expect(found.rows(notIn: expected) == [])
    }
  }

  /// Has an import run out of memory, and another one without a limit go on.
  private func runOut(_ launcher: [String]) throws {
    try Fleet.with { fleet in
      try fill(fleet, line: 90 << 20)
      let cut = try ingest(fleet, launcher: launcher)
      #expect(cut.status != 0)
      #expect(cut.error.contains(MemoryLimit.sentence), "\(cut.error.prefix(500))")
      let log = try Connection(path: fleet.database, access: .readOnly)
      let sessions = try log.first("SELECT count(*) FROM sessions") { $0.int(0) } ?? 0
      let ends = try log.first(
        "SELECT count(*) FROM events WHERE summary = 'after the long line'"
      ) { $0.int(0) }
      #expect(sessions > 0 && ends == 0, "it did not end in the middle: \(sessions) sessions")
      let rest = try ingest(fleet)
      #expect(rest.status == 0, "\(rest.error.suffix(500))")
      try expectWhole(fleet)
    }
  }

  @Test(
    "imports and shows pages within what the README says",
    .enabled(if: MemoryGroup.isPossible))
  func documented() throws {
    let group = try #require(MemoryGroup(mebibytes: 256))
    defer { group.remove() }
    try Fleet.with { fleet in
      try fill(fleet, line: 8 << 20)
      let server = try RunningServer(
        folders: [fleet.folder.path.text], database: fleet.database, launcher: group.launcher)
      _ = try server.wait(for: "after the long line", at: "/events.json?q=after+the+long+line")
      for page in ["/", "/events", "/sessions", "/runs", "/sources", "/validation", "/metrics"] {
        #expect(try server.get(page).status == 200, "\(page) does not answer")
      }
      #expect(server.stop() == 0)
      // What may still go on is written when its file has been quiet, or at an import's end.
      #expect(try ingest(fleet, launcher: group.launcher).status == 0)
      try expectWhole(fleet)
    }
  }

  @Test(
    "is killed by a control group that leaves it too little, says so before, and goes on later",
    .enabled(if: MemoryGroup.isPossible))
  func killed() throws {
    let group = try #require(MemoryGroup(mebibytes: 128))
    defer { group.remove() }
    try runOut(group.launcher)
  }

  @Test("ends where it gets no more addresses, says so before, and goes on later")
  func addresses() throws {
    try runOut(["prlimit", "--as=\(520 << 20)"])
  }

  @Test("knows the lowest limit of the control groups it is in, of either version")
  func groups() throws {
    try TemporaryFolder.with { root in
      for (folder, file, limit) in [
        ("memory/a", "memory.limit_in_bytes", "9223372036854771712"),
        ("memory/a/b", "memory.limit_in_bytes", "200000000"),
        ("user", "memory.max", "100000000"), ("user/app", "memory.max", "max"),
      ] {
        try root.makeFolder(folder)
        try root.write("\(folder)/\(file)", limit + "\n")
      }
      func low(_ membership: String, addresses: UInt64? = nil) -> [UInt64] {
        MemoryLimit.low(
          groups: MemoryLimit.groups(membership: membership, root: root.path.text),
          addresses: addresses
        ).map(\.bytes)
      }
      #expect(low("5:cpu:/x\n4:memory:/a/b\n0::/\n") == [200_000_000])
      #expect(low("4:memory:/a\n") == [])
      #expect(low("0::/user/app\n") == [100_000_000])
      #expect(low("0::/gone\n", addresses: 1000) == [1000])
      #expect(low("", addresses: 4 << 30) == [])
    }
  }
}
