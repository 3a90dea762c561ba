/// Which names are taken for transcripts; the one place to widen it.
package enum TranscriptName {
  /// - `name.jsonl`, and `name.jsonl.1` and so on: a log that was rotated may end in lines that
  ///   nobody has read yet.
  /// - `name.capture`, what a run wrote.
  /// - `name.jsonl.zst`, as Codex keeps what is old.
  /// - `chats/session-….json` of Gemini CLI, and what OpenCode keeps below `storage/session`,
  ///   `message` and `part`: other folders are full of JSON that is no transcript.
  /// - `opencode.db`, or `opencode-….db` of its other channels.
  /// - What ``TextLogName`` takes for a log.
  package static func isCandidate(_ name: [UInt8], in folder: FilePath) -> Bool {
    switch SourceForm(of: name) {
    case .lines:
      ends(withoutRotation(name), with: ".jsonl") || ends(name[...], with: ".capture")
        || TextLogName.isCandidate(name, in: folder)
    case .compressed: ends(name[...], with: ".jsonl.zst")
    case .document: isDocument(name, in: folder)
    case .database: name.starts(with: "opencode".utf8)
    }
  }

  /// Whether a folder may hold any. OpenCode keeps snapshots of the operator's work beside its
  /// sessions, in thousands of folders.
  static func mayStand(in name: [UInt8], of folder: FilePath) -> Bool {
    !(name.elementsEqual("snapshot".utf8) && folder.name.elementsEqual("opencode".utf8))
  }

  /// The name of the file to be read when one of this name changes: SQLite writes to a file
  /// beside its database.
  static func source(of name: [UInt8]) -> [UInt8] {
    ends(name[...], with: ".db-wal") ? name.dropLast(4) : name
  }

  private static func isDocument(_ name: [UInt8], in folder: FilePath) -> Bool {
    if folder.name.elementsEqual("chats".utf8) { return name.starts(with: "session-".utf8) }
    return StoredRecord.Kind(folder: folder) != nil
  }

  private static func ends(_ name: ArraySlice<UInt8>, with ending: String) -> Bool {
    name.count > ending.utf8.count && name.suffix(ending.utf8.count).elementsEqual(ending.utf8)
  }

  static func withoutRotation(_ name: [UInt8]) -> ArraySlice<UInt8> {
    guard name.last.map(isDigit) ?? false, let dot = name.lastIndex(of: UInt8(ascii: ".")),
      name.count - dot <= 4, name[(dot + 1)...].allSatisfy(isDigit)
    else { return name[...] }
    return name[..<dot]
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

/// What a transcript's bytes are. All but lines are *unrolled* into lines, which only grow however
/// the file is rewritten: so a format is fed lines, and the log keeps lines, whatever the form.
package enum SourceForm: Sendable {
  case lines
  /// Lines, compressed by zstd.
  case compressed
  /// One JSON text, rewritten as a whole with each change.
  case document
  /// An SQLite database that another program writes.
  case database

  /// Told by the name's ending alone, so that it can't change while a file is written.
  package init(of name: some BidirectionalCollection<UInt8>) {
    func ends(_ ending: String) -> Bool {
      name.suffix(ending.utf8.count).elementsEqual(ending.utf8)
    }
    self =
      if ends(".json") { .document } else if ends(".zst") { .compressed } else if ends(".db") {
        .database
      } else { .lines }
  }
}
