import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Reads transcripts in portions: proves where each was left, reads on, and parses. Writes nothing.
///
/// It may read ahead of the log: of a file with portions that are not committed yet it remembers where
/// the last of them ended.
struct PortionReader {
  /// Where the portions end that the log does not show yet.
  private struct Ahead {
    /// Nil where the path will stand for nothing.
    let point: SourcePoint?
    let identity: FileIdentity?
    /// The number of the file's last portion.
    let ticket: Int
  }

  private let known: SourceLedger
  private let rules: ReadingRules
  /// The log's own drop folder.
  private let inbox: FilePath?
  private var reader = SourceReader()
  private let packer = TranscriptPacker()
  private var ahead: [FilePath: Ahead] = [:]
  private var manifests = WorkRailManifests()
  /// How far files were read when they were last given the turn of another.
  private var preferred: [FilePath: Int64] = [:]
  private static let mostPreferred = 4096

  /// - Parameters:
  ///   - known: what the log holds of files, for reading.
  ///   - inbox: the log's own drop folder, if there is one.
  init(known: SourceLedger, rules: ReadingRules, inbox: FilePath? = nil) {
    self.known = known
    self.rules = rules
    self.inbox = inbox
  }

  /// Notes that the log shows the portions up to a number.
  mutating func forget(upTo ticket: Int) {
    if !ahead.isEmpty { ahead = ahead.filter { $0.value.ticket > ticket } }
  }

  /// Whether a file has an identity that a portion not committed yet is about: its record must be in
  /// the log before it can be found under another name.
  func mustWait(for path: FilePath) -> Bool {
    guard ahead[path] == nil, let identity = FileStamp.of(path)?.identity else { return false }
    return ahead.values.contains { $0.identity == identity }
  }

  /// Reads the next part of the file at a path.
  ///
  /// - Parameter ticket: the number that the portion will have.
  mutating func portion(at path: FilePath, ticket: Int) throws(StoreError) -> FilePortion {
    let portion = try read(path)
    ahead[path] = Ahead(
      point: portion.pointAfter, identity: portion.stamp?.identity, ticket: ticket)
    return portion
  }

  /// The file that must be read to its end before the one at a path; nil where there is none.
  mutating func predecessor(of path: FilePath) throws(StoreError) -> FilePath? {
    guard WorkRailManifests.manifest(for: path) != nil, try !isKnown(path) else { return nil }
    guard case .after(let earlier) = try verdict(on: path) else { return nil }
    // A file that gets no further, since it is torn or can't be read, is not waited for.
    let offset = try find(earlier).0.map(\.offset) ?? -1
    if let last = preferred[earlier], offset <= last { return nil }
    if preferred.count >= Self.mostPreferred { preferred.removeAll() }
    preferred[earlier] = offset
    return earlier
  }

  private mutating func verdict(
    on path: FilePath
  ) throws(StoreError) -> WorkRailManifests.Verdict {
    var manifests = manifests
    defer { self.manifests = manifests }
    return try manifests.verdict(on: path) { (earlier) throws(StoreError) in
      guard let point = try find(earlier).0, point.format != nil else { return false }
      return point.offset >= (FileStamp.of(earlier)?.size ?? 0)
    }
  }

  /// Whether something of a file has been taken in.
  private mutating func isKnown(_ path: FilePath) throws(StoreError) -> Bool {
    try find(path).0?.format != nil
  }

  /// Notes that a file is gone.
  mutating func gone(_ path: FilePath, ticket: Int) -> FilePortion {
    ahead[path] = Ahead(point: nil, identity: nil, ticket: ticket)
    return FilePortion(path: path, base: nil, content: .gone, stamp: nil)
  }

  private mutating func read(_ path: FilePath) throws(StoreError) -> FilePortion {
    let (base, movedFrom) = try find(path)
    let isStillExcluded = base?.exclusion.map { rules.exclusion.stillHolds($0) } ?? false
    if let reason = rules.exclusion.rule(for: path)?.reason
      ?? (isStillExcluded ? base?.exclusion : nil)
    {
      return FilePortion(
        path: path, base: base, movedFrom: movedFrom, content: .excluded(reason: reason),
        stamp: FileStamp.of(path))
    }
    var notes: [SourceProblem] = []
    if base?.format == nil, WorkRailManifests.manifest(for: path) != nil {
      switch try verdict(on: path) {
      case .ready, .after: break
      case .altered(let reason):
        notes = [
          SourceProblem(kind: .mended, span: SourceSpan(offset: 0, length: 0), reason: reason)
        ]
      case .waiting(let reason):
        return FilePortion(
          path: path, base: base, content: .passedOver(reason: reason), stamp: FileStamp.of(path))
      }
    }
    let batch: LineBatch
    do throws(ReadError) {
      batch = try reader.read(path, from: base?.cursor.flatMap { Cursor(text: $0) })
    } catch {
      return FilePortion(
        path: path, base: base, movedFrom: movedFrom, content: .failed(error),
        stamp: FileStamp.of(path))
    }
    let content: FilePortion.Content
    if let base, let format = base.format.flatMap({ FormatCatalogue.format(named: $0) }),
      batch.restart == nil || base.cursor == nil
    {
      content = parse(batch, path, format, state: base.parserState, isContinued: true)
    } else if let format = detect(path, batch) {
      content = parse(
        batch, path, format, state: nil, isContinued: base.map { $0.format == nil } ?? false,
        notes: notes)
    } else {
      let isEmpty = batch.lines.isEmpty && batch.skipped.isEmpty
      content = .passedOver(reason: isEmpty ? nil : "no format knows its first lines")
    }
    return FilePortion(
      path: path, base: base, movedFrom: movedFrom, content: content, stamp: batch.stamp)
  }

  /// How far the file at a path is known: by its path, else by its identity where it was moved.
  private mutating func find(
    _ path: FilePath
  ) throws(StoreError) -> (SourcePoint?, movedFrom: Int64?) {
    if let ahead = ahead[path] { return (ahead.point, nil) }
    if let record = try known.find(path: path.text) { return (SourcePoint(record), nil) }
    guard let stamp = FileStamp.of(path) else { return (nil, nil) }
    for record in try known.find(device: stamp.identity.device, inode: stamp.identity.inode) {
      guard let cursor = record.cursor.flatMap({ Cursor(text: $0) }) else { continue }
      let standsElsewhere =
        record.path != path.text && record.state != .gone
        && FileStamp.of(FilePath(text: record.path))?.identity == stamp.identity
      guard !standsElsewhere, let portion = try? reader.read(path, from: cursor, budget: 1),
        portion.restart == nil, try cursor.unrolled == nil ? begins(path, as: record) : true
      else { continue }
      return (SourcePoint(record), record.id)
    }
    return (nil, nil)
  }

  /// Whether a file has the beginning that was read of a record, as far as that was kept: of a
  /// copy, of which nothing is, its end must do. A resumed transcript repeats
  /// another's lines with a name of its own in each, so that they end alike at the same places:
  /// where it has taken a deleted file's inode, only this tells them apart.
  private mutating func begins(
    _ path: FilePath, as record: SourceRecord
  ) throws(StoreError) -> Bool {
    guard let head = try? reader.read(path, from: nil, budget: Self.headBytes) else { return false }
    for line in head.lines {
      if try known.agrees(line.bytes, at: line.span, of: record.id) == false { return false }
    }
    return true
  }

  private static let headBytes = 8 << 10

  private func detect(_ path: FilePath, _ batch: LineBatch) -> (any TranscriptFormat.Type)? {
    FormatCatalogue.detect(
      FormatCatalogue.sample(
        path: path.text, lines: batch.lines.prefix(FormatCatalogue.sampleLines).map(\.bytes)))
  }

  private func parse(
    _ batch: LineBatch, _ path: FilePath, _ format: any TranscriptFormat.Type, state: String?,
    isContinued: Bool, notes: [SourceProblem] = []
  ) -> FilePortion.Content {
    var parser = format.init(
      file: TranscriptFile(
        path: path.text, modifiedAt: batch.stamp.modifiedAt, cap: rules.cap,
        isDropped: inbox.map { path.isWithin($0) } ?? false,
        project: state == nil ? GeminiProjects.project(of: path) : nil), state: state)
    var output = FormatOutput()
    output.problems = notes
    for line in batch.lines { parser.read(line, into: &output) }
    let lines = batch.lines.map { EventBatch.Line(offset: $0.offset, bytes: $0.bytes) }
    return .lines(
      FilePortion.Reading(
        batch: batch, output: output, chunks: packer.chunks(of: lines), format: format.name,
        parserVersion: format.parserVersion, parserState: parser.state,
        isHolding: parser.isHolding, isContinued: isContinued))
  }
}

extension FilePortion {
  /// How far the log knows the file once this portion is committed.
  fileprivate var pointAfter: SourcePoint? {
    switch content {
    case .lines(let reading):
      SourcePoint(
        format: reading.format, cursor: reading.batch.next.text, parserState: reading.parserState,
        offset: reading.batch.next.offset)
    case .passedOver: base?.format == nil ? base ?? SourcePoint() : SourcePoint()
    case .failed(let error): error.cause == .missing ? nil : base ?? SourcePoint()
    case .excluded(let reason): excluded(reason)
    case .gone: nil
    }
  }

  private func excluded(_ reason: String) -> SourcePoint {
    var point = base ?? SourcePoint()
    point.exclusion = reason
    return point
  }
}
