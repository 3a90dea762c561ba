import Foundation

/// One agent's settings, into which Fleetlog puts itself or from which it takes itself out.
struct HookSettings {
  enum Agent: String, CaseIterable {
    case claude, codex

    var folder: String { self == .claude ? Places.claude : Places.codex }

    var file: String {
      folder + (self == .claude ? "/settings.json" : "/config.toml")
    }

    var name: String { self == .claude ? "Claude Code" : "Codex" }
  }

  private let agent: Agent
  private let path: String
  /// Whether the file is named: otherwise it is the agent's own, whose folder is made for it.
  private let isNamed: Bool
  private let inbox: String?
  private let events: [String]
  private let isDryRun: Bool

  init(_ agent: Agent, _ arguments: Arguments) {
    self.agent = agent
    path = arguments.value("settings") ?? agent.file
    isNamed = arguments.has("settings")
    inbox = arguments.value("inbox").map(Self.absolute)
    let chosen = arguments.values("event")
    events = chosen.isEmpty ? ClaudeHooks.events : chosen
    isDryRun = arguments.has("dry-run")
  }

  func edit(isInstalling: Bool) throws {
    let file = try FileEdit(path)
    if isInstalling, isNamed { try file.requireFolder() }
    let before = file.content ?? []
    guard isInstalling || file.content != nil else {
      return Terminal.say("\(agent.name) has no settings at \(path): nothing to remove")
    }
    let after: [UInt8]
    do {
      after = try isInstalling ? install(in: before) : remove(from: before)
    } catch {
      throw Failure(
        "can't edit \(path): \(error); nothing was changed: mend that, or edit the file by hand")
    }
    guard after != before || (file.content == nil && !after.isEmpty) else {
      let state = isInstalling ? "is installed already" : "is not installed"
      return Terminal.say("\(agent.name): \(path) is as it should be, fleetlog hook \(state)")
    }
    let isLeftover = !isInstalling && holdsNothing(after)
    if isDryRun {
      Terminal.say("would \(isLeftover ? "remove" : "change") \(path):")
      return FileDifference.show(from: before, to: isLeftover ? [] : after)
    }
    guard !isLeftover else {
      try file.remove()
      return Terminal.say(
        "\(agent.name): \(path) held nothing but the call of fleetlog hook and is removed")
    }
    try file.replace(with: after)
    Terminal.say(
      isInstalling
        ? "\(agent.name): \(path) now calls fleetlog hook; sessions that start from now on do"
        : "\(agent.name): \(path) no longer calls fleetlog hook")
    if isInstalling, agent == .claude, ClaudeHooks.areDisabled(in: after) {
      Terminal.say("its disableAllHooks is on, so no hook runs until that is taken out")
    }
  }

  private func install(in settings: [UInt8]) throws -> [UInt8] {
    switch agent {
    case .claude: try ClaudeHooks.install(command, events: events, in: settings)
    case .codex: try CodexNotify.install(words, in: settings)
    }
  }

  private func remove(from settings: [UInt8]) throws -> [UInt8] {
    switch agent {
    case .claude: try ClaudeHooks.remove(from: settings)
    case .codex: try CodexNotify.remove(from: settings)
    }
  }

  /// Whether settings are no more than what installing begins with where there is no file.
  private func holdsNothing(_ settings: [UInt8]) -> Bool {
    let text = settings.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return text.isEmpty || (agent == .claude && text.elementsEqual("{}".utf8))
  }

  private var words: [String] {
    let place = inbox.map { ["--inbox", $0] } ?? []
    return [Self.program, "hook", "--agent", agent.rawValue] + place
  }

  /// For a shell; silent and successful even where the program is gone.
  private var command: String {
    words.map(ShellWords.quoted).joined(separator: " ") + " 2>/dev/null || true"
  }

  /// Whether a program is part of a build, in a folder that nobody means to keep.
  static func isPassing(_ program: String) -> Bool {
    program.split(separator: "/").contains(".build")
  }

  /// What a person calls, where that stands beside this program.
  static var program: String {
    let own =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? absolute(CommandLine.arguments[0])
    let called = (own as NSString).deletingLastPathComponent + "/fleetlog"
    return FileManager.default.isExecutableFile(atPath: called) ? called : own
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}
