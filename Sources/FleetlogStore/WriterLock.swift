import Glibc

/// Says that a process writes to a database. Held as a file lock, so that it ends with the
/// process however that ends.
final class WriterLock {
  private let descriptor: Int32

  /// - Throws: `.writerBusy` with the other process's id.
  init(database: String) throws(StoreError) {
    let path = database + "-writer"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let code = errno
      throw StoreError(
        operation: "open the lock", place: path, cause: .system(errno: code),
        detail: String(cString: strerror(code)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      // deinit closes the descriptor: it runs for an object whose init throws, too.
      let pid = Self.readPID(descriptor)
      throw StoreError(
        operation: "write", place: database, cause: .writerBusy(pid: pid),
        detail: "another fleetlog" + (pid.map { " (process \($0))" } ?? "") + " writes to it")
    }
    let text = Array("\(getpid())\n".utf8)
    ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    // Closing alone would leave the lock to a child that was forked a moment ago.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func readPID(_ descriptor: Int32) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer.prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
  }
}
