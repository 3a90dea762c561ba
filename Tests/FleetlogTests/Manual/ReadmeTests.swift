import FleetlogClient
import FleetlogRun
import Foundation
import Testing

@testable import FleetlogWeb
@testable import fleetlog

/// What the README says of the command line, held against the program.
@Suite("The README")
struct ReadmeTests {
  private static func text() throws -> String {
    try String(
      contentsOf: RunningProgram.package.appendingPathComponent("README.md"), encoding: .utf8)
  }

  /// Every command line of `fleetlog` in blocks and between backticks, as a shell splits it.
  private static func commands() throws -> [[String]] {
    let text = try text()
    var commands: [[String]] = []
    var isBlock = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isBlock.toggle()
        continue
      }
      let pieces =
        isBlock
        ? [line]
        : line.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(
          \.element)
      for piece in pieces {
        var words = words(of: piece)
        guard let program = words.first, ["fleetlog", ".build/release/fleetlog"].contains(program)
        else { continue }
        words.removeFirst()
        if !words.isEmpty { commands.append(words) }
      }
    }
    return commands
  }

  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " {
        if let whole = word { words.append(whole) }
        word = nil
      } else if "|#>".contains(character) {
        break
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  @Test("has only command lines that the program takes")
  func commandLines() throws {
    let commands = try Self.commands()
    #expect(commands.count > 20)
    for words in commands where words != ["VERB"] && words[0] != "--help" {
      let verb = try #require(Fleetlog.verbs.first { $0.name == words[0] }, "\(words)")
      let rest = Array(words.dropFirst())
      if verb == RunCommand.self, !rest.isEmpty {
        _ = try RunOptions(rest, environment: [:])
      } else {
        let arguments = try Arguments(rest, options: verb.allOptions, environment: [:])
        #expect(arguments.positional.isEmpty || !verb.operands.isEmpty, "\(words)")
      }
    }
  }

  @Test("says on its first screen how to install, to watch and where to look")
  func firstScreen() throws {
    let lines = try Self.text().components(separatedBy: "\n")
    #expect(lines.first { $0.hasPrefix("## ") } == "## Start")
    var rest = lines.prefix(32).joined(separator: "\n")[...]
    for step in [
      "**Install.**", "make setup", "make run", "**Watch.**", "**Look.**",
      "<http://127.0.0.1:7450/>",
    ] {
      rest = rest[try #require(rest.range(of: step), "\(step)").upperBound...]
    }
  }

  @Test("its links within lead to sections that there are")
  func anchors() throws {
    let text = try Self.text()
    let headings = text.matches(of: /\n##+ (.+)/).map { match in
      match.1.lowercased().filter { $0.isLetter || $0.isNumber || " -".contains($0) }
        .replacing(" ", with: "-")
    }
    let links = text.matches(of: /\]\(#([^)]+)\)/).map { String($0.1) }
    #expect(links.count > 6)
    for link in links { #expect(headings.contains(link), "#\(link)") }
  }

  @Test("names the verbs that there are, in their order")
  func verbs() throws {
    let text = try Self.text()
    let start = try #require(text.range(of: "\nThe verbs are ")?.upperBound)
    let end = try #require(text[start...].range(of: ".")?.lowerBound)
    let names = text[start..<end].components(separatedBy: "`").enumerated()
      .filter { $0.offset % 2 == 1 }.map(\.element)
    #expect(names == Fleetlog.verbs.map { $0.name })
  }

  @Test("names no target that the Makefile lacks")
  func targets() throws {
    let makefile = try String(
      contentsOf: RunningProgram.package.appendingPathComponent("Makefile"), encoding: .utf8)
    let targets = makefile.components(separatedBy: "\n").compactMap { line in
      line.firstMatch(of: /^([a-z-]+):( |$)/).map { String($0.1) }
    }
    for match in try Self.text().matches(of: /`(?:[A-Z_]+=\S+ )?make ([a-z-]+)/) {
      #expect(targets.contains(String(match.1)), "\(match.0)")
    }
  }

  @Test("names every page, by its address and as the menu calls it")
  func pages() throws {
    let text = try Self.text()
    let start = try #require(text.range(of: "\n| page | in the menu | answers |\n")?.upperBound)
    let table = text[start...].components(separatedBy: "\n\n")[0]
    let rows = table.components(separatedBy: "\n").dropFirst().map { row in
      row.components(separatedBy: "|").dropFirst().map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
    }
    let addresses = rows.map {
      $0[0].replacing("issue:N", with: ":id").replacing("ID", with: ":id")
    }
    #expect(
      Set(addresses) == Set(Routes.pages.map(\.pattern) + Routes.figures.map(\.pattern)))
    let layout = Layout(
      head: PageHead(title: ""), assets: try Assets(root: RunningProgram.package.path),
      overview: nil, progress: nil, content: .empty)
    let menu = layout.groups.flatMap(\.items).filter { !$0.url.contains("?") }
    #expect(menu.count > 8)
    for item in menu {
      let row = rows.first { $0[0] == item.url }
      #expect(row?[1] == item.name)
    }
    #expect(rows.filter { !$0[1].isEmpty }.count == menu.count)
  }

  @Test("names the folders that serve watches by itself, as do its help and the manual page")
  func folders() throws {
    let text = try Self.text()
    let start = try #require(text.range(of: "\n| folder | written by |\n")?.upperBound)
    let table = text[start...].components(separatedBy: "\n\n")[0]
    let folders = Set(AgentPlaces(home: "~", environment: [:]).folders + [Places.inboxText])
    #expect(folders.count > 7)
    for told in [table, ServeCommand.help] {
      let named = told.matches(of: /~\/[\w.\/]*\w/).map { String($0.0) }
      #expect(Set(named) == folders)
    }
    let variables = ServeCommand.help.matches(of: /\$([A-Z_]+)/).map { String($0.1) }
    #expect(variables.count == 5)
    for variable in variables { #expect(table.contains("`$\(variable)`"), "\(variable)") }
    let manual = ManualPage.text.replacing("\\(ti", with: "~")
    for line in ServeCommand.help.split(separator: "\n") {
      #expect(manual.contains(line.replacing("-", with: "\\-")), "\(line)")
    }
  }

  @Test("its changes begin with the version that the program has")
  func changes() throws {
    let text = try Self.text()
    let changes = try #require(text.range(of: "\n## Changelog\n")?.upperBound)
    let first = try #require(text[changes...].range(of: "### ")?.upperBound)
    #expect(
      text[first...].hasPrefix("\(ProgramVersion.current) (\(ProgramVersion.day))\n"))
  }
}
