import FleetlogEvents
import FleetlogTestSupport
import Testing

@testable import FleetlogWeb

@Suite("A session as one file")
struct SessionFileTests {
  private static let secret = "ghp_" + String(repeating: "aB3", count: 12)

  @Test("every event has its place, and every link of the page one in the file or none")
  func anchors() throws {
    let sample = try ExportSample([
      .started("s1"), ExportSample.call("a", ts: 1000), ExportSample.result("a", ts: 2000, "fine"),
      .sample("b", .blocked, ts: 3000, summary: "login expired"),
    ])
    let html = try sample.text()
    for event in try sample.log.events() {
      #expect(html.ranges(of: "id=\"e\(event.id)\"").count == 1, "\(event.type.rawValue)")
    }
    #expect(html.contains("href=\"#e4\""))
    let addresses = html.matches(of: /(?:href|src|action)="([^"]*)"/).map(\.output.1)
    #expect(addresses.allSatisfy { $0.hasPrefix("#") })
    let lanes = addresses.filter { $0.wholeMatch(of: /#s\d+/) != nil }
    #expect(!lanes.isEmpty, "nothing in the transcript leads to its place in the lanes")
    #expect(lanes.allSatisfy { html.contains("id=\"\($0.dropFirst())\"") })
    #expect(!html.contains("url("))
    #expect(html.hasPrefix("<!doctype html>") && html.hasSuffix("</html>\n"))
  }

  @Test("the file's own policy lets in its style and its script by their hashes, and nothing else")
  func policy() throws {
    let html = try ExportSample([.started("s1")]).text()
    let policy = try #require(
      html.firstMatch(of: /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/)
    ).output.1.replacing("&#39;", with: "'")
    #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
    #expect(policy.matches(of: /'sha256-[A-Za-z0-9+\/]{43}='/).count == 2)
    #expect(!policy.contains("unsafe") && !policy.contains("http"))
    #expect(html.ranges(of: "<style>").count == 1 && html.ranges(of: "<script>").count == 1)
    let places = try html.places(of: ["Content-Security", "<style>"])
    #expect(places == places.sorted())
  }

  @Test("what a transcript says is text, whatever it says")
  func hostile() throws {
    let attack = "</style></script><!-- inside --><script>alert(1)</script><img src=x onerror=a>"
    let (run, start) = ExportSample.agent("agent " + attack, ts: 1500)
    let drafts = [
      EventDraft.started("s1") {
        $0.payload.set("agent", attack)
        $0.payload.set("title", attack)
      }, ExportSample.said(attack, ts: 1000), start,
      ExportSample.said("in " + attack, ts: 1600, run: run),
      ExportSample.result("x", ts: 3000, attack),
    ]
    let plain = try ExportSample(drafts).text()
    let harmless = try ExportSample(
      drafts.map { draft in
        var draft = draft
        draft.summary = draft.summary.replacing(attack, with: "")
        return draft
      }
    ).text()
    #expect(!plain.contains("<img") && plain.ranges(of: "<script>").count == 1)
    #expect(
      structure(of: plain).filter { $0.hasPrefix("<script") || $0.hasPrefix("<style") }
        == structure(of: harmless).filter { $0.hasPrefix("<script") || $0.hasPrefix("<style") })
  }

  @Test("secrets are taken out of every part, and the file lists their kinds and none of them")
  func redaction() throws {
    let sample = try ExportSample([
      .started("s1") { $0.payload.set("title", "use \(Self.secret)") },
      .sample("b", .blocked, ts: 1000, summary: "\(Self.secret) was refused") { draft in
        draft.payload.set("text", "again \(Self.secret)")
        draft.tags = [Self.secret]
      },
      ExportSample.call("a", ts: 2000), ExportSample.result("a", ts: 2500, "x\n\(Self.secret)\ny"),
    ])
    for format in ExportFormat.allCases {
      let clean = try sample.text(format)
      #expect(!clean.contains(Self.secret), "\(format)")
      #expect(clean.contains("[redacted: GitHub token, "), "\(format)")
      #expect(try sample.text(format, redaction: .none).contains(Self.secret), "\(format)")
    }
    let html = try sample.text()
    let end = html[try #require(html.firstRange(of: "What is not in this file</h2>")).lowerBound...]
    #expect(end.contains("<span>GitHub token</span>"))
    #expect(try sample.text(redaction: .none).contains("Secrets were not looked for"))
    let list = try JSONDocument(try sample.text(.json)).root["redacted"]?.elements
    #expect(list?.first?["kind"]?.string == "GitHub token")
    #expect(list?.first?["count"]?.int ?? 0 >= 4)
  }

  @Test("long texts are cut to what the file carries, and the file says how much is missing")
  func budget() throws {
    let long = (0..<9000).map { "line \($0)" }.joined(separator: "\n")
    let html = try ExportSample([
      .started("s1"), ExportSample.call("a", ts: 1000), ExportSample.result("a", ts: 2000, long),
    ]).text()
    #expect(html.contains("line 0\n") && html.contains("line 8999"))
    #expect(!html.contains("line 4500"))
    #expect(html.contains("1 event holds texts that were cut"))
    #expect(html.utf8.count < 120 << 10)
  }

  @Test("a long session is made in pieces, none of which holds more than a part of it")
  func pieces() throws {
    let drafts =
      [EventDraft.started("s1")]
      + (1...3000).map { ExportSample.said("sentence number \($0).", ts: Int64($0) * 1000) }
    let sample = try ExportSample(drafts)
    let pieces = try sample.pieces()
    #expect(pieces.count > 15)
    let whole = pieces.reduce(0) { $0 + $1.count }
    #expect(try #require(pieces.map(\.count).max()) < whole / 8)
    let html = String(decoding: pieces.joined(), as: UTF8.self)
    for number in [1, 200, 201, 1500, 3000] {
      #expect(html.ranges(of: "sentence number \(number).").count == 1, "\(number)")
    }
    #expect(html.ranges(of: "class=\"day\"").count == 1)
  }

  @Test("there is no file of a session that is not there")
  func missing() throws {
    let order = try ExportOrder(
      log: TemporaryLog().reader(), kit: .ofThisPackage(), now: 0, redaction: Redaction())
    #expect(try order.session("none", as: .html) == nil)
  }
}
