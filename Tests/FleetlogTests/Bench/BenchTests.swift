import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The benchmark", .onItsOwnThread)
struct BenchTests {
  @Test("percentiles are the measurements of their rank")
  func percentiles() {
    let hundred = Percentiles((1...100).map(Double.init).shuffled())
    #expect(hundred[50] == 50)
    #expect(hundred[95] == 95)
    #expect(hundred[99] == 99)
    #expect(hundred[100] == 100)
    #expect(hundred[0] == 1)
    let four = Percentiles([40, 10, 30, 20])
    #expect([four[25], four[26], four[50], four[75], four[76]] == [10, 20, 20, 30, 40])
    #expect(Percentiles([7])[50] == 7)
    #expect(Percentiles([])[50] == nil)
  }

  @Test("a figure reads in about three digits")
  func figures() {
    func text(_ value: Double, _ unit: BenchFigure.Unit) -> String {
      BenchFigure("", "", value, unit).text
    }
    #expect(text(0.0123, .ratio) == "0.012×")
    #expect(text(1.005, .ratio) == "1.00×")
    #expect(text(9.994, .milliseconds) == "9.99 ms")
    #expect(text(9.996, .milliseconds) == "10.0 ms")
    #expect(text(431.7, .megabytesPerSecond) == "432 MB/s")
    #expect(text(1_234_567.8, .perSecond) == "1,234,568 /s")
    #expect(BenchFigure("", "", 12_000).text == "12,000")
    #expect(BenchFigure("", "", Percentiles([1, 2, 30])).text == "2.00 / 30.0 ms")
  }

  @Test("every stage gives its figures, and nothing stays behind")
  func wholeRun() throws {
    try TemporaryFolder.with { folder in
      let options = [
        "--size", "2", "--archives", "3", "--events", "2000", "--files", "40", "--seconds", "1",
        "--work", folder.path.text, "--assets", RunningProgram.package.path, "--json",
      ]
      let answer = try RunningProgram.run(["bench"] + options)
      #expect(answer.status == 0, "\(answer.error)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.text).isEmpty)
      let root = try JSONDocument(answer.output).root
      let machine = try #require(root["machine"])
      #expect(machine["processor"]?.string?.isEmpty == false)
      #expect(machine["cores"]?.int ?? 0 > 0)
      #expect(machine["memory_bytes"]?.int ?? 0 > 1 << 20)
      for name in ["kernel", "sqlite", "fleetlog"] {
        #expect(machine[name]?.string?.isEmpty == false)
      }
      #expect(root["settings"]?["size"]?.string == "2")
      let results = root["results"]?.elements ?? []
      let stages = results.compactMap { $0["stage"]?.string }
      #expect(Set(stages) == Set(BenchStage.allCases.map(\.rawValue)))
      #expect(stages.count { $0 == "append" } == 2)
      #expect(stages.count { $0 == "query" } == 2)
      for (stage, names) in Self.expected {
        let all = results.filter { $0["stage"]?.string == stage }
        for name in names {
          #expect(all.allSatisfy { $0["figures"]?[name]?.double != nil }, "\(stage) \(name)")
        }
      }
      let lastAppend = try #require(results.last { $0["stage"]?.string == "append" })
      #expect(lastAppend["figures"]?["processor_per_line_to_smallest"]?.double ?? 0 > 0)
    }
  }

  private static let expected: KeyValuePairs<String, [String]> = [
    "generate": ["files", "lines", "sessions", "transcript_mb", "generated_mb_per_s"],
    "ingest": [
      "visible_to_insert", "visible_to_formats", "visible_to_json", "visible_to_reading",
      "complete_to_insert", "processor_to_alone", "synthesis_to_none",
      "visible_mb_per_s", "visible_events_per_s",
      "complete_mb_per_s", "complete_events_per_s", "reading_mb_per_s", "json_mb_per_s",
      "formats_mb_per_s",
      "insert_mb_per_s", "full_text_mb_per_s", "processor_s_per_gb", "peak_memory_mb", "events",
    ],
    "size": ["bytes_per_byte", "receipts_percent", "full_text_percent", "indexes_percent"],
    "append": [
      "visible_p50_ms", "visible_p95_ms", "visible_p99_ms", "processor_us_per_line", "memory_mb",
      "lines",
    ],
    "query": [
      "overview_p50_ms", "overview_p95_ms", "events_p95_ms", "events_type_p95_ms",
      "events_tag_p95_ms", "search_words_p95_ms", "search_rank_p95_ms", "session_p95_ms",
      "sessions_p95_ms",
    ],
    "restart": ["first_page_s", "append_visible_s", "cold_first_page_s", "cold_peak_memory_mb"],
    "idle": ["processor_percent", "memory_mb", "files"],
  ]

  @Test("its tables begin with the ratios and have a column for each size of the log")
  func markdown() {
    var report = BenchReport(machine: .this(), settings: [("size", "2")])
    report.results = [
      BenchResult(
        stage: .append, size: "1 MB",
        figures: [
          BenchFigure("a", "of all", 0.5, .ratio), BenchFigure("b", "wait", 2, .milliseconds),
        ]),
      BenchResult(
        stage: .append, size: "2 MB", figures: [BenchFigure("b", "wait", 3, .milliseconds)]),
    ]
    let lines = report.markdown.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("Measured by `fleetlog bench --size 2` on "))
    #expect(
      lines.dropFirst() == [
        "| Ratios | ratio |", "|---|---:|", "| append at 1 MB: of all | 0.500× |",
        "| Appending to a log of | 1 MB | 2 MB |", "|---|---:|---:|",
        "| wait | 2.00 ms | 3.00 ms |",
      ])
  }

  @Test(
    "an option that is no good is refused before anything is measured",
    arguments: [
      ["--only", "ingest,nonsense"], ["--archives", "1,x"], ["--events", "0"], ["--size", "0"],
      ["--seconds", "0"], ["DIR"],
    ])
  func wrongUsage(_ options: [String]) throws {
    let answer = try RunningProgram.run(["bench"] + options)
    #expect(answer.status == 2)
    #expect(answer.output.isEmpty)
  }

  @Test("broken off, it leaves neither folder nor process behind")
  func brokenOff() throws {
    try TemporaryFolder.with { folder in
      let program = try RunningProgram([
        "bench", "--size", "1", "--files", "1", "--seconds", "600", "--only", "idle", "--work",
        folder.path.text, "--assets", RunningProgram.package.path,
      ])
      // Once the log is there, a child serves it.
      var database: String?
      for _ in 0..<3000 where database == nil {
        database = FileManager.default.subpaths(atPath: folder.path.text)?
          .first { $0.hasSuffix("files.db-search") }
        usleep(10_000)
      }
      let log = folder.path(try #require(database).replacing("-search", with: "")).text
      program.signal(SIGTERM)
      #expect(program.exitStatus() == 130)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.text).isEmpty)
      #expect(!FileManager.default.fileExists(atPath: log))
      #expect(!Self.isOpen(below: folder.path.text))
    }
  }

  /// Whether a process was started with a path below the folder.
  private static func isOpen(below folder: String) -> Bool {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.contains { name in
      guard let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/cmdline")) else {
        return false
      }
      return Int(name) != nil && line.range(of: Data(folder.utf8)) != nil
    }
  }
}
