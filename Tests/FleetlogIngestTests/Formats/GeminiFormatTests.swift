import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Testing

@Suite("Gemini CLI sessions")
struct GeminiFormatTests {
  private static let cases = Fixtures.cases("gemini", ending: ".jsonl")

  private func read(_ text: String, path: String = "/t/chats/a.jsonl") -> FormatOutput {
    FormatRun.read(GeminiFormat.self, Array(text.utf8), path: path)
  }

  @Test("give the events of their golden", arguments: cases)
  func golden(_ name: String) throws {
    let output = FormatRun.read(GeminiFormat.self, try Fixtures.bytes("gemini/\(name).jsonl"))
    try Golden.verify(Golden.events(output), against: "gemini/\(name).events.json")
  }

  @Test("give the same events line by line", arguments: cases)
  func chunks(_ name: String) throws {
    let bytes = try Fixtures.bytes("gemini/\(name).jsonl")
    let whole = FormatRun.read(GeminiFormat.self, bytes)
    let pieces = FormatRun.read(GeminiFormat.self, bytes, restoring: true)
    #expect(Golden.events(whole) == Golden.events(pieces))
  }

  @Test("are told by their first line", arguments: cases)
  func detection(_ name: String) throws {
    let lines = FormatRun.lines(try Fixtures.bytes("gemini/\(name).jsonl")).map(\.bytes)
    let format = FormatCatalogue.detect(FormatCatalogue.sample(path: "x.jsonl", lines: lines))
    #expect(format?.name == GeminiFormat.name)
  }

  private let head = #"{"sessionId":"s1","projectHash":"h"}"# + "\n"

  @Test("Of a message that is written again at each change, the last version is told, once")
  func versions() {
    let growing = [
      #"{"id":"a","type":"gemini","content":"","tokens":null}"#,
      #"{"id":"a","type":"gemini","content":"Done.","tokens":null}"#,
      #"{"id":"a","type":"gemini","content":"Done.","tokens":{"input":5,"output":2}}"#,
    ]
    for count in 1...growing.count {
      let output = read(head + growing.prefix(count).map { $0 + "\n" }.joined())
      #expect(output.drafts.count { $0.type == .messageAssistant } == (count > 1 ? 1 : 0))
      #expect(output.drafts.count { $0.type == .llmCallCompleted } == (count > 2 ? 1 : 0))
      #expect(output.drafts.count { $0.type == .turnCompleted } == (count > 1 ? 1 : 0))
    }
  }

  @Test("A message waits for the next one, or for quiet")
  func holding() {
    let text = head + #"{"id":"a","type":"gemini","content":"One."}"# + "\n"
    let open = FormatRun.read(GeminiFormat.self, Array(text.utf8), settling: false)
    #expect(!open.drafts.contains { $0.type == .messageAssistant })
    let next = text + #"{"id":"b","type":"user","content":"Two."}"# + "\n"
    let closed = FormatRun.read(GeminiFormat.self, Array(next.utf8), settling: false)
    #expect(
      closed.drafts.map(\.type)
        == [.processStarted, .messageAssistant, .turnCompleted, .messageUser])
  }

  @Test(
    "The same message has the same keys, whatever the layout, the file and what it holds beside")
  func keys() {
    let compact = #"{"id":"a","timestamp":"2026-01-01T10:00:00Z","type":"user","content":"Hé"}"#
    let loose =
      #"{ "type":"user", "content": [ {"text":"H\u00e9"} ],"timestamp":"2026-01-01T10:00:00.000Z", "id":"a"}"#
    let keys = [(compact, "/t/a.jsonl"), (loose, "/u/b.jsonl")].map { line, path in
      read(head + line + "\n", path: path).drafts.map(\.idempotencyKey)
    }
    #expect(keys[0] == keys[1])
    #expect(keys[0].count == 2)
  }

  @Test("A sub-agent's session hangs on the one that its folder names")
  func subAgent() throws {
    let output = read(
      #"{"sessionId":"s2","projectHash":"h","kind":"subagent"}"# + "\n"
        + #"{"id":"a","type":"user","content":"Look for it."}"# + "\n",
      path: "/t/ledger/chats/s1/s2.jsonl")
    let start = try #require(output.drafts.first)
    #expect(start.parentRunKey == "run:gemini:s1")
    #expect(start.run.role == "subagent")
    #expect(output.drafts.last?.sourceKind == .worker)
  }

  @Test("The project is known by what stands beside the session")
  func project() throws {
    try TemporaryFolder.with { home in
      let path = home.path("tmp/ledger/chats/session-1.jsonl")
      #expect(GeminiProjects.project(of: path) == nil)
      try home.write("projects.json", #"{"projects":{"/home/dev/ledger":"ledger","/x":"y"}}"#)
      #expect(GeminiProjects.project(of: path) == "/home/dev/ledger")
      let hash = FactKey.sha256("/x")
      #expect(GeminiProjects.project(of: home.path("tmp/\(hash)/chats/s1/s2.jsonl")) == "/x")
      try home.makeFolder("tmp/ledger")
      try home.write("tmp/ledger/.project_root", "/home/dev/other\n")
      #expect(GeminiProjects.project(of: path) == "/home/dev/other")
      #expect(GeminiProjects.project(of: home.path("tmp/ledger/logs/a.jsonl")) == nil)
    }
  }
}
