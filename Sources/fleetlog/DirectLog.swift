import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Writes events straight to a log's database, in one short transaction. What is to be inferred
/// from them is left to the next long-lived writer.
enum DirectLog {
  /// How long another process is waited for that makes or migrates the log, in ms.
  private static let patience: Int64 = 2000

  /// - Returns: an answer for each line.
  static func write(_ lines: [[UInt8]], database path: String) throws -> [LogAnswer] {
    try Places.makeFolder(of: path)
    let logged = LoggedLines(lines, receivedAt: Clock.now(), cap: .sha256())
    let writer = try open(path)
    guard !logged.drafts.isEmpty else { return logged.answers([]) }
    let (_, answers) = try writer.log(logged.drafts, now: Clock.now())
    return logged.answers(answers.map { $0 ?? LoggedLines.nothing })
  }

  /// The log's writer, without the lock where the log is as this program knows it: transactions
  /// then keep apart by themselves.
  private static func open(_ path: String) throws -> EventWriter {
    let deadline = Clock.monotonic() + patience
    while true {
      if try EventWriter.isCurrent(path) { return try writer(path, holdsLock: false) }
      do throws(StoreError) {
        return try writer(path, holdsLock: true)
      } catch {
        guard case .writerBusy = error.cause, Clock.monotonic() < deadline else { throw error }
        Clock.sleep(ms: 5)
      }
    }
  }

  private static func writer(_ path: String, holdsLock: Bool) throws(StoreError) -> EventWriter {
    try EventWriter(path: path, holdsLock: holdsLock, project: Pipeline.project)
  }
}
