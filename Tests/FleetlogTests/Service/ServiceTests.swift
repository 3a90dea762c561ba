import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("fleetlog service")
struct ServiceTests {
  /// A home folder with a systemctl in it that notes what it is asked.
  private struct Home {
    let folder: TemporaryFolder

    static func with(_ body: (Home) throws -> Void) throws {
      try TemporaryFolder.with { folder in
        try folder.makeFolder("bin")
        try folder.write(
          "bin/systemctl",
          "#!/bin/sh\necho \"$@\" >>\(folder.path("asked").text)\n"
            + "case \"$*\" in *is-active*) echo active;; esac\n")
        try folder.setMode("bin/systemctl", 0o755)
        try body(Home(folder: folder))
      }
    }

    var unit: String { folder.path(".config/systemd/user/fleetlog.service").text }
    var text: String? { try? String(contentsOfFile: unit, encoding: .utf8) }
    var asked: [String] {
      ((try? String(contentsOfFile: folder.path("asked").text, encoding: .utf8)) ?? "")
        .split(separator: "\n").map(String.init)
    }

    func run(_ words: String...) throws -> (output: String, error: String, status: Int32) {
      try RunningProgram.run(
        ["service"] + words,
        launcher: [
          "-i", "HOME=\(folder.path.text)", "PATH=\(folder.path("bin").text):/usr/bin:/bin",
          "FLEETLOG_ASSETS=\(RunningProgram.package.path)",
        ])
    }
  }

  @Test("install writes the unit, makes the data folder and has it started")
  func install() throws {
    try Home.with { home in
      let result = try home.run("install", "--", "--port", "7461", "/logs of mine/100%")
      #expect(result.status == 0, "\(result.error)")
      let text = try #require(home.text)
      #expect(text.contains("--port 7461 \"/logs of mine/100%%\"\n"))
      #expect(text.contains("ReadWritePaths=-%h/.local/share/fleetlog\n"))
      #expect(
        home.asked == [
          "--user daemon-reload", "--user enable fleetlog.service",
          "--user restart fleetlog.service",
        ])
      var isFolder: ObjCBool = false
      #expect(
        FileManager.default.fileExists(
          atPath: home.folder.path(".local/share/fleetlog").text, isDirectory: &isFolder)
          && isFolder.boolValue)
      let status = try home.run("status")
      #expect(status.status == 0)
      #expect(status.output.contains("state: active"))
    }
  }

  @Test("a log elsewhere is named to the service, which may write to its folder")
  func otherLog() throws {
    try Home.with { home in
      let log = home.folder.path("data/x.db").text
      #expect(try home.run("install", "--db", log).status == 0)
      let text = try #require(home.text)
      #expect(text.contains("--db \(log)"))
      #expect(text.contains(" -\(home.folder.path("data").text)\n"))
    }
  }

  @Test("--dry-run shows the unit and changes nothing")
  func dryRun() throws {
    try Home.with { home in
      let result = try home.run("install", "--dry-run")
      #expect(result.status == 0)
      #expect(result.output.contains("ProtectSystem=strict"))
      #expect(home.text == nil)
      #expect(home.asked == [])
    }
  }

  @Test("uninstall stops the service and removes the unit, and leaves the log")
  func uninstall() throws {
    try Home.with { home in
      try #require(try home.run("install").status == 0)
      try home.folder.write(".local/share/fleetlog/fleetlog.db", "a log")
      #expect(try home.run("uninstall", "--dry-run").status == 0)
      #expect(home.text != nil)
      #expect(try home.run("uninstall").status == 0)
      #expect(home.text == nil)
      #expect(home.asked.contains("--user disable --now fleetlog.service"))
      #expect(
        FileManager.default.fileExists(
          atPath: home.folder.path(".local/share/fleetlog/fleetlog.db").text))
      #expect(try home.run("status").status == 1)
      #expect(try home.run("uninstall").status == 0)
    }
  }

  @Test("uninstall disables the package's own unit where that is enabled")
  func packageUnit() throws {
    try Home.with { home in
      let wants = home.folder.path(".config/systemd/user/default.target.wants").text
      try FileManager.default.createDirectory(atPath: wants, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: wants + "/fleetlog.service",
        withDestinationPath: "/usr/lib/systemd/user/fleetlog.service")
      #expect(try home.run("uninstall", "--dry-run").status == 0)
      #expect(home.asked.isEmpty)
      #expect(try home.run("uninstall").status == 0)
      #expect(home.asked == ["--user disable --now fleetlog.service"])
    }
  }

  @Test("a unit that somebody else wrote is left alone")
  func foreignUnit() throws {
    try Home.with { home in
      try home.folder.makeFolder(".config/systemd/user")
      try home.folder.write(".config/systemd/user/fleetlog.service", "[Service]\n")
      for verb in ["install", "uninstall"] {
        let result = try home.run(verb)
        #expect(result.status == 1)
        #expect(result.error.contains("did not write"))
      }
      #expect(home.text == "[Service]\n")
    }
  }

  @Test("options that serve does not know are refused before anything is written")
  func wrongOptions() throws {
    try Home.with { home in
      let statuses = [try home.run("install", "--", "--prot", "1"), try home.run("start")]
      #expect(statuses.map(\.status) == [2, 2])
      #expect(home.text == nil)
    }
  }

  @Test("a word with a line break can't become a line of the unit")
  func control() {
    #expect(throws: Failure.self) {
      try ServiceUnit(scope: .user, command: ["fleetlog", "a\nExecStartPre=/bin/x"]).text()
    }
  }

  @Test("the units in Packaging are those that the program writes")
  func packaged() throws {
    for (scope, file) in [
      (ServiceUnit.Scope.user, "fleetlog.service"), (.system, "fleetlog@.service"),
    ] {
      let text = try ServiceUnit(scope: scope, command: ["/usr/bin/fleetlog", "serve"]).text()
      let url = RunningProgram.package.appendingPathComponent("Packaging/systemd/\(file)")
      if ProcessInfo.processInfo.environment["FLEETLOG_APPROVE"] != nil {
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      #expect(try String(contentsOf: url, encoding: .utf8) == text)
    }
  }
}
