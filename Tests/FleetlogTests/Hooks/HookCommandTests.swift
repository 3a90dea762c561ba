import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Installing hooks and the contract")
struct HookCommandTests {
  private static func run(
    _ words: [String], home: TemporaryFolder
  ) throws -> (output: String, error: String, status: Int32) {
    try RunningProgram.run(
      words,
      launcher: [
        "-u", "XDG_DATA_HOME", "CLAUDE_CONFIG_DIR=" + home.path("claude").text,
        "CODEX_HOME=" + home.path("codex").text,
      ])
  }

  private static func text(_ home: TemporaryFolder, _ name: String) -> String? {
    FileManager.default.contents(atPath: home.path(name).text)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static func mode(_ home: TemporaryFolder, _ name: String) throws -> Int? {
    let attributes = try FileManager.default.attributesOfItem(atPath: home.path(name).text)
    return attributes[.posixPermissions] as? Int
  }

  @Test("every agent that is there is set up, and put back as it was")
  func agents() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("claude")
      try home.makeFolder("codex")
      let settings = try Fixtures.bytes("settings/claude/other_hooks.json")
      let config = try Fixtures.bytes("settings/codex/plain.toml")
      try home.write("claude/settings.json", settings)
      try home.setMode("claude/settings.json", 0o640)
      try home.write("codex/config.toml", config)
      let preview = try Self.run(["hook", "--install", "--dry-run"], home: home)
      #expect(preview.output.contains(#"+ notify = [""#))
      #expect(preview.output.contains(#""SessionStart""#))
      #expect(Self.text(home, "codex/config.toml")?.utf8.elementsEqual(config) == true)

      let install = try Self.run(["hook", "--install"], home: home)
      #expect(install.status == 0 && install.output.isEmpty)
      let program = RunningProgram.path.path
      #expect(Self.text(home, "codex/config.toml")?.contains(program) == true)
      #expect(Self.text(home, "claude/settings.json")?.contains("--agent claude") == true)
      #expect(try Self.mode(home, "claude/settings.json") == 0o640)
      let once = Self.text(home, "claude/settings.json")
      #expect(try Self.run(["hook", "--install"], home: home).error.contains("already"))
      #expect(Self.text(home, "claude/settings.json") == once)

      #expect(try Self.run(["hook", "--remove"], home: home).status == 0)
      #expect(Self.text(home, "claude/settings.json")?.utf8.elementsEqual(settings) == true)
      #expect(Self.text(home, "codex/config.toml")?.utf8.elementsEqual(config) == true)
      let left = try FileManager.default.subpathsOfDirectory(atPath: home.path.text).sorted()
      #expect(left == ["claude", "claude/settings.json", "codex", "codex/config.toml"])
    }
  }

  @Test("settings that were made for the hook go with it, and are kept where they hold more")
  func madeSettings() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("claude")
      try home.makeFolder("codex")
      #expect(try Self.run(["hook", "--install"], home: home).status == 0)
      let preview = try Self.run(["hook", "--remove", "--dry-run"], home: home)
      #expect(preview.error.contains("would remove \(home.path("claude/settings.json").text)"))
      #expect(Self.text(home, "codex/config.toml") != nil)
      #expect(try Self.run(["hook", "--remove"], home: home).status == 0)
      let left = try FileManager.default.subpathsOfDirectory(atPath: home.path.text).sorted()
      #expect(left == ["claude", "codex"])

      try home.write("claude/settings.json", #"{"model": "x"}"#)
      try home.write("codex/config.toml", "# mine\n")
      #expect(try Self.run(["hook", "--install"], home: home).status == 0)
      #expect(try Self.run(["hook", "--remove"], home: home).status == 0)
      #expect(Self.text(home, "claude/settings.json") == #"{"model": "x"}"#)
      #expect(Self.text(home, "codex/config.toml") == "# mine\n")
    }
  }

  @Test("a program that is part of a build is told of, and doctor tells what the agents call")
  func passing() throws {
    try TemporaryFolder.with { (home) throws in
      func hooks() throws -> JSONValue? {
        let answer = try Self.run(
          ["doctor", "--json", "--db", home.path("none.db").text, home.path.text], home: home)
        return try JSONDocument(answer.output).root["checks"]?.elements.first {
          $0["name"]?.string == "hooks"
        }
      }
      #expect(try hooks()?["finding"]?.string == "no agent here that could have one")
      try home.makeFolder("claude")
      try home.makeFolder("codex")
      let none = try #require(try hooks())
      let calls = none["finding"]?.string ?? ""
      #expect(calls.hasPrefix("Claude Code calls none; Codex calls none"), "\(calls)")
      #expect(none["well"]?.bool == true)

      let program = RunningProgram.path.path
      let install = try Self.run(["hook", "--install"], home: home)
      #expect(install.error.contains("the hook calls \(program), which is part of a build"))
      #expect(install.error.contains("make package"))
      #expect(try !Self.run(["hook", "--remove"], home: home).error.contains("part of a build"))
      _ = try Self.run(["hook", "--install"], home: home)
      let well = try #require(try hooks())
      #expect(well["well"]?.bool == true)
      let told = well["finding"]?.string ?? ""
      #expect(told.contains("Claude Code calls \(program), which is part of a build; Codex calls "))

      let config = try #require(Self.text(home, "codex/config.toml"))
      try home.write("codex/config.toml", config.replacing(program, with: "/gone/fleetlog"))
      let broken = try #require(try hooks())
      #expect(broken["well"]?.bool == false)
      #expect(broken["finding"]?.string?.contains("/gone/fleetlog, which is not there") == true)
      #expect(broken["mend"]?.string?.contains("fleetlog hook --install") == true)
      try home.write("codex/config.toml", "notify = [\"notify-send\"]\n")
      try home.write("claude/settings.json", "{ // mine\n}")
      let foreign = try #require(try hooks())
      #expect(foreign["well"]?.bool == true)
      #expect(foreign["finding"]?.string?.contains("Codex calls none") == true)
      #expect(foreign["finding"]?.string?.contains("not plain JSON") == true)
    }
  }

  @Test("the installed command takes a document from a shell, and never fails it")
  func installedCommand() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("claude")
      let inbox = home.path("it's here").text
      _ = try Self.run(["hook", "--install", "--inbox", inbox], home: home)
      let settings = try JSONDocument(Self.text(home, "claude/settings.json") ?? "").root
      let entry = settings["hooks"]?["PermissionRequest"]?.elements.first
      #expect(entry?["matcher"]?.string == "*")
      let command = try #require(entry?["hooks"]?.elements.first?["command"]?.string)
      let broken = command.replacingOccurrences(of: "/fleetlog hook", with: "/gone hook")
      for program in [command, broken] {
        let shell = ChildProcess()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", "printf '{\"session_id\":\"s\"}' | { \(program); }"]
        let output = Pipe()
        shell.standardOutput = output
        shell.standardError = output
        try shell.run()
        #expect(output.fileHandleForReading.readDataToEndOfFile().isEmpty)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
      }
      #expect(Self.text(home, "it's here/hooks/claude-s.jsonl")?.isEmpty == false)
    }
  }

  @Test("what can't be edited is left alone, with one sentence that says why")
  func refused() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("codex")
      try home.makeFolder("claude")
      let foreign = "notify = [\"notify-send\", \"Codex\"]\n"
      try home.write("codex/config.toml", foreign)
      try home.write("claude/settings.json", "{ // mine\n}")
      let codex = try Self.run(["hook", "--install", "--agent", "codex"], home: home)
      #expect(codex.status == 1)
      #expect(codex.error.contains("\"--\", \"notify-send\", \"Codex\"]"))
      let claude = try Self.run(["hook", "--install", "--agent", "claude"], home: home)
      #expect(claude.status == 1 && claude.error.contains("not plain JSON"))
      #expect(Self.text(home, "codex/config.toml") == foreign)
      #expect(Self.text(home, "claude/settings.json") == "{ // mine\n}")
    }
  }

  @Test("without an agent there is nothing to install, and wrong use says so")
  func usage() throws {
    try TemporaryFolder.with { (home) throws in
      #expect(try Self.run(["hook", "--install"], home: home).status == 1)
      for words in [
        ["hook", "--install", "--remove"], ["hook", "--install", "--agent", "x"],
        ["hook", "--install", "--settings", "x"], ["contract", "--install"], ["contract", "x"],
      ] {
        #expect(try Self.run(words, home: home).status == 2, "\(words)")
      }
    }
  }

  @Test("the contract goes through a symbolic link into the file, which keeps its mode")
  func throughLink() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("dotfiles")
      try home.write("dotfiles/claude.md", try Fixtures.bytes("instructions/CLAUDE.md"))
      try home.setMode("dotfiles/claude.md", 0o600)
      try home.makeLink("CLAUDE.md", to: "dotfiles/claude.md")
      let link = home.path("CLAUDE.md").text
      #expect(try Self.run(["contract", "--install", link], home: home).status == 0)
      #expect(Self.text(home, "dotfiles/claude.md")?.contains(EventBlock.begin) == true)
      #expect(try Self.mode(home, "dotfiles/claude.md") == 0o600)
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
      #expect(target == "dotfiles/claude.md")
      let again = try Self.run(["contract", "--install", link], home: home)
      #expect(again.error.contains("already"))
      _ = try Self.run(["contract", "--remove", link], home: home)
      #expect(
        Self.text(home, "dotfiles/claude.md")?.utf8
          .elementsEqual(try Fixtures.bytes("instructions/CLAUDE.md")) == true)
    }
  }

  @Test("a missing instruction file is made, and goes with the contract")
  func made() throws {
    try TemporaryFolder.with { (home) throws in
      try home.makeFolder("new")
      let path = home.path("new/AGENTS.md").text
      #expect(try Self.run(["contract", "--install", path], home: home).status == 0)
      #expect(Self.text(home, "new/AGENTS.md")?.contains(EventBlock.begin) == true)
      #expect(try Self.run(["contract", "--remove", path], home: home).status == 0)
      #expect(Self.text(home, "new/AGENTS.md") == nil)
      #expect(try Self.run(["contract", "--remove", path], home: home).error.contains("nothing"))
    }
  }

  @Test("a file in a folder that is not there is refused, but an agent that is named gets its own")
  func noFolder() throws {
    try TemporaryFolder.with { (home) throws in
      let path = home.path("missing/CLAUDE.md").text
      for words in [
        ["contract", "--install", path], ["contract", "--install", path, "--dry-run"],
        ["hook", "--install", "--settings", home.path("missing/settings.json").text],
      ] {
        let answer = try Self.run(words, home: home)
        #expect(answer.status == 1, "\(words)")
        #expect(answer.error.contains("no folder \(home.path("missing").text)"), "\(answer.error)")
      }
      #expect(try Self.run(["contract", "--remove", path], home: home).error.contains("nothing"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: home.path.text).isEmpty)
      #expect(try Self.run(["hook", "--install", "--agent", "claude"], home: home).status == 0)
      #expect(Self.text(home, "claude/settings.json")?.contains("fleetlog") == true)
    }
  }

  @Test("read-only, doubled and damaged files, folders and circles are refused untouched")
  func untouched() throws {
    try TemporaryFolder.with { (home) throws in
      try home.write("readonly.md", "mine\n")
      try home.setMode("readonly.md", 0o444)
      try home.write("one.md", "mine\n")
      try home.hardLink("one.md", to: "two.md")
      try home.write("damaged.md", "<!-- FLEETLOG_CONTRACT_END -->\n")
      try home.makeFolder("folder.md")
      try home.makeFIFO("fifo.md")
      try home.makeLink("circle.md", to: "circle.md")
      for (name, reason) in [
        ("readonly.md", "read-only"), ("one.md", "2 names"), ("damaged.md", "line 1"),
        ("folder.md", "ordinary"), ("fifo.md", "ordinary"), ("circle.md", "circle"),
      ] {
        let before = Self.text(home, name == "fifo.md" ? "none" : name)
        let answer = try Self.run(["contract", "--install", home.path(name).text], home: home)
        #expect(answer.status == 1, "\(name)")
        #expect(answer.error.contains(reason), "\(name): \(answer.error)")
        #expect(Self.text(home, name == "fifo.md" ? "none" : name) == before)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: home.path.text)
      #expect(!left.contains { $0.contains(".fleetlog-") })
    }
  }
}
