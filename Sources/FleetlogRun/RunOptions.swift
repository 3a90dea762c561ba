import FleetlogClient

/// What `fleetlog run` was told to do.
package struct RunOptions: Sendable {
  /// Wrong use of the command line.
  package struct Misuse: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
  }

  package var role = "worker"
  /// The run's name, where it was given one.
  package var instance: String?
  package var database: String?
  package var inbox: String?
  /// Bytes of each stream that are kept as the run's transcript; 0 keeps none.
  package var captureLimit: Int64 = RunOptions.defaultCaptureLimit
  /// The command's place among the words behind the verb.
  package let command: Int

  package static let defaultCaptureLimit: Int64 = 256 << 20

  /// The environment with the user's settings in it, for whoever looks where the log is.
  package let settings: [String: String]

  /// - Parameters:
  ///   - words: what stands behind the verb; the command follows `--`, or is the first word that is
  ///     no option.
  package init(_ words: [String], environment: [String: String]) throws {
    var given: [String: String] = [:]
    var index = 0
    while index < words.count {
      let word = words[index]
      if word == "--" {
        index += 1
        break
      }
      guard word.hasPrefix("--") else {
        guard word.hasPrefix("-"), word != "-" else { break }
        throw Misuse(message: "unknown option \(word): options are long, as in --help")
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
      let name = parts.first ?? ""
      guard ["role", "instance", "db", "inbox", "capture", "config"].contains(name) else {
        throw Misuse(message: "unknown option \(word): see --help; the command follows --")
      }
      index += 1
      var value = parts.count == 2 ? parts[1] : ""
      if parts.count < 2 {
        guard index < words.count, words[index] != "--" else {
          throw Misuse(message: "--\(name) needs a value")
        }
        value = words[index]
        index += 1
      }
      guard !value.isEmpty else { throw Misuse(message: "--\(name) needs a value") }
      given[name] = value
    }
    var environment = environment
    if let file = given["config"] { environment[SettingsFile.variable] = file }
    let settings = try SettingsFile.merged(environment, verb: "run")
    self.settings = settings
    func named(_ option: String) -> String? {
      given[option]
        ?? settings[SettingsFile.variable(of: option)].flatMap { $0.isEmpty ? nil : $0 }
    }
    role = named("role") ?? role
    instance = named("instance")
    database = given["db"]
    inbox = given["inbox"]
    if let limit = named("capture") {
      guard let bytes = Int64(limit), bytes >= 0 else {
        throw Misuse(
          message: "--capture can't be \"\(limit)\": it takes bytes, or 0 to keep none")
      }
      captureLimit = bytes
    }
    guard index < words.count else {
      throw Misuse(message: "there is no command: fleetlog run [options] -- COMMAND …")
    }
    command = index
  }
}
