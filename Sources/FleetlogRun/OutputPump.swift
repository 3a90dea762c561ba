import Glibc

/// Passes on what a command writes, byte for byte, and keeps a copy; on a thread of its own, so that
/// a slow reader of one stream does not hold up the other.
///
/// Unchecked because the thread alone uses what changes from `start` on, and `finish` waits for its
/// end before it looks.
final class OutputPump: @unchecked Sendable {
  private let source: Int32
  private let target: Int32
  private let capture: CaptureFile?
  /// Knows the marks of runs inside this one.
  private var splitter: MarkSplitter
  /// Set where a run around this one reads what is written.
  private let outer: OutputMark?
  private var thread = pthread_t()
  /// Readable once the command has ended.
  private var ended: [Int32] = [-1, -1]
  private var total: Int64 = 0

  /// - Parameters:
  ///   - source: our end of the command's pipe or terminal, closed here in the end.
  ///   - target: where the bytes go.
  ///   - inner: the mark of runs inside this one.
  ///   - outer: the mark that the run around this one knows, if that reads the target.
  init(
    from source: Int32, to target: Int32, capture: CaptureFile?, inner: OutputMark,
    outer: OutputMark?
  ) {
    splitter = MarkSplitter(inner)
    self.outer = outer
    self.source = source
    self.target = target
    self.capture = capture
    _ = pipe(&ended)
    for end in ended { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  func start() {
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<OutputPump>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
  }

  /// What a stream came to.
  struct Summary {
    let bytes: Int64
    let isCut: Bool
  }

  /// Passes on what is there after the command's end, and ends.
  func finish() -> Summary {
    close(ended[1])
    pthread_join(thread, nil)
    close(ended[0])
    return Summary(bytes: total, isCut: capture?.isCut ?? false)
  }

  private func run() {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var hasEnded = false
    while true {
      var waits = [
        pollfd(fd: source, events: Int16(POLLIN), revents: 0),
        pollfd(fd: ended[0], events: Int16(POLLIN), revents: 0),
      ]
      // What looks like the beginning of a mark is not held back for long.
      let patience: Int32 = hasEnded ? 0 : splitter.isHolding ? 20 : -1
      let count = poll(&waits, hasEnded ? 1 : 2, patience)
      if count < 0, errno == EINTR { continue }
      if count == 0, !hasEnded {
        guard splitter.flush(hand) else { break }
        continue
      }
      if waits[0].revents != 0 {
        guard pass(buffer) else { break }
      } else if hasEnded {
        break
      } else if waits[1].revents != 0 {
        hasEnded = true
      }
    }
    _ = splitter.flush(hand)
    close(source)
    capture?.finish()
  }

  /// - Returns: false at the end, or where nobody reads any more: then the command is to notice.
  private func pass(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
    let count = read(source, buffer.baseAddress, buffer.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN }
    guard count > 0 else { return false }
    return splitter.split(UnsafeRawBufferPointer(rebasing: buffer[..<count]), hand)
  }

  /// Passes bytes on, and keeps those that no inner run keeps.
  private func hand(_ bytes: UnsafeRawBufferPointer, isInner: Bool) -> Bool {
    total += Int64(bytes.count)
    let isTaken = outer?.write(bytes, to: target) ?? Self.write(bytes, to: target)
    if !isInner { capture?.write(bytes) }
    return isTaken
  }

  /// - Returns: false where the reader has gone.
  static func write(_ bytes: UnsafeRawBufferPointer, to target: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(target, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        var wait = pollfd(fd: target, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wait, 1, -1)
        continue
      }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }
}

/// Passes a person's keys on to the command's terminal, on a thread that ends with the process.
enum KeyPump {
  private struct Ends {
    let source: Int32
    let target: Int32
  }

  static func start(from source: Int32, to target: Int32) {
    let ends = UnsafeMutablePointer<Ends>.allocate(capacity: 1)
    ends.initialize(to: Ends(source: source, target: target))
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        guard let ends = context?.assumingMemoryBound(to: Ends.self) else { return nil }
        KeyPump.run(ends.pointee)
        ends.deallocate()
        return nil
      }, ends)
    pthread_detach(thread)
  }

  private static func run(_ ends: Ends) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(ends.source, &buffer, buffer.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { break }
      let isTaken = buffer.withUnsafeBytes {
        OutputPump.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: ends.target)
      }
      guard isTaken else { break }
    }
  }
}
