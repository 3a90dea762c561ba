import FleetlogClient
import FleetlogEvents
import Foundation

/// Takes what agents' own hooks tell, and puts itself into the agents' settings.
enum HookCommand: Verb {
  static let name = "hook"
  static let operands = "[--install | --remove]"
  static let help = """
    Installs Fleetlog among the hooks of Claude Code and Codex, or removes it. The agents then call
    it with one JSON document, on stdin or as the last argument, and it writes that into the drop
    folder; silent, and never fails the agent.
    """
  static let options = [
    Option(name: "install", value: nil, help: "has the agents call this program"),
    Option(name: "remove", value: nil, help: "takes that out again, and nothing else"),
    Option(
      name: "agent", value: "AGENT", help: "claude or codex (default: those that are there)",
      choices: HookSettings.Agent.allCases.map(\.rawValue)),
    Option(name: "settings", value: "FILE", help: "the agent's settings, if not its own folder's"),
    Option(
      name: "event", value: "NAME",
      help: "a hook to install, instead of " + ClaudeHooks.events.joined(separator: ", "),
      isRepeatable: true),
    Option(
      name: "inbox", value: "DIR",
      help: "the drop folder (default \(Places.inboxText), or below $XDG_DATA_HOME)",
      resolved: { _ in Places.inbox }),
    Option(name: "dry-run", value: nil, help: "shows what would change, and changes nothing"),
  ]

  /// Whether an agent calls, which must hear nothing, rather than a person.
  static func isReceiving(_ words: [String]) -> Bool {
    let own = words.prefix { $0 != "--" }
    guard !own.contains(where: ["--install", "--remove", "--help", "-h"].contains) else {
      return false
    }
    return own.contains { $0.hasPrefix("{") } || isatty(0) == 0
  }

  /// - Returns: false where no agent called after all.
  static func receive(_ words: [String]) -> Bool {
    HookReceiver(words, environment: LogPlaces.settings).run()
  }

  static func run(_ arguments: Arguments) throws -> Int32 {
    if let word = arguments.positional.first {
      throw UsageError(
        "it takes options and no “\(word)”"
          + NearNames.hint(word, among: options.map(\.name), prefix: "--")
          + ": name the agent with --agent, its file with --settings")
    }
    let isInstalling = arguments.has("install")
    guard isInstalling != arguments.has("remove") else {
      throw UsageError(
        isInstalling
          ? "--install and --remove exclude each other: give one of them"
          : "an agent calls this with a document on stdin; by hand it takes --install or --remove")
    }
    for agent in try agents(arguments) {
      try HookSettings(agent, arguments).edit(isInstalling: isInstalling)
    }
    if isInstalling, HookSettings.isPassing(HookSettings.program) {
      Terminal.say(
        "the hook calls \(HookSettings.program), which is part of a build: it falls silent when that "
          + "folder goes. To keep it, install what make package makes and call that one’s "
          + "fleetlog hook --install")
    }
    return 0
  }

  /// The agents whose settings are meant.
  private static func agents(_ arguments: Arguments) throws -> [HookSettings.Agent] {
    if let agent = arguments.value("agent").flatMap(HookSettings.Agent.init(rawValue:)) {
      return [agent]
    }
    if let file = arguments.value("settings") {
      if file.hasSuffix(".json") { return [.claude] }
      if file.hasSuffix(".toml") { return [.codex] }
      throw UsageError("--settings needs --agent beside it: the file's name tells no agent")
    }
    let present = HookSettings.Agent.allCases.filter {
      FileManager.default.fileExists(atPath: $0.folder)
    }
    guard !present.isEmpty else {
      let folders = HookSettings.Agent.allCases.map(\.folder).joined(separator: " nor ")
      throw Failure("there is no agent: neither \(folders) is there; name one with --agent")
    }
    return present
  }
}
