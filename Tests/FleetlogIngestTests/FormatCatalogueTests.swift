import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Telling formats apart")
struct FormatCatalogueTests {
  private static func format(_ lines: [String], path: String = "/a/x.jsonl") -> String? {
    let sample = FormatCatalogue.sample(path: path, lines: lines.map { Array($0.utf8) })
    return FormatCatalogue.detect(sample)?.name
  }

  @Test(
    "A file's first lines tell its format",
    arguments: [
      ("codex/turn", "codex"), ("codex/flat", "codex"), ("codex/sub_agent", "codex"),
      ("eventlog/lines", "events"), ("eventlog/malformed", "events"),
      ("hooks/claude", "hooks"), ("hooks/odd", "hooks"),
      ("forge-loop/tick", "forge-loop"), ("forge-loop/malformed", "forge-loop"),
      ("workrail/session", "workrail"), ("workrail/malformed", "workrail"),
      ("workrail-daemon/day", "workrail-daemon"),
    ])
  func fixtures(name: String, format: String) throws {
    #expect(Self.format(try RolloutReading.lines(name + ".jsonl")) == format)
  }

  @Test("The name of a file does not decide")
  func names() throws {
    let lines = try RolloutReading.lines("eventlog/lines.jsonl")
    #expect(Self.format(lines, path: "/x/sessions/rollout-2026.jsonl") == "events")
  }

  @Test("Old Codex records without a thread are known by their shape")
  func drift() {
    #expect(
      Self.format([
        #"{"created_at":"2025-09-10T12:00:00Z","role":"user","message":"Hi","model":"gpt-4o-mini"}"#,
        #"{"created_at":"2025-09-10T12:00:01Z","type":"function_call","function":{"name":"t"}}"#,
      ]) == "codex")
  }

  @Test(
    "What no format knows is nobody's",
    arguments: [
      "", "plain text", #"{"a":1}"#, #"{"event_type":5,"summary":"x"}"#,
      #"{"event_type":"nonsense"}"#, #"{"role":"user","content":"x"}"#,
      #"{"type":"future","payload":{}}"#, #"[{"event_type":"progress","summary":"x"}]"#,
    ])
  func unknown(line: String) {
    #expect(Self.format([line]) == nil)
  }

  @Test("Blank and broken lines before the first record do not hide it")
  func brokenStart() throws {
    let lines = try RolloutReading.lines("codex/turn.jsonl")
    #expect(
      Self.format(["", " \r", "{\"cut", String(repeating: "\0", count: 9)] + lines) == "codex")
  }

  @Test("Every format has a name of its own, by which it is found again")
  func uniqueNames() {
    let names = FormatCatalogue.formats.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { FormatCatalogue.format(named: $0)?.name == $0 })
    #expect(FormatCatalogue.format(named: "unheard of") == nil)
  }
}
