package import FleetlogClient
import FleetlogDerive
package import FleetlogEvents
import FleetlogIngest
package import FleetlogStore
import FleetlogThreads
import Glibc

/// A process's own hand on a log that no server has: writes events straight to its database, each
/// time in one short transaction. What is to be inferred from them is left to the next long-lived
/// writer.
package final class DirectLog {
  private let path: String
  /// ms since the Unix epoch.
  private let clock: @Sendable () -> Int64
  private let defersSync: Bool
  private var held: (writer: EventWriter, until: Moment)?

  /// How long another process is waited for that makes or migrates the log.
  private static let patience = Duration.seconds(2)
  /// How long a writer is kept for the next lines. To open a log takes longer than to write a few,
  /// and a command that is run is often over at once; what is kept for long may be outlived by much.
  private static let heldFor = Duration.seconds(1)
  /// Bytes of a write-ahead log that are left to whoever opens the database next. To copy them back
  /// waits for the disk twice, to read them takes less than a millisecond.
  private static let leftBytes: Int64 = 1 << 20

  /// - Parameters:
  ///   - defersSync: whether what is written is on the disk only after ``sync()``.
  ///   - clock: ms since the Unix epoch.
  package init(
    database path: String, defersSync: Bool = false,
    clock: @escaping @Sendable () -> Int64 = { Host.now }
  ) {
    self.path = path
    self.defersSync = defersSync
    self.clock = clock
  }

  deinit { held?.writer.leaveWriteAheadLog(upTo: Self.leftBytes) }

  /// For those who may be asked from any thread.
  package static func route(
    to places: LogPlaces, patience: Int = 8000, defersSync: Bool = false
  ) -> EventRoute {
    let log = Monitor(DirectLog(database: places.database, defersSync: defersSync))
    return EventRoute(
      places: places, patience: patience,
      direct: { lines in log.withLock { try? $0.write(lines) } },
      settle: { log.withLock { $0.sync() } })
  }

  /// - Returns: an answer for each line.
  package func write(_ lines: [[UInt8]]) throws(StoreError) -> [LogAnswer] {
    let logged = LoggedLines(lines, receivedAt: clock(), cap: .sha256())
    let writer = try writer()
    guard !logged.drafts.isEmpty else { return logged.answers([]) }
    let (_, answers) = try writer.log(logged.drafts, now: clock())
    return logged.answers(answers.map { $0 ?? LoggedLines.nothing })
  }

  /// Has what was written survive a power cut.
  package func sync() {
    // Where the disk will not have it, neither would it have the drop folder: nothing is left to do.
    if defersSync { try? held?.writer.sync() }
  }

  private func writer() throws(StoreError) -> EventWriter {
    if let held, .now < held.until, held.writer.isInPlace { return held.writer }
    held?.writer.leaveWriteAheadLog(upTo: Self.leftBytes)
    held = nil
    let writer = try open()
    if defersSync { try writer.deferSync() }
    held = (writer, Moment(after: Self.heldFor))
    return writer
  }

  private func open() throws(StoreError) -> EventWriter {
    if let slash = path.lastIndex(of: "/") { LogPlaces.makeFolder(String(path[..<slash])) }
    let deadline = Moment(after: Self.patience)
    while true {
      if let writer = try EventWriter(brief: path, project: SessionReducer.apply) { return writer }
      do throws(StoreError) {
        // Makes or migrates the log, and gives up the lock, which is for those who stay.
        _ = try EventWriter(path: path, project: SessionReducer.apply)
      } catch {
        guard case .writerBusy = error.cause, .now < deadline else { throw error }
        usleep(5000)
      }
    }
  }
}
