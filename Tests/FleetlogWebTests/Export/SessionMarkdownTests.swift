import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("A session as Markdown and as data")
struct SessionMarkdownTests {
  @Test("text of the transcript makes no HTML, loads no image and ends no block")
  func hostile() throws {
    #expect(SessionMarkdown.quote("a <b>\n![x](http://h)") == "> a &lt;b>\n> !\\[x](http://h)")
    #expect(SessionMarkdown.inline("*a* [b](c)\n# d") == "\\*a\\* \\[b\\](c) \\# d")
    #expect(SessionMarkdown.fence("a\n````\nb") == "`````\na\n````\nb\n`````")
  }

  @Test("it holds what was said, done and found, in order")
  func content() throws {
    let (run, start) = ExportSample.agent("helper", ts: 4000)
    let text = try ExportSample([
      .started("s1"), ExportSample.said("I begin.", ts: 1000), ExportSample.call("a", ts: 2000),
      ExportSample.result("a", ts: 3000, "three tests passed"), start,
      ExportSample.said("inside", ts: 4500, run: run),
      .sample("b", .blocked, ts: 5000, summary: "login expired"),
    ]).text(.md)
    let places = try text.places(of: [
      "## Transcript", "> I begin.", "make a", "three tests passed", "## Sub-agent", "> inside",
      "**blocked**: login expired", "What is not in this file",
    ])
    #expect(places == places.sorted())
  }

  @Test("as data it is one document, or a line for the session and one for each event")
  func data() throws {
    let drafts =
      [EventDraft.started("s1")]
      + (1...1200).map { EventDraft.sample("k\($0)", ts: Int64($0)) }
    let sample = try ExportSample(drafts)
    let root = try JSONDocument(try sample.text(.json)).root
    #expect(root["session"]?["id"]?.string == "s1")
    #expect(root["events"]?.elements.count == 1201)
    #expect(root["graph"]?["edges"]?.isArray == true)
    let lines = try sample.text(.ndjson).split(separator: "\n")
    #expect(lines.count == 1203)
    #expect(try JSONDocument(String(lines[0])).root["session"]?["id"]?.string == "s1")
    #expect(try JSONDocument(String(lines[1])).root["event_type"]?.string == "process.started")
    #expect(try JSONDocument(String(lines[1202])).root["redacted"]?.isArray == true)
  }
}
