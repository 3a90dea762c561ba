import CZstd
import FleetlogEvents

/// Keeps the bytes that events came from, so that a receipt outlives its file: agents delete
/// their transcripts after a month, and runners cut theirs.
///
/// What a live file appends is kept as it comes; once enough of it lies together it becomes one
/// chunk, so the work stays proportional to what was appended.
final class TranscriptArchive {
  /// Bytes of transcript in a full chunk: an eighth smaller than in chunks of a quarter of it, and
  /// unpacked for a receipt in a ms.
  private static let chunkSize = 1 << 20
  /// Bytes of pieces that are joined, with the file's chunks that are not `small` no more.
  private static let joinedSize = 128 << 10
  /// What is smaller is joined with what follows. The schema has an index of exactly these.
  private static let small = 512 << 10

  private let connection: Connection
  private let zstd = Zstd()
  /// Bytes that lie in pieces, for each file that was added to since this writer began.
  private var loose: [Int64: Int] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// Keeps the lines of a batch, which come in file order.
  func keep(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    if loose[file] == nil { loose[file] = try looseBytes(file) }
    try join(lines, file: file)
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
      let isKept = try connection.first(
        """
        SELECT 1 FROM transcript_chunks WHERE file_id = ?1 AND source_offset <= ?2
          AND source_offset + source_length >= ?2 + ?3
        """, [.int(file), .int(line.offset), Value(line.bytes.count)], { _ in true })
      if isKept == nil { missing.append(line) }
    }
    try keep(missing, file: file)
  }

  /// Writes lines that stand together as one chunk.
  private func join(_ lines: [EventBatch.Line], file: Int64) throws(StoreError) {
    var start: Int64 = 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(Self.chunkSize, lines.reduce(0) { $0 + $1.bytes.count + 1 }))
    for line in lines {
      let gap = line.offset - start - Int64(bytes.count)
      if bytes.isEmpty || gap < 0 || gap > Self.widestGap || bytes.count >= Self.chunkSize {
        try write(bytes, at: start, file: file)
        start = line.offset
        bytes.removeAll(keepingCapacity: true)
      } else {
        // Between two lines stand newlines, carriage returns and blank lines only.
        bytes.append(contentsOf: repeatElement(0x0A, count: Int(gap)))
      }
      bytes.append(contentsOf: line.bytes)
    }
    try write(bytes, at: start, file: file)
  }

  /// Bytes between two lines that are still taken for blank ones.
  private static let widestGap: Int64 = 4096

  private func write(_ bytes: [UInt8], at offset: Int64, file: Int64) throws(StoreError) {
    guard !bytes.isEmpty else { return }
    if bytes.count < Self.joinedSize { loose[file, default: 0] += bytes.count }
    let compressed = zstd.compress(bytes)
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
      guard let next = run.last, chunk.offset + chunk.length + Self.widestGap >= next.offset
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
        let bytes = Self.unpack(kept.bytes, codec: kept.codec, length: chunk.length)
      else { return }
      lines.append(EventBatch.Line(offset: chunk.offset, bytes: bytes))
    }
    for chunk in run {
      try connection.run("DELETE FROM transcript_chunks WHERE id = ?", [.int(chunk.id)])
    }
    try join(lines, file: file)
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
private final class Zstd {
  /// Higher levels take twice the time for 3 %.
  private static let level: Int32 = 3

  private let context = ZSTD_createCCtx()
  /// Reused: fresh memory for each chunk costs more than compressing it.
  private var output: [UInt8] = []

  deinit { ZSTD_freeCCtx(context) }

  /// The compressed bytes; nil where they would not be fewer.
  func compress(_ bytes: [UInt8]) -> [UInt8]? {
    let bound = ZSTD_compressBound(bytes.count)
    if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
    defer { if output.count > Self.keptBytes { output = [] } }
    let written = output.withUnsafeMutableBytes { output in
      bytes.withUnsafeBytes {
        ZSTD_compressCCtx(
          context, output.baseAddress, output.count, $0.baseAddress, $0.count, Self.level)
      }
    }
    guard ZSTD_isError(written) == 0, written < bytes.count else { return nil }
    return Array(output[..<written])
  }

  /// A buffer for more than this, as one long line needs, is given back.
  private static let keptBytes = 4 << 20

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
