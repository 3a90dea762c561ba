import FleetlogEvents
import FleetlogStore

extension EventLog {
  /// ms. A script that asks can't see that a busy machine gave it a part only; a page says so and
  /// must be quick.
  private static let commandDeadline: UInt64 = 10_000

  /// The log that the arguments name.
  static func open(_ arguments: Arguments) throws -> EventLog {
    try EventLog(
      path: try CommonOptions.existingDatabase(arguments), deadline: commandDeadline,
      revealsSecrets: Reveal.isAsked(arguments))
  }

  /// The id of a session, of which its beginning is enough; where none begins so, what was given.
  func sessionID(beginning text: String) throws -> String {
    if try session(text) != nil { return text }
    let ids = try sessions(beginning: text)
    guard ids.count < 2 else {
      throw UsageError(
        "several sessions begin with \(text), such as \(ids[0]) and \(ids[1]): say more of it")
    }
    return ids.first ?? text
  }
}
