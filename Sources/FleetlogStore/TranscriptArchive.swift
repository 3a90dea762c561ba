import FleetlogEvents

/// Keeps the bytes that events came from, so that a receipt outlives its file: agents delete
/// their transcripts after a month, and runners cut theirs.
///
/// What a live file appends is kept as it comes; once enough of it lies together it becomes one
/// chunk, so the work stays proportional to what was appended.
final class TranscriptArchive {
  /// Bytes of pieces that are joined, with the file's chunks that are not `small` no more.
  private static let joinedSize = 128 << 10
  /// What is smaller is joined with what follows. The schema has an index of exactly these.
  private static let small = 512 << 10

  private let connection: Connection
  private let packer = TranscriptPacker()
  /// Bytes that lie in pieces, for each file that was added to since this writer began.
  private var loose: [Int64: Int] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// Keeps the lines of a batch, which come in file order.
  func keep(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    try keep(packer.chunks(of: lines), file: file)
  }

  func keep(_ chunks: [TranscriptChunk], file: Int64) throws(StoreError) {
    if loose[file] == nil { loose[file] = try looseBytes(file) }
    for chunk in chunks { try write(chunk, file: file) }
    if loose[file, default: 0] >= Self.joinedSize { try pack(file) }
  }

  private func looseBytes(_ file: Int64) throws(StoreError) -> Int {
    let bytes = try connection.first(
      """
      SELECT coalesce(sum(source_length), 0) FROM transcript_chunks
      WHERE file_id = ? AND source_length < \(Self.small) AND source_length < \(Self.joinedSize)
      """, [.int(file)]
    ) { $0.int(0) }
    return Int(bytes ?? 0)
  }

  /// Keeps those lines of a file that was read again which are not kept yet.
  func keepMissing(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    var missing: [EventBatch.Line] = []
    for line in lines {
      let isKept = try connection.finds(
        """
        SELECT 1 FROM transcript_chunks WHERE file_id = ?1 AND source_offset <= ?2
          AND source_offset + source_length >= ?2 + ?3
        """, [.int(file), .int(line.offset), Value(line.bytes.count)])
      if !isKept { missing.append(line) }
    }
    try keep(missing, file: file)
  }

  /// Overwrites with blanks what a chunk holds besides some spans of its file; one that holds none of
  /// them goes.
  func blank(_ id: Int64, keeping spans: [SourceSpan]) throws(StoreError) {
    let chunk = try connection.first(
      "SELECT source_offset, source_length, codec, bytes FROM transcript_chunks WHERE id = ?",
      [.int(id)]
    ) { (offset: $0.int(0), length: $0.int(1), codec: $0.text(2), bytes: $0.blob(3)) }
    guard let chunk else { return }
    let range = chunk.offset..<(chunk.offset + chunk.length)
    let kept = spans.filter {
      $0.offset < range.upperBound && $0.offset + $0.length > range.lowerBound
    }
    guard !kept.isEmpty,
      let bytes = TranscriptChunk.unpack(chunk.bytes, codec: chunk.codec, length: chunk.length)
    else {
      try connection.run("DELETE FROM transcript_chunks WHERE id = ?", [.int(id)])
      return
    }
    let blanked = TranscriptChunk.blanked(bytes, at: chunk.offset, keeping: kept)
    let new = packer.chunk(blanked, at: chunk.offset)
    try connection.run(
      "UPDATE transcript_chunks SET codec = ?, bytes = ? WHERE id = ?",
      [.text(new.codec.rawValue), .blob(new.bytes), .int(id)])
  }

  /// The chunks with nothing in them but some spans of the file.
  func blanked(
    _ chunks: [TranscriptChunk], keeping spans: [SourceSpan]
  ) -> [TranscriptChunk] {
    chunks.compactMap { chunk in
      let end = chunk.offset + Int64(chunk.length)
      let kept = spans.filter { $0.offset < end && $0.offset + $0.length > chunk.offset }
      guard !kept.isEmpty,
        let bytes = TranscriptChunk.unpack(
          chunk.bytes, codec: chunk.codec.rawValue, length: Int64(chunk.length))
      else { return nil }
      return packer.chunk(
        TranscriptChunk.blanked(bytes, at: chunk.offset, keeping: kept), at: chunk.offset)
    }
  }

  /// Packs lines as ``keep(_:file:)`` does.
  func packed(_ lines: [EventBatch.Line]) -> [TranscriptChunk] { packer.chunks(of: lines) }

  private func write(_ chunk: TranscriptChunk, file: Int64) throws(StoreError) {
    if chunk.length < Self.joinedSize { loose[file, default: 0] += chunk.length }
    // A file that is read again from the same place may have grown meanwhile.
    try connection.run(
      """
      INSERT INTO transcript_chunks (file_id, source_offset, source_length, codec, bytes)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT (file_id, source_offset) DO UPDATE SET
        source_length = excluded.source_length, codec = excluded.codec, bytes = excluded.bytes
        WHERE excluded.source_length > source_length
      """,
      [
        .int(file), .int(chunk.offset), Value(chunk.length), .text(chunk.codec.rawValue),
        .blob(chunk.bytes),
      ])
  }

  /// Joins the small chunks at the end of a file. Those before a gap can't be joined with them:
  /// they were packed when they were the last ones.
  private func pack(_ file: Int64) throws(StoreError) {
    loose[file] = 0
    let chunks = try connection.rows(
      """
      SELECT id, source_offset, source_length FROM transcript_chunks
      WHERE file_id = ? AND source_length < \(Self.small) ORDER BY source_offset DESC
      """, [.int(file)]
    ) { (id: $0.int(0), offset: $0.int(1), length: $0.int(2)) }
    var run = Array(chunks.prefix(1))
    for chunk in chunks.dropFirst() {
      guard let next = run.last,
        chunk.offset + chunk.length + TranscriptPacker.widestGap >= next.offset
      else { break }
      run.append(chunk)
    }
    guard run.count > 1 else { return }
    var lines: [EventBatch.Line] = []
    for chunk in run.reversed() {
      let kept = try connection.first(
        "SELECT codec, bytes FROM transcript_chunks WHERE id = ?", [.int(chunk.id)]
      ) { (codec: $0.text(0), bytes: $0.blob(1)) }
      guard let kept,
        let bytes = TranscriptChunk.unpack(kept.bytes, codec: kept.codec, length: chunk.length)
      else { return }
      lines.append(EventBatch.Line(offset: chunk.offset, bytes: bytes))
    }
    for chunk in run {
      try connection.run("DELETE FROM transcript_chunks WHERE id = ?", [.int(chunk.id)])
    }
    for chunk in packer.chunks(of: lines) { try write(chunk, file: file) }
    loose[file] = 0
  }

  /// The bytes of a span, as far as they were kept; at most `limit` of them.
  static func read(
    _ span: SourceSpan, file: Int64, limit: Int, from connection: Connection
  ) throws(StoreError) -> [UInt8]? {
    let chunk = try connection.first(
      """
      SELECT source_offset, source_length, codec, bytes FROM transcript_chunks
      WHERE file_id = ?1 AND source_offset <= ?2 AND source_offset + source_length >= ?2 + ?3
      ORDER BY source_offset DESC LIMIT 1
      """, [.int(file), .int(span.offset), .int(span.length)]
    ) { (offset: $0.int(0), length: $0.int(1), codec: $0.text(2), bytes: $0.blob(3)) }
    guard let chunk,
      let bytes = TranscriptChunk.unpack(
        chunk.bytes, codec: chunk.codec, length: chunk.length)
    else { return nil }
    let start = Int(span.offset - chunk.offset)
    return Array(bytes[start..<start + min(Int(span.length), limit)])
  }
}
