import Glibc

/// Which file it is, whatever its name.
package struct FileIdentity: Sendable, Hashable {
  package let device: Int64
  package let inode: Int64

  package init(device: Int64, inode: Int64) {
    self.device = device
    self.inode = inode
  }
}

/// What the file system says about a file without reading it.
package struct FileStamp: Sendable, Hashable {
  package let identity: FileIdentity
  /// Bytes.
  package let size: Int64
  /// ns since the Unix epoch. Precise, so that two changes within one ms are told apart.
  let modified: Int64
  /// ns since the Unix epoch; moves even where a tool sets the time of modification back.
  let changed: Int64

  /// ms since the Unix epoch.
  package var modifiedAt: Int64 {
    modified >= 0 ? modified / 1_000_000 : (modified + 1) / 1_000_000 - 1
  }

  package init(identity: FileIdentity, size: Int64, modifiedAt: Int64) {
    self.init(identity: identity, size: size, modified: modifiedAt * 1_000_000, changed: 0)
  }

  /// What stands at a path; nil where nothing can be seen there.
  package static func of(_ path: FilePath) -> FileStamp? {
    guard case .success(let node) = FileNode.at(path) else { return nil }
    return node.stamp.ofSource(at: path)
  }

  /// The stamp of all that makes the source at a path: with a database counts what its writer has
  /// put beside it so far.
  func ofSource(at path: FilePath) -> FileStamp {
    guard SourceForm(of: path.name) == .database,
      case .success(let log) = FileNode.at(path.appendingToName("-wal"))
    else { return self }
    return FileStamp(
      identity: identity, size: size.addingReportingOverflow(log.stamp.size).partialValue,
      modified: max(modified, log.stamp.modified), changed: max(changed, log.stamp.changed))
  }

  fileprivate init(identity: FileIdentity, size: Int64, modified: Int64, changed: Int64) {
    self.identity = identity
    self.size = size
    self.modified = modified
    self.changed = changed
  }
}

/// What stands at a path.
struct FileNode {
  enum Kind {
    case file
    case folder
    case symlink
    /// A device, a FIFO or a socket, named for people.
    case special(String)
  }

  let kind: Kind
  let stamp: FileStamp

  /// Looks without following a symbolic link in the last place.
  static func at(_ path: FilePath) -> Result<FileNode, ReadError> {
    var status = stat()
    guard fstatat(AT_FDCWD, path.cString, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      return .failure(ReadError(operation: "look at", path: path, errno: errno))
    }
    return .success(FileNode(status))
  }

  /// Looks at a name within an open folder; nil where it is gone.
  static func named(_ name: UnsafePointer<CChar>, in folder: Int32) -> FileNode? {
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return FileNode(status)
  }

  static func open(_ descriptor: Int32) -> FileNode? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    return FileNode(status)
  }

  private init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .symlink
      case S_IFIFO: .special("FIFO")
      case S_IFSOCK: .special("socket")
      default: .special("device")
      }
    stamp = FileStamp(
      identity: FileIdentity(
        device: Int64(bitPattern: UInt64(status.st_dev)),
        inode: Int64(bitPattern: UInt64(status.st_ino))),
      size: Int64(status.st_size), modified: Self.nanoseconds(status.st_mtim),
      changed: Self.nanoseconds(status.st_ctim))
  }

  /// Saturates: a file's time is whatever somebody set it to.
  private static func nanoseconds(_ time: timespec) -> Int64 {
    let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return time.tv_sec < 0 ? .min : .max }
    return seconds.addingReportingOverflow(Int64(time.tv_nsec)).partialValue
  }
}
