import Glibc

/// A regular file opened for reading, closed when it goes out of scope.
///
/// Reads with `pread`, never through a mapping: a file that shrinks under a mapping kills the
/// process.
struct OpenFile: ~Copyable {
  let path: FilePath
  /// As it was when the file was opened.
  let stamp: FileStamp
  private let descriptor: Int32

  /// - Throws: ``ReadError``; ``ReadError/Cause/notAFile`` for anything but a regular file.
  init(_ path: FilePath) throws(ReadError) {
    let text = path.cString
    // Without O_NONBLOCK a FIFO that took the file's place would hang the reader.
    let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    var descriptor: Int32
    repeat { descriptor = Glibc.open(text, flags) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else {
      throw ReadError(operation: "open", path: path, errno: errno)
    }
    guard let node = FileNode.open(descriptor), case .file = node.kind else {
      Glibc.close(descriptor)
      throw ReadError(operation: "open", path: path, cause: .notAFile)
    }
    self.path = path
    self.stamp = node.stamp
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// Fills `buffer` from `offset` on.
  ///
  /// - Returns: bytes read; fewer than asked for only at the end of the file.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
        off_t(offset) + off_t(filled))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw ReadError(operation: "read", path: path, errno: errno)
      }
      filled += count
    }
    return filled
  }

  /// The bytes of a span that is known to be there; fewer where the file has shrunk meanwhile.
  func bytes(at offset: Int64, count: Int) throws(ReadError) -> [UInt8] {
    var failure: ReadError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let raw = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
      do throws(ReadError) { filled = try read(at: offset, into: raw) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Where the next bytes that are not a hole begin, at `offset` or after it: the size of the
  /// file where only a hole follows, `offset` where the file system can't say.
  func endOfHole(at offset: Int64) -> Int64 {
    let data = lseek(descriptor, off_t(offset), Self.seekData)
    if data >= 0 { return Int64(data) }
    guard errno == ENXIO, let node = FileNode.open(descriptor) else { return offset }
    return max(offset, node.stamp.size)
  }

  /// SEEK_DATA, which the Glibc module does not export.
  private static let seekData: Int32 = 3
}
