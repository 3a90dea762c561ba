/// Which names are taken for transcripts; the one place to widen it.
package enum TranscriptName {
  /// `name.jsonl`, and `name.jsonl.1` and so on: a log that was rotated may end in lines that
  /// nobody has read yet.
  package static func isCandidate(_ name: some Collection<UInt8>) -> Bool {
    var name = Array(name)
    if let dot = name.lastIndex(of: UInt8(ascii: ".")), (1...3).contains(name.count - dot - 1),
      name[(dot + 1)...].allSatisfy({ (0x30...0x39).contains($0) })
    {
      name.removeSubrange(dot...)
    }
    return extensions.contains { name.count > $0.count && name.suffix($0.count) == $0[...] }
  }

  private static let extensions = [".jsonl"].map { Array($0.utf8) }
}
