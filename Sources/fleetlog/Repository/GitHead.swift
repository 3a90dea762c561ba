import FleetlogEvents
import Glibc

/// Where a git repository stands, read from its files: no process is started, and nothing of the
/// repository is believed but what has the form of a commit's name.
struct GitHead: Sendable, Equatable {
  /// 40 or 64 hexadecimal digits.
  let commit: String
  /// The branch; nil where none is checked out.
  let branch: String?
  /// The folder that holds the working tree.
  let root: String

  private static let mostLevels = 64
  private static let mostLinks = 5
  private static let mostPacked = 32 << 20

  /// Reads the head of the repository that a folder belongs to.
  ///
  /// - Returns: nil where there is none, or none that could be read.
  static func read(_ folder: String) -> GitHead? {
    guard folder.hasPrefix("/"), !folder.utf8.contains(0),
      let (root, gitFolder) = find(folder)
    else { return nil }
    let common = commonFolder(of: gitFolder)
    guard let text = line(gitFolder + "/HEAD") else { return nil }
    var name = reference(in: text)
    let branch = name.flatMap {
      $0.hasPrefix("refs/heads/") ? String($0.dropFirst("refs/heads/".count)) : nil
    }
    if name == nil { return commit(text).map { GitHead(commit: $0, branch: nil, root: root) } }
    for _ in 0..<mostLinks {
      guard let current = name else { return nil }
      guard let text = line(gitFolder + "/" + current) ?? line(common + "/" + current) else {
        return packed(current, in: common).map {
          GitHead(commit: $0, branch: branch, root: root)
        }
      }
      if let found = commit(text) { return GitHead(commit: found, branch: branch, root: root) }
      name = reference(in: text)
    }
    return nil
  }

  /// The folder of the working tree, and that of the repository's own files.
  private static func find(_ folder: String) -> (root: String, gitFolder: String)? {
    var parts = folder.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { return nil }
    for _ in 0..<mostLevels {
      let root = "/" + parts.joined(separator: "/")
      let place = (parts.isEmpty ? "" : root) + "/.git"
      var status = stat()
      if lstat(place, &status) == 0 {
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return (root, place)
        case S_IFREG:
          // A further working tree, or a submodule, says where its files are.
          guard let text = line(place), text.hasPrefix("gitdir: ") else { return nil }
          return (root, resolve(String(text.dropFirst(8)), from: root))
        default: return nil
        }
      }
      guard !parts.isEmpty else { return nil }
      parts.removeLast()
    }
    return nil
  }

  private static func commonFolder(of gitFolder: String) -> String {
    line(gitFolder + "/commondir").map { resolve($0, from: gitFolder) } ?? gitFolder
  }

  private static func resolve(_ path: String, from folder: String) -> String {
    path.hasPrefix("/") ? path : folder + "/" + path
  }

  /// The name in `ref: refs/heads/main`, where it can be a name and nothing else.
  private static func reference(in text: String) -> String? {
    guard text.hasPrefix("ref: refs/") else { return nil }
    let name = text.dropFirst(5)
    guard name.utf8.count <= 255,
      name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
        !$0.isEmpty && !$0.hasPrefix(".")
      })
    else { return nil }
    return String(name)
  }

  private static func commit(_ text: some StringProtocol) -> String? {
    CommitName.isWhole(text) ? text.lowercased() : nil
  }

  private static func packed(_ name: String, in folder: String) -> String? {
    guard let bytes = read(folder + "/packed-refs", upTo: mostPacked) else { return nil }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let space = line.firstIndex(of: UInt8(ascii: " ")),
        line[line.index(after: space)...].elementsEqual(name.utf8)
      else { continue }
      return commit(String(decoding: line[..<space], as: UTF8.self))
    }
    return nil
  }

  /// The first line of a small file.
  private static func line(_ path: String) -> String? {
    guard let bytes = read(path, upTo: 4096), !bytes.contains(0) else { return nil }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }

  /// The bytes of an ordinary file: of no link, and of nothing that could keep the reader waiting.
  private static func read(_ path: String, upTo limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= limit
    else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
    return nil
  }
}
