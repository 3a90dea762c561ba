package import FleetlogIngest

/// Reads a whole transcript through a format, as a one-shot import does.
package enum FormatRun {
  /// - Parameters:
  ///   - restoring: whether the reader is put away and taken up again between any two lines, as
  ///     if each had come in a batch of its own.
  ///   - settling: whether the source is said to have shown all it will.
  package static func read<Format: TranscriptFormat>(
    _ format: Format.Type, _ bytes: [UInt8], path: String = "/transcripts/session.jsonl",
    modifiedAt: Int64 = 1_700_000_000_000, restoring: Bool = false, settling: Bool = true
  ) -> FormatOutput {
    let file = TranscriptFile(path: path, modifiedAt: modifiedAt)
    var reader = Format(file: file, state: nil)
    var output = FormatOutput()
    for line in lines(bytes) {
      reader.read(line, into: &output)
      if restoring { reader = Format(file: file, state: reader.state) }
    }
    if settling { reader.settle(into: &output) }
    return output
  }

  /// The lines of a text that are not blank.
  package static func lines(_ bytes: [UInt8]) -> [RawLine] {
    var offset = 0
    return bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
      .compactMap { number, line in
        defer { offset += line.count + 1 }
        guard !line.isEmpty else { return nil }
        return RawLine(offset: Int64(offset), bytes: Array(line), number: number)
      }
  }
}
