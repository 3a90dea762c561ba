import Foundation

/// What an agent's settings have of Fleetlog, and whether it still works.
struct InstalledHooks {
  let agent: HookSettings.Agent
  /// What the agent calls, in the order of their names; more than one where installs differ.
  private(set) var programs: [String] = []
  /// Why the settings can't be told.
  private(set) var trouble: String?
  private var isDisabled = false

  /// Of the agents that are there.
  static var all: [InstalledHooks] {
    HookSettings.Agent.allCases.filter { FileManager.default.fileExists(atPath: $0.folder) }
      .map(InstalledHooks.init)
  }

  init(_ agent: HookSettings.Agent) {
    self.agent = agent
    guard let settings = FileManager.default.contents(atPath: agent.file).map(Array.init) else {
      return
    }
    do {
      switch agent {
      case .claude:
        programs = try ClaudeHooks.programs(in: settings).sorted()
        isDisabled = ClaudeHooks.areDisabled(in: settings)
      case .codex: programs = try [CodexNotify.program(in: settings)].compactMap(\.self)
      }
    } catch {
      trouble = "\(error)"
    }
  }

  var isBroken: Bool { !programs.allSatisfy(Self.isThere) }

  /// In a sentence's part, such as “Codex calls /usr/bin/fleetlog”.
  var words: String {
    if let trouble { return "\(agent.name): can't tell, as of \(agent.file) \(trouble)" }
    guard !programs.isEmpty else { return "\(agent.name) calls none" }
    let called = programs.map { program in
      if !Self.isThere(program) { return program + ", which is not there" }
      return HookSettings.isPassing(program) ? program + ", which is part of a build" : program
    }
    return "\(agent.name) calls " + called.joined(separator: " and ")
      + (isDisabled ? "; its disableAllHooks is on, so no hook runs" : "")
  }

  private static func isThere(_ program: String) -> Bool {
    if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/" + program)
    }
  }
}
