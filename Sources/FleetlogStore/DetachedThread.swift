import Glibc

/// Threads that nobody waits for. Foundation has them too, but takes longer to load than many a
/// command that `fleetlog run` starts, and the store is part of it.
final class DetachedThread: Sendable {
  private let body: @Sendable () -> Void

  private init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  /// - Returns: false where the system has no thread to give; `body` is then not called.
  static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    let job = Unmanaged.passRetained(DetachedThread(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context {
          Unmanaged<DetachedThread>.fromOpaque(context).takeRetainedValue().body()
        }
        return nil
      }, job.toOpaque())
    if code != 0 { job.release() } else { pthread_detach(thread) }
    return code == 0
  }
}
