import FleetlogEvents
import FleetlogIngest
import FleetlogStore

/// Feeds what was read of a file to its format's present parser, from the beginning up to where
/// the file was left, and commits what comes out as a revision.
final class Reindexer {
  enum Outcome {
    case read(Appended)
    /// Nothing was changed, for this reason.
    case passedOver(String)
  }

  private let writer: EventWriter
  private var reader = SourceReader()
  private let cap: TextCap
  private let clock: () -> Int64

  /// - Parameter clock: ms since the Unix epoch.
  init(writer: EventWriter, cap: TextCap, clock: @escaping () -> Int64) {
    self.writer = writer
    self.cap = cap
    self.clock = clock
  }

  enum Choice {
    /// What an older parser read.
    case older
    /// What is damaged in the log.
    case damaged
    case all
  }

  func files(_ choice: Choice) throws(StoreError) -> [SourceRecord] {
    let damaged = choice == .damaged ? try writer.damagedFiles() : []
    return try writer.sources.read().filter { file in
      guard let format = Self.format(of: file) else { return false }
      return switch choice {
      case .older: (file.parserVersion ?? 0) < format.parserVersion
      case .damaged: damaged.contains(file.id)
      case .all: true
      }
    }
  }

  private static func format(of file: SourceRecord) -> (any TranscriptFormat.Type)? {
    file.format.flatMap { FormatCatalogue.format(named: $0) }
  }

  func read(_ file: SourceRecord) throws(StoreError) -> Outcome {
    guard let format = Self.format(of: file) else { return .passedOver("its format is unknown") }
    var turn = Turn(
      parser: format.init(
        file: TranscriptFile(
          path: file.path, modifiedAt: file.modifiedAt, cap: cap,
          project: GeminiProjects.project(of: FilePath(text: file.path))), state: nil),
      file: file, version: format.parserVersion)
    if stillStands(file) {
      guard try readFile(file, &turn) else {
        return .passedOver("it could not be read to where it was left; run reindex again")
      }
    } else if let kept = try KeptTranscript(writer, file: file.id, end: file.offset) {
      try readKept(kept, &turn)
    } else {
      return .passedOver("the file is gone or changed, and not all of its bytes were kept")
    }
    try finish(&turn)
    return .read(turn.appended)
  }

  /// What is known while one file is read.
  private struct Turn {
    var parser: any TranscriptFormat
    let file: SourceRecord
    let version: Int
    var appended = Appended()
    var line = 0
  }

  /// Whether the file has the content that was read of it. Of an unrolled one only the log knows
  /// that, line by line.
  private func stillStands(_ file: SourceRecord) -> Bool {
    guard file.state == .reading, let cursor = file.cursor.flatMap({ Cursor(text: $0) }),
      cursor.unrolled == nil,
      let batch = try? reader.read(FilePath(text: file.path), from: cursor, budget: 1)
    else { return false }
    return batch.restart == nil
  }

  /// Reads a file up to where it was left; false where it can't be.
  private func readFile(_ file: SourceRecord, _ turn: inout Turn) throws(StoreError) -> Bool {
    var cursor: Cursor?
    repeat {
      guard let batch = try? reader.read(FilePath(text: file.path), from: cursor),
        cursor == nil || batch.restart == nil
      else { return false }
      let lines = batch.lines.filter { $0.offset < file.offset }
      let skipped = batch.skipped.filter { $0.span.offset < file.offset }
      try take(lines, skipped, &turn)
      guard batch.next.offset < file.offset else { return true }
      guard batch.next != cursor else { return false }
      cursor = batch.next
    } while true
  }

  private func readKept(_ kept: KeptTranscript, _ turn: inout Turn) throws(StoreError) {
    while let chunk = try kept.nextLines() {
      let first = turn.line
      turn.line += chunk.count
      let lines = chunk.enumerated().map { place, line in
        RawLine(offset: line.offset, bytes: line.bytes, number: first + place)
      }
      try take(lines, [], &turn)
    }
  }

  private func take(
    _ lines: [RawLine], _ skipped: [SourceProblem], _ turn: inout Turn
  ) throws(StoreError) {
    var output = FormatOutput()
    for line in lines { turn.parser.read(line, into: &output) }
    try commit(output, skipped, lines, isFinal: false, &turn)
  }

  /// Lets the parser say what the file's last one has said, and makes the file one of this parser.
  private func finish(_ turn: inout Turn) throws(StoreError) {
    var output = FormatOutput()
    if !turn.file.isHolding, turn.parser.isHolding { turn.parser.settle(into: &output) }
    try commit(output, [], [], isFinal: true, &turn)
  }

  private func commit(
    _ output: FormatOutput, _ skipped: [SourceProblem], _ lines: [RawLine], isFinal: Bool,
    _ turn: inout Turn
  ) throws(StoreError) {
    let revision = EventBatch.Revision(
      fileID: turn.file.id, parserVersion: turn.version,
      final: isFinal ? (turn.parser.state, turn.parser.isHolding) : nil)
    let batch = EventBatch(
      drafts: output.drafts, problems: skipped + output.problems,
      lines: lines.map { EventBatch.Line(offset: $0.offset, bytes: $0.bytes) },
      revision: revision)
    turn.appended.add(try writer.commit(batch, now: clock()))
  }
}
