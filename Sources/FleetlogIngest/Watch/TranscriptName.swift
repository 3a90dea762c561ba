/// Which names are taken for transcripts; the one place to widen it.
package enum TranscriptName {
  /// `name.jsonl`, and `name.jsonl.1` and so on: a log that was rotated may end in lines that
  /// nobody has read yet. Beside them what ``TextLogName`` takes for a log.
  package static func isCandidate(_ name: [UInt8], in folder: FilePath) -> Bool {
    if TextLogName.isCandidate(name, in: folder) { return true }
    let stem = withoutRotation(name)
    return extensions.contains { stem.count > $0.count && stem.suffix($0.count) == $0[...] }
  }

  static func withoutRotation(_ name: [UInt8]) -> ArraySlice<UInt8> {
    guard name.last.map(isDigit) ?? false, let dot = name.lastIndex(of: UInt8(ascii: ".")),
      name.count - dot <= 4, name[(dot + 1)...].allSatisfy(isDigit)
    else { return name[...] }
    return name[..<dot]
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static let extensions = [".jsonl"].map { Array($0.utf8) }
}
