import Glibc

/// A thread of the server's own, outside Swift's cooperative pool, which must never block.
struct ServerThread: Sendable {
  private let handle: pthread_t

  /// Starts a thread with every signal blocked, or throws the system's reason for having none.
  ///
  /// Signals are left to the thread that waits for them: one delivered here would be lost.
  static func start(
    _ body: @escaping @Sendable () -> Void
  ) throws(ErrnoFailure) -> ServerThread {
    let job = Unmanaged.passRetained(Job(body))
    var handle = pthread_t()
    let failure = withSignalsBlocked {
      pthread_create(&handle, nil, { ServerThread.runJob($0) }, job.toOpaque())
    }
    guard failure == 0 else {
      job.release()
      throw ErrnoFailure(code: failure)
    }
    return ServerThread(handle: handle)
  }

  /// Waits for the thread's end. A thread is either joined or detached, once.
  func join() {
    pthread_join(handle, nil)
  }

  func detach() {
    pthread_detach(handle)
  }

  /// Threads created inside `body` inherit a mask that blocks every signal.
  static func withSignalsBlocked<Value>(_ body: () -> Value) -> Value {
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    return body()
  }

  private final class Job: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }

  private static func runJob(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let pointer {
      Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().body()
    }
    return nil
  }
}

/// A system call's reason for refusing.
struct ErrnoFailure: Error {
  let code: Int32

  /// What the system calls it, in words: "Address already in use".
  var text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
        return "error \(code)"
      }
      return String(cString: base)
    }
  }
}
