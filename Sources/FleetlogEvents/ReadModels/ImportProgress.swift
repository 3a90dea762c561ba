/// How far an import has come: what the dashboard shows while transcripts are being read.
package struct ImportProgress: Sendable, Equatable {
  /// Files to read and read to their end.
  package var files = 0
  package var filesDone = 0
  /// Bytes to read and read so far.
  package var bytes: Int64 = 0
  package var bytesDone: Int64 = 0
  /// As of late; 0 where nothing was read.
  package var bytesPerSecond: Int64 = 0
  /// nil where the rate is not known yet.
  package var secondsLeft: Int64?
  /// Events that the full-text index has not taken in yet.
  package var searchLag = 0

  package init() {}

  /// From 0 to 1. Files grow while they are read, so that it may stand still.
  package var share: Double {
    guard bytes > 0 else { return 0 }
    return min(1, max(0, Double(bytesDone) / Double(bytes)))
  }
}
