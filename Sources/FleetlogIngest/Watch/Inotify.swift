import Glibc

/// The kernel's own notice of changes in folders.
final class Inotify {
  struct Event {
    struct Mask: OptionSet {
      let rawValue: UInt32
      static let modified = Mask(rawValue: UInt32(bitPattern: IN_MODIFY))
      static let attributes = Mask(rawValue: UInt32(bitPattern: IN_ATTRIB))
      static let created = Mask(rawValue: UInt32(bitPattern: IN_CREATE))
      static let deleted = Mask(rawValue: UInt32(bitPattern: IN_DELETE))
      static let movedFrom = Mask(rawValue: UInt32(bitPattern: IN_MOVED_FROM))
      static let movedTo = Mask(rawValue: UInt32(bitPattern: IN_MOVED_TO))
      static let selfDeleted = Mask(rawValue: UInt32(bitPattern: IN_DELETE_SELF))
      static let selfMoved = Mask(rawValue: UInt32(bitPattern: IN_MOVE_SELF))
      static let unmounted = Mask(rawValue: UInt32(bitPattern: IN_UNMOUNT))
      /// The kernel has dropped the watch.
      static let ignored = Mask(rawValue: UInt32(bitPattern: IN_IGNORED))
      /// Events were lost.
      static let overflow = Mask(rawValue: UInt32(bitPattern: IN_Q_OVERFLOW))
      static let isFolder = Mask(rawValue: UInt32(bitPattern: IN_ISDIR))
    }

    let watch: Int32
    let mask: Mask
    /// The entry of the folder that it is about; empty where it is about the folder itself.
    let name: FolderName
  }

  enum Refusal: Error {
    /// The user has no watches left.
    case limit
    case unreadable
    case missing
    case system(errno: Int32)
  }

  let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  init() throws(Refusal) {
    descriptor = inotify_init1(Int32(O_CLOEXEC | O_NONBLOCK))
    if descriptor < 0 { throw .system(errno: errno) }
  }

  deinit { close(descriptor) }

  /// Watches a folder; the same watch comes back where it is watched already.
  ///
  /// - Parameter forArrivals: whether only names that appear count, and the folder's own end.
  func add(_ folder: FilePath, forArrivals: Bool = false) throws(Refusal) -> Int32 {
    var mask = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
    if forArrivals {
      mask |= IN_MASK_ADD
    } else {
      mask |= IN_MODIFY | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM | IN_DONT_FOLLOW | IN_EXCL_UNLINK
    }
    let watch = inotify_add_watch(descriptor, folder.cString, UInt32(bitPattern: mask))
    if watch >= 0 { return watch }
    switch errno {
    case ENOSPC: throw .limit
    case EACCES: throw .unreadable
    case ENOENT, ENOTDIR, ELOOP: throw .missing
    default: throw .system(errno: errno)
    }
  }

  func remove(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

  /// The events that are waiting; empty where there are none.
  ///
  /// Takes as many as the kernel's queue holds by default, since a queue that is emptied by halves
  /// overflows while its first half is handled.
  func read() -> [Event] {
    var events: [Event] = []
    for _ in 0..<16 {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      buffer.withUnsafeBytes { decode($0[..<count], into: &events) }
    }
    return events
  }

  private func decode(_ bytes: Slice<UnsafeRawBufferPointer>, into events: inout [Event]) {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    var index = 0
    while index + Self.headerSize <= bytes.count {
      let length = Int(bytes.loadUnaligned(fromByteOffset: index + 12, as: UInt32.self))
      let end = min(bytes.count, index + Self.headerSize + length)
      let event = Event(
        watch: bytes.loadUnaligned(fromByteOffset: index, as: Int32.self),
        mask: Event.Mask(
          rawValue: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self)),
        name: FolderName(Array(bytes[index + Self.headerSize..<end].prefix { $0 != 0 })))
      events.append(event)
      index = end
    }
  }

  private static let headerSize = MemoryLayout<inotify_event>.size
}
