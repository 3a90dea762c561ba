import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("Completions")
struct CompletionTests {
  /// What a script says of one verb.
  private static func section(_ verb: String, _ shell: Shell) throws -> String {
    let lines = shell.completions.components(separatedBy: "\n")
    if shell == .fish {
      return lines.filter { $0.contains("'__fleetlog_verb_is \(verb)'") }.joined(separator: "\n")
    }
    let start = try #require(
      lines.firstIndex { $0.trimmingCharacters(in: .whitespaces) == "\(verb))" })
    let end = try #require(
      lines[start...].firstIndex { $0.trimmingCharacters(in: .whitespaces) == ";;" })
    return lines[start..<end].joined(separator: "\n")
  }

  @Test("name every verb with each of its options", arguments: Shell.allCases)
  func naming(_ shell: Shell) throws {
    for verb in Fleetlog.verbs {
      let section = try Self.section(verb.name, shell)
      for option in verb.allOptions {
        let patterns = ["--\(option.name)[='\\[ ]", "-l \(option.name) "]
        #expect(
          section.range(of: patterns[shell == .fish ? 1 : 0], options: .regularExpression) != nil,
          "\(shell) \(verb.name) \(option.name)")
      }
    }
  }

  @Test(
    "are taken by their shell", arguments: Shell.allCases.filter { Tool.isInstalled($0.rawValue) })
  func syntax(_ shell: Shell) throws {
    try TemporaryFolder.with { folder in
      let script = try folder.write("script", shell.completions + "\n").text
      let answer = try Tool.run([shell.rawValue, "-n", script])
      #expect(answer.status == 0 && answer.error.isEmpty, "\(answer.error)")
      let printed = try RunningProgram.run(["help", "--completion", shell.rawValue])
      #expect(printed.output == shell.completions + "\n")
    }
  }

  @Test("bash offers verbs, options, what an option takes, files and folders")
  func bash() throws {
    try TemporaryFolder.with { folder in
      try folder.write("log.db", "")
      try folder.makeFolder("logs of mine")
      func offered(_ words: String...) throws -> [String] {
        let script = """
          cd "$1"; source "$0"; shift
          COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fleetlog; printf '%s\\n' "${COMPREPLY[@]}"
          """
        let completions = try folder.write(".completions", Shell.bash.completions).text
        let answer = try Tool.run(
          ["bash", "-c", script, completions, folder.path.text, "fleetlog"] + words)
        #expect(answer.error.isEmpty, "\(answer.error)")
        return answer.output.split(separator: "\n").map(String.init)
      }
      #expect(try offered("se") == ["serve", "search", "sessions", "service"])
      #expect(try offered("export", "--fo") == ["--format"])
      #expect(try offered("export", "--format", "") == ["html", "json", "ndjson", "md"])
      #expect(try offered("export", "--format", "=", "n") == ["ndjson"])
      #expect(try offered("export", "--format", "=") == ["html", "json", "ndjson", "md"])
      #expect(try offered("export", "-o", "lo").sorted() == ["log.db", "logs of mine"])
      #expect(try offered("serve", "lo") == ["logs of mine"])
      #expect(try offered("serve", "--port", "") == [])
      #expect(try offered("token", "") == ["show", "renew"])
      #expect(try offered("config", "ser") == ["serve", "service"])
      #expect(try offered("run", "--", "fleetlog-no-such") == [])
      #expect(try offered("run", "--", "mapfil") == ["mapfile"])
    }
  }

  @Test("fish offers verbs and what an option takes", .enabled(if: Tool.isInstalled("fish")))
  func fish() throws {
    try TemporaryFolder.with { folder in
      let script = try folder.write("script", Shell.fish.completions).text
      func offered(_ line: String) throws -> [String] {
        let answer = try Tool.run(
          ["fish", "-N", "-c", "source $argv[1]; complete -C $argv[2]", script, line],
          environment: ["HOME": folder.path.text])
        #expect(answer.error.isEmpty, "\(answer.error)")
        return answer.output.split(separator: "\n").compactMap {
          $0.split(separator: "\t").first.map(String.init)
        }
      }
      #expect(try Set(offered("fleetlog se")) == ["serve", "search", "sessions", "service"])
      #expect(try offered("fleetlog export --fo") == ["--format"])
      #expect(try Set(offered("fleetlog export --format ")) == ["html", "json", "md", "ndjson"])
      #expect(try Set(offered("fleetlog token ")) == ["show", "renew"])
      #expect(try offered("fleetlog serve --port ") == [])
    }
  }

  @Test(
    "what a value is called tells what can be offered",
    arguments: [
      ("[DIR…]", Suggestion.folder), ("FILE", .file), ("[show|renew]", .words(["show", "renew"])),
      (
        "install|uninstall|status [-- OPTION-OF-SERVE… DIR…]",
        .words(["install", "uninstall", "status"])
      ),
      ("[options] -- COMMAND…", .command), ("SESSION|PROJECT", .text), ("", .text),
    ])
  func suggestions(_ placeholder: String, _ suggestion: Suggestion) {
    #expect(Suggestion(placeholder) == suggestion)
  }

  @Test("a word that an option does not take is refused, and those that it takes are named")
  func choices() {
    let options = [Option(name: "order", value: "ORDER", help: "", choices: ["newest", "oldest"])]
    let error = #expect(throws: UsageError.self) {
      try Arguments(["--order", "odd"], options: options, environment: [:])
    }
    #expect(error?.description == "--order can't be \"odd\": it takes one of newest, oldest")
    #expect(throws: UsageError.self) {
      try Arguments([], options: options, environment: ["FLEETLOG_ORDER": "odd"])
    }
  }
}
