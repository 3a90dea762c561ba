package import FleetlogEvents

/// One incarnation of a transcript file, as the writer knows it.
package struct SourceRecord: Sendable, Equatable {
  package let id: Int64
  package var path: String
  package var device: Int64
  package var inode: Int64
  package var format: String?
  /// The oldest parser that read any of it, and so of each of its events that nothing
  /// supersedes: a newer one first reads the file again (`fleetlog reindex`).
  package var parserVersion: Int?
  package var state: SourceStatus.State
  package var size: Int64
  package var modifiedAt: Int64
  package var offset: Int64
  /// The reader's cursor in its own text form; nil before the first read.
  package var cursor: String?
  package var parserState: String?
  package var isHolding: Bool
  /// Why it is not read, where it is excluded.
  package var exclusion: String?
}

/// A file as it was met, whatever the log knows of it.
package struct SourceFile: Sendable {
  let path: String
  let pathBytes: [UInt8]?
  let device: Int64
  let inode: Int64
  /// Bytes.
  let size: Int64
  /// ms since the Unix epoch.
  let modifiedAt: Int64

  /// - Parameter pathBytes: the path as the file system has it, where that is not valid UTF-8.
  package init(
    path: String, pathBytes: [UInt8]? = nil, device: Int64, inode: Int64, size: Int64,
    modifiedAt: Int64
  ) {
    self.path = path
    self.pathBytes = pathBytes
    self.device = device
    self.inode = inode
    self.size = size
    self.modifiedAt = modifiedAt
  }
}

/// Which file stands where: the `files` table.
package final class SourceLedger {
  private let connection: Connection
  private let packer = TextPacker()
  private static let columns = columns(
    parserState: "unpacked(parser_state, parser_state_packed)",
    isPacked: "parser_state_packed IS NOT NULL")
  /// For every file at once: what their parsers remember comes to kilobytes for each.
  private static let slimColumns = columns(parserState: "NULL", isPacked: "0")

  private static func columns(parserState: String, isPacked: String) -> String {
    "id, path, device, inode, format, parser_version, state, size, modified_at, read_offset, "
      + "cursor, \(parserState), is_holding, "
      + "iif(state = 'excluded', coalesce(last_error, ''), NULL), \(isPacked)"
  }

  init(_ connection: Connection) { self.connection = connection }

  /// Opens a log's sources for reading, beside its writer.
  package init(database path: String) throws(StoreError) {
    connection = try Connection(path: path, access: .readOnly)
  }

  /// The file that stands under a path.
  package func find(path: String) throws(StoreError) -> SourceRecord? {
    try connection.first(
      "SELECT \(Self.columns) FROM files WHERE path = ? AND state <> 'gone'", [.text(path)],
      Self.read)
  }

  /// Files with this identity, newest first: the file may have been moved, or its inode reused.
  package func find(device: Int64, inode: Int64) throws(StoreError) -> [SourceRecord] {
    try connection.rows(
      "SELECT \(Self.columns) FROM files WHERE device = ? AND inode = ? ORDER BY id DESC LIMIT 8",
      [.int(device), .int(inode)], Self.read)
  }

  package func find(id: Int64) throws(StoreError) -> SourceRecord? {
    try connection.first(
      "SELECT \(Self.columns) FROM files WHERE id = ?", [.int(id)], Self.read)
  }

  /// Whether these are the bytes that were kept of a file at this place; nil where none were.
  package func agrees(
    _ bytes: [UInt8], at span: SourceSpan, of file: Int64
  ) throws(StoreError) -> Bool? {
    try TranscriptArchive.read(span, file: file, limit: bytes.count, from: connection)
      .map { $0 == bytes }
  }

  /// Every file that stands somewhere, without its parser's state.
  package func present() throws(StoreError) -> [SourceRecord] {
    try connection.rows(
      "SELECT \(Self.slimColumns) FROM files WHERE state <> 'gone'", [], Self.read)
  }

  /// Files whose parser holds something back, among them those that are gone by now.
  package func holding() throws(StoreError) -> [SourceRecord] {
    try connection.rows(
      "SELECT \(Self.columns) FROM files WHERE is_holding = 1", [], Self.read)
  }

  /// Every file of which something was read, whether it still stands somewhere or not, without its
  /// parser's state.
  package func read() throws(StoreError) -> [SourceRecord] {
    try connection.rows(
      "SELECT \(Self.slimColumns) FROM files WHERE cursor IS NOT NULL AND format IS NOT NULL "
        + "ORDER BY id", [], Self.read)
  }

  private static func read(_ row: Statement) -> SourceRecord {
    var record = SourceRecord(
      id: row.int(0), path: row.text(1), device: row.int(2), inode: row.int(3),
      format: row.optionalText(4), parserVersion: row.optionalInt(5).map { Int($0) },
      state: SourceStatus.State(rawValue: row.text(6)) ?? .gone, size: row.int(7),
      modifiedAt: row.int(8), offset: row.int(9), cursor: row.optionalText(10),
      parserState: row.optionalText(11), isHolding: row.bool(12),
      exclusion: row.optionalText(13))
    // What a parser remembered is damaged: without it the file can only be read from its start.
    if row.bool(14), record.parserState == nil {
      record.cursor = nil
      record.offset = 0
    }
    return record
  }

  /// Registers a file under its path, in place of what stood there before.
  package func add(
    _ file: SourceFile, state: SourceStatus.State, format: String?, parserVersion: Int?,
    error: String? = nil
  ) throws(StoreError) -> SourceRecord {
    try connection.transaction { () throws(StoreError) in
      try connection.run(
        "UPDATE files SET state = 'gone' WHERE path = ? AND state <> 'gone'", [.text(file.path)])
      try connection.run(
        """
        INSERT INTO files (path, path_bytes, device, inode, size, modified_at, state, format,
          parser_version, last_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .text(file.path), file.pathBytes.map { .blob($0) } ?? .null, .int(file.device),
          .int(file.inode), .int(file.size), .int(file.modifiedAt), .text(state.rawValue),
          Value(format), Value(parserVersion), Value(error),
        ])
    }
    return SourceRecord(
      id: connection.lastInsertedID, path: file.path, device: file.device, inode: file.inode,
      format: format, parserVersion: parserVersion, state: state, size: file.size,
      modifiedAt: file.modifiedAt, offset: 0, cursor: nil, parserState: nil, isHolding: false)
  }

  /// Notes which format a file turned out to have.
  package func recognise(
    _ id: Int64, format: String, parserVersion: Int
  ) throws(StoreError) -> SourceRecord? {
    try connection.run(
      """
      UPDATE files SET format = ?, parser_version = ?, state = 'reading', last_error = NULL
      WHERE id = ?
      """, [.text(format), Value(parserVersion), .int(id)])
    return try find(id: id)
  }

  /// Notes that a known file now stands under another path.
  package func move(_ id: Int64, to path: String) throws(StoreError) {
    try connection.transaction { () throws(StoreError) in
      try connection.run(
        "UPDATE files SET state = 'gone' WHERE path = ? AND state <> 'gone' AND id <> ?",
        [.text(path), .int(id)])
      try connection.run(
        "UPDATE files SET path = ?, path_bytes = NULL, state = 'reading' WHERE id = ?",
        [.text(path), .int(id)])
    }
  }

  /// Notes what became of a file that was not read.
  package func mark(
    _ id: Int64, _ state: SourceStatus.State, error: String? = nil, size: Int64? = nil,
    modifiedAt: Int64? = nil
  ) throws(StoreError) {
    try connection.run(
      """
      UPDATE files SET state = ?, last_error = ?, size = coalesce(?, size),
        modified_at = coalesce(?, modified_at) WHERE id = ?
      """, [.text(state.rawValue), Value(error), Value(size), Value(modifiedAt), .int(id)])
  }

  /// Notes that a file is not to be read, and forgets what was remembered for reading on.
  func exclude(_ id: Int64, reason: String) throws(StoreError) {
    try connection.run(
      """
      UPDATE files SET state = 'excluded', last_error = ?, cursor = NULL, parser_state = NULL,
        parser_state_packed = NULL, read_offset = 0, is_holding = 0 WHERE id = ?
      """, [.text(reason), .int(id)])
  }

  /// Part of the writer's transaction: how far a file has been read.
  func update(
    _ update: SourceUpdate, events: Int, problems: [SourceProblem], now: Int64
  ) throws(StoreError) {
    let state = packer.pack(update.parserState)
    try connection.run(
      """
      UPDATE files SET device = ?, inode = ?, cursor = ?, read_offset = ?, size = ?,
        modified_at = ?, parser_state = ?, is_holding = ?, lines = lines + ?, events = events + ?,
        skipped_lines = skipped_lines + ?, mended_lines = mended_lines + ?,
        last_read_at = iif(?14, ?13, last_read_at), last_error = iif(?14, NULL, last_error),
        state = iif(?14, 'reading', state), is_unrolled = iif(?14, ?16, is_unrolled),
        parser_state_packed = ?17
      WHERE id = ?15
      """,
      [
        .int(update.device), .int(update.inode), .text(update.cursor), .int(update.offset),
        .int(update.size), .int(update.modifiedAt),
        state.text, Value(update.isHolding), Value(update.lines), Value(events),
        Value(problems.count { $0.kind == .skipped }),
        Value(problems.count { $0.kind == .mended }), .int(now),
        Value(update.isRead), .int(update.fileID), Value(update.isUnrolled), state.packed,
      ])
  }

  /// Part of the writer's transaction: what a newer parser made of a file. How far the file has
  /// been read, and whether it still stands, stays as it was.
  func revise(
    _ revision: EventBatch.Revision, problems: [SourceProblem], events: Int, now: Int64
  ) throws(StoreError) {
    let noted = try note(problems, file: revision.fileID, now: now)
    try connection.run(
      """
      UPDATE files SET events = events + ?, skipped_lines = skipped_lines + ?,
        mended_lines = mended_lines + ? WHERE id = ?
      """,
      [
        Value(events), Value(noted.count { $0.kind == .skipped }),
        Value(noted.count { $0.kind == .mended }), .int(revision.fileID),
      ])
    guard let final = revision.final else { return }
    let state = packer.pack(final.parserState)
    try connection.run(
      """
      UPDATE files SET parser_version = ?, parser_state = ?, parser_state_packed = ?, is_holding = ?
      WHERE id = ?
      """,
      [
        Value(revision.parserVersion), state.text, state.packed, Value(final.isHolding),
        .int(revision.fileID),
      ])
  }

  /// Part of the writer's transaction: what could not be taken, and why.
  ///
  /// - Returns: the problems that had not been noted before.
  func note(
    _ problems: [SourceProblem], file: Int64, now: Int64
  ) throws(StoreError) -> [SourceProblem] {
    var new: [SourceProblem] = []
    for problem in problems {
      let added = try connection.run(
        "INSERT OR IGNORE INTO file_problems VALUES (?, ?, ?, ?, ?, ?)",
        [
          .int(file), .int(problem.span.offset), .text(problem.kind.rawValue),
          .int(problem.span.length), .text(problem.reason), .int(now),
        ])
      if added == 1 { new.append(problem) }
    }
    return new
  }
}
