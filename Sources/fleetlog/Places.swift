import FleetlogClient
import Foundation

/// Where things stand unless an option says otherwise.
enum Places {
  private static var environment: [String: String] { ProcessInfo.processInfo.environment }

  static var data: String {
    if let folder = environment["XDG_DATA_HOME"], folder.hasPrefix("/") {
      return folder + "/fleetlog"
    }
    return home + "/.local/share/fleetlog"
  }

  /// As the shell has it, which need not be what the user database says.
  private static var home: String {
    environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? NSHomeDirectory()
  }

  static var database: String { data + "/fleetlog.db" }
  static let databaseText = "~/.local/share/fleetlog/fleetlog.db"

  /// The drop folder, which `FLEETLOG_INBOX` may name.
  static var inbox: String {
    let named = LogPlaces.settings["FLEETLOG_INBOX"]
    return named.flatMap { $0.isEmpty ? nil : $0 } ?? data + "/inbox"
  }

  /// The drop folder of a log: where what can't reach it waits.
  static func inbox(of database: String) -> String {
    LogPlaces(environment: LogPlaces.settings, database: database).inbox
  }
  static let inboxText = "~/.local/share/fleetlog/inbox"

  private static var agents: AgentPlaces { AgentPlaces(home: home, environment: environment) }

  static var claude: String { agents.claude }
  static var codex: String { agents.codex }

  /// The folders in which agents keep their transcripts, whether they exist or not.
  static var agentFolders: [String] { agents.folders }

  /// Makes the folder of a file, readable by its owner only: transcripts hold secrets.
  static func makeFolder(of file: String) throws(Failure) {
    let folder = (file as NSString).deletingLastPathComponent
    guard !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) else { return }
    var made = folder.hasPrefix("/") ? "" : "."
    for part in folder.split(separator: "/") {
      made += "/" + part
      guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
        throw Failure(
          "can't make the folder \(Terminal.safe(made)): \(String(cString: strerror(errno))); make it "
            + "by hand, as where a service may write to it but not make it, or name another file "
            + "with --db")
      }
    }
  }
}

/// Where agents keep what is theirs, whether it is there or not.
struct AgentPlaces {
  let home: String
  let environment: [String: String]

  var claude: String { environment["CLAUDE_CONFIG_DIR"] ?? home + "/.claude" }
  var codex: String { environment["CODEX_HOME"] ?? home + "/.codex" }

  private var gemini: String { (folder("GEMINI_CLI_HOME") ?? home) + "/.gemini" }
  private var openCode: String {
    (folder("XDG_DATA_HOME") ?? home + "/.local/share") + "/opencode"
  }

  /// WorkRail's sessions, and what its daemon writes.
  private var workRail: [String] {
    let data = environment["WORKRAIL_DATA_DIR"] ?? home + "/.workrail/data"
    return [data + "/sessions", home + "/.workrail/events/daemon"]
  }

  /// Those with transcripts.
  var folders: [String] {
    [
      claude + "/projects", codex + "/sessions", codex + "/archived_sessions", gemini + "/tmp",
      openCode,
    ] + workRail
  }

  private func folder(_ variable: String) -> String? {
    environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
  }
}
