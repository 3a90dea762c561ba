import FleetlogEvents
import FleetlogTestSupport

/// A fleet whose transcripts attack whoever reads them in a browser: one session for each kind of
/// attack, with the attack in every field that a transcript has.
enum HostileFleet {
  /// Texts that do something where a page takes them for more than text. Whatever they make
  /// carries the name `x-pwned`, whatever they run sets `pwned`.
  static let attacks = [
    "<script>window.pwned=1</script><img src=x onerror=window.pwned=1 x-pwned>"
      + "<svg onload=window.pwned=1></svg><iframe srcdoc='<script>parent.pwned=1</script>'></iframe>"
      + "<x-pwned></x-pwned><details open ontoggle=window.pwned=1 x-pwned>",
    "\"'></title></textarea></select></pre></svg></a>--><script>alert(window.pwned=1)</script>"
      + "<x-pwned x-pwned>",
    "\" onmouseover=\"window.pwned=1\" autofocus onfocus=\"window.pwned=1\" x-pwned=\"",
    "' onmouseover='window.pwned=1' autofocus onfocus='window.pwned=1' x-pwned='",
    "{{{content}}}{{#rows}}{{title}}<!--]]><![CDATA[&lt;x-pwned&gt;&#60;x-pwned&#62;\\u003cx-pwned>",
    "javascript:alert(window.pwned=1)",
    "data:text/html,<script>alert(window.pwned=1)</script><x-pwned>",
    "[a](javascript:window.pwned=1)![b](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9cHduZWQ9MT4=)"
      + "<a href=//x-pwned.example>[c](//x-pwned.example/)[d](data:text/html,<x-pwned>)",
  ]

  /// How many files, and sessions, there are of each attack.
  static let formats = 3

  /// How the name of the file with an attack ends.
  static func fileName(_ attack: String) -> String {
    attack.replacing("/", with: "|").prefix(200) + ".jsonl"
  }

  @Sendable static func write(into folder: TemporaryFolder) throws {
    try write(attacks, into: folder)
  }

  static func write(_ attacks: [String], into folder: TemporaryFolder) throws {
    for (number, attack) in attacks.enumerated() {
      try folder.write("\(number)" + fileName(attack), claude(attack, number))
      try folder.write("codex\(number).jsonl", codex(attack, number))
      try folder.write("log\(number).jsonl", eventLog(attack, number))
    }
  }

  private static func object(_ build: (inout JSONObject) -> Void) -> JSONObject {
    var object = JSONObject()
    build(&object)
    return object
  }

  private static func event(_ attack: String) -> JSONObject {
    object { event in
      event.set("event_type", "blocked")
      event.set("summary", attack)
      event.set("severity", attack)
      event.set("dedupe_key", attack)
      event.set("idempotency_key", attack)
      event.set("tags", [attack])
      event.set(attack, attack)
      event.set(
        "artifact_refs",
        ["url", "log_url", "commit"].map { kind in
          object { artifact in
            artifact.set("kind", kind)
            artifact.set("url", attack)
            artifact.set("title", attack)
            artifact.set("ref", attack)
            artifact.set("source", "worker")
          }
        })
      event.set(
        "payload",
        object { payload in
          payload.set(attack, [attack])
          payload.set("in " + attack, object { $0.set(attack, attack) })
        })
    }
  }

  private static func block(_ attack: String) -> String {
    let body = object { $0.set("events", [event(attack)]) }.text
    return "\(EventBlock.begin)\n\(body)\n\(EventBlock.end)"
  }

  private static func claude(_ attack: String, _ number: Int) -> String {
    var lines: [String] = []
    func add(_ type: String, _ content: [JSONObject], isMeta: Bool = false) {
      let line = object { line in
        line.set("type", type)
        line.set("uuid", "\(number)-\(lines.count)" + attack)
        line.set("sessionId", "\(number)" + attack)
        line.set("timestamp", "2026-01-01T12:00:\(lines.count + 10)Z")
        line.set("cwd", "/home/" + attack)
        line.set("gitBranch", attack)
        line.set("version", attack)
        line.set("requestId", attack)
        line.set(
          "message",
          object { message in
            message.set("role", type)
            message.set("content", content)
            guard type == "assistant" else { return }
            message.set("id", "\(lines.count)" + attack)
            message.set("model", attack)
            message.set("stop_reason", attack)
            message.set("usage", object { $0.set("output_tokens", 1) })
          })
      }
      lines.append(line.text)
    }
    func text(_ text: String) -> JSONObject {
      object {
        $0.set("type", "text")
        $0.set("text", text)
      }
    }
    add("user", [text(attack)])
    add(
      "assistant",
      [
        object {
          $0.set("type", "thinking")
          $0.set("thinking", attack)
        }
      ])
    for (index, tool) in [attack, "Bash", "Read", "Task", "WebFetch"].enumerated() {
      add(
        "assistant",
        [
          object { call in
            call.set("type", "tool_use")
            call.set("id", "\(index)" + attack)
            call.set("name", tool)
            call.set(
              "input",
              object { input in
                for key in [
                  "command", "description", "file_path", "prompt", "subagent_type", "url",
                ] + [attack] {
                  input.set(key, attack)
                }
              })
          }
        ])
      add(
        "user",
        [
          object { result in
            result.set("type", "tool_result")
            result.set("tool_use_id", "\(index)" + attack)
            result.set("content", [String](repeating: attack, count: 40).joined(separator: "\n"))
            result.set("is_error", index == 1)
          }
        ])
    }
    add("assistant", [text(attack + "\n" + block(attack))])
    add("assistant", [text("\(EventBlock.begin)\n{\(attack)\n\(EventBlock.end)")])
    add("assistant", [text("```\n\(block(attack))\n```")])
    lines.append(
      object {
        $0.set("type", "summary")
        $0.set("summary", attack)
        $0.set("leafUuid", attack)
      }.text)
    lines.append("{\"type\":\"\(attack.replacing("\"", with: "'"))\" broken")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func codex(_ attack: String, _ number: Int) -> String {
    func line(_ type: String, _ build: (inout JSONObject) -> Void) -> String {
      object { line in
        line.set("timestamp", "2026-01-01T11:00:00Z")
        line.set("type", type)
        line.set("payload", object(build))
      }.text
    }
    return [
      line("session_meta") { meta in
        meta.set("id", "codex\(number)" + attack)
        meta.set("timestamp", "2026-01-01T11:00:00Z")
        for key in ["cwd", "originator", "cli_version", "instructions", "source"] {
          meta.set(key, attack)
        }
        meta.set(
          "git",
          object {
            $0.set("branch", attack)
            $0.set("repository_url", attack)
          })
      },
      line("turn_context") { context in
        for key in ["cwd", "model", "effort", "approval_policy"] { context.set(key, attack) }
      },
      line("event_msg") {
        $0.set("type", "user_message")
        $0.set("message", attack)
      },
      line("response_item") { call in
        call.set("type", "function_call")
        call.set("name", attack)
        call.set("arguments", object { $0.set(attack, attack) }.text)
        call.set("call_id", attack)
      },
      line("response_item") { output in
        output.set("type", "function_call_output")
        output.set("call_id", attack)
        output.set("output", attack)
      },
      line("event_msg") {
        $0.set("type", attack)
        $0.set("message", attack)
      },
    ].joined(separator: "\n") + "\n"
  }

  private static func eventLog(_ attack: String, _ number: Int) -> String {
    ["blocked", "x." + attack].map { type in
      object { line in
        line.set("ts", "2026-01-01T10:00:00Z")
        line.set("event_type", type)
        line.set("instance_id", "\(number)" + attack)
        for key in ["role", "summary", "session", "dedupe_key", "provenance", attack] {
          line.set(key, attack)
        }
        line.set("tags", [attack])
        line.set(
          "artifact_refs",
          [
            object {
              $0.set("kind", attack)
              $0.set("url", attack)
            }
          ])
      }.text
    }.joined(separator: "\n") + "\n"
  }
}
