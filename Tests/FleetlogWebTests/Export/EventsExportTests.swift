import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("Events as a table and as lines")
struct EventsExportTests {
  private func export(
    _ drafts: [EventDraft], _ form: EventsExport.Form, limit: Int? = nil,
    _ change: (inout EventFilter) -> Void = { _ in }
  ) throws -> String {
    let log = try TemporaryLog()
    try log.append(drafts)
    var filter = EventFilter()
    change(&filter)
    var document = EventsExport(filter, limit: limit, as: form, from: try log.reader())
    var bytes: [UInt8] = []
    while let piece = try document.next() { bytes += piece }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let many = (1...1300).map { number in
    EventDraft.sample("k\(number)", number % 3 == 0 ? .blocked : .progress, ts: Int64(number / 4))
  }

  @Test("a view comes whole however many events it has, each once, in the order of the view")
  func whole() throws {
    for sort in [EventFilter.Sort.newest, .oldest] {
      let lines = try export(Self.many, .ndjson) { filter in
        filter.sort = sort
        // Not the start of the run, which is an event too.
        filter.types = ["progress", "blocked"]
      }.split(separator: "\n")
      let ids = try lines.map { try #require(try JSONDocument(String($0)).root["id"]?.int) }
      #expect(ids.count == 1300 && Set(ids).count == 1300)
      #expect(ids == (sort == .newest ? ids.sorted(by: >) : ids.sorted()))
    }
    let blocked = try export(Self.many, .ndjson) { $0.types = ["blocked"] }
    #expect(blocked.split(separator: "\n").count == 433)
    #expect(try export(Self.many, .ndjson, limit: 501).split(separator: "\n").count == 501)
  }

  @Test("a view that names several values, or a word, comes whole as well")
  func routes() throws {
    let drafts = Self.many.enumerated().map { index, draft in
      var draft = draft
      if index.isMultiple(of: 2) { draft.run = .sample("s2") }
      draft.tags = ["t\(index % 5)"]
      draft.summary = index.isMultiple(of: 4) ? "ledger entry" : "else"
      return draft
    }
    func count(_ change: (inout EventFilter) -> Void) throws -> Int {
      try export(drafts, .ndjson, change).split(separator: "\n").count
    }
    #expect(try count { $0.sessions = ["s1", "s2"] } == 1302)
    #expect(try count { $0.tags = ["t1", "t2"] } == 520)
    #expect(try count { $0.text = "ledger" } == 325)
    #expect(try count { $0.text = "?!" } == 0)
  }

  @Test("the table has the log's columns, and text in it stays text")
  func table() throws {
    let csv = try export(
      [
        .sample("a", ts: 0, summary: "=HYPERLINK(\"http://x\")"),
        .sample("b", ts: 1, summary: "two\nlines, \"quoted\""),
        .sample("c", ts: 2, summary: "plain"),
      ], .csv
    ) { $0.sort = .oldest }
    #expect(csv.hasPrefix("id,ts,time,recorded_at,run_id,parent_run_id,instance_id,"))
    #expect(csv.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","))
    #expect(csv.contains(",\"two\nlines, \"\"quoted\"\"\","))
    #expect(csv.contains(",plain,"))
    #expect(csv.hasSuffix("\r\n"))
  }

  @Test(
    "no cell begins like a formula",
    arguments: ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
  func formulas(text: String) {
    var bytes: [UInt8] = []
    CSV.append(text, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "\"'\(text)\"")
  }

  @Test("secrets are taken out of lines and cells")
  func redaction() throws {
    let secret = "AKIA" + "IOSFODNN7EXAMPLE"
    let draft = EventDraft.sample("a", summary: "use \(secret)")
    for form in [EventsExport.Form.csv, .ndjson] {
      let text = try export([draft], form) { $0.text = "use" }
      #expect(!text.contains(secret) && text.contains("[redacted: AWS key id, 20 bytes]"))
    }
  }
}
