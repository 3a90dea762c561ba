import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Takes turns at transcripts: proves where each was left, reads on, and commits what the lines
/// gave together with the new cursor.
final class SourceReader {
  /// What one turn brought.
  struct Turn {
    var appended = Appended()
    var lines = 0
    /// Bytes of transcript that were taken in.
    var bytes: Int64 = 0
    /// Whether the file has no more bytes for now.
    var reachedEnd = true
    /// Whether the parser holds something back until the file has been quiet.
    var isHolding = false
    /// Why the file as a whole was passed over.
    var skipped: String?
    /// Whether that was because it could not be opened or read, which may pass.
    var isUnreadable = false
    /// The file as it was when the turn began; nil where it could not be opened.
    var stamp: FileStamp?
    /// How much of the file has been read, and its size.
    var offset: Int64 = 0
    var size: Int64 = 0
  }

  let writer: EventWriter
  private var reader = TailReader()
  private let cap: TextCap
  private let clock: () -> Int64

  /// - Parameter clock: ms since the Unix epoch.
  init(writer: EventWriter, cap: TextCap = .sha256(), clock: @escaping () -> Int64) {
    self.writer = writer
    self.cap = cap
    self.clock = clock
  }

  /// Reads the next part of the file at a path.
  func turn(at path: FilePath) throws(StoreError) -> Turn {
    let known = try find(path)
    let batch: LineBatch
    do throws(ReadError) {
      batch = try reader.read(path, from: known?.cursor.flatMap { Cursor(text: $0) })
    } catch {
      return try fail(path, known, error)
    }
    if let known, let format = known.format.flatMap({ FormatCatalogue.format(named: $0) }),
      batch.restart == nil || known.cursor == nil
    {
      return try take(batch, of: known, path, format)
    }
    guard let format = detect(path, batch) else { return try passOver(path, known, batch) }
    if let known, known.format == nil {
      let record = try writer.sources.recognise(
        known.id, format: format.name, parserVersion: format.parserVersion)
      if let record { return try take(batch, of: record, path, format) }
    }
    return try take(batch, of: add(path, batch, format), path, format)
  }

  /// The file's record: by its path, else by its identity where it was moved.
  private func find(_ path: FilePath) throws(StoreError) -> SourceRecord? {
    if let record = try writer.sources.find(path: path.text) { return record }
    guard let stamp = FileStamp.of(path) else { return nil }
    for record in try writer.sources.find(
      device: stamp.identity.device, inode: stamp.identity.inode)
    {
      guard let cursor = record.cursor.flatMap({ Cursor(text: $0) }) else { continue }
      let standsElsewhere =
        record.path != path.text && record.state != .gone
        && FileStamp.of(FilePath(text: record.path))?.identity == stamp.identity
      guard !standsElsewhere, let turn = try? reader.read(path, from: cursor, budget: 1),
        turn.restart == nil
      else { continue }
      try writer.sources.move(record.id, to: path.text)
      return try writer.sources.find(id: record.id)
    }
    return nil
  }

  private func detect(_ path: FilePath, _ batch: LineBatch) -> (any TranscriptFormat.Type)? {
    FormatCatalogue.detect(
      FormatCatalogue.sample(
        path: path.text, lines: batch.lines.prefix(FormatCatalogue.sampleLines).map(\.bytes)))
  }

  private func add(
    _ path: FilePath, _ batch: LineBatch, _ format: (any TranscriptFormat.Type)?,
    state: SourceStatus.State = .reading, error: String? = nil
  ) throws(StoreError) -> SourceRecord {
    let text = path.text
    return try writer.sources.add(
      path: text, pathBytes: Array(text.utf8) == path.bytes ? nil : path.bytes,
      device: batch.stamp.identity.device, inode: batch.stamp.identity.inode,
      size: batch.stamp.size, modifiedAt: batch.stamp.modifiedAt, state: state,
      format: format?.name, parserVersion: format?.parserVersion, error: error)
  }

  private func take(
    _ batch: LineBatch, of record: SourceRecord, _ path: FilePath,
    _ format: any TranscriptFormat.Type
  ) throws(StoreError) -> Turn {
    var parser = format.init(
      file: TranscriptFile(path: path.text, modifiedAt: batch.stamp.modifiedAt, cap: cap),
      state: record.parserState)
    var output = FormatOutput()
    for line in batch.lines { parser.read(line, into: &output) }
    var turn = Turn()
    turn.reachedEnd = batch.reachedEnd
    turn.lines = batch.lines.count + batch.skipped.count
    turn.bytes = batch.next.offset - record.offset
    turn.isHolding = parser.isHolding
    turn.offset = batch.next.offset
    turn.size = batch.stamp.size
    turn.stamp = batch.stamp
    if record.cursor == batch.next.text, output.drafts.isEmpty, record.state == .reading {
      return turn
    }
    turn.appended = try writer.commit(
      EventBatch(
        drafts: output.drafts, problems: batch.skipped + output.problems,
        lines: batch.lines.map { EventBatch.Line(offset: $0.offset, bytes: $0.bytes) },
        source: SourceUpdate(
          fileID: record.id, device: batch.stamp.identity.device,
          inode: batch.stamp.identity.inode, cursor: batch.next.text, offset: batch.next.offset,
          size: batch.stamp.size, modifiedAt: batch.stamp.modifiedAt, lines: turn.lines,
          parserState: parser.state, isHolding: parser.isHolding)), now: clock())
    return turn
  }

  /// Writes what a file's parser held back, since the file shows nothing more for now.
  func settle(_ record: SourceRecord) throws(StoreError) -> Appended {
    guard let format = record.format.flatMap({ FormatCatalogue.format(named: $0) }),
      let cursor = record.cursor
    else { return Appended() }
    var parser = format.init(
      file: TranscriptFile(path: record.path, modifiedAt: record.modifiedAt, cap: cap),
      state: record.parserState)
    var output = FormatOutput()
    parser.settle(into: &output)
    return try writer.commit(
      EventBatch(
        drafts: output.drafts, problems: output.problems,
        source: SourceUpdate(
          fileID: record.id, device: record.device, inode: record.inode, cursor: cursor,
          offset: record.offset, size: record.size, modifiedAt: record.modifiedAt, lines: 0,
          parserState: parser.state, isHolding: parser.isHolding, isRead: false)), now: clock())
  }

  /// Notes a file that no format knows, or that has no complete line yet.
  private func passOver(
    _ path: FilePath, _ source: SourceRecord?, _ batch: LineBatch
  ) throws(StoreError) -> Turn {
    let isEmpty = batch.lines.isEmpty && batch.skipped.isEmpty
    let reason = isEmpty ? nil : "no format knows its first lines"
    let state = isEmpty ? SourceStatus.State.reading : .unrecognised
    if let source, source.format == nil {
      try writer.sources.mark(
        source.id, state, error: reason, size: batch.stamp.size,
        modifiedAt: batch.stamp.modifiedAt)
    } else {
      _ = try add(path, batch, nil, state: state, error: reason)
    }
    var turn = Turn()
    turn.skipped = reason ?? (batch.stamp.size == 0 ? "empty" : "no complete line yet")
    turn.size = batch.stamp.size
    return turn
  }

  /// Notes a file that can't be read; its cursor stays where it was.
  private func fail(
    _ path: FilePath, _ source: SourceRecord?, _ error: ReadError
  ) throws(StoreError) -> Turn {
    var turn = Turn()
    turn.skipped = error.detail
    let isGone = error.cause == .missing
    turn.isUnreadable = !isGone
    if let source {
      try writer.sources.mark(
        source.id, isGone ? .gone : .unreadable, error: isGone ? nil : error.detail)
    } else if !isGone {
      let stamp = FileStamp.of(path)
      let text = path.text
      _ = try writer.sources.add(
        path: text, pathBytes: Array(text.utf8) == path.bytes ? nil : path.bytes,
        device: stamp?.identity.device ?? 0, inode: stamp?.identity.inode ?? 0,
        size: stamp?.size ?? 0, modifiedAt: stamp?.modifiedAt ?? 0, state: .unreadable,
        format: nil, parserVersion: nil, error: error.detail)
    }
    return turn
  }
}
