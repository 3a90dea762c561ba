import CZstd
import FleetlogEvents

/// Keeps the bytes that events came from, so that a receipt outlives its file: agents delete
/// their transcripts after a month, and runners cut theirs.
///
/// What a live file appends is kept as it comes; once enough of it lies together it becomes one
/// compressed chunk, so the work stays proportional to what was appended.
final class TranscriptArchive {
  /// Bytes of transcript in a full chunk: about the size at which zstd stops gaining.
  private static let chunkSize = 256 << 10
  private static let level: Int32 = 3

  private let connection: Connection
  /// Bytes kept uncompressed for each file since this writer began.
  private var loose: [Int64: Int] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// Keeps the lines of a batch, which come in file order.
  func keep(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    try join(lines, file: file, compressing: Self.chunkSize / 4)
    if loose[file, default: 0] >= Self.chunkSize { try pack(file) }
  }

  /// Keeps those lines of a file that was read again which are not kept yet.
  func keepMissing(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    var missing: [EventBatch.Line] = []
    for line in lines {
      let isKept = try connection.first(
        """
        SELECT 1 FROM transcript_chunks WHERE file_id = ?1 AND source_offset <= ?2
          AND source_offset + source_length >= ?2 + ?3
        """, [.int(file), .int(line.offset), Value(line.bytes.count)], { _ in true })
      if isKept == nil { missing.append(line) }
    }
    try keep(missing, file: file)
  }

  /// Writes lines that stand together as one chunk, compressed from `compressing` bytes on.
  private func join(
    _ lines: [EventBatch.Line], file: Int64, compressing: Int
  ) throws(StoreError) {
    var start: Int64 = 0
    var bytes: [UInt8] = []
    for line in lines {
      let gap = line.offset - start - Int64(bytes.count)
      if bytes.isEmpty || gap < 0 || gap > 4096 || bytes.count >= Self.chunkSize {
        try write(bytes, at: start, file: file, compressing: compressing)
        start = line.offset
        bytes = []
      } else {
        // Between two lines stand newlines, carriage returns and blank lines only.
        bytes.append(contentsOf: repeatElement(0x0A, count: Int(gap)))
      }
      bytes.append(contentsOf: line.bytes)
    }
    try write(bytes, at: start, file: file, compressing: compressing)
  }

  private func write(
    _ bytes: [UInt8], at offset: Int64, file: Int64, compressing: Int
  ) throws(StoreError) {
    guard !bytes.isEmpty else { return }
    let compressed =
      bytes.count >= compressing ? Zstd.compress(bytes, level: Self.level) : nil
    if compressed == nil { loose[file, default: 0] += bytes.count }
    // A file that is read again from the same place may have grown meanwhile.
    try connection.run(
      """
      INSERT INTO transcript_chunks (file_id, source_offset, source_length, codec, bytes)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT (file_id, source_offset) DO UPDATE SET
        source_length = excluded.source_length, codec = excluded.codec, bytes = excluded.bytes
        WHERE excluded.source_length > source_length
      """,
      [
        .int(file), .int(offset), Value(bytes.count),
        .text(compressed == nil ? "raw" : "zstd"), .blob(compressed ?? bytes),
      ])
  }

  /// Joins the loose chunks of a file, lines apart by one newline each, into compressed ones.
  private func pack(_ file: Int64) throws(StoreError) {
    let chunks = try connection.rows(
      """
      SELECT id, source_offset, bytes FROM transcript_chunks
      WHERE file_id = ? AND codec = 'raw' ORDER BY source_offset
      """, [.int(file)]
    ) { (id: $0.int(0), line: EventBatch.Line(offset: $0.int(1), bytes: $0.blob(2))) }
    for chunk in chunks {
      try connection.run("DELETE FROM transcript_chunks WHERE id = ?", [.int(chunk.id)])
    }
    // Chunks that lie too far apart to be joined are compressed one by one, whatever their size:
    // left loose, they would be packed again and again.
    try join(chunks.map(\.line), file: file, compressing: 1)
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
    guard let chunk, let bytes = unpack(chunk.bytes, codec: chunk.codec, length: chunk.length)
    else { return nil }
    let start = Int(span.offset - chunk.offset)
    return Array(bytes[start..<start + min(Int(span.length), limit)])
  }

  /// The bytes of a chunk; nil where they can't be what was kept.
  static func unpack(_ bytes: [UInt8], codec: String, length: Int64) -> [UInt8]? {
    let unpacked = codec == "zstd" ? Zstd.decompress(bytes, size: Int(length)) : bytes
    return unpacked?.count == Int(length) ? unpacked : nil
  }
}

/// zstd over whole buffers.
private enum Zstd {
  static func compress(_ bytes: [UInt8], level: Int32) -> [UInt8]? {
    let bound = ZSTD_compressBound(bytes.count)
    var failed = false
    let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let written = bytes.withUnsafeBytes {
        ZSTD_compress(buffer.baseAddress, bound, $0.baseAddress, $0.count, level)
      }
      failed = ZSTD_isError(written) != 0
      count = failed ? 0 : written
    }
    return failed ? nil : output
  }

  /// - Parameter size: the size to expect; more than that is refused, not allocated.
  static func decompress(_ bytes: [UInt8], size: Int) -> [UInt8]? {
    var failed = false
    let output = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let written = bytes.withUnsafeBytes {
        ZSTD_decompress(buffer.baseAddress, size, $0.baseAddress, $0.count)
      }
      failed = ZSTD_isError(written) != 0
      count = failed ? 0 : written
    }
    return failed ? nil : output
  }
}
