import FleetlogEvents
import FleetlogIngest
import FleetlogTestSupport
import Foundation
import Testing

@testable import fleetlog

/// `fleetlog hook` as an agent runs it.
@Suite("Receiving what a hook tells")
struct HookReceiverTests {
  private struct Answer: Equatable {
    var output = ""
    var status: Int32 = 0
  }

  private static let silence = Answer()
  private static let session = "5e551011-0000-4000-8000-000000000001"
  private static let stop =
    #"{"session_id":"\#(session)","hook_event_name":"Stop","cwd":"/home/dev/ledger"}"#

  /// Runs a shell's script in which `$HOOK` is the receiver.
  private static func shell(_ script: String, inbox: String, input: [UInt8]? = nil) throws -> Answer
  {
    let process = ChildProcess()
    let (output, feed) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.environment = ProcessInfo.processInfo.environment.merging([
      "HOOK": RunningProgram.path.path, "FLEETLOG_INBOX": inbox,
    ]) { $1 }
    process.standardOutput = output
    process.standardError = output
    process.standardInput = input == nil ? FileHandle.nullDevice : feed
    try process.run()
    if let input {
      DispatchQueue.global().async {
        try? feed.fileHandleForWriting.write(contentsOf: Data(input))
        try? feed.fileHandleForWriting.close()
      }
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let status =
      process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
    return Answer(output: String(decoding: text, as: UTF8.self), status: status)
  }

  /// What the files of hooks hold, by their names.
  private static func files(_ folder: TemporaryFolder) throws -> [String: [UInt8]] {
    let hooks = folder.path("inbox/hooks").text
    let names = (try? FileManager.default.contentsOfDirectory(atPath: hooks)) ?? []
    return Dictionary(
      uniqueKeysWithValues: try names.map {
        ($0, Array(try Data(contentsOf: URL(fileURLWithPath: hooks + "/" + $0))))
      })
  }

  private static func lines(_ bytes: [UInt8]) throws -> [JSONValue] {
    try bytes.split(separator: 0x0A).map { try JSONDocument(Array($0)).root }
  }

  @Test("the start of a session names the agent's process, the nearest that is no shell")
  func process() throws {
    try TemporaryFolder.with { folder in
      let start =
        #"{"session_id":"\#(Self.session)","hook_event_name":"SessionStart","source":"startup"}"#
      let script = "$HOOK hook --agent claude || true"
      for document in [start, Self.stop] {
        let answer = try Self.shell(
          script, inbox: folder.path("inbox").text, input: Array(document.utf8))
        #expect(answer == Self.silence)
      }
      let lines = try Self.lines(try #require(try Self.files(folder).values.first))
      let named = lines.map { $0["process"]?["pid"]?.int }
      #expect(named == [Int(getpid()), nil])
    }
  }

  @Test("a document becomes one line of its session's file, which nobody else can read")
  func line() throws {
    try TemporaryFolder.with { (folder) throws in
      let inbox = folder.path("inbox").text
      let pretty = Self.stop.replacingOccurrences(of: ",", with: ",\r\n\t")
      for text in [Self.stop, pretty] {
        let answer = try Self.shell(
          #""$HOOK" hook --agent claude"#, inbox: inbox, input: Array(text.utf8))
        #expect(answer == Self.silence)
      }
      let files = try Self.files(folder)
      #expect(Array(files.keys) == ["claude-\(Self.session).jsonl"])
      let lines = try Self.lines(files.values.first ?? [])
      #expect(lines.count == 2)
      for line in lines {
        #expect(line["fleetlog_hook"]?.int == 1 && line["agent"]?.string == "claude")
        #expect(line["document"]?["hook_event_name"]?.string == "Stop")
        #expect((line["at"]?.int ?? 0) > 1_700_000_000_000)
      }
      for (name, mode) in [("inbox/hooks", 0o700), ("inbox/hooks/" + files.keys.first!, 0o600)] {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(name).text)
        #expect(attributes[.posixPermissions] as? Int == mode)
      }
    }
  }

  @Test("an argument is taken as well, as Codex hands its document over")
  func argument() throws {
    try TemporaryFolder.with { (folder) throws in
      let document = #"{"type":"agent-turn-complete","thread-id":"t-1","turn-id":"1"}"#
      let answer = try Self.shell(
        "\"$HOOK\" hook --agent codex '\(document)'", inbox: folder.path("inbox").text)
      #expect(answer == Self.silence)
      let files = try Self.files(folder)
      #expect(Array(files.keys) == ["codex-t-1.jsonl"])
      #expect(try Self.lines(files.values.first!).first?["document"]?["turn-id"]?.string == "1")
    }
  }

  @Test("what is chained behind it runs with the document, and its status is its own")
  func chained() throws {
    try TemporaryFolder.with { (folder) throws in
      let answer = try Self.shell(
        #""$HOOK" hook --agent codex -- sh -c 'echo "got $1"; exit 3' x '{"type":"a b"}'"#,
        inbox: folder.path("inbox").text)
      #expect(answer == Answer(output: "got {\"type\":\"a b\"}\n", status: 3))
      #expect(try Self.files(folder).count == 1)
    }
  }

  @Test(
    "whatever it is given, it says nothing and succeeds",
    arguments: [
      "{", "nonsense", "null", "[]", "{\"session_id\":7}", "\u{0}\u{1}", "{}{}",
      #"{"session_id":"../../../etc/passwd","hook_event_name":"Stop"}"#,
      #"{"session_id":"","hook_event_name":""}"#,
      String(repeating: "[", count: 100_000),
    ])
  func odd(input: String) throws {
    try TemporaryFolder.with { (folder) throws in
      let answer = try Self.shell(
        #""$HOOK" hook --agent '../x' --no-such-option"#, inbox: folder.path("inbox").text,
        input: Array(input.utf8))
      #expect(answer == Self.silence)
      for (name, bytes) in try Self.files(folder) {
        #expect(name == "other.jsonl")
        #expect(try Self.lines(bytes).count == 1)
      }
    }
  }

  @Test(
    "whatever is amiss around it, it says nothing and succeeds",
    arguments: [
      // Input that is closed, never ends, or belongs to another program.
      #""$HOOK" hook --agent claude <&-"#, #"(sleep 0.2; printf '{}') | "$HOOK" hook"#,
      #""$HOOK" hook </dev/zero"#, #""$HOOK" hook --agent claude >&- 2>&- </dev/null"#,
      // Folders that can't be made, entered or written.
      #"printf '{}' | "$HOOK" hook --inbox /proc/no/such"#,
      #"printf '{}' | "$HOOK" hook --inbox /dev/null"#, #"printf '{}' | "$HOOK" hook --inbox ''"#,
      #"printf '{}' | "$HOOK" hook --inbox"#,
      #"mkdir -p "$FLEETLOG_INBOX/hooks" && mkfifo "$FLEETLOG_INBOX/hooks/other.jsonl"; "#
        + #"printf '{}' | "$HOOK" hook"#,
      #"mkdir -p "$FLEETLOG_INBOX/hooks/other.jsonl"; printf '{}' | "$HOOK" hook"#,
      // A disk or a limit that takes not one more byte, and an environment without a home.
      #"ulimit -f 0; printf '{}' | "$HOOK" hook"#,
      #"printf '{}' | env -i "$HOOK" hook --inbox "$FLEETLOG_INBOX""#,
      #"cd "$FLEETLOG_INBOX/.." && mkdir gone && cd gone && rmdir ../gone; printf '{}' | "$HOOK" hook"#,
    ])
  func surroundings(script: String) throws {
    try TemporaryFolder.with { (folder) throws in
      #expect(try Self.shell(script, inbox: folder.path("inbox").text) == Self.silence)
    }
  }

  @Test(
    "who gives it no document and no agent's words is a person, and is told",
    arguments: [
      ("--instal", "near it: --install"), ("--agent claude --remov", "near it: --remove"),
      ("install", "near it: --install"), ("", "--install or --remove"),
    ])
  func person(words: String, said: String) throws {
    try TemporaryFolder.with { (folder) throws in
      let inbox = folder.path("inbox").text
      let answer = try Self.shell(#""$HOOK" hook "# + words, inbox: inbox)
      #expect(answer.status == 2)
      #expect(answer.output.contains(said), "\(answer.output)")
      #expect(try Self.files(folder).isEmpty)
      // With a document it is an agent that calls, whatever else stands there.
      let agent = try Self.shell(
        #""$HOOK" hook "# + words, inbox: inbox, input: Array(Self.stop.utf8))
      #expect(agent == Self.silence)
      #expect(try Self.files(folder).count == 1)
    }
  }

  @Test("a document too big to keep is cut, one too big to read is noted, and neither fails")
  func huge() throws {
    try TemporaryFolder.with { (folder) throws in
      let inbox = folder.path("inbox").text
      func send(_ size: Int) throws {
        let text = String(repeating: "é\n", count: size / 3)
        var document = JSONObject()
        document.set("session_id", "s")
        document.set("hook_event_name", "PostToolUse")
        document.set("tool_response", text)
        let answer = try Self.shell(#""$HOOK" hook"#, inbox: inbox, input: document.bytes)
        #expect(answer == Self.silence)
      }
      try send(300_000)
      try send(20_000_000)
      let files = try Self.files(folder)
      let cut = try #require(try Self.lines(files["s.jsonl"] ?? []).first?["document"])
      #expect(cut["hook_event_name"]?.string == "PostToolUse")
      #expect((cut["tool_response"]?["_cut"]?["length"]?.int ?? 0) > 290_000)
      #expect((files["s.jsonl"]?.count ?? 0) < 20_000)
      let noted = try #require(try Self.lines(files["other.jsonl"] ?? []).first)
      #expect(noted["refused"]?.string?.contains("bytes") == true)
    }
  }

  @Test("hooks that run at once don't mix their lines")
  func parallel() throws {
    try TemporaryFolder.with { (folder) throws in
      let long = String(repeating: "x", count: 30_000)
      let document = #"{"session_id":"s","hook_event_name":"Stop","n":"NN","text":"\#(long)"}"#
      let path = try folder.write("document", document).text
      let script =
        "seq 40 | xargs -P 40 -I NUMBER sh -c 'sed s/NN/NUMBER/ \(path) | \"$HOOK\" hook'"
      #expect(try Self.shell(script, inbox: folder.path("inbox").text) == Self.silence)
      let lines = try Self.lines(try Self.files(folder)["s.jsonl"] ?? [])
      let numbers = Set(lines.compactMap { $0["document"]?["n"]?.string })
      #expect(lines.count == 40)
      #expect(numbers == Set((1...40).map(String.init)))
    }
  }

  @Test("a line that a full disk cut short costs that line only")
  func torn() throws {
    try TemporaryFolder.with { (folder) throws in
      try folder.makeFolder("inbox/hooks")
      try folder.write("inbox/hooks/s.jsonl", #"{"fleetlog_hook":1,"at":17"#)
      let input = Array(#"{"session_id":"s","hook_event_name":"Stop"}"#.utf8)
      let inbox = folder.path("inbox").text
      for _ in 0..<2 { _ = try Self.shell(#""$HOOK" hook"#, inbox: inbox, input: input) }
      let lines = (try Self.files(folder)["s.jsonl"] ?? []).split(separator: 0x0A)
      #expect(lines.count == 3)
      #expect(lines.compactMap { try? JSONDocument(Array($0)) }.count == 2)
    }
  }
}
