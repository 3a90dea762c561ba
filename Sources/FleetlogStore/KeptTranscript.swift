/// What was kept of a transcript, read again from its beginning when the file itself is gone.
package final class KeptTranscript {
  private let connection: Connection
  private let file: Int64
  private var next: Int64 = 0
  private let end: Int64

  /// Opens what was kept; nil where it is not every line up to `end`, each right behind the
  /// newline of the one before: a parser would not find what it found in the file.
  ///
  /// - Parameter end: bytes of the file that were read.
  package init?(_ writer: EventWriter, file: Int64, end: Int64) throws(StoreError) {
    connection = writer.connection
    self.file = file
    self.end = end
    while next < end {
      guard let lines = try nextLines(), lines.allSatisfy({ !$0.bytes.isEmpty }) else {
        return nil
      }
    }
    guard next == end else { return nil }
    next = 0
  }

  /// The lines of the next chunk; nil behind the last one.
  package func nextLines() throws(StoreError) -> [EventBatch.Line]? {
    let chunk = try connection.first(
      "SELECT source_length, codec, bytes FROM transcript_chunks "
        + "WHERE file_id = ? AND source_offset = ?", [.int(file), .int(next)]
    ) { (length: $0.int(0), codec: $0.text(1), bytes: $0.blob(2)) }
    guard let chunk,
      let bytes = TranscriptChunk.unpack(
        chunk.bytes, codec: chunk.codec, length: chunk.length)
    else { return nil }
    var lines: [EventBatch.Line] = []
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      lines.append(EventBatch.Line(offset: next + Int64(line.startIndex), bytes: Array(line)))
    }
    next += chunk.length + 1
    return lines
  }
}
