import FleetlogClient
import FleetlogEvents
import Foundation

/// An option of a verb. Every option has a twin in the environment, `--min-severity` is
/// `FLEETLOG_MIN_SEVERITY`, and a key of its name in the file of settings: see ``SettingsFile``.
struct Option: Sendable {
  let name: String
  /// What its value is called in the help; nil for a flag.
  let value: String?
  let help: String
  var isRepeatable = false
  /// Whether each value is `NAME=VALUE`: then the file of settings has an object, and the environment
  /// several with commas between.
  var isTable = false
  /// A letter that stands for it behind one dash, where that is what people type.
  var short: Character?
  /// The words that it takes, where it takes no others.
  var choices: [String] = []
  /// What holds without it, where its help says of that only how it is found.
  var resolved: (@Sendable (Arguments) -> String)?

  var environmentName: String { SettingsFile.variable(of: name) }

  /// What its help says that holds without it; nil where it says nothing.
  var standard: String? {
    guard let start = help.range(of: "(default ")?.upperBound,
      let end = help[start...].firstIndex(of: ")")
    else { return nil }
    return String(help[start..<end])
  }
}

/// Wrong use of the command line: exit 2.
struct UsageError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The operation failed: exit 1.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The arguments of one verb, read against its options.
struct Arguments {
  /// Where a value comes from; the first that has one counts.
  enum Origin: Equatable {
    case flag
    case environment(String)
    case file(String, key: String)
  }

  private(set) var positional: [String] = []
  private var values: [String: [String]] = [:]
  private var origins: [String: Origin] = [:]

  /// - Parameters:
  ///   - environment: twins of options that are not given.
  ///   - settings: the user's file, which counts for what neither says.
  ///   - verb: whose section of the file counts.
  init(
    _ words: [String], options: [Option], environment: [String: String],
    settings: SettingsFile? = nil, verb: String = ""
  ) throws(UsageError) {
    let byName = Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0) })
    let byLetter = Dictionary(
      uniqueKeysWithValues: options.compactMap { option in option.short.map { ($0, option) } })
    var rest = words[...]
    while var word = rest.popFirst() {
      if word == "--" {
        positional += rest
        break
      }
      if word.count == 2, word.first == "-", let option = word.last.flatMap({ byLetter[$0] }) {
        word = "--" + option.name
      }
      guard word.hasPrefix("--") else {
        guard !word.hasPrefix("-") || word == "-" else {
          throw UsageError("unknown option \(word): options are long, as in --help")
        }
        positional.append(word)
        continue
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
      guard let name = parts.first.map(String.init), let option = byName[name] else {
        let name = parts.first.map(String.init) ?? ""
        throw UsageError(
          "unknown option \(word)" + NearNames.hint(name, among: byName.keys, prefix: "--")
            + ": see --help")
      }
      if option.value == nil {
        guard parts.count == 1 else { throw UsageError("--\(name) takes no value: give it alone") }
        values[name] = ["1"]
      } else {
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
          throw UsageError("--\(name) needs a value: \(option.value ?? "")")
        }
        if !option.isRepeatable, values[name] != nil {
          throw UsageError("--\(name) is given twice and can be given once")
        }
        values[name, default: []].append(value)
      }
    }
    for name in values.keys { origins[name] = .flag }
    for option in options where values[option.name] == nil {
      if let text = environment[option.environmentName], !text.isEmpty {
        origins[option.name] = .environment(option.environmentName)
        values[option.name] = option.values(ofEnvironment: text)
      } else if let settings,
        let (value, key) = settings.value(of: option.name, verb: verb), value != .null
      {
        origins[option.name] = .file(settings.path, key: key)
        values[option.name] = try option.values(of: value, key: key, in: settings.path)
      }
    }
    for option in options where !option.choices.isEmpty {
      for value in values[option.name] ?? [] where !option.choices.contains(value) {
        throw UsageError(
          "\(called(option.name)) can't be \"\(value)\": it takes one of "
            + option.choices.joined(separator: ", "))
      }
    }
  }

  /// Nil where nothing says it, so that what the option's help calls the default holds.
  func origin(_ name: String) -> Origin? { origins[name] }

  /// What a person looks for to mend an option's value: the flag, the variable, or the key and its
  /// file.
  func called(_ name: String) -> String {
    switch origin(name) {
    case .flag, nil: "--" + name
    case .environment(let variable): variable
    case .file(let path, let key): "\(key) in \(path)"
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  func value(_ name: String) -> String? { values[name]?.last }

  func values(_ name: String) -> [String] { values[name] ?? [] }

  /// A whole number within bounds.
  func int(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        "\(called(name)) can't be \"\(text)\": it takes a whole number from \(range.lowerBound) to "
          + "\(range.upperBound)")
    }
    return number
  }
}

extension Option {
  /// - Returns: nil for a flag that is off.
  fileprivate func values(ofEnvironment text: String) -> [String]? {
    if value == nil { return text == "0" ? nil : ["1"] }
    return isTable ? text.split(separator: ",").map(String.init) : [text]
  }

  /// What the file of settings says of the option.
  ///
  /// - Returns: nil for a flag that is off.
  func values(
    of value: SettingsFile.Value, key: String, in path: String
  ) throws(UsageError) -> [String]? {
    switch value {
    case .flag(let isOn) where self.value == nil: return isOn ? ["1"] : nil
    case .text(let text) where self.value != nil && !isTable: return [text]
    case .number(let text) where self.value != nil && !isTable: return [text]
    case .list(let items) where isRepeatable && !isTable:
      if let texts = SettingsFile.texts(of: items) { return texts }
    case .table(let members) where isTable:
      var all: [String] = []
      for member in members {
        let items: [SettingsFile.Value] =
          if case .list(let list) = member.value { list } else { [member.value] }
        guard let texts = SettingsFile.texts(of: items) else {
          throw wrong(member.value, key: key + "." + member.key, in: path)
        }
        all += texts.map { member.key + "=" + $0 }
      }
      return all
    default: break
    }
    throw wrong(value, key: key, in: path)
  }

  private func wrong(_ value: SettingsFile.Value, key: String, in path: String) -> UsageError {
    UsageError(
      "the settings in \(path): \"\(key)\" can't be \(value.kind): it takes \(fileShape)")
  }

  /// What the file of settings takes for it.
  var fileShape: String {
    if value == nil { return "true or false" }
    if isTable { return "an object of names, each with a string or a list of strings" }
    return isRepeatable ? "a string or a list of strings" : "a string or a number"
  }
}

extension SettingsFile {
  /// Strings and numbers as words; nil where there is something else among them.
  fileprivate static func texts(of items: [Value]) -> [String]? {
    var texts: [String] = []
    for item in items {
      switch item {
      case .text(let text), .number(let text): texts.append(text)
      case .null, .flag, .list, .table: return nil
      }
    }
    return texts
  }

  /// Refuses keys that no verb has an option for, and values of a kind that its option does not take.
  func check(against verbs: [any Verb.Type]) throws(UsageError) {
    let verbs = verbs.filter { $0.usesSettings }
    for member in members {
      if let verb = verbs.first(where: { $0.name == member.key }),
        case .table(let own) = member.value
      {
        for setting in own {
          guard let option = verb.options.first(where: { $0.name == setting.key }) else {
            throw unknown(
              member.key + "." + setting.key, "fleetlog \(verb.name) has no such option")
          }
          try check(setting.value, of: option, key: member.key + "." + setting.key)
        }
        continue
      }
      let options = verbs.flatMap { $0.options }.filter { $0.name == member.key }
      guard let option = options.first else {
        throw unknown(member.key, "no verb has such an option")
      }
      try check(member.value, of: option, key: member.key)
    }
  }

  private func check(_ value: Value, of option: Option, key: String) throws(UsageError) {
    guard value != .null else { return }
    _ = try option.values(of: value, key: key, in: path)
  }

  private func unknown(_ key: String, _ reason: String) -> UsageError {
    UsageError(
      "the settings in \(path): \"\(key)\" is no setting, as \(reason): take it out; fleetlog config "
        + "--example lists all")
  }
}
