import FleetlogDerive
import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Drives the data: files → turns → commits → full text. Owned by one thread.
final class Pipeline {
  /// What has been done so far.
  struct Progress: Sendable {
    var files = 0
    var filesDone = 0
    /// Bytes to read in all and read so far, of the files that were asked for.
    var bytes: Int64 = 0
    var bytesDone: Int64 = 0
    var lines = 0
    var appended = Appended()
    var skipped: [(path: String, reason: String)] = []
  }

  let reader: SourceReader
  private let search: SearchThread
  private(set) var progress = Progress()
  private var queue: TurnQueue
  /// What each file was like when the turn that read it to its end began, so that an unchanged
  /// one costs no turn and what was appended meanwhile gets another.
  private var finished: [String: FileStamp] = [:]
  /// The bytes of each unfinished file that `progress` has counted as to be read, or that were read
  /// by an earlier process.
  private var counted: [String: Int64] = [:]
  /// Files that the log knows and that have not been seen since it was opened.
  private var unseen: Set<String> = []
  /// Files that could not be read, to be tried again.
  private var unreadable: Set<FilePath> = []

  /// How much is committed at once while an archive is read: enough that syncing to the disk
  /// costs little, and little enough that a live file need not wait.
  private static let groupBytes: Int64 = 4 << 20
  private static let groupFiles = 200

  /// How long a file must be quiet, in ms, before what its parser holds back is written.
  static let quietTime: Int64 = 30_000

  /// Opens the log for writing, creating it where it is not there.
  ///
  /// - Parameter holdsLock: true for a long-lived writer, of which there is one.
  static func create(
    database path: String, holdsLock: Bool = true
  ) throws(StoreError) -> EventWriter {
    try EventWriter(path: path, holdsLock: holdsLock) { SessionReducer.apply($0, to: &$1) }
  }

  /// - Parameters:
  ///   - order: which of the files that have not been read come first.
  ///   - clock: ms since the Unix epoch.
  init(
    writer: EventWriter, cap: TextCap, search: SearchThread,
    order: TurnQueue.Order = .asTaken, clock: @escaping () -> Int64
  ) throws(StoreError) {
    queue = TurnQueue(order)
    reader = SourceReader(writer: writer, cap: cap, clock: clock)
    self.search = search
    for record in try writer.sources.present() {
      unseen.insert(record.path)
      guard record.state == .reading, let cursor = record.cursor.flatMap({ Cursor(text: $0) }),
        cursor.scannedTo == record.size
      else {
        counted[record.path] = record.offset
        continue
      }
      finished[record.path] = FileStamp(
        identity: FileIdentity(device: record.device, inode: record.inode), size: record.size,
        modifiedAt: record.modifiedAt)
    }
  }

  var hasWork: Bool { !queue.isEmpty }

  /// Takes note of a file that exists or changed.
  func take(_ change: FileChange) throws(StoreError) {
    let text = change.path.text
    unseen.remove(text)
    guard let stamp = change.stamp else {
      finished[text] = nil
      counted[text] = nil
      unreadable.remove(change.path)
      if let record = try reader.writer.sources.find(path: text) {
        try reader.writer.sources.mark(record.id, .gone)
      }
      return
    }
    let last = finished[text]
    if let last, last.identity == stamp.identity, last.size == stamp.size,
      last.modifiedAt == stamp.modifiedAt
    {
      return
    }
    if !queue.holds(change.path) { progress.files += 1 }
    let known = counted[text] ?? last?.size ?? 0
    progress.bytes += max(0, stamp.size - known)
    counted[text] = max(known, stamp.size)
    queue.add(change.path, isLive: last != nil, modifiedAt: stamp.modifiedAt)
  }

  /// Notes which files went while nobody watched; to be called once everything has been listed.
  func noteMissing() throws(StoreError) {
    for path in unseen where FileStamp.of(FilePath(text: path)) == nil {
      guard let record = try reader.writer.sources.find(path: path) else { continue }
      try reader.writer.sources.mark(record.id, .gone)
    }
    unseen = []
  }

  /// Takes a turn at one live file, or turns at a group of files that are read for the first
  /// time; false when none is waiting.
  func step() throws(StoreError) -> Bool {
    guard !queue.isEmpty else { return false }
    var taken: [FilePath] = []
    var turns: [SourceReader.Turn] = []
    do throws(StoreError) {
      try reader.writer.group { () throws(StoreError) in
        var bytes: Int64 = 0
        repeat {
          guard let path = queue.next() else { break }
          taken.append(path)
          let turn = try reader.turn(at: path)
          turns.append(turn)
          bytes += turn.bytes
        } while !queue.hasLive && bytes < Self.groupBytes && turns.count < Self.groupFiles
      }
    } catch {
      for path in taken.reversed() { queue.putBack(path) }
      throw error
    }
    for (turn, path) in zip(turns, taken) {
      count(turn, path)
      if !turn.reachedEnd { queue.again(path, modifiedAt: turn.stamp?.modifiedAt ?? 0) }
    }
    if turns.contains(where: { $0.appended.inserted > 0 }) { search.wake() }
    return true
  }

  private func count(_ turn: SourceReader.Turn, _ path: FilePath) {
    progress.lines += turn.lines
    progress.bytesDone += max(0, turn.bytes)
    progress.appended.add(turn.appended)
    guard turn.reachedEnd else { return }
    progress.filesDone += 1
    counted[path.text] = nil
    if let reason = turn.skipped { progress.skipped.append((path.text, reason)) }
    finished[path.text] = turn.skipped == nil ? turn.stamp : nil
    if turn.isUnreadable { unreadable.insert(path) } else { unreadable.remove(path) }
  }

  /// Whether some file could not be read when its turn came.
  var hasUnreadable: Bool { !unreadable.isEmpty }

  /// Gives files that could not be read another turn: a disk or a mount recovers without a notice.
  func retryUnreadable() {
    for path in unreadable { queue.add(path, isLive: true) }
  }

  /// Writes what parsers hold back for files that have been quiet since `time`, in ms.
  ///
  /// - Returns: whether others still hold something back.
  @discardableResult
  func settle(quietSince time: Int64) throws(StoreError) -> Bool {
    let holding = try reader.writer.sources.holding()
    let quiet = holding.filter { $0.modifiedAt <= time }
    if !quiet.isEmpty {
      let appended = try reader.writer.group { () throws(StoreError) in
        var sum = Appended()
        for record in quiet { sum.add(try reader.settle(record)) }
        return sum
      }
      progress.appended.add(appended)
      if appended.inserted > 0 { search.wake() }
    }
    try reader.writer.rest()
    return holding.contains { $0.modifiedAt > time }
  }
}

extension Appended {
  mutating func add(_ other: Appended) {
    revision = max(revision, other.revision)
    inserted += other.inserted
    existing += other.existing
    links += other.links
    validationErrors += other.validationErrors
    superseded += other.superseded
  }
}
