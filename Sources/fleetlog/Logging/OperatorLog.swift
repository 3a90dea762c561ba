import FleetlogEvents
import FleetlogStore
import FleetlogThreads

/// What a server tells its operator on stderr, a line for each thing that happened.
final class OperatorLog: Sendable {
  static let options = [
    Option(
      name: "log-format", value: "FORMAT",
      help: "lines on stderr: text, which is key=value, or json (default text)",
      choices: OperatorLine.Format.allCases.map(\.rawValue)),
    Option(
      name: "log-level", value: "LEVEL",
      help: "the least that is said on stderr: debug, info, warning or error (default info)",
      choices: OperatorLine.Level.allCases.map(\.name)),
  ]

  private let format: OperatorLine.Format
  private let level: OperatorLine.Level
  private let clock: @Sendable () -> Int64
  private let write: @Sendable (String) -> Void
  /// What is wrong just now and has been said.
  private let troubles = Monitor<[String: String]>([:])

  /// - Parameters:
  ///   - clock: ms since the Unix epoch.
  ///   - write: takes a line without its end.
  init(
    format: OperatorLine.Format = .text, level: OperatorLine.Level = .info,
    clock: @escaping @Sendable () -> Int64 = Clock.now,
    write: @escaping @Sendable (String) -> Void = Terminal.say
  ) {
    self.format = format
    self.level = level
    self.clock = clock
    self.write = write
  }

  convenience init(_ arguments: Arguments) {
    let level = arguments.value("log-level")
    self.init(
      format: arguments.value("log-format").flatMap(OperatorLine.Format.init(rawValue:)) ?? .text,
      level: OperatorLine.Level.allCases.first { $0.name == level } ?? .info)
  }

  func note(
    _ level: OperatorLine.Level, _ message: String, _ fields: KeyValuePairs<String, String> = [:]
  ) {
    guard level.rawValue >= self.level.rawValue else { return }
    let line = OperatorLine(
      time: clock(), level: level, message: message, fields: fields.map { ($0.key, $0.value) })
    write(line.rendered(as: format))
  }

  /// Notes a failure with its parts.
  func note(_ message: String, _ error: StoreError) {
    note(
      .error, message,
      [
        "operation": error.operation, "place": error.place, "cause": error.detail,
        "mend": error.mend ?? "see fleetlog doctor",
      ])
  }

  /// Notes what came to be wrong, and what is well again, since the last call.
  ///
  /// - Parameter sentences: all that is wrong now.
  func note(troubles sentences: [String]) {
    // A number in one, such as of seconds, may change while the trouble is the same.
    let now = Dictionary(
      sentences.map { ($0.filter { !$0.isNumber }, $0) }, uniquingKeysWith: { first, _ in first })
    let before = troubles.withLock { known in
      defer { known = now }
      return known
    }
    for (key, sentence) in now.sorted(by: { $0.key < $1.key }) where before[key] == nil {
      note(.warning, "degraded", ["reason": sentence])
    }
    for (key, sentence) in before.sorted(by: { $0.key < $1.key }) where now[key] == nil {
      note(.info, "recovered", ["reason": sentence])
    }
  }
}
