import Foundation

/// A control group whose processes may take so much memory together, and are killed where they take
/// more.
struct MemoryGroup {
  private let folder: String

  /// - Parameter mebibytes: of memory, with the files that are kept in it.
  /// - Returns: nil where this process may not make one, as in most containers.
  init?(mebibytes: Int) {
    for (root, limit) in [
      ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ] {
      let folder = "\(root)/fleetlog-test-\(UUID().uuidString)"
      guard mkdir(folder, 0o755) == 0 else { continue }
      if Self.write("\(mebibytes << 20)", to: folder + "/" + limit) {
        // Where there is swap, it would only become slow.
        _ = Self.write("0", to: folder + "/memory.swap.max")
        _ = Self.write("\(mebibytes << 20)", to: folder + "/memory.memsw.limit_in_bytes")
        self.folder = folder
        return
      }
      rmdir(folder)
    }
    return nil
  }

  static let isPossible: Bool = {
    guard let group = MemoryGroup(mebibytes: 64) else { return false }
    defer { group.remove() }
    return SystemCommand.run(group.launcher + ["true"]) == 0
  }()

  private static func write(_ text: String, to path: String) -> Bool {
    let file = open(path, O_WRONLY)
    guard file >= 0 else { return false }
    defer { close(file) }
    return Foundation.write(file, text, text.utf8.count) == text.utf8.count
  }

  /// Starts a program in the group.
  var launcher: [String] {
    ["sh", "-c", #"echo $$ >"\#(folder)/cgroup.procs" && exec "$0" "$@""#]
  }

  /// Its processes must have ended.
  func remove() { rmdir(folder) }
}
