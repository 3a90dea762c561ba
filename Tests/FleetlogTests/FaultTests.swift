import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogIngest
@testable import FleetlogStore
@testable import fleetlog

/// Each fault is made, seen at `/healthz`, and taken back; then nothing may be lost.
@Suite("What breaks around a running server", .onItsOwnThread, .timeLimit(.minutes(10)))
struct FaultTests {
  /// A server over `a` and `b`, its log in `data`, and a first prompt that it has read.
  private struct Scene {
    let home: TemporaryFolder
    let server: RunningServer
    var lines = ClaudeLines()

    /// Writes a prompt into a transcript below the home folder.
    mutating func write(_ prompt: String, to file: String) throws {
      let start = lines.text.utf8.count
      lines.prompt(prompt)
      try home.append(file, Array(lines.text.utf8.dropFirst(start)))
    }

    func waitForEvent(_ text: String) throws {
      _ = try server.wait(for: text, at: "/events.json?type=message.user")
    }

    func expectDegraded(_ reason: String) throws {
      let health = try server.wait(for: reason, at: "/healthz.json")
      #expect(health.contains(#""status":"degraded""#))
      #expect(try server.get("/healthz").body.contains("degraded"))
      for page in ["/", "/events", "/sources", "/sessions"] {
        #expect(try server.get(page).status == 200, "\(page) does not answer")
      }
    }

    func expectRecovery() throws {
      _ = try server.wait(for: #""status":"ok""#, at: "/healthz.json")
    }
  }

  private func serving(
    launcher: [String] = [], prepare: (TemporaryFolder) throws -> Void = { _ in },
    cleanUp: (TemporaryFolder) throws -> Void = { _ in }, _ body: (inout Scene) throws -> Void
  ) throws {
    try TemporaryFolder.with { home in
      for name in ["a", "b", "data"] { try home.makeFolder(name) }
      try prepare(home)
      let server = try RunningServer(
        folders: [home.path("a").text, home.path("b").text],
        database: home.path("data/log.db").text, launcher: launcher)
      var scene = Scene(home: home, server: server)
      defer { try? cleanUp(home) }
      try scene.write("before", to: "a/s.jsonl")
      try scene.waitForEvent("before")
      try scene.expectRecovery()
      try body(&scene)
      #expect(server.stop() == 0)
    }
  }

  /// Mounting takes more than being root: containers often may not.
  private static let canMount: Bool = {
    SystemCommand.run("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt") == 0
  }()

  @Test("A full disk stops the writing only, until there is room again", .enabled(if: canMount))
  func diskFull() throws {
    func mount(_ home: TemporaryFolder) throws {
      let data = home.path("data").text
      try #require(SystemCommand.run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", data) == 0)
    }
    func unmount(_ home: TemporaryFolder) {
      SystemCommand.run("umount", "--lazy", home.path("data").text)
    }
    try serving(prepare: mount, cleanUp: unmount) { scene in
      // As much as there is room for.
      SystemCommand.run("sh", "-c", "cat /dev/zero >\(scene.home.path("data/ballast").text)")
      try scene.write("while full " + String(repeating: "x", count: 600_000), to: "a/s.jsonl")
      try scene.expectDegraded("the disk is full")
      try scene.home.remove("data/ballast")
      try scene.waitForEvent("while full")
      try scene.expectRecovery()
    }
  }

  @Test("A disk that fails to write is written again when it recovers")
  func inputOutputError() throws {
    // A limit on the size of files fails as a disk does, once its signal is ignored.
    try serving(launcher: ["sh", "-c", #"trap "" XFSZ; exec "$0" "$@""#]) { scene in
      let process = "--pid=\(scene.server.program.identifier)"
      try #require(SystemCommand.run("prlimit", process, "--fsize=4096:unlimited") == 0)
      try scene.write("while it fails", to: "a/s.jsonl")
      try scene.expectDegraded("disk I/O error")
      try #require(SystemCommand.run("prlimit", process, "--fsize=unlimited:unlimited") == 0)
      try scene.waitForEvent("while it fails")
      try scene.expectRecovery()
    }
  }

  @Test("A log that another process holds is waited for")
  func locked() throws {
    try serving { scene in
      let other = try Connection(
        path: scene.home.path("data/log.db").text, access: .readWrite)
      try other.script("BEGIN IMMEDIATE", operation: "hold the log")
      try scene.write("while locked", to: "a/s.jsonl")
      try scene.expectDegraded("another process holds the database")
      try other.script("ROLLBACK", operation: "let the log go")
      try scene.waitForEvent("while locked")
      try scene.expectRecovery()
    }
  }

  @Test("A folder that vanishes is missed, and read on when it is back; the others go on")
  func vanishedFolder() throws {
    try serving { scene in
      try scene.home.move("a", to: "elsewhere")
      try scene.expectDegraded("/a is not there")
      _ = try scene.server.wait(for: #""state":"gone""#, at: "/sources.json")
      var other = ClaudeLines(session: "5e551011-0000-4000-8000-00000000000b")
      other.prompt("in the other folder")
      try scene.home.write("b/t.jsonl", other.text)
      try scene.waitForEvent("in the other folder")
      try scene.write("while away", to: "elsewhere/s.jsonl")
      try scene.home.move("elsewhere", to: "a")
      try scene.waitForEvent("while away")
      try scene.expectRecovery()
      let before = try scene.server.get("/events.json?type=message.user").body
      #expect(before.components(separatedBy: #""summary":"before""#).count == 2)
    }
  }

  /// Starts a program as somebody whom permissions hold; empty where this process is that already,
  /// nil where there is no way.
  private static let powerless: [String]? = {
    guard getuid() == 0 else { return [] }
    let launcher = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    // It must also be able to reach the program and its files, which may stand in a closed folder.
    let question = ["doctor", "--db", "/nonexistent", "--assets", RunningProgram.package.path]
    guard let answer = try? RunningProgram(question, launcher: launcher), answer.exitStatus() == 0
    else { return nil }
    return launcher
  }()

  private static func giveAway(_ home: TemporaryFolder) throws {
    try home.setMode("", 0o777)
    guard getuid() == 0 else { return }
    try #require(SystemCommand.run("chown", "-R", "65534:65534", home.path.text) == 0)
  }

  @Test(
    "A file that may not be read any more is named, and read when it may be again",
    .enabled(if: powerless != nil))
  func permission() throws {
    try serving(launcher: Self.powerless ?? [], prepare: Self.giveAway) { scene in
      // Root's umask decides who may read what the test writes.
      try scene.home.setMode("a/s.jsonl", 0)
      try scene.write("while denied", to: "a/s.jsonl")
      try scene.expectDegraded("permission denied")
      let sources = try scene.server.get("/sources").body
      #expect(sources.contains("permission denied"))
      try scene.home.setMode("a/s.jsonl", 0o644)
      try scene.waitForEvent("while denied")
      try scene.expectRecovery()
    }
  }

  @Test(
    "A log that may not be written is refused with its mend", .enabled(if: powerless != nil))
  func readOnlyLog() throws {
    try TemporaryFolder.with { home in
      try home.makeFolder("a")
      let database = home.path("log.db").text
      #expect(
        try RunningProgram.run(["ingest", home.path("a").text, "--db", database]).status == 0)
      try Self.giveAway(home)
      for file in ["log.db", "log.db-search", "log.db-writer"] { try home.setMode(file, 0o444) }
      let refused = try RunningProgram.run(
        ["ingest", home.path("a").text, "--db", database], launcher: Self.powerless ?? [])
      #expect(refused.status == 1)
      #expect(refused.error.contains("log.db"))
      #expect(refused.error.contains("may be written"))
    }
  }

  @Test(
    "A mount that hangs is named and holds up nobody else; when it answers it is read on",
    .enabled(if: HangingMount.isPossible))
  func hangingMount() throws {
    try TemporaryFolder.with { elsewhere in
      var mount: HangingMount?
      defer { mount?.end() }
      func prepare(_ home: TemporaryFolder) throws {
        try home.makeFolder("a/mounted")
        mount = try HangingMount(of: elsewhere.path, at: home.path("a/mounted"))
      }
      try serving(prepare: prepare, cleanUp: { _ in mount?.end() }) { scene in
        let mount = try #require(mount)
        var far = ClaudeLines(session: "5e551011-0000-4000-8000-00000000000f")
        far.prompt("from afar")
        try elsewhere.write("t.jsonl", far.text)
        try scene.waitForEvent("from afar")
        mount.hang()
        let before = far.text.utf8.count
        far.prompt("while it hung")
        try elsewhere.append("t.jsonl", Array(far.text.utf8.dropFirst(before)))
        try scene.expectDegraded("has not answered for")
        let farEvent = try scene.server.get("/events.json?q=afar&limit=1").body
        let id = try #require(farEvent.firstMatch(of: /"id":(\d+)/)).1
        #expect(try scene.server.get("/events/\(id)").status == 200)
        try scene.write("from near by", to: "a/s.jsonl")
        try scene.waitForEvent("from near by")
        mount.answer()
        try scene.waitForEvent("while it hung")
        try scene.expectRecovery()
      }
    }
  }

  @Test(
    "A process whose mount hangs still ends when it is asked to",
    .enabled(if: HangingMount.isPossible))
  func stopWhileHanging() throws {
    try TemporaryFolder.with { home in
      for name in ["far", "mounted"] { try home.makeFolder(name) }
      let mount = try HangingMount(of: home.path("far"), at: home.path("mounted"))
      defer { mount.end() }
      mount.hang()
      let server = try RunningServer(
        folders: [home.path("mounted").text], database: home.path("log.db").text)
      #expect(try server.get("/events").status == 200)
      #expect(server.stop() == 0)
    }
  }

  @Test("A folder that is not listed within ten seconds is said to be on a mount that may hang")
  func slowListing() {
    var status = WatchStatus()
    status.listing = WatchStatus.Listing(folder: FilePath("/mnt/far"), forMs: 61_000)
    #expect(
      Health.sentences(status) == ["/mnt/far has not answered for 61 s: its mount may hang."])
    status.listing = WatchStatus.Listing(folder: FilePath("/mnt/far"), forMs: 900)
    #expect(Health.sentences(status).isEmpty)
  }
}
