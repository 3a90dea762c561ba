import FleetlogClient
import Foundation

/// One verb of the command line.
protocol Verb: Sendable {
  static var name: String { get }
  /// What stands behind the verb, such as `[DIR…]`.
  static var operands: String { get }
  static var help: String { get }
  static var options: [Option] { get }

  /// Whether the user's file of settings counts for it: not for what makes a log of its own.
  static var usesSettings: Bool { get }

  /// - Returns: the exit status.
  static func run(_ arguments: Arguments) throws -> Int32
}

extension Verb {
  static var operands: String { "" }
  static var usesSettings: Bool { true }

  /// What it does in one line, for lists: its help up to where that goes into detail.
  static var summary: String {
    let line = help.replacing("\n", with: " ")
    let ends = [". ", ": ", "; "].compactMap { line.firstRange(of: $0)?.lowerBound }
    let text = line[..<(ends.min() ?? line.endIndex)]
    return text.hasSuffix(".") ? String(text) : text + "."
  }

  /// Its own options, and those that every verb has.
  static var allOptions: [Option] {
    options + (usesSettings ? [CommonOptions.config] : [])
      + [Option(name: "help", value: nil, help: "shows this")]
  }

  static var usage: String {
    var lines = ["usage: fleetlog \(name)" + (operands.isEmpty ? "" : " " + operands), "", help]
    let shown = allOptions
    let names = shown.map { option in
      (option.short.map { "-\($0), " } ?? "") + "--" + option.name
        + (option.value.map { " " + $0 } ?? "")
    }
    let width = min(28, names.map(\.count).max() ?? 0)
    lines += ["", "options:"]
    for (option, name) in zip(shown, names) {
      let padding = String(repeating: " ", count: max(1, width + 2 - name.count))
      let repeated = option.isRepeatable ? " (repeatable)" : ""
      lines.append("  " + name + padding + option.help + repeated)
    }
    lines += [
      "",
      "Every option has a twin in the environment, FLEETLOG_ and its name in capitals, and in the",
      "file of settings: see fleetlog config --help.",
    ]
    return lines.joined(separator: "\n")
  }
}

/// Options that several verbs share.
enum CommonOptions {
  static let database = Option(
    name: "db", value: "FILE",
    help: "the log (default \(Places.databaseText))")
  static let config = Option(
    name: "config", value: "FILE", help: "the settings (default \(SettingsFile.placeText))")
  static let json = Option(name: "json", value: nil, help: "prints JSON")
  static let prices = Option(
    name: "prices", value: "FILE", help: "what models cost (default Public/prices.json)")

  static func database(_ arguments: Arguments) -> String {
    arguments.value("db") ?? Places.database
  }

  /// The log's file, for verbs that make none.
  static func existingDatabase(_ arguments: Arguments) throws(Failure) -> String {
    let path = database(arguments)
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(
        "there is no log at \(path): make one with fleetlog ingest DIR or fleetlog serve, or name "
          + "it with --db")
    }
    return path
  }
}

/// Where things stand unless an option says otherwise.
enum Places {
  static var data: String {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["XDG_DATA_HOME"], folder.hasPrefix("/") {
      return folder + "/fleetlog"
    }
    return home + "/.local/share/fleetlog"
  }

  /// As the shell has it, which need not be what the user database says.
  private static var home: String {
    ProcessInfo.processInfo.environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? NSHomeDirectory()
  }

  static var database: String { data + "/fleetlog.db" }
  static let databaseText = "$XDG_DATA_HOME/fleetlog/fleetlog.db"

  /// The drop folder, which `FLEETLOG_INBOX` may name.
  static var inbox: String {
    let named = LogPlaces.settings["FLEETLOG_INBOX"]
    return named.flatMap { $0.isEmpty ? nil : $0 } ?? data + "/inbox"
  }
  /// The drop folder of a log: where what can't reach it waits.
  static func inbox(of database: String) -> String {
    LogPlaces(environment: LogPlaces.settings, database: database).inbox
  }
  static let inboxText = "$XDG_DATA_HOME/fleetlog/inbox"

  /// Where Claude Code and Codex keep what is theirs, whether they are there or not.
  static var claude: String {
    ProcessInfo.processInfo.environment["CLAUDE_CONFIG_DIR"] ?? home + "/.claude"
  }
  static var codex: String {
    ProcessInfo.processInfo.environment["CODEX_HOME"] ?? home + "/.codex"
  }

  /// WorkRail's sessions, and what its daemon writes.
  static var workRail: [String] {
    let data =
      ProcessInfo.processInfo.environment["WORKRAIL_DATA_DIR"] ?? home + "/.workrail/data"
    return [data + "/sessions", home + "/.workrail/events/daemon"]
  }

  /// Where Gemini CLI and OpenCode keep what is theirs.
  static var gemini: String {
    let named = ProcessInfo.processInfo.environment["GEMINI_CLI_HOME"]
    return (named.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home) + "/.gemini"
  }
  static var openCode: String {
    let named = ProcessInfo.processInfo.environment["XDG_DATA_HOME"]
    return (named.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/share") + "/opencode"
  }

  /// The folders in which agents keep their transcripts, whether they exist or not.
  static var agentFolders: [String] {
    [
      claude + "/projects", codex + "/sessions", codex + "/archived_sessions", gemini + "/tmp",
      openCode,
    ] + workRail
  }

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
