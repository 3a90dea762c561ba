/// A project as people name it: its path, or the last folder of that alone.
package enum ProjectFolder {
  /// The last folder of a path; nil where it has none. A backslash parts folders only behind a drive
  /// letter, as elsewhere a name may hold one.
  package static func name(of path: String) -> String? {
    let isWindows = hasDrive(path)
    return path.split { $0 == "/" || (isWindows && $0 == "\\") }.last.map(String.init)
  }

  /// Whether a project is one of those that a filter names.
  package static func isNamed(_ path: String, by wanted: [String]) -> Bool {
    wanted.contains { $0 == path || (!isPath($0) && $0 == name(of: path)) }
  }

  /// Whether a filter's word is a whole path and not a folder's name.
  package static func isPath(_ word: String) -> Bool { word.contains("/") || hasDrive(word) }

  private static func hasDrive(_ path: String) -> Bool {
    let start = Array(path.utf8.prefix(3))
    return start.count == 3 && start[1] == UInt8(ascii: ":")
      && [UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(start[2])
      && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(start[0] | 0x20)
  }
}
