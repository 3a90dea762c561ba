import FleetlogClient
import FleetlogEvents
import Foundation

/// Shows every setting and where it comes from.
enum ConfigCommand: Verb {
  static let name = "config"
  static let operands = "[VERB] [options of the verb]"
  static let help = """
    Shows what every option is and where that comes from: a flag, the environment, the file of
    settings, or the default; for one verb, or for all. The file is \(SettingsFile.placeText), or
    below $XDG_CONFIG_HOME, or the one that --config or FLEETLOG_CONFIG names.
    """
  static let options = [
    CommonOptions.json,
    Option(name: "example", value: nil, help: "prints a file with every key explained"),
  ]

  /// Its own options and those of all verbs, so that flags can be shown as well.
  static var everyOption: [Option] {
    var names: Set<String> = []
    return (allOptions + verbs.flatMap { $0.options }).filter { names.insert($0.name).inserted }
  }

  /// Whose options the file can set.
  private static var verbs: [any Verb.Type] {
    Fleetlog.verbs.filter { $0.usesSettings && $0 != ConfigCommand.self }
  }

  private struct Row {
    let key: String
    let value: String
    let origin: String
  }

  static func run(_ arguments: Arguments) throws -> Int32 {
    if arguments.has("example") {
      Terminal.print(example)
      return 0
    }
    var verb: (any Verb.Type)?
    if let name = arguments.positional.first {
      guard arguments.positional.count == 1, let named = verbs.first(where: { $0.name == name })
      else {
        throw UsageError(
          "config can't show \"\(name)\": it takes one verb that has settings, such as serve")
      }
      verb = named
    }
    let environment = ProcessInfo.processInfo.environment
    let file = try SettingsFile.load(environment)
    let rows = try settings(of: verb, arguments, environment, file)
    let place = SettingsFile.path(environment).path
    if arguments.has("json") {
      var object = JSONObject()
      object.set("file", place)
      object.set("file_exists", file != nil)
      object.set(
        "settings",
        rows.map { row in
          var entry = JSONObject()
          entry.set("key", row.key)
          entry.set("value", row.value)
          entry.set("from", row.origin)
          return entry
        })
      Terminal.print(object.bytes)
      return 0
    }
    var table = Table(["setting", "value", "from"], right: [])
    for row in rows { table.add([row.key, Terminal.safe(row.value), row.origin]) }
    table.print()
    Terminal.say("settings: \(Terminal.safe(place))" + (file == nil ? " (none there)" : ""))
    return 0
  }

  private static func settings(
    of verb: (any Verb.Type)?, _ arguments: Arguments, _ environment: [String: String],
    _ file: SettingsFile?
  ) throws -> [Row] {
    var rows: [Row] = []
    var names: Set<String> = []
    for owner in verb.map({ [$0] }) ?? verbs {
      // A verb's own section counts for it alone, so it is shown by itself.
      let own = try Arguments(
        [], options: owner.options, environment: environment, settings: file, verb: owner.name)
      for option in owner.options {
        var key = option.name
        if case .file(_, let name) = own.origin(option.name), name != option.name, verb == nil {
          key = name
        }
        guard names.insert(key).inserted else { continue }
        let isFlag = arguments.origin(option.name) == .flag
        let origin = isFlag ? .flag : own.origin(option.name)
        let values = isFlag ? arguments.values(option.name) : own.values(option.name)
        rows.append(
          Row(
            key: key, value: text(values, of: option, isSet: origin != nil, own),
            origin: words(origin)))
      }
    }
    return rows.sorted { $0.key < $1.key }
  }

  private static func text(
    _ values: [String], of option: Option, isSet: Bool, _ arguments: Arguments
  ) -> String {
    guard isSet else {
      return option.value == nil ? "off" : option.resolved?(arguments) ?? option.standard ?? ""
    }
    if option.value == nil { return values.isEmpty ? "off" : "on" }
    return values.joined(separator: ", ")
  }

  private static func words(_ origin: Arguments.Origin?) -> String {
    switch origin {
    case .flag: "flag"
    case .environment(let name): "environment: \(name)"
    case .file(_, let key): "file: \(key)"
    case nil: "default"
    }
  }

  /// A file that sets nothing: each key is null, which says the same as leaving it out, and behind it
  /// stands what it means. JSON has no comments, so those are keys that say so.
  static var example: String {
    func quoted(_ text: String) -> String {
      String(JSONObject.array(of: [text]).dropFirst().dropLast())
    }
    var names: Set<String> = []
    var lines: [String] = []
    for verb in verbs {
      for option in verb.options where names.insert(option.name).inserted {
        let users = verbs.filter { $0.options.contains { $0.name == option.name } }.map { $0.name }
        let of = users.count == verbs.count ? "every verb" : users.joined(separator: ", ")
        lines.append(
          "  \(quoted("//" + option.name)): "
            + quoted("\(option.help) [\(of); \(option.fileShape)]") + ",\n  "
            + quoted(option.name) + ": null")
      }
    }
    return "{\n" + lines.joined(separator: ",\n") + "\n}"
  }
}
