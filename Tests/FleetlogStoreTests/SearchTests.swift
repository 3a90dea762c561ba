import FleetlogEvents
import FleetlogTestSupport
import Foundation
import Testing

@testable import FleetlogStore

@Suite("Full text")
struct SearchTests {
  /// A log with an event for each summary, keyed by it.
  private func log(_ summaries: String...) throws -> TemporaryLog {
    let log = try TemporaryLog()
    try log.append(
      summaries.enumerated().map { .sample($1, ts: Int64($0) * 1000, summary: $1) })
    return log
  }

  private func page(
    _ log: TemporaryLog, _ text: String, _ change: (inout EventFilter) -> Void = { _ in }
  ) throws -> EventPage {
    var filter = EventFilter()
    filter.text = text
    change(&filter)
    return try log.reader().events(filter)
  }

  /// The keys of the events that a search finds, newest first.
  private func found(
    _ log: TemporaryLog, _ text: String, _ change: (inout EventFilter) -> Void = { _ in }
  ) throws -> [String] {
    try page(log, text, change).rows.compactMap(\.event.idempotencyKey)
  }

  @Test(
    "A word in a payload is found whatever stands before it",
    arguments: [
      "foo", "bar", "émigré", "emigre", "ÉMIGRÉ", "中文", "文字", "中文字", "日本", "ab_cd", "deep",
    ])
  func payloadWords(word: String) throws {
    let log = try TemporaryLog()
    let payload = try JSONDocument(
      #"{"command":"line one\nfoo\tbar \u00e9migr\u00e9","l":[{"k":"\u4e2d\u6587\u5b57 日本語 ab_cd"},["deep"]]}"#
    )
    try log.append(
      .sample("hit") {
        for member in payload.root.members { $0.payload.set(member.key, member.value) }
      }, .sample("miss"))
    #expect(try found(log, word) == ["hit"])
  }

  @Test(
    "What is no word of the text is not found",
    arguments: ["nfoo", "tbar", "u00e9migr", "00e9migr", "command", "u4e2d", "中字", "oo"])
  func payloadNoise(word: String) throws {
    let log = try TemporaryLog()
    let payload = try JSONDocument(
      #"{"command":"line one\nfoo\tbar \u00e9migr\u00e9 \u4e2d\u6587\u5b57"}"#)
    try log.append(.sample("a") { $0.payload.set("command", payload.root["command"]) })
    #expect(try found(log, word).isEmpty)
  }

  @Test("Tags are searched beside summary and payload")
  func tags() throws {
    let log = try TemporaryLog()
    try log.append(.sample("a") { $0.tags = ["nightly build", "ünïcode"] })
    #expect(try found(log, "nightly") == ["a"])
    #expect(try found(log, "unicode") == ["a"])
  }

  @Test(
    "The search text means what the interface says",
    arguments: [
      ("red", ["red green", "red blue"]), ("red green", ["red green"]),
      ("green red", ["red green"]),
      (#""red green""#, ["red green"]), (#""green red""#, []), ("gre*", ["grey", "red green"]),
      (#""red gre"*"#, ["red green"]), ("red -blue", ["red green"]), ("-red", ["grey"]),
      ("-red -grey", []), ("blue OR grey", ["grey", "red blue"]),
      ("red blue OR grey", ["red blue"]), ("red -\"red green\"", ["red blue"]),
      ("RED", ["red green", "red blue"]), ("or", []), ("red AND green", []), ("red NOT green", []),
      ("red-green", ["red green"]), ("red:green", ["red green"]), ("re", []),
      ("OR red", ["red green", "red blue"]),
      ("red OR", ["red green", "red blue"]), ("grey OR -red", ["grey"]),
      ("- red", ["red green", "red blue"]),
      ("(red)", ["red green", "red blue"]), ("red^2", []), ("\"red", ["red green", "red blue"]),
      ("-gre*", ["red blue"]), ("summary:red", []),
    ])
  func language(text: String, expected: [String]) throws {
    let log = try log("red blue", "red green", "grey")
    #expect(try Set(found(log, text).filter { $0 != "run:s1" }) == Set(expected))
  }

  @Test("A Chinese word is found as its characters stand together, one alone begins a word")
  func ideographs() throws {
    let log = try log("数据库连接失败", "数学", "据数", "かな漢字")
    #expect(try found(log, "数据") == ["数据库连接失败"])
    #expect(try found(log, "连接失败") == ["数据库连接失败"])
    #expect(try found(log, "数据 失败") == ["数据库连接失败"])
    #expect(try found(log, "数连").isEmpty)
    #expect(try Set(found(log, "数")) == ["数据库连接失败", "数学"])
    #expect(try found(log, "漢字") == ["かな漢字"])
    #expect(try found(log, "かな") == ["かな漢字"])
  }

  @Test(
    "No input is an error",
    arguments: [
      "\"", "\"\"", "'", "*", "**", "-", "--", "-\"", "(", ")", "()", "^", ":", "{", "}", "NEAR",
      "NEAR(a b, 2)", "AND", "OR", "OR OR OR", "NOT", "a AND", "a NOT", "-a OR", "a:b:c", "a\u{0}b",
      "\u{0}", "\"a\u{0}b\"*", "%", "_", ";--", "' OR 1=1 --", "a*b*c", "+a", "a+b", "\\", "\\\"",
      "💥", "e\u{301}", "\u{301}", "\u{202E}", "𞤀", "-💥", "summary: x", "- -a -b -c", "a\" b\" c\"",
    ])
  func garbage(text: String) throws { try search(for: text) }

  @Test(
    "However long it is", arguments: ["a", "a ", "\"", "(", "a OR ", "中", "-a ", "a-"])
  func longGarbage(part: String) throws {
    try search(for: String(repeating: part, count: 10_000 / part.count))
  }

  private func search(for text: String) throws {
    let log = try log("a b c", "中文")
    for sort in EventFilter.Sort.allCases {
      for sessions in [[], ["s1"], ["s1", "s2"]] {
        #expect(throws: Never.self) {
          try page(log, text) {
            $0.sort = sort
            $0.sessions = sessions
          }
        }
      }
    }
    var filter = EventFilter()
    filter.text = text
    let reader = try log.reader()
    #expect(throws: Never.self) {
      _ = try reader.histogram(filter, buckets: 20)
      _ = try reader.facets(filter)
    }
  }

  @Test("Random searches are never an error")
  func fuzz() throws {
    var random = SeededGenerator.new()
    let log = try log("a b c", "中文 ab", "\"quoted\" -x", "é\u{301}")
    let reader = try log.reader()
    let pieces = [
      "a", "b*", "\"", "-", " ", " ", "OR", "*", "中", "文", "(", "^", ":", "é", "\u{0}", "NEAR",
      "\u{301}",
    ]
    for _ in 0..<400 {
      var filter = EventFilter()
      filter.text = (0..<1 + random.below(10)).map { _ in random.one(of: pieces) }.joined()
      filter.sort = random.one(of: EventFilter.Sort.allCases)
      #expect(throws: Never.self, "seed \(random.seed): \(filter.text.debugDescription)") {
        try reader.events(filter)
      }
    }
  }

  @Test("A text without a word says that there is nothing to search for")
  func nothing() throws {
    let page = try page(log("a"), "***")
    #expect(page.rows.isEmpty)
    #expect(page.matched == 0)
    #expect(page.partialReason != nil)
  }

  @Test("A snippet shows where the words stand, in the text as it was written")
  func snippets() throws {
    let log = try log("the Émigré went; an emigre came", "plain")
    let snippet = try #require(try page(log, "émigré").rows.first?.snippet)
    #expect(snippet.text == "the Émigré went; an emigre came")
    #expect(snippet.parts.filter(\.isMatch).map(\.text) == ["Émigré", "emigre"])
    let within = try self.log("a recheck, unchecked: CHECK it, then check more")
    let whole = try #require(try page(within, "check").rows.first?.snippet)
    #expect(whole.parts.filter(\.isMatch).map(\.text) == ["CHECK", "check"])
    #expect(whole.parts.first?.text == "a recheck, unchecked: ")
    let both = try page(log, "went OR came").rows.first?.snippet
    #expect(both?.parts.filter(\.isMatch).map(\.text) == ["went", "came"])
    #expect(try page(log, "ca*").rows.first?.snippet?.parts.filter(\.isMatch).map(\.text) == ["ca"])
    #expect(try page(log, "-plain").rows.first?.snippet?.matches.isEmpty == true)
    #expect(try log.reader().events(EventFilter()).rows.first?.snippet == nil)
  }

  @Test("A snippet of a long payload is the part around the match")
  func longSnippets() throws {
    let log = try TemporaryLog()
    let filler = String(repeating: "lorem ipsum ", count: 5000)
    try log.append(.sample("a") { $0.payload.set("text", filler + "\nneedle\t" + filler) })
    let snippet = try #require(try page(log, "needle").rows.first?.snippet)
    #expect(snippet.parts.filter(\.isMatch).map(\.text) == ["needle"])
    #expect(snippet.text.count < 300)
    #expect(snippet.text.hasPrefix("…"))
    #expect(!snippet.text.contains("\n"))
  }

  @Test("A phrase is marked whatever stands between its words, and ideographs only side by side")
  func phraseSnippets() throws {
    let log = try log("the red, (green) one", "数据库 数 据")
    func marked(_ text: String) throws -> [String]? {
      try page(log, text).rows.first?.snippet?.parts.filter(\.isMatch).map(\.text)
    }
    #expect(try marked("\"red green\"") == ["red, (green"])
    #expect(try marked("red-green") == ["red, (green"])
    #expect(try marked("数据") == ["数据"])
    #expect(try marked("\"the red\" OR green") == ["the red", "green"])
  }

  @Test(
    "Text with marks that stand on nothing is shown as it is",
    arguments: ["\u{301}", "e\u{301}\u{301}", "\u{0}", "a\u{0}\u{301}b", "👩‍👩‍👧", "\u{FE0F}", "İ", "ß"])
  func oddMarks(mark: String) throws {
    let log = try TemporaryLog()
    try log.append(
      .sample("a", summary: "x \(mark) word \(mark)word word\(mark) \(mark)") {
        $0.payload.set("k", String(repeating: mark, count: 100) + " other " + mark)
      })
    for text in ["word", "other", mark, "\(mark) word", "wo*", "\"\(mark) word\"", "x OR \(mark)*"]
    {
      let page = try page(log, text)
      for row in page.rows {
        let snippet = try #require(row.snippet)
        #expect(snippet.parts.map(\.text).joined() == snippet.text)
      }
    }
  }

  @Test("Only a whole word is marked")
  func wholeWords() throws {
    let log = try log("scarcity of a car, cars")
    let snippet = try page(log, "car").rows.first?.snippet
    #expect(snippet?.parts.filter(\.isMatch).map(\.text) == ["car"])
  }

  @Test("The newest come first, in whatever order transcripts were read")
  func newestFirst() throws {
    var random = SeededGenerator.new()
    let log = try TemporaryLog()
    let times = (0..<300).map { Int64($0) * 1000 }.shuffled(using: &random)
    for start in stride(from: 0, to: times.count, by: 50) {
      try log.append(times[start..<start + 50].map { .sample("\($0)", ts: $0, summary: "word") })
      try log.index()
    }
    let newest = try found(log, "word") { $0.limit = 500 }
    #expect(newest == times.sorted(by: >).map { "\($0)" }, "seed \(random.seed)")
    let oldest = try found(log, "word") {
      $0.limit = 500
      $0.sort = .oldest
    }
    #expect(oldest == newest.reversed())
  }

  @Test("Paging through a search shows each hit once, also where many share a second")
  func paging() throws {
    let log = try TemporaryLog()
    for batch in 0..<3 {
      try log.append(
        (0..<1000).map {
          .sample("\(batch) \($0)", ts: Int64(5000 + $0 % 3 * 400), summary: "word \($0 % 2)")
        })
      try log.index()
    }
    let reader = try log.reader()
    for sort in [EventFilter.Sort.newest, .oldest] {
      var filter = EventFilter()
      filter.text = "word 1"
      filter.limit = 130
      filter.sort = sort
      var keys: [String?] = []
      repeat {
        let page = try reader.events(filter)
        #expect(page.matched == 1500)
        keys += page.rows.map(\.event.idempotencyKey)
        filter.after = page.next
      } while filter.after != nil && keys.count < 5000
      #expect(keys.count == 1500)
      #expect(Set(keys).count == 1500)
    }
  }

  @Test("A search keeps to the other filters")
  func combined() throws {
    let log = try TemporaryLog()
    try log.append(
      (0..<40).map { number in
        .sample(
          "\(number)", number % 2 == 0 ? .blocked : .progress, ts: Int64(number) * 500,
          session: "s\(number % 4)", summary: "word"
        ) { $0.tags = ["t\(number % 5)"] }
      })
    #expect(try found(log, "word") { $0.types = ["blocked"] }.count == 20)
    #expect(try found(log, "word") { $0.sessions = ["s1"] }.count == 10)
    #expect(try found(log, "word") { $0.sessions = ["s1", "s2"] }.count == 20)
    #expect(try found(log, "word") { $0.tags = ["t0"] }.count == 8)
    #expect(try found(log, "word") { $0.since = 10_250 }.count == 19)
    #expect(try found(log, "word") { $0.until = 10_250 }.count == 21)
    #expect(try found(log, "word -nothing") { $0.attention = true }.count == 20)
    #expect(try found(log, "-word").allSatisfy { $0.hasPrefix("run:") })
  }

  @Test("Ranking puts the better hit first, also within a session and its copies")
  func rank() throws {
    let log = try TemporaryLog()
    let filler = String(repeating: "other words here ", count: 30)
    try log.append(
      .started("s1"), .sample("weak", ts: 9000, summary: "needle " + filler),
      .sample("strong", ts: 1000, summary: "needle needle"), .sample("none", summary: filler))
    try log.append(
      .started("s2"), .sample("weak", ts: 9000, session: "s2"),
      .sample("strong", ts: 1000, session: "s2"))
    for sessions in [[], ["s1"], ["s2"], ["s1", "s2"]] {
      let page = try page(log, "needle") {
        $0.sort = .rank
        $0.sessions = sessions
      }
      #expect(page.rows.map(\.event.idempotencyKey) == ["strong", "weak"], "\(sessions)")
      #expect(page.matched == 2)
      #expect(page.next == nil)
    }
  }

  @Test("Ranking without a word to rank by is the newest first, page by page")
  func rankWithoutText() throws {
    let log = try log("a", "b", "c")
    for text in [nil, "-zebra"] {
      var filter = EventFilter()
      filter.text = text
      filter.sort = .rank
      filter.limit = 2
      let first = try log.reader().events(filter)
      filter.after = first.next
      let second = try log.reader().events(filter)
      #expect((first.rows + second.rows).map(\.event.summary).prefix(3) == ["c", "b", "a"])
    }
  }
}
