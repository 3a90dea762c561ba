/// Which files of text are taken for logs. Most text is none: a checkout is full of READMEs, and
/// agents keep notes and plans beside their transcripts.
enum TextLogName {
  /// - `name.log`, rotated ones too.
  /// - `name.txt` and `name.md` where the name, or the folder, says that it is one:
  ///   `worker-7.txt` and `logs/monday.md`, not `README.md` or `requirements.txt`.
  ///
  /// Never below a folder that agents, tools or package managers keep for themselves.
  static func isCandidate(_ name: [UInt8], in folder: FilePath) -> Bool {
    let name = TranscriptName.withoutRotation(name)
    let isLog = ends(name, with: ".log")
    guard isLog || ends(name, with: ".txt") || ends(name, with: ".md") else { return false }
    let folders = folder.bytes.split(separator: slash).map(text)
    if folders.contains(where: othersFolders.contains) { return false }
    if isLog { return true }
    let stem = name.lastIndex(of: dot).map { name[..<$0] } ?? name
    return words(of: text(stem)).contains(where: telling.contains)
      || folders.last.map { words(of: $0).contains(where: tellingOfFolders.contains) } == true
  }

  /// Whether a path ends as those of logs do; a file that was named itself may be called anything
  /// before that.
  static func isNamed(_ path: String) -> Bool {
    let name = TranscriptName.withoutRotation(Array(path.utf8))
    return [".log", ".txt", ".md"].contains { ends(name, with: $0) }
  }

  private static let othersFolders: Set<String> = [
    ".claude", ".codex", ".gemini", ".opencode", ".git", ".hg", ".svn", ".cache", ".npm", ".venv",
    "node_modules", "site-packages",
  ]

  private static let telling: Set<String> = [
    "log", "logs", "worker", "session", "transcript", "output", "stdout", "stderr", "console",
    "trace", "run",
  ]

  private static let tellingOfFolders: Set<String> = ["log", "logs", "transcripts", "inbox"]

  /// `worker-167-1779955393` → worker, 167, 1779955393.
  private static func words(of name: String) -> [String] {
    name.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
  }

  private static func text(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  private static func ends(_ name: ArraySlice<UInt8>, with ending: String) -> Bool {
    name.count > ending.utf8.count && name.suffix(ending.utf8.count).elementsEqual(ending.utf8)
  }

  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")
}
