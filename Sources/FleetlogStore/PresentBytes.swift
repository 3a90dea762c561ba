import FleetlogEvents
import FleetlogThreads
import Glibc
import Synchronization

/// Looks whether a transcript still holds a receipt's bytes. Its mount may hang: then the question
/// stays open, and the page that asks does not wait.
enum PresentBytes {
  enum Answer {
    case bytes([UInt8])
    /// No file holds as many bytes there.
    case none
    /// The file does not answer.
    case unknown

    var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
    var isKnown: Bool { if case .unknown = self { false } else { true } }
  }

  /// ms until a page goes on without an answer.
  private static let patience = 1000
  /// Looks that may be without an answer at once; each holds a thread.
  private static let mostLooks = 4
  private static let looks = Atomic(0)

  static func read(_ span: SourceSpan, limit: Int, path: [UInt8]) -> Answer {
    guard looks.add(1, ordering: .relaxed).newValue <= mostLooks else {
      looks.subtract(1, ordering: .relaxed)
      return .unknown
    }
    let found = Monitor<Answer?>(nil)
    let isStarted = DetachedThread.start {
      let bytes = look(span, limit: limit, at: path)
      found.withLock { $0 = bytes.map { .bytes($0) } ?? Answer.none }
      found.wakeAll()
      looks.subtract(1, ordering: .relaxed)
    }
    guard isStarted else {
      looks.subtract(1, ordering: .relaxed)
      return .unknown
    }
    _ = found.wait(until: Moment(after: .milliseconds(patience))) { $0 != nil }
    return found.withLock { $0 } ?? .unknown
  }

  /// Whether no link on the way led elsewhere; where `/proc` does not tell, it is taken to be so.
  private static func stands(_ descriptor: Int32, at path: [UInt8]) -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: path.count + 1) { buffer in
      guard let base = buffer.baseAddress else { return true }
      let count = readlink("/proc/self/fd/\(descriptor)", base, buffer.count)
      return count < 0 || UnsafeRawBufferPointer(start: base, count: count).elementsEqual(path)
    }
  }

  private static func look(_ span: SourceSpan, limit: Int, at path: [UInt8]) -> [UInt8]? {
    let name = path.map { CChar(bitPattern: $0) } + [0]
    // A receipt must never hang on a FIFO that took the file's place, nor show what a link leads to.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY
    let descriptor = open(name, flags)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      stands(descriptor, at: path)
    else { return nil }
    let wanted = min(Int(span.length), limit)
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      count = max(0, pread(descriptor, buffer.baseAddress, wanted, off_t(span.offset)))
    }
    return bytes.count == wanted ? bytes : nil
  }
}
