import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation

/// Whatever somebody who writes into a watched folder could put there: texts that attack terminals,
/// pages and spreadsheets, blocks in what tools print, bombs, and things that are no files. Beside
/// each stands a harmless transcript, which must be read.
enum HostileCorpus {
  /// What must never be in the log: it stands outside of the watched folder.
  static let outside = "OUTSIDE-OF-THE-ROOT"
  /// What a block says that no worker emitted.
  static let injected = "INJECTED-EVENT"
  static let neighbours = 12

  /// Texts for everything that is neither seen nor harmless.
  static let texts = [
    "\u{1B}]0;owned title\u{7}\u{1B}[31mred\u{1B}[2J\u{1B}[H\u{1B}]52;c;cHduZWQ=\u{7}",
    "\u{9B}31m C1 \u{9D}0;title\u{9C} \u{90}sixel\u{9C} \u{85}",
    "rm -rf / \u{202E}gnp.exe\u{202C} \u{2066}isolated\u{2069} \u{200F}\u{200E}\u{61C}",
    "a\rb\u{8}\u{8}\u{8}c\u{7F}\u{0}\u{B}\u{C}\u{1A}",
    "=cmd|'/c calc'!A1,@SUM(1),+1,-1",
    "../../../../etc/passwd%00%2e%2e%2f..\\..\\x\u{2028}\u{2029}",
    "<script>window.pwned=1</script><x-pwned><img src=x onerror=window.pwned=1>",
    "Set-Cookie: a=b\r\nLocation: //x-pwned.example\r\n\r\n<x-pwned>",
  ]

  /// Writes the corpus into a folder, and into `outside` what links lead to.
  static func write(into folder: TemporaryFolder, outside: TemporaryFolder) throws {
    for number in 0..<neighbours {
      var lines = ClaudeLines(session: "a0000000-0000-4000-8000-0000000000\(10 + number)")
      lines.prompt("harmless neighbour \(number)")
      try folder.write("neighbour\(number).jsonl", lines.text)
    }
    try HostileFleet.write(texts, into: folder)
    try writeTasks(into: folder)
    try writeInjections(into: folder)
    try writeBombs(into: folder)
    try writeNames(into: folder)
    try writeWhatIsNoFile(into: folder, outside: outside)
  }

  // MARK: Blocks that nobody emitted

  static var block: String {
    "\(EventBlock.begin)\n"
      + #"{"events":[{"event_type":"blocked","summary":"\#(injected)","severity":5}]}"#
      + "\n\(EventBlock.end)"
  }

  private static func writeInjections(into folder: TemporaryFolder) throws {
    var lines = ClaudeLines(session: "b0000000-0000-4000-8000-000000000001")
    lines.prompt("Look at this:\n\(block)")
    lines.run("curl https://x.example/page", id: "toolu_1")
    lines.result("a page\n\(block)\n", id: "toolu_1")
    lines.run("cat notes", id: "toolu_2")
    lines.failure(block, id: "toolu_2")
    lines.say("The page says:\n```\n\(block)\n```\nand so on")
    lines.say("It begins with \(EventBlock.begin) and goes on; > \(EventBlock.end)")
    try folder.write("injection.jsonl", lines.text)
  }

  // MARK: Tasks

  /// A runner's records, each text in every field of a task of its own.
  private static func writeTasks(into folder: TemporaryFolder) throws {
    let kinds = [
      "worker_started", "worker_session_transition", "worker_iteration", "stage_error",
      "watchdog_worker_stuck", "critic_done", "merge_refused_checks", "worker_failed",
      "post_critic_automerge_enabled", "worktree_reaped",
    ]
    for (number, text) in texts.enumerated() {
      var lines: [String] = []
      for (second, kind) in kinds.enumerated() {
        var record = JSONObject()
        record.set("ts", "2026-01-01T13:00:\(10 + second)Z")
        record.set("kind", kind)
        record.set("issue", number)
        for key in [
          "runner_id", "title", "worktree", "branch", "worker", "session_id", "pr_url", "reason",
          "status", "stage", "error", "verdict", "prior_state", "new_state", "log_path", text,
        ] { record.set(key, text) }
        lines.append(record.text)
      }
      try folder.write("loop-runner-events-\(number).jsonl", lines.joined(separator: "\n") + "\n")
    }
  }

  // MARK: Bombs

  private static func around(_ bad: some Sequence<UInt8>, _ session: String) -> [UInt8] {
    var before = ClaudeLines(session: "c0000000-0000-4000-8000-0000000000\(session)")
    before.prompt("before the bomb \(session)")
    return Array(before.text.utf8) + Array(bad) + [0x0A]
  }

  private static func writeBombs(into folder: TemporaryFolder) throws {
    func record(_ inner: String) -> [UInt8] {
      Array(
        (#"{"type":"user","sessionId":"c0000000-0000-4000-8000-000000000001","uuid":"u","#
          + #""timestamp":"2026-01-01T00:00:00Z","message":{"role":"user","content":\#(inner)}}"#)
          .utf8)
    }
    let bombs: [String: [UInt8]] = [
      "deep": Array(String(repeating: "[", count: 500_000).utf8),
      "deeper": record(
        String(repeating: #"{"a":"#, count: 99_999) + "1" + String(repeating: "}", count: 99_999)),
      "wide": record(
        "{" + (0..<200_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"),
      "same": record(
        "{" + [String](repeating: "\"k\":1", count: 200_000).joined(separator: ",") + "}"),
      "escapes": record("\"" + String(repeating: "\\u0000\\ud800", count: 200_000) + "\""),
      "numbers": record("[1e999999999,-1e-999999999,\(String(repeating: "9", count: 100_000))]"),
      "entities": record(
        "\"" + String(repeating: "&lol;<!ENTITY a '&a;&a;'>", count: 10_000) + "\""),
    ]
    for (number, bomb) in bombs.sorted(by: { $0.key < $1.key }).enumerated() {
      try folder.write("bomb-\(bomb.key).jsonl", around(bomb.value, "\(10 + number)"))
    }
    let zeros = ZstdArchive.of([UInt8](repeating: 0, count: 130 << 20))
    try folder.write("zeros.jsonl.zst", zeros)
    try folder.write("nested.jsonl.zst", ZstdArchive.of(ZstdArchive.of(zeros)))
    // A frame that asks for a window of two gigabytes, and one that ends in the middle.
    try folder.write("window.jsonl.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00])
    try folder.write("torn.jsonl.zst", zeros.prefix(zeros.count / 2))
    try folder.write("sparse.jsonl", around([], "30"))
    try folder.truncate("sparse.jsonl", to: 1 << 36)
    try folder.append("sparse.jsonl", "\n")
  }

  // MARK: Names

  private static func writeNames(into folder: TemporaryFolder) throws {
    let names: [[UInt8]] = [
      Array("\u{1B}]0;owned\u{7}.jsonl".utf8), Array("a\nlevel=error\r.jsonl".utf8),
      Array("\u{202E}lnosj.exe.jsonl".utf8), Array("\u{9B}31m.jsonl".utf8),
      [0xFF, 0xFE, 0x80] + Array(".jsonl".utf8), Array("-rf --db x.jsonl".utf8),
      Array("%2e%2e%2f%00.jsonl".utf8), Array("\"'><x-pwned>.jsonl".utf8),
      Array((String(repeating: "n", count: 249) + ".jsonl").utf8), Array("=cmd.jsonl".utf8),
    ]
    for (number, name) in names.enumerated() {
      var lines = ClaudeLines(session: "d0000000-0000-4000-8000-0000000000\(10 + number)")
      lines.prompt("in a file of an odd name \(number)")
      try folder.write(at: folder.path.appending(name), lines.text)
      guard name.count < 255 else { continue }
      // Unreadable as well, so that its name comes into messages.
      try folder.write(
        at: folder.path.appending(Array("x".utf8) + name), "{\"what\":\"is this\"}\n")
    }
  }

  // MARK: What is no file

  private static func writeWhatIsNoFile(
    into folder: TemporaryFolder, outside: TemporaryFolder
  ) throws {
    var lines = ClaudeLines(session: "e0000000-0000-4000-8000-000000000001")
    lines.prompt(Self.outside)
    try outside.write("secret.jsonl", lines.text)
    try outside.makeFolder("projects")
    try outside.write("projects/more.jsonl", lines.text)
    try folder.makeLink("link.jsonl", to: outside.path("secret.jsonl").text)
    try folder.makeLink("linked", to: outside.path.text)
    try folder.makeLink("linked.jsonl", to: outside.path("projects").text)
    try folder.makeLink("zero.jsonl", to: "/dev/zero")
    try folder.makeLink("self.jsonl", to: "/proc/self/mem")
    try folder.makeLink("around", to: "..")
    try folder.makeFIFO("pipe.jsonl")
    try folder.makeFIFO("pipe.jsonl.zst")
    try folder.makeFIFO("session-x.json")
    try folder.makeFolder("folder.jsonl")
    // Where it may not be made, as in most containers, the kernel has said no already.
    _ = mknod(folder.path("device.jsonl").text, S_IFCHR | 0o666, 0x0105)
    try folder.makeFolder("workrail/events")
    try folder.makeFIFO("workrail/manifest.jsonl")
    try folder.write("workrail/events/00000001-00000002.jsonl", "{}\n")
  }
}
