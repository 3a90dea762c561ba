import FleetlogEvents
import Foundation

/// An option of a verb. Every option has an environment twin: `--min-severity` is
/// `FLEETLOG_MIN_SEVERITY`.
struct Option: Sendable {
  let name: String
  /// What its value is called in the help; nil for a flag.
  let value: String?
  let help: String
  var isRepeatable = false
  /// A letter that stands for it behind one dash, where that is what people type.
  var short: Character?

  var environmentName: String {
    "FLEETLOG_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
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
  private(set) var positional: [String] = []
  private var values: [String: [String]] = [:]

  /// - Parameter environment: twins of options that are not given.
  init(
    _ words: [String], options: [Option], environment: [String: String]
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
        throw UsageError("unknown option \(word): see --help")
      }
      if option.value == nil {
        guard parts.count == 1 else { throw UsageError("--\(name) takes no value") }
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
    for option in options where values[option.name] == nil {
      guard let value = environment[option.environmentName], !value.isEmpty else { continue }
      if option.value == nil {
        if value != "0" { values[option.name] = ["1"] }
      } else {
        values[option.name] = [value]
      }
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
        "--\(name) can't be \"\(text)\": it takes a whole number from \(range.lowerBound) to "
          + "\(range.upperBound)")
    }
    return number
  }
}
