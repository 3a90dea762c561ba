import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The manual page")
struct ManualPageTests {
  @Test("names every verb with each of its options", arguments: Fleetlog.verbs.map { $0.name })
  func naming(_ name: String) throws {
    let verb = try #require(Fleetlog.verbs.first { $0.name == name })
    let sections = ManualPage.text.components(separatedBy: "\n.S")
    let section = try #require(
      sections.first { $0.hasPrefix("S fleetlog \(name)\n") || $0.hasPrefix("S fleetlog \(name) ") }
    )
    for option in verb.allOptions {
      let escaped = option.name.replacing("-", with: "\\-")
      #expect(section.contains("\\fB\\-\\-\(escaped)\\fR"), "\(option.name)")
    }
  }

  @Test("is of plain ASCII, which every manual reader shows")
  func plain() {
    let strange = ManualPage.text.filter { !$0.isASCII }
    #expect(strange.isEmpty)
  }

  @Test(
    "is taken without a warning",
    arguments: [
      ["man", "--warnings", "-l", "-Tutf8", "-Z"], ["mandoc", "-T", "lint", "-W", "warning"],
    ]
    .filter { Tool.isInstalled($0[0]) })
  func warnings(_ reader: [String]) throws {
    try TemporaryFolder.with { folder in
      let page = try folder.write("fleetlog.1", ManualPage.text + "\n")
      let answer = try Tool.run(reader + [page.text], environment: ["LC_ALL": "C.UTF-8"])
      #expect(answer.status == 0 && answer.error.isEmpty, "\(answer.error)")
      if reader[0] == "mandoc" { #expect(answer.output.isEmpty, "\(answer.output)") }
    }
  }

  @Test("is printed by the program, as is the help of each verb")
  func printed() throws {
    #expect(try RunningProgram.run(["help", "--man"]).output == ManualPage.text + "\n")
    #expect(try RunningProgram.run(["help", "serve"]).output == ServeCommand.usage + "\n")
    #expect(try RunningProgram.run(["help"]).output == Fleetlog.usage + "\n")
    #expect(try RunningProgram.run(["help", "nonsense"]).status == 2)
  }

  @Test("verbs that put something into a file say first that they install it, and how")
  func installing() {
    for verb in [ContractCommand.self, HookCommand.self] as [any Verb.Type] {
      #expect(verb.summary.hasPrefix("Installs "), "\(verb.summary)")
      #expect(verb.usage.hasPrefix("usage: fleetlog \(verb.name) [--install"), "\(verb.usage)")
    }
  }

  @Test("the list of verbs gives each one line")
  func summaries() {
    for verb in Fleetlog.verbs {
      #expect(verb.summary.hasSuffix(".") && !verb.summary.contains("\n"), "\(verb.summary)")
      #expect(Fleetlog.usage.contains("\n  \(verb.name) "), "\(verb.name)")
    }
  }
}
