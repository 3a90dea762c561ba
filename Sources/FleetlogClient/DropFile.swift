import Glibc

/// Lines that wait in the drop folder until a server reads them.
enum DropFile {
  /// Adds lines with one write, which the kernel does not mix with another process's.
  ///
  /// - Parameter name: the file's name without its ending.
  /// - Returns: the file; nil where nothing could be written.
  static func append(_ lines: [[UInt8]], folder: String, name: String) -> String? {
    let path = folder + "/" + name + ".jsonl"
    let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    var descriptor = open(path, flags, 0o600)
    if descriptor < 0, errno == ENOENT {
      LogPlaces.makeFolder(folder)
      descriptor = open(path, flags, 0o600)
    }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes = EventLine.joined(lines)
    var last: UInt8 = 0x0A
    if status.st_size > 0 { _ = pread(descriptor, &last, 1, status.st_size - 1) }
    // What a full disk cut short costs that line only.
    if last != 0x0A { bytes.insert(0x0A, at: 0) }
    return write(descriptor, bytes, bytes.count) == bytes.count ? path : nil
  }
}
