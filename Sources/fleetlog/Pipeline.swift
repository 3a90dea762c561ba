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
  private var queue = TurnQueue()
  /// What each file was like when its last turn ended, so that an unchanged one costs no turn.
  private var finished: [String: FileStamp] = [:]

  /// How much is committed at once while an archive is read: enough that syncing to the disk
  /// costs little, and little enough that a live file need not wait.
  private static let groupBytes: Int64 = 4 << 20
  private static let groupFiles = 200

  /// How long a file must be quiet, in ms, before what its parser holds back is written.
  static let quietTime: Int64 = 30_000

  /// Opens the log for writing, creating it where it is not there.
  static func create(database path: String) throws(StoreError) -> EventWriter {
    try EventWriter(path: path) { SessionReducer.apply($0, to: &$1) }
  }

  /// - Parameter clock: ms since the Unix epoch.
  init(
    writer: EventWriter, cap: TextCap, search: SearchThread, clock: @escaping () -> Int64
  ) throws(StoreError) {
    reader = SourceReader(writer: writer, cap: cap, clock: clock)
    self.search = search
    for record in try writer.sources.present() where record.state == .reading {
      guard let cursor = record.cursor.flatMap({ Cursor(text: $0) }),
        cursor.scannedTo == record.size
      else { continue }
      finished[record.path] = FileStamp(
        identity: FileIdentity(device: record.device, inode: record.inode), size: record.size,
        modifiedAt: record.modifiedAt)
    }
  }

  var hasWork: Bool { !queue.isEmpty }

  /// Takes note of a file that exists or changed.
  func take(_ change: FileChange) throws(StoreError) {
    let text = change.path.text
    guard let stamp = change.stamp else {
      finished[text] = nil
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
    progress.files += 1
    progress.bytes += max(0, stamp.size - (last?.size ?? 0))
    queue.add(change.path, isLive: last != nil)
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
      if !turn.reachedEnd { queue.again(path) }
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
    if let reason = turn.skipped { progress.skipped.append((path.text, reason)) }
    finished[path.text] = turn.skipped == nil ? FileStamp.of(path) : nil
  }

  /// Writes what parsers hold back for files that have been quiet since `time`, in ms.
  ///
  /// - Returns: whether others still hold something back.
  @discardableResult
  func settle(quietSince time: Int64) throws(StoreError) -> Bool {
    let holding = try reader.writer.sources.holding()
    for record in holding where record.modifiedAt <= time {
      let appended = try reader.settle(record)
      progress.appended.add(appended)
      if appended.inserted > 0 { search.wake() }
    }
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
  }
}

/// Whose turn it is: files that are being written to come before those read for the first time,
/// and a long file lets others in between its turns.
struct TurnQueue {
  private var live: ArraySlice<FilePath> = []
  private var backlog: ArraySlice<FilePath> = []
  private var waiting: Set<FilePath> = []
  private var liveTurns = 0
  /// After so many turns at live files one of the backlog is taken, so that it gets on.
  private static let liveShare = 8

  var isEmpty: Bool { waiting.isEmpty }
  var hasLive: Bool { !live.isEmpty }

  mutating func add(_ path: FilePath, isLive: Bool) {
    guard waiting.insert(path).inserted else { return }
    if isLive { live.append(path) } else { backlog.append(path) }
  }

  /// A file with more to read goes behind the others.
  mutating func again(_ path: FilePath) { add(path, isLive: false) }

  /// A file whose turn failed keeps its place.
  mutating func putBack(_ path: FilePath) {
    guard waiting.insert(path).inserted else { return }
    live.insert(path, at: live.startIndex)
  }

  mutating func next() -> FilePath? {
    let takesLive = !live.isEmpty && (backlog.isEmpty || liveTurns < Self.liveShare)
    liveTurns = takesLive ? liveTurns + 1 : 0
    guard let path = takesLive ? live.popFirst() : backlog.popFirst() else { return nil }
    waiting.remove(path)
    return path
  }
}
