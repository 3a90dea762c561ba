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
    help: "the log (default \(Places.databaseText), or below $XDG_DATA_HOME)",
    resolved: { _ in Places.database })
  static let inbox = Option(
    name: "inbox", value: "DIR", help: "the drop folder (default: inbox beside the log)",
    resolved: { Places.inbox(of: database($0)) })
  static let config = Option(
    name: "config", value: "FILE",
    help: "the settings (default \(SettingsFile.placeText), or below $XDG_CONFIG_HOME)")
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
