import FleetlogEvents
import FleetlogIngest
import FleetlogStore
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

@Suite("The benchmark's fleet")
struct BenchFleetTests {
  @Test("one seed gives one fleet, byte for byte, and another seed another")
  func deterministic() throws {
    try TemporaryFolder.with { folder in
      let names = ["first", "second", "third"]
      let written = try zip(names, [11, 11, 12]).map { name, seed in
        try BenchFleet(seed: UInt64(seed), part: "p").write(
          1_500_000, into: folder.path(name).text)
      }
      let contents = try names.map { try content(of: folder.path($0).text) }
      #expect(contents[0].count > 3)
      #expect(contents[0] == contents[1])
      #expect(written[0].counts == written[1].counts)
      #expect(written[0].longest == written[1].longest)
      #expect(Set(contents[0].keys).isDisjoint(with: contents[2].keys))
    }
  }

  @Test("every line is taken, and comes to the events that were counted when it was written")
  func counts() throws {
    try Fleet.with { fleet in
      let counts = try BenchFleet(seed: 5, part: "p").write(
        4_000_000, into: fleet.folder.path.text
      ).counts
      let summary = try JSONDocument(
        try RunningProgram.run(
          ["ingest", fleet.folder.path.text, "--db", fleet.database, "--json"]
        ).output
      ).root
      #expect(summary["skipped"]?.elements.isEmpty == true)
      #expect(summary["files"]?.int == counts.files)
      #expect(summary["bytes"]?.int == counts.bytes)
      #expect(summary["lines"]?.int == counts.lines)
      #expect(summary["validation_errors"]?.int == 0)
      #expect(summary["events_inserted"]?.int ?? 0 > counts.spoken)

      let log = try EventLog(path: fleet.database)
      func stored(_ types: EventType...) throws -> Int {
        var filter = EventFilter()
        filter.types = types.map(\.rawValue)
        return try log.events(filter).matched
      }
      #expect(try stored(.messageUser) == counts.prompts)
      #expect(try stored(.messageAssistant) == counts.replies)
      #expect(try stored(.toolCall) == counts.toolCalls)
      #expect(try stored(.toolResult) == counts.toolResults)
      let stated = ["progress", "commit_pushed", "blocked", "needs_decision", "risk_detected"]
      var filter = EventFilter()
      filter.types = stated + ["completed"]
      #expect(try log.events(filter).matched == counts.stated)
      #expect(try log.overview().sessions == counts.sessions)
      #expect(try log.sources().allSatisfy { $0.skippedLines == 0 && $0.mendedLines == 0 })
      let formats = Set(try log.sources().compactMap(\.format))
      #expect(formats == ["claude", "codex"])
      #expect(counts.stated > 0)
      #expect(counts.subagents > 0)
    }
  }

  @Test("its size is about what was asked for")
  func size() throws {
    try TemporaryFolder.with { folder in
      let counts = try BenchFleet(seed: 3, part: "p").write(
        6_000_000, into: folder.path.text
      ).counts
      #expect((5_500_000...8_000_000).contains(counts.bytes))
    }
  }

  @Test("frequent words are frequent, rare ones many, and some text is Chinese")
  func vocabulary() {
    var random = DemoRandom(seed: 1, "words")
    var counts: [Int: Int] = [:]
    for _ in 0..<100_000 { counts[Vocabulary.rank(&random), default: 0] += 1 }
    #expect((4000...8000).contains(counts[0] ?? 0))
    #expect(counts.count > 10_000)
    #expect(counts.keys.max() ?? 0 < 1 << 17)
    let words = Set((0..<1 << 17).map { Array(Vocabulary.shared.word($0)) })
    #expect(words.count == 1 << 17)
    var ideographs: [UInt8] = []
    for _ in 0..<500 { Vocabulary.appendIdeograph(&random, to: &ideographs) }
    let text = String(decoding: ideographs, as: UTF8.self)
    #expect(text.unicodeScalars.count == 500)
    #expect(text.unicodeScalars.allSatisfy { (0x4E00...0x9FFF).contains($0.value) })
  }

  @Test("text is valid JSON whatever is in it")
  func escaping() throws {
    let text = "a \"quoted\" \\ path\n\tand 注文 → end"
    var record = RecordBytes()
    record.put(text: text)
    #expect(try JSONDocument(record.bytes).root.string == text)
  }

  /// Names and bytes.
  private func content(of folder: String) throws -> [String: Data] {
    let names = FileManager.default.subpaths(atPath: folder) ?? []
    return try names.filter { $0.hasSuffix(".jsonl") }.reduce(into: [:]) {
      $0[$1] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $1))
    }
  }
}
