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

  /// - Parameter path: free of symbolic links, as listing gives it.
  /// - Throws: ``ReadError``; ``ReadError/Cause/notAFile`` for anything but a regular file, and
  ///   ``ReadError/Cause/linked`` where a folder on the way has become a symbolic link since.
  init(_ path: FilePath) throws(ReadError) {
    var found: (descriptor: Int32, stamp: FileStamp)?
    for attempt in 1...Self.attempts where found == nil {
      let opened = try Self.open(path)
      if Self.stands(opened.descriptor, at: path) {
        found = opened
        continue
      }
      Glibc.close(opened.descriptor)
      // A file that was rotated away just now has another name too: then the next look is right.
      if attempt == Self.attempts {
        throw ReadError(operation: "open", path: path, cause: .linked)
      }
    }
    guard let found else { throw ReadError(operation: "open", path: path, cause: .linked) }
    self.path = path
    stamp = found.stamp
    descriptor = found.descriptor
  }

  private static let attempts = 3

  private static func open(
    _ path: FilePath
  ) throws(ReadError) -> (descriptor: Int32, stamp: FileStamp) {
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
    return (descriptor, node.stamp)
  }

  /// Whether an open file stands at its path and nowhere else. O_NOFOLLOW looks at the last name
  /// alone; whoever may write to a watched folder could put a link in the place of one above it.
  ///
  /// Where `/proc` does not tell, it is taken to be so.
  private static func stands(_ descriptor: Int32, at path: FilePath) -> Bool {
    guard path.bytes.first == UInt8(ascii: "/") else { return true }
    let wanted = path.bytes
    // A name that is longer than what is compared is another one already.
    let room = wanted.count + gone.count + 1
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
      guard let base = buffer.baseAddress else { return true }
      let count = readlink("/proc/self/fd/\(descriptor)", base, room)
      guard count >= 0 else { return true }
      let name = UnsafeRawBufferPointer(start: base, count: count)
      return name.elementsEqual(wanted) || name.elementsEqual(wanted + gone)
    }
  }

  /// What Linux puts behind the name of a file that has none any more.
  private static let gone = Array(" (deleted)".utf8)

  deinit { Glibc.close(descriptor) }

  /// A small file whole; nil where it can't be read or is larger.
  ///
  /// - Parameter limit: bytes.
  static func content(of path: FilePath, limit: Int) -> [UInt8]? {
    guard let file = try? OpenFile(path), file.stamp.size <= limit else { return nil }
    return try? file.bytes(at: 0, count: Int(file.stamp.size))
  }

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
