import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Synchronization
import Testing

@testable import FleetlogStore
@testable import fleetlog

@Suite("What the operator reads on stderr")
struct OperatorLogTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func log(
      _ format: OperatorLine.Format = .text, from level: OperatorLine.Level = .info
    ) -> OperatorLog {
      OperatorLog(
        format: format, level: level, clock: { 1_772_535_600_123 },
        write: { line in self.lines.withLock { $0.append(line) } })
    }
  }

  @Test("a line is key=value, quoted where it must be")
  func text() {
    let lines = Lines()
    lines.log().note(.info, "watching", ["folder": "/home/dev", "why": "two words \"quoted\""])
    #expect(
      lines.all == [
        #"time=2026-03-03T11:00:00.123Z level=info message=watching folder=/home/dev "#
          + #"why="two words \"quoted\"""#
      ])
  }

  @Test("or one JSON document")
  func json() throws {
    let lines = Lines()
    lines.log(.json).note(.error, "can't", ["place": "/a\nb\u{1B}[31m\u{202E}"])
    let line = try #require(lines.all.first)
    let root = try JSONDocument(line).root
    #expect(root["level"]?.string == "error")
    #expect(root["place"]?.string == "/a\nb\u{1B}[31m\u{202E}")
  }

  @Test(
    "whatever a value holds, nothing of it steers a terminal or begins a line",
    arguments: [
      "\u{1B}]0;owned\u{7}", "\u{9B}31m", "a\r\nlevel=error", "\u{202E}gnp.exe", "\u{2066}x",
      "\u{2028}", "\u{0}", "\u{E0041}", "\u{200B}", "\u{7F}", "\u{FEFF}",
    ])
  func hostile(value: String) throws {
    for format in OperatorLine.Format.allCases {
      let lines = Lines()
      lines.log(format).note(.info, "watching", ["folder": value])
      let line = try #require(lines.all.first)
      #expect(
        line.unicodeScalars.allSatisfy { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: false
          default: true
          }
        })
      if format == .json {
        let folder = try JSONDocument(line).root["folder"]?.string
        #expect(folder.map { Array($0.utf8) } == Array(value.utf8) || value == "\u{0}")
      }
    }
  }

  @Test("what is less grave than asked for is not said")
  func level() {
    let lines = Lines()
    let log = lines.log(from: .warning)
    for level in OperatorLine.Level.allCases { log.note(level, "x") }
    #expect(
      lines.all.map { $0.contains("level=warning") || $0.contains("level=error") } == [true, true])
  }

  @Test("a failure names operation, place, cause and mend")
  func failure() {
    let lines = Lines()
    let error = StoreError(
      operation: "commit", place: "/data/log.db", cause: .sqlite(code: 13), detail: "full")
    lines.log().note("writing waits", error)
    for part in ["operation=commit", "place=/data/log.db", "cause=full", "mend=\"the disk is full"]
    {
      #expect(lines.all.first?.contains(part) == true, "\(part)")
    }
  }

  @Test("a trouble is said when it comes and when it has passed, and not in between")
  func troubles() {
    let lines = Lines()
    let log = lines.log()
    log.note(troubles: ["/mnt has not answered for 11 s"])
    log.note(troubles: ["/mnt has not answered for 12 s", "/b is not there"])
    log.note(troubles: ["/mnt has not answered for 13 s"])
    log.note(troubles: [])
    #expect(lines.all.count == 4)
    #expect(lines.all.map { $0.contains("message=degraded") } == [true, true, false, false])
    #expect(lines.all.last?.contains("/mnt") == true)
  }

  @Test("serve says what it does in the format that is asked for, and nothing of what it reads")
  func served() throws {
    try Fleet.with { fleet in
      var lines = ClaudeLines()
      lines.prompt("the secret words")
      lines.raw("broken secret words")
      try fleet.folder.write("a.jsonl", lines.text)
      let errors = fleet.folder.path.parent!.appending("errors").text
      let server = try RunningServer(
        folders: [fleet.folder.path.text], database: fleet.database,
        launcher: [
          "sh", "-c",
          "FLEETLOG_LOG_FORMAT=json FLEETLOG_LOG_LEVEL=debug exec \"$0\" \"$@\" 2>\(errors)",
        ])
      _ = try server.wait(for: "the secret words", at: "/events.json")
      #expect(server.stop() == 0)
      let said = try String(contentsOfFile: errors, encoding: .utf8)
      let documents = try said.split(separator: "\n").map { try JSONDocument(String($0)).root }
      let messages = documents.compactMap { $0["message"]?.string }
      for message in ["serving", "watching", "stopping", "stopped"] {
        #expect(messages.contains(message), "\(message)")
      }
      #expect(!said.contains("secret"))
    }
  }

  @Test("a level or format that is none is wrong usage")
  func wrongUsage() throws {
    for option in ["--log-level=loud", "--log-format=xml"] {
      let result = try RunningProgram.run(["serve", option, "--db", "/nonexistent/x.db"])
      #expect(result.status == 2)
      #expect(result.error.contains("it takes"))
    }
  }
}
