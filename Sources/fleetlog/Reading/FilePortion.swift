import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// One portion of a transcript: read and parsed on a lane's thread, to be committed on the writer's.
struct FilePortion: Sendable {
  enum Content: Sendable {
    case lines(Reading)
    /// Nothing to read yet, or, with a reason, nothing that a format knows.
    case passedOver(reason: String?)
    case failed(ReadError)
    /// The settings, or that its session was forgotten, keep the file from being read.
    case excluded(reason: String)
    /// Nothing stands at the path any more.
    case gone
  }

  struct Reading: Sendable {
    let batch: LineBatch
    let output: FormatOutput
    /// The lines as the log keeps them.
    let chunks: [TranscriptChunk]
    let format: String
    let parserVersion: Int
    let parserState: String
    let isHolding: Bool
    /// Whether the lines go on from ``FilePortion/base``; else they are those of another content that
    /// has taken the path.
    let isContinued: Bool
  }

  let path: FilePath
  /// What the log must still hold of the file for the portion to be true; nil for nothing.
  let base: SourcePoint?
  /// The file's record under the path that it had before.
  var movedFrom: Int64?
  let content: Content
  /// The file as it was when its reading began; nil where it could not be seen.
  let stamp: FileStamp?

  /// Whether the file has no more bytes for now.
  var reachedEnd: Bool {
    if case .lines(let reading) = content { reading.batch.reachedEnd } else { true }
  }

  /// Why the file as a whole was passed over.
  var skipped: String? {
    switch content {
    case .lines, .gone: nil
    case .excluded(let reason): reason
    case .passedOver(let reason): reason ?? (stamp?.size == 0 ? "empty" : "no complete line yet")
    case .failed(let error): error.detail
    }
  }

  /// How long, in ms, what a file belongs to is waited for: it is written at about the same time.
  private static let patience: Int64 = 60_000

  /// Whether the file could not be opened or read, which may pass by itself. What is malformed
  /// changes first.
  ///
  /// - Parameter now: ms since the Unix epoch.
  func isUnreadable(now: Int64) -> Bool {
    guard case .failed(let error) = content else { return false }
    switch error.cause {
    case .missing, .malformed: return false
    case .alone: return stamp.map { now - $0.modifiedAt < Self.patience } ?? false
    case .denied, .notAFile, .linked, .system: return true
    }
  }

  var lines: Int {
    if case .lines(let reading) = content {
      reading.batch.lines.count + reading.batch.skipped.count
    } else {
      0
    }
  }

  /// Bytes of transcript that were taken in; fewer than none where a file begins anew.
  var bytes: Int64 {
    guard case .lines(let reading) = content else { return 0 }
    return reading.batch.next.offset - (reading.isContinued ? base?.offset ?? 0 : 0)
  }

  /// Bytes in memory, about, as long as the portion waits to be committed.
  var weight: Int {
    guard case .lines(let reading) = content else { return 0 }
    return reading.batch.lines.reduce(0) { $0 + $1.bytes.count }
  }
}

/// How far the log knows a file. A portion that was read from one point can't be committed on another.
struct SourcePoint: Sendable, Equatable {
  var format: String?
  var cursor: String?
  var parserState: String?
  /// Bytes.
  var offset: Int64 = 0
  /// Why the file is not read.
  var exclusion: String?
}

extension SourcePoint {
  init(_ record: SourceRecord) {
    self.init(
      format: record.format, cursor: record.cursor, parserState: record.parserState,
      offset: record.offset, exclusion: record.exclusion)
  }
}
