import FleetlogEvents

/// Lines of a transcript that stand together, as they are kept.
package struct TranscriptChunk: Sendable {
  enum Codec: String { case raw, zstd }

  /// Bytes from the start of the file.
  let offset: Int64
  /// Bytes of transcript.
  let length: Int
  let codec: Codec
  let bytes: [UInt8]

  /// The bytes of a transcript; nil where they can't be what was kept.
  static func unpack(_ bytes: [UInt8], codec: String, length: Int64) -> [UInt8]? {
    let unpacked =
      codec == Codec.zstd.rawValue ? Zstd.decompress(bytes, size: Int(length)) : bytes
    return unpacked?.count == Int(length) ? unpacked : nil
  }

  /// Bytes of a file from an offset on, blanks in place of all that lies in none of the spans. Line
  /// breaks stay, so that lines do.
  static func blanked(
    _ bytes: [UInt8], at offset: Int64, keeping spans: [SourceSpan]
  ) -> [UInt8] {
    var result = bytes.map { $0 == 0x0A ? $0 : 0x20 }
    for span in spans {
      let start = max(0, Int(span.offset - offset))
      let end = min(bytes.count, Int(span.offset + span.length - offset))
      if start < end { result[start..<end] = bytes[start..<end] }
    }
    return result
  }
}

/// Makes chunks of lines. Not Sendable: each thread that reads has its own, so that the one that
/// writes need not compress.
package final class TranscriptPacker {
  /// Bytes of transcript in a full chunk: an eighth smaller than in chunks of a quarter of it, and
  /// unpacked for a receipt in a ms.
  private static let chunkSize = 1 << 20
  /// Less is what a live file appends: it is compressed once it is joined with what follows.
  private static let compressedSize = 4096
  /// Bytes between two lines that are still taken for blank ones.
  static let widestGap: Int64 = 4096

  private let zstd = Zstd()

  package init() {}

  /// Lines in file order as chunks; those that lie apart get chunks of their own.
  package func chunks(of lines: [EventBatch.Line]) -> [TranscriptChunk] {
    var chunks: [TranscriptChunk] = []
    var start: Int64 = 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(Self.chunkSize, lines.reduce(0) { $0 + $1.bytes.count + 1 }))
    for line in lines {
      let gap = line.offset - start - Int64(bytes.count)
      if bytes.isEmpty || gap < 0 || gap > Self.widestGap || bytes.count >= Self.chunkSize {
        if !bytes.isEmpty { chunks.append(chunk(bytes, at: start)) }
        start = line.offset
        bytes.removeAll(keepingCapacity: true)
      } else {
        // Between two lines stand newlines, carriage returns and blank lines only.
        bytes.append(contentsOf: repeatElement(0x0A, count: Int(gap)))
      }
      bytes.append(contentsOf: line.bytes)
    }
    if !bytes.isEmpty { chunks.append(chunk(bytes, at: start)) }
    return chunks
  }

  func chunk(_ bytes: [UInt8], at offset: Int64) -> TranscriptChunk {
    let compressed =
      bytes.count < Self.compressedSize ? nil : bytes.withUnsafeBytes { zstd.compress($0) }
    return TranscriptChunk(
      offset: offset, length: bytes.count, codec: compressed == nil ? .raw : .zstd,
      bytes: compressed ?? bytes)
  }
}
