import FleetlogEvents
import FleetlogIngest
import Testing

@Suite("Tools in words")
struct ToolSummaryTests {
  @Test(
    "A call is named as a colleague would name it",
    arguments: [
      ("Bash", #"{"command":"cd /srv/app && npm test"}"#, "npm test"),
      (
        "Bash", #"{"command":"npm run dev","run_in_background":true}"#,
        "npm run dev (in the background)"
      ),
      ("Bash", ##"{"command":"# why\nmake all\nmake install"}"##, "make all …"),
      ("Read", #"{"file_path":"/srv/app/src/a.ts"}"#, "Read src/a.ts"),
      (
        "Read", #"{"file_path":"/srv/application/a.ts","offset":10,"limit":5}"#,
        "Read /srv/application/a.ts, lines 10–14"
      ),
      ("Grep", #"{"pattern":"TODO","path":"/srv/app/src"}"#, "Search “TODO” in src"),
      (
        "Task", #"{"description":"Survey","subagent_type":"Explore"}"#,
        "Sub-agent (Explore): Survey"
      ),
      (
        "TodoWrite",
        #"{"todos":[{"status":"completed"},{"status":"in_progress","content":"Mend it"},"x"]}"#,
        "To do: 1 of 3 done · now: Mend it"
      ),
      (
        "AskUserQuestion", #"{"questions":[{"question":"Port?"},{"question":"Host?"}]}"#,
        "Asks: Port? (+1 more)"
      ),
      ("ExitPlanMode", ##"{"plan":"# Plan: Move it"}"##, "Proposes a plan: Move it"),
      (
        "mcp__github__create_pull_request", #"{"title":"Mend retry"}"#,
        "github: create pull request · Mend retry"
      ),
      ("Unheard", #"{"n":1}"#, "Unheard"),
      ("Read", #"{"file_path":7}"#, "Read"),
      ("", "null", "A tool without a name"),
    ])
  func calls(tool: String, input: String, summary: String) throws {
    let input = try JSONDocument(input).root
    #expect(ToolSummary.call(tool, input: input, cwd: "/srv/app") == summary)
  }

  @Test("A commit is named by its message's first line, in a here-document too")
  func commits() {
    #expect(
      CommandSummary.call(
        "cd x && git add -A && git commit -m \"Add it\n\nAll of it.\" && git push")
        == "git add -A && git commit -m “Add it” && git push")
    #expect(
      CommandSummary.call("git commit -m \"$(cat <<'EOF'\nAdd it\n\nMore.\nEOF\n)\" && git status")
        == "git commit -m “Add it” && git status")
  }

  @Test(
    "The runners' summaries are read",
    arguments: [
      ("=== 1 failed, 11 passed in 0.12s ===", 12, 1),
      (
        "Test Suites: 1 failed, 3 passed\nTests:       1 failed, 11 passed, 12 total\nTime: 1 s",
        12, 1
      ),
      (" Test Files  1 passed (1)\n      Tests  7 passed (7)", 7, 0),
      (
        "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed",
        8, 2
      ),
      ("  11 passing (13s)\n  1 failing\n\n  1) it breaks", 12, 1),
      ("Executed 12 tests, with 1 failure (0 unexpected) in 0.1 seconds", 12, 1),
      ("Test run with 12 tests in 2 suites passed after 0.1 seconds.", 12, 0),
    ])
  func runners(output: String, total: Int, failed: Int) {
    #expect(TestOutcome(output) == TestOutcome(total: total, failed: failed))
  }

  @Test(
    "Figures of something else are not taken for tests",
    arguments: [
      "3 failed", "exitcode '1': failure in test", "2 files changed", "0 passed", "",
      "9223372036854775807 failed 9223372036854775807 passed",
    ])
  func noRunner(output: String) {
    #expect(TestOutcome(output) == nil)
  }

  @Test("A command's result tells what went wrong, or what came first")
  func results() {
    func result(_ output: String, exit: Int? = nil, failed: Bool = false) -> String {
      CommandSummary.result(of: "make", output: output, exitCode: exit, failed: failed)
    }
    #expect(result("") == "make: done, nothing printed")
    #expect(result("> app@1 make\n\nall built\nbye") == "make: all built (4 lines)")
    #expect(result("cc a.c\na.c:3: error: no", exit: 2) == "make: exit 2 · cc a.c (2 lines)")
    #expect(
      result("cc a.c\na.c:3: error: no", exit: 2, failed: true)
        == "make: exit 2 · a.c:3: error: no")
    #expect(
      result("Traceback (most recent call last):\n  File x\nImportError: no y", failed: true)
        == "make: failed · ImportError: no y")
    #expect(
      CommandSummary.result(
        of: "git push", output: "To github.com:a/b.git\n   1..2  main -> main", failed: false)
        == "git push: 1..2 main -> main")
  }

  @Test("A line is never longer than its limit, whatever the text")
  func limits() {
    for text in [String(repeating: "a", count: 9000), String(repeating: "a ", count: 900), "é"] {
      #expect(PlainText.line(text).count <= PlainText.limit)
      #expect(PlainText.line(text, limit: 10).count <= 10)
    }
    let combining = "a" + String(repeating: "\u{301}", count: 100_000)
    #expect(PlainText.line(combining).utf8.count < 5000)
  }

  @Test("Sizes and durations are rounded as people do")
  func figures() {
    #expect(ToolSummary.size(999) == "999 bytes")
    #expect(ToolSummary.size(3250) == "3.2 KB")
    #expect(ToolSummary.size(.max) == "9223372036854 MB")
    #expect(ToolSummary.duration(850) == "850 ms")
    #expect(ToolSummary.duration(120_000) == "2 min")
    #expect(ToolSummary.duration(3_700_000) == "1 h 1 min")
  }
}
