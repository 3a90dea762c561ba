import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogWeb
@testable import fleetlog

/// The corpus goes through all that Fleetlog does and has no effect: not on what is read beside it,
/// not on pages, terminals, spreadsheets or files.
@Suite("A hostile corpus", .timeLimit(.minutes(10)))
struct HostileCorpusTests {
  private struct Scene {
    let fleet: Fleet
    let outside: TemporaryFolder
    let progress: Pipeline.Progress
  }

  private func ingested(_ body: (Scene) throws -> Void) throws {
    try TemporaryFolder.with { home in
      for name in ["transcripts", "outside"] { try home.makeFolder(name) }
      let outside = TemporaryFolder(path: home.path("outside"))
      let fleet = Fleet(
        folder: TemporaryFolder(path: home.path("transcripts")),
        database: home.path("log.db").text)
      try HostileCorpus.write(into: fleet.folder, outside: outside)
      let progress = try fleet.ingest()
      try body(Scene(fleet: fleet, outside: outside, progress: progress))
    }
  }

  /// Characters that steer a terminal or turn writing around.
  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x09, 0x0D: false
    case 0x00..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private func expectHarmless(_ text: String, _ place: String) {
    let found = text.unicodeScalars.first(where: Self.steers)
    #expect(found == nil, "\(place) holds U+\(String(found?.value ?? 0, radix: 16))")
  }

  @Test(
    "what stands beside it is read, nothing from outside is, and no block counts that is quoted")
  func reading() throws {
    try ingested { scene in
      let prompts = try scene.fleet.events(.messageUser).map(\.summary)
      for number in 0..<HostileCorpus.neighbours {
        #expect(prompts.contains("harmless neighbour \(number)"))
      }
      for number in 0..<10 { #expect(prompts.contains("in a file of an odd name \(number)")) }
      #expect(prompts.filter { $0.hasPrefix("before the bomb") }.count == 8)
      let blocked = try scene.fleet.events(.blocked).map(\.summary)
      #expect(blocked.allSatisfy { !$0.contains(HostileCorpus.injected) })
      #expect(!prompts.contains(HostileCorpus.outside))
      for file in ["", "-wal", "-search", "-search-wal"] {
        let bytes = FileManager.default.contents(atPath: scene.fleet.database + file) ?? Data()
        #expect(bytes.range(of: Data(HostileCorpus.outside.utf8)) == nil, "\(file)")
      }
    }
  }

  @Test("every page, its twin, every download: well formed, and nothing in it steers or runs")
  func pages() throws {
    try ingested { scene in
      let site = try Site(scene.fleet.log)
      for target in try site.targets() {
        let answer = try site.ask(target)
        #expect(answer.status == 200, "\(target)")
        for field in answer.headers {
          #expect(
            field.value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(target): \(field.name)")
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        let type = answer.headers["Content-Type"] ?? ""
        if type.hasPrefix("application/json") {
          #expect((try? JSONDocument(answer.body)) != nil, "\(target)")
        } else if type.hasPrefix("application/x-ndjson") {
          for line in text.split(separator: "\n") {
            #expect((try? JSONDocument(String(line))) != nil, "\(target)")
          }
        } else if type.hasPrefix("text/csv") {
          expectNoFormula(text, target)
        } else {
          expectHarmless(text, target)
          // What a program printed stands in fences, where Markdown knows no markup.
          let markup = type.hasPrefix("text/markdown") ? Self.outsideOfFences(text) : text
          for mark in ["<x-pwned", "<script>window", "<img src=x", "<iframe"] {
            #expect(!markup.contains(mark), "\(target) holds \(mark)")
          }
        }
      }
    }
  }

  private static func outsideOfFences(_ markdown: String) -> String {
    var fence: Substring?
    var lines: [Substring] = []
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      let ticks = line.prefix { $0 == "`" }
      if let open = fence {
        if line == open { fence = nil }
      } else if ticks.count >= 3 {
        fence = ticks
      } else {
        lines.append(line)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Every cell of text that a spreadsheet would take for a formula begins with an apostrophe.
  private func expectNoFormula(_ csv: String, _ place: String) {
    var isQuoted = false
    var isStart = true
    var cells: [String] = []
    var cell = ""
    for character in csv.unicodeScalars {
      if character == "\"" {
        isQuoted.toggle()
        if !isStart, isQuoted { cell.unicodeScalars.append(character) }
        isStart = false
      } else if !isQuoted, character == "," || character == "\n" {
        cells.append(cell)
        cell = ""
        isStart = true
      } else {
        cell.unicodeScalars.append(character)
        isStart = false
      }
    }
    for cell in cells
    where cell.unicodeScalars.first.map({ "=+-@\t".unicodeScalars.contains($0) }) ?? false {
      #expect(Double(cell) != nil, "\(place): \(cell.prefix(60))")
    }
  }

  @Test("what the commands print steers no terminal, and is JSON where that is asked for")
  func commands() throws {
    try ingested { scene in
      let database = scene.fleet.database
      let log = try scene.fleet.log
      var query = SessionQuery()
      query.limit = 500
      let sessions = try log.sessions(query)?.sessions.map(\.id) ?? []
      let session = try #require(sessions.first { $0.unicodeScalars.contains("\u{1B}") })
      var commands = [
        ["events", "--limit", "500"], ["search", "owned"], ["sessions", "--limit", "500"],
        ["workers", "--all"], ["runs", "--since", "2020-01-01T00:00:00Z"], ["tasks"],
        ["doctor", scene.fleet.folder.path.text],
      ]
      commands += ExportFormat.allCases.map {
        ["export", "--format", $0.rawValue, "--assets", RunningProgram.package.path, session]
      }
      for command in commands {
        let isExport = command[0] == "export"
        for isJSON in isExport ? [false] : [false, true] {
          let arguments = command + ["--db", database] + (isJSON ? ["--json"] : [])
          let result = try RunningProgram.run(arguments)
          #expect(result.status == 0 || command[0] == "doctor", "\(command[0]): \(result.error)")
          #expect(!result.output.isEmpty, "\(command[0])")
          expectHarmless(result.output, command.prefix(3).joined(separator: " "))
          expectHarmless(result.error, command.prefix(3).joined(separator: " "))
          if isJSON { #expect((try? JSONDocument(result.output)) != nil, "\(command[0])") }
        }
      }
      let again = try RunningProgram.run(
        ["ingest", scene.fleet.folder.path.text, "--db", database + "2"])
      #expect(again.status == 0)
      expectHarmless(again.output + again.error, "ingest")
    }
  }
}

/// The dashboard of a log, asked without a server.
private struct Site {
  private let dashboard: Dashboard
  private let log: EventLog

  init(_ log: EventLog) throws {
    self.log = log
    dashboard = try Dashboard(
      log: log, live: LiveHub(log: log, now: { 0 }), kit: .ofThisPackage(), now: Clock.now)
  }

  func ask(_ target: String) throws -> HTTPResponse {
    let parsed = try RequestTarget(Array(target.utf8))
    let request = HTTPRequest(
      method: .get, path: parsed.path, segments: parsed.segments, query: parsed.query,
      headers: ["Host": "127.0.0.1:7450"])
    switch dashboard.reply(to: request) {
    case .now(let response): return response
    case .queued(let answer):
      var response = answer()
      if let stream = response.stream {
        pieces: while true {
          switch stream.next() {
          case .bytes(let bytes): response.body += bytes
          case .again: continue
          case .pause, .end, .broken: break pieces
          }
        }
      }
      return response
    case .later, .stream:
      Issue.record("\(target) is answered later")
      return .text("")
    }
  }

  /// Every address of the list of routes, with each session, run and task, and an event of each
  /// type and session, in the place of its id.
  func targets() throws -> [String] {
    var sessions = SessionQuery()
    sessions.limit = 500
    let found = try log.sessions(sessions)?.sessions.map(\.id) ?? []
    var seen: Set<String> = []
    var events: [String] = []
    var runs: Set<Int64> = []
    for session in found {
      var filter = EventFilter()
      filter.sessions = [session]
      filter.limit = 500
      for row in try log.events(filter).rows {
        runs.insert(row.event.runID)
        let kind = row.event.type.rawValue + (session.count > 40 ? session : "")
        if seen.insert(kind).inserted { events.append(String(row.event.id)) }
      }
    }
    var targets: [String] = []
    for route in Routes.pages + Routes.drawings + Routes.exports + Routes.figures {
      let hasTwin = Routes.pages.contains { $0.pattern == route.pattern }
      let ids: [String]
      switch route.pattern {
      case "/events/:id": ids = events
      case "/runs/:id": ids = runs.map { String($0) }
      case "/tasks/:id":
        ids = try log.tasks(TaskQuery())?.tasks.map(\.id) ?? []
        #expect(ids.count == HostileCorpus.texts.count)
      case "/export/sessions/:id":
        ids = found.flatMap { id in ExportFormat.allCases.map { "\(id).\($0.rawValue)" } }
      case let pattern where pattern.contains(":id"): ids = found
      default: ids = [""]
      }
      for id in ids {
        let parts = route.pattern.split(separator: "/").map { $0 == ":id" ? id : String($0) }
        let path = parts.isEmpty ? "/" : parts.map(Self.encoded).reduce("") { $0 + "/" + $1 }
        targets.append(path)
        if hasTwin { targets.append(path + ".json") }
      }
    }
    return targets + ["/events?limit=500", "/sessions?limit=500", "/workers?all=1"]
  }

  private static func encoded(_ segment: String) -> String {
    segment.utf8.map { byte in
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte) || "-._".utf8.contains(byte)
      return isPlain
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
