import FleetlogEvents

/// Fleetlog's entries among the hooks of Claude Code's `settings.json`. Pure.
///
/// An entry of ours is one whose command runs a program called `fleetlog` with the verb `hook`;
/// everything else in the file is somebody else's and keeps every byte.
enum ClaudeHooks {
  /// The hooks that tell what transcripts don't, or tell it sooner. None of them runs for every
  /// tool call.
  static let events = [
    "SessionStart", "PermissionRequest", "Notification", "SubagentStart", "SubagentStop", "Stop",
    "SessionEnd",
  ]

  /// s after which Claude Code ends a hook that hangs; ours ends by itself before.
  private static let timeout = 5

  /// Why settings can't be edited.
  struct Refusal: Error, CustomStringConvertible { let description: String }

  /// The settings with one entry of ours under each event, and none under others.
  static func install(
    _ command: String, events: [String] = events, in settings: [UInt8]
  ) throws(Refusal) -> [UInt8] {
    var edit = try open(settings)
    let entries = try ours(edit)
    let isCurrent =
      entries.count == events.count && Set(entries.map(\.event)) == Set(events)
      && entries.allSatisfy { $0.command == command }
    guard !isCurrent else { return settings }
    try removeOurs(from: &edit)
    for event in events { try add(command, for: event, to: &edit) }
    return edit.bytes
  }

  /// The settings without our entries, and without the lists that held nothing else.
  static func remove(from settings: [UInt8]) throws(Refusal) -> [UInt8] {
    var edit = try open(settings)
    try removeOurs(from: &edit)
    return edit.bytes
  }

  /// Whether the settings say that no hook is to run.
  static func areDisabled(in settings: [UInt8]) -> Bool {
    (try? JSONDocument(settings).root)?["disableAllHooks"]?.bool ?? false
  }

  /// The programs that our entries call, each once.
  static func programs(in settings: [UInt8]) throws(Refusal) -> Set<String> {
    Set(try ours(try open(settings)).compactMap { ShellWords.split($0.command).first })
  }

  private static func open(_ settings: [UInt8]) throws(Refusal) -> JSONEdit {
    let isBlank = settings.allSatisfy { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    let edit: JSONEdit
    do throws(JSONError) {
      edit = try JSONEdit(isBlank ? settings + Array("{}\n".utf8) : settings)
    } catch {
      throw Refusal(
        description: "it is not plain JSON (\(error)); comments and trailing commas can't be kept")
    }
    guard root(edit).isObject else { throw Refusal(description: "it is no JSON object") }
    return edit
  }

  private struct Entry {
    let event: String
    let command: String
    /// The places of the group in its event's list, and of the entry in its group.
    let group: Int
    let place: Int
    let groupSize: Int
  }

  /// Our entries, in the order of the file.
  private static func ours(_ edit: JSONEdit) throws(Refusal) -> [Entry] {
    var entries: [Entry] = []
    for (event, groups) in try hooks(edit)?.members ?? [] {
      guard groups.isArray else {
        throw Refusal(description: "hooks.\(event) is no array")
      }
      for (group, value) in groups.elements.enumerated() {
        let commands = value["hooks"]?.elements ?? []
        for (place, entry) in commands.enumerated() {
          guard let command = entry["command"]?.string, isOurs(command) else { continue }
          entries.append(
            Entry(
              event: event, command: command, group: group, place: place,
              groupSize: commands.count))
        }
      }
    }
    return entries
  }

  private static func hooks(_ edit: JSONEdit) throws(Refusal) -> JSONValue? {
    guard let hooks = root(edit)["hooks"] else { return nil }
    guard hooks.isObject else { throw Refusal(description: "its “hooks” is no object") }
    return hooks
  }

  /// What was read when the edit began is read again: each edit leaves plain JSON.
  private static func root(_ edit: JSONEdit) -> JSONValue {
    guard let root = try? edit.root else { preconditionFailure("an edit broke the JSON") }
    return root
  }

  /// Whether a command is `fleetlog hook …`, whatever the program's folder and quotes.
  static func isOurs(_ command: String) -> Bool {
    let words = ShellWords.split(command)
    return words.count >= 2 && words[1] == "hook"
      && words[0].split(separator: "/").last == "fleetlog"
  }

  private static func add(
    _ command: String, for event: String, to edit: inout JSONEdit
  ) throws(Refusal) {
    if try hooks(edit) == nil { edit.add("hooks", { _ in "{}" }, to: root(edit)) }
    guard let hooks = try hooks(edit) else { return }
    guard let groups = hooks[event] else {
      return edit.add(
        event,
        { layout in
          "[" + layout.line(1) + group(command, event, layout, level: 1) + layout.line() + "]"
        }, to: hooks)
    }
    guard groups.isArray else { throw Refusal(description: "hooks.\(event) is no array") }
    edit.append({ group(command, event, $0, level: 0) }, to: groups)
  }

  /// A group with our one entry. Where the event is about a tool, a matcher says that all are meant.
  private static func group(
    _ command: String, _ event: String, _ layout: JSONEdit.Layout, level: Int
  ) -> String {
    let isAboutTool = ["PermissionRequest", "PreToolUse", "PostToolUse", "PostToolUseFailure"]
      .contains(event)
    func line(_ deeper: Int) -> String { layout.line(level + deeper) }
    let comma = "," + (layout.newline.isEmpty ? " " : "")
    let matcher = isAboutTool ? line(1) + "\"matcher\": \"*\"" + comma : ""
    let fields = [
      "\"type\": \"command\"", "\"command\": \(JSONEdit.literal(command))",
      "\"timeout\": \(timeout)",
    ]
    let entry = fields.map { line(3) + $0 }.joined(separator: comma)
    return "{" + matcher + line(1) + "\"hooks\": [" + line(2) + "{" + entry + line(2) + "}"
      + line(1) + "]" + line(0) + "}"
  }

  private static func removeOurs(from edit: inout JSONEdit) throws(Refusal) {
    while let entry = try ours(edit).last, let hooks = try hooks(edit),
      let groups = hooks[entry.event]
    {
      let group = groups.elements[entry.group]
      if entry.groupSize > 1, let list = group["hooks"] {
        edit.remove(entry.place, from: list)
      } else if groups.elements.count > 1 {
        edit.remove(entry.group, from: groups)
      } else if hooks.members.count > 1 {
        edit.remove(place(of: entry.event, in: hooks), from: hooks)
      } else {
        edit.remove(place(of: "hooks", in: root(edit)), from: root(edit))
      }
    }
  }

  /// Of a key that is repeated the last one counts.
  private static func place(of key: String, in object: JSONValue) -> Int {
    object.members.lastIndex { $0.key == key } ?? 0
  }
}

/// Words of a shell's command line.
enum ShellWords {
  /// Splits a command as far as quotes and backslashes go; no variable is looked at.
  static func split(_ command: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in command {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + [word].compactMap { $0 }
  }

  /// A word in quotes where it needs them.
  static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || "/._-+:@%".unicodeScalars.contains($0)
      }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
