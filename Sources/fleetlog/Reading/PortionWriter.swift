import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Commits portions of transcripts, each together with the cursor that says how far its file has
/// been read.
final class PortionWriter {
  let writer: EventWriter
  private let rules: ReadingRules
  private let clock: () -> Int64

  /// - Parameter clock: ms since the Unix epoch.
  init(writer: EventWriter, rules: ReadingRules, clock: @escaping () -> Int64) {
    self.writer = writer
    self.rules = rules
    self.clock = clock
  }

  /// - Returns: nil where the log knows the file otherwise than when the portion was read, which must
  ///   then be read again.
  func apply(_ portion: FilePortion) throws(StoreError) -> Appended? {
    var record = try writer.sources.find(path: portion.path.text)
    switch portion.content {
    case .gone:
      if let record { try writer.sources.mark(record.id, .gone) }
      return Appended()
    case .failed(let error):
      try fail(portion, record, error)
      return Appended()
    case .lines, .passedOver, .excluded: break
    }
    if let moved = portion.movedFrom {
      try writer.sources.move(moved, to: portion.path.text)
      record = try writer.sources.find(id: moved)
    }
    guard record.map({ SourcePoint($0) }) == portion.base else { return nil }
    switch portion.content {
    case .lines(let reading): return try commit(reading, of: portion, record)
    case .passedOver(let reason): try passOver(portion, record, reason)
    case .excluded(let reason): try exclude(portion, record, reason)
    case .failed, .gone: break
    }
    return Appended()
  }

  private func commit(
    _ reading: FilePortion.Reading, of portion: FilePortion, _ record: SourceRecord?
  ) throws(StoreError) -> Appended {
    let batch = reading.batch
    // Told by its first records, before anything of it is stored.
    if record?.cursor == nil || !reading.isContinued,
      let rule = rules.exclusion.rule(for: reading.output.drafts)
    {
      try exclude(portion, record, rule.reason)
      return Appended()
    }
    if record?.format == nil, mayTellLater(reading, portion) {
      try passOver(portion, record, nil)
      return Appended()
    }
    let source: SourceRecord
    if let record, reading.isContinued {
      if record.cursor == batch.next.text, reading.output.drafts.isEmpty, record.state == .reading {
        // Whether the file is quiet is judged by the time that it has, touched or not.
        if record.modifiedAt != batch.stamp.modifiedAt {
          try writer.sources.mark(record.id, .reading, modifiedAt: batch.stamp.modifiedAt)
        }
        return Appended()
      }
      source = record
      if record.format == nil {
        _ = try writer.sources.recognise(
          record.id, format: reading.format, parserVersion: reading.parserVersion)
      }
    } else {
      source = try add(
        portion, state: .reading, format: reading.format, parserVersion: reading.parserVersion)
    }
    return try writer.commit(
      EventBatch(
        drafts: reading.output.drafts, problems: batch.skipped + reading.output.problems,
        chunks: reading.chunks,
        source: SourceUpdate(
          fileID: source.id, device: batch.stamp.identity.device,
          inode: batch.stamp.identity.inode, cursor: batch.next.text, offset: batch.next.offset,
          size: batch.stamp.size, modifiedAt: batch.stamp.modifiedAt, lines: portion.lines,
          parserState: reading.parserState, isHolding: reading.isHolding,
          isUnrolled: batch.next.unrolled != nil)), now: clock())
  }

  /// Lines of a transcript among which its project is told.
  private static let headLines = 50
  /// Formats whose records say where their agent works, though not always the first of them.
  private static let tellingFormats: Set<String> = ["claude", "codex"]

  /// Whether a transcript is too short yet to tell whether it is excluded.
  private func mayTellLater(_ reading: FilePortion.Reading, _ portion: FilePortion) -> Bool {
    rules.exclusion.rules.contains { $0.kind == .project } && portion.lines < Self.headLines
      && Self.tellingFormats.contains(reading.format)
      && !Exclusion.tellsProject(reading.output.drafts)
  }

  /// Notes a file that is not to be read; what was read of it before stays.
  private func exclude(
    _ portion: FilePortion, _ record: SourceRecord?, _ reason: String
  ) throws(StoreError) {
    guard let record else {
      _ = try add(portion, state: .excluded, error: reason)
      return
    }
    guard record.exclusion != reason else { return }
    try writer.sources.mark(
      record.id, .excluded, error: reason, size: portion.stamp?.size,
      modifiedAt: portion.stamp?.modifiedAt)
  }

  /// Notes a file that no format knows, or that has no complete line yet.
  private func passOver(
    _ portion: FilePortion, _ record: SourceRecord?, _ reason: String?
  ) throws(StoreError) {
    let state = reason == nil ? SourceStatus.State.reading : .unrecognised
    if let record, record.format == nil {
      try writer.sources.mark(
        record.id, state, error: reason, size: portion.stamp?.size,
        modifiedAt: portion.stamp?.modifiedAt)
    } else {
      _ = try add(portion, state: state, error: reason)
    }
  }

  /// Notes a file that can't be read; its cursor stays where it was.
  private func fail(
    _ portion: FilePortion, _ record: SourceRecord?, _ error: ReadError
  ) throws(StoreError) {
    let isGone = error.cause == .missing
    if let record {
      try writer.sources.mark(
        record.id, isGone ? .gone : .unreadable, error: isGone ? nil : error.detail)
    } else if !isGone {
      _ = try add(portion, state: .unreadable, error: error.detail)
    }
  }

  private func add(
    _ portion: FilePortion, state: SourceStatus.State, format: String? = nil,
    parserVersion: Int? = nil, error: String? = nil
  ) throws(StoreError) -> SourceRecord {
    let (text, stamp) = (portion.path.text, portion.stamp)
    return try writer.sources.add(
      SourceFile(
        path: text, pathBytes: Array(text.utf8) == portion.path.bytes ? nil : portion.path.bytes,
        device: stamp?.identity.device ?? 0, inode: stamp?.identity.inode ?? 0,
        size: stamp?.size ?? 0, modifiedAt: stamp?.modifiedAt ?? 0),
      state: state, format: format, parserVersion: parserVersion, error: error)
  }

  /// Writes what a file's parser held back, since the file shows nothing more for now. A portion that
  /// was read meanwhile finds the log gone on, and is read again.
  func settle(_ record: SourceRecord) throws(StoreError) -> Appended {
    guard let format = record.format.flatMap({ FormatCatalogue.format(named: $0) }),
      let cursor = record.cursor
    else { return Appended() }
    var parser = format.init(
      file: TranscriptFile(path: record.path, modifiedAt: record.modifiedAt, cap: rules.cap),
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
}
