import FleetlogEvents

/// The user's file of settings: one JSON object. A key is an option's name without its dashes; a
/// verb's name as key holds an object of what counts for that verb alone, and counts more.
package struct SettingsFile: Sendable, Equatable {
  /// A value as the file has it.
  package indirect enum Value: Sendable, Equatable {
    case null
    case flag(Bool)
    case number(String)
    case text(String)
    case list([Value])
    case table([Member])

    /// What it is, for a message.
    package var kind: String {
      switch self {
      case .null: "null"
      case .flag: "true or false"
      case .number: "a number"
      case .text: "a string"
      case .list: "a list"
      case .table: "an object"
      }
    }
  }

  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: Value

    package init(_ key: String, _ value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// Why a file can't be used, with what mends it.
  package struct Failure: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  package let path: String
  package let members: [Member]
  /// Names the file where it stands elsewhere.
  package static let variable = "FLEETLOG_CONFIG"
  package static let placeText = "~/.config/fleetlog/config.json"

  package init(path: String, members: [Member]) {
    self.path = path
    self.members = members
  }

  /// Where the file is looked for, whether it is there or not.
  package static func path(_ environment: [String: String]) -> (path: String, isNamed: Bool) {
    if let named = environment[variable], !named.isEmpty { return (named, true) }
    if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
      return (folder + "/fleetlog/config.json", false)
    }
    return (LogPlaces.home(environment) + "/.config/fleetlog/config.json", false)
  }

  /// Reads the file; nil where there is none and none is named.
  package static func load(_ environment: [String: String]) throws(Failure) -> SettingsFile? {
    let (path, isNamed) = path(environment)
    guard let bytes = SmallFile.read(path) else {
      guard isNamed else { return nil }
      throw Failure(
        description: "can't read the settings in \(path): name a file that can be read with "
          + "--config or \(variable), or none")
    }
    return try parse(bytes, path: path, home: LogPlaces.home(environment))
  }

  package static func parse(
    _ bytes: [UInt8], path: String, home: String
  ) throws(Failure) -> SettingsFile {
    // An empty file has no settings, as /dev/null has none.
    guard bytes.contains(where: { $0 > 0x20 }) else {
      return SettingsFile(path: path, members: [])
    }
    let root: JSONValue
    do {
      root = try JSONDocument(bytes).root
    } catch {
      throw Failure(
        description: "can't read the settings in \(path): \(error); it must be one JSON object, as "
          + "fleetlog config --example prints one")
    }
    guard case .table(let members) = value(root, home) else {
      throw Failure(
        description:
          "the settings in \(path) must be one JSON object, as fleetlog config --example "
          + "prints one")
    }
    return SettingsFile(path: path, members: members)
  }

  private static func value(_ json: JSONValue, _ home: String) -> Value {
    switch json.kind {
    case .null: .null
    case .bool: .flag(json.bool ?? false)
    case .number: .number(json.source)
    case .string: .text(expanded(json.string ?? "", home))
    case .array: .list(json.elements.map { value($0, home) })
    case .object:
      // JSON has no comments: what begins so is one.
      .table(
        json.members.filter { !$0.key.hasPrefix("//") }.map {
          Member($0.key, value($0.value, home))
        })
    }
  }

  /// `~/` at the beginning means the home folder, as no shell is there to say so.
  private static func expanded(_ text: String, _ home: String) -> String {
    text.hasPrefix("~/") ? home + text.dropFirst(1) : text
  }

  /// What the file says of an option, for one verb: of its own section, else of all.
  package func value(of option: String, verb: String) -> (value: Value, key: String)? {
    for member in members where member.key == verb {
      guard case .table(let own) = member.value else { continue }
      if let found = own.last(where: { $0.key == option }) {
        return (found.value, verb + "." + option)
      }
    }
    return members.last { $0.key == option }.map { ($0.value, option) }
  }

  /// An environment with what the file says in words or numbers, for whoever reads options there; the
  /// environment itself counts more.
  package static func merged(
    _ environment: [String: String], verb: String = ""
  ) throws(Failure) -> [String: String] {
    guard let file = try load(environment) else { return environment }
    var result = environment
    let own = file.members.first { $0.key == verb }.map(\.value)
    var members = file.members
    if case .table(let section)? = own { members += section }
    for member in members {
      let name = variable(of: member.key)
      guard (environment[name] ?? "").isEmpty else { continue }
      switch member.value {
      case .text(let text), .number(let text): result[name] = text
      case .null, .flag, .list, .table: break
      }
    }
    return result
  }

  /// The environment's name for an option.
  package static func variable(of option: String) -> String {
    "FLEETLOG_" + String(option.uppercased().map { $0 == "-" ? "_" : $0 })
  }
}

extension LogPlaces {
  /// The environment with the settings of the file that concern where things are. A file that can't
  /// be read says nothing here: what must not fail for it goes on, and everything else names it.
  package static var settings: [String: String] {
    let environment = environment
    return (try? SettingsFile.merged(environment)) ?? environment
  }
}
