import Foundation

/// Edits a file of somebody else's: replaced whole or not at all, with its mode and owner kept,
/// through symbolic links to what they name.
struct FileEdit {
  /// Bytes. What is edited here is written by hand; more is taken for a mistake.
  static let sizeLimit: off_t = 16 << 20

  /// The path as it was given.
  let path: String
  /// Where the file stands, symbolic links followed.
  private let target: String
  /// What the file holds; nil where there is none.
  let content: [UInt8]?
  private let status: stat

  /// Reads the file.
  ///
  /// - Throws: what stands there if it is no file that can be edited, and what to do.
  init(_ path: String) throws(Failure) {
    self.path = path
    target = try Self.resolve(path)
    var status = stat()
    guard lstat(target, &status) == 0 else {
      guard errno == ENOENT else { throw Self.failure("look at", path) }
      content = nil
      self.status = status
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure("can't edit \(path): it is no ordinary file; name one that is")
    }
    guard status.st_size <= Self.sizeLimit else {
      throw Failure(
        "can't edit \(path): it has \(status.st_size) bytes, more than any such file; is it the right "
          + "one?")
    }
    guard let data = FileManager.default.contents(atPath: target) else {
      throw Self.failure("read", path)
    }
    content = Array(data)
    self.status = status
  }

  /// Refuses a file whose folder is not there: who names one means one that is, and has mistyped it.
  func requireFolder() throws(Failure) {
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(
        "can't make \(path): there is no folder \(folder); name a file in one that is there, or make "
          + "it first")
    }
  }

  /// Replaces what the file holds; makes the file, and its folder, where there is none.
  func replace(with bytes: [UInt8]) throws(Failure) {
    if content != nil {
      try checkWritable()
      guard status.st_nlink == 1 else {
        throw Failure(
          "can't edit \(path): it has \(status.st_nlink) names (hard links), of which replacing it "
            + "would part one; edit it by hand")
      }
    } else {
      try makeFolder()
    }
    let (descriptor, temporary) = try makeTemporary()
    do throws(Failure) {
      try fill(descriptor, bytes)
      try checkUnchanged()
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    guard rename(temporary, target) == 0 else {
      let failure = Self.failure("replace", path)
      unlink(temporary)
      throw failure
    }
    Self.sync(folder)
  }

  /// Removes the file.
  func remove() throws(Failure) {
    try checkUnchanged()
    try checkWritable()
    guard unlink(target) == 0 else { throw Self.failure("remove", path) }
    Self.sync(folder)
  }

  private func checkWritable() throws(Failure) {
    guard status.st_mode & 0o222 != 0, access(target, W_OK) == 0 else {
      throw Failure("can't edit \(path): it is read-only; chmod u+w it, or edit it by hand")
    }
  }

  private var folder: String {
    let folder = (target as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  private static func resolve(_ path: String) throws(Failure) -> String {
    var target = path
    for _ in 0..<40 {
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target) else {
        return target
      }
      let folder = (target as NSString).deletingLastPathComponent
      target = next.hasPrefix("/") || folder.isEmpty ? next : folder + "/" + next
    }
    throw Failure("can't edit \(path): its symbolic links lead in a circle; mend one of them")
  }

  private func makeFolder() throws(Failure) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Failure(
        "can't make the folder of \(path): \(error.localizedDescription); make it by hand, or name "
          + "another file")
    }
  }

  private func makeTemporary() throws(Failure) -> (descriptor: Int32, path: String) {
    let temporary = target + ".fleetlog-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("write beside", path) }
    return (descriptor, temporary)
  }

  private func fill(_ descriptor: Int32, _ bytes: [UInt8]) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      guard count > 0 else { throw Self.failure("write beside", path) }
      written += count
    }
    if content != nil {
      let isOthers = status.st_uid != geteuid() || status.st_gid != getegid()
      guard !isOthers || fchown(descriptor, status.st_uid, status.st_gid) == 0 else {
        throw Self.failure("keep the owner of", path)
      }
    }
    let mode = content == nil ? 0o644 & ~Self.mask : status.st_mode & 0o7777
    guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
      throw Self.failure("write beside", path)
    }
  }

  private static var mask: mode_t {
    let mask = umask(0)
    umask(mask)
    return mask
  }

  /// Somebody may have saved the file since it was read.
  private func checkUnchanged() throws(Failure) {
    var now = stat()
    let isThere = lstat(target, &now) == 0
    let isSame =
      content == nil
      ? !isThere
      : isThere && now.st_ino == status.st_ino && now.st_size == status.st_size
        && now.st_mtim.tv_sec == status.st_mtim.tv_sec
        && now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
    guard isSame else {
      throw Failure("\(path) was changed by somebody else meanwhile: run this again")
    }
  }

  private static func sync(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ doing: String, _ path: String) -> Failure {
    Failure(
      "can't \(doing) \(path): \(String(cString: strerror(errno))); nothing was changed: see that you "
        + "may write the file and its folder, and that the disk has room")
  }
}
