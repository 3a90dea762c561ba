import FleetlogTestSupport
import FleetlogWeb
import Glibc

extension HTTPServer.Configuration {
  static func onFreePort(_ change: (inout Self) -> Void = { _ in }) -> Self {
    var configuration = Self()
    configuration.port = 0
    change(&configuration)
    return configuration
  }
}

extension HTTPReply {
  /// A reply that tells when somebody began it, and is given once it is released.
  static func held(_ begun: Gate, _ release: Gate, _ response: HTTPResponse) -> HTTPReply {
    .queued {
      begun.pass()
      release.wait()
      return response
    }
  }
}

extension HTTPServer {
  /// A server that runs until the test stops it.
  static func started(
    _ configuration: Configuration = .onFreePort(),
    handler: @escaping @Sendable (HTTPRequest) -> HTTPReply = {
      .now(.text("path \($0.path)"))
    }
  ) throws -> HTTPServer {
    let server = HTTPServer(configuration: configuration, handler: handler)
    try server.start()
    return server
  }

  /// One request on a connection of its own.
  func get(_ target: String, _ headers: String...) throws -> RawResponse {
    let client = try RawClient(port: port)
    try client.send(.get(target, headers))
    return try client.receive()
  }

  /// Sends a request head as it stands, with only the blank line added.
  func exchange(_ head: String) throws -> RawResponse {
    let client = try RawClient(port: port)
    try client.send(head + "\r\n\r\n")
    return try client.receive()
  }
}

extension String {
  static func get(_ target: String, _ headers: [String] = []) -> String {
    (["GET \(target) HTTP/1.1", "Host: localhost"] + headers).joined(separator: "\r\n")
      + "\r\n\r\n"
  }

  static func post(_ target: String, _ body: String, _ headers: [String] = []) -> String {
    (["POST \(target) HTTP/1.1", "Host: localhost", "Content-Length: \(body.utf8.count)"] + headers)
      .joined(separator: "\r\n") + "\r\n\r\n" + body
  }
}

/// A count that threads can raise and wait for.
///
/// Unchecked because `count` is only reached with the lock held, which never moves.
final class Gate: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var count = 0

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func pass() {
    pthread_mutex_lock(mutex)
    count += 1
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns once `pass` has been called that many times.
  func wait(for target: Int = 1) {
    pthread_mutex_lock(mutex)
    while count < target { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }
}

/// Runs `body` beside the test. The threads that tests run on are few, and a test that blocks one
/// must not wait for work that needs another.
func onOwnThread(_ body: @escaping @Sendable () -> Void) {
  final class Job: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }
  var thread = pthread_t()
  let job = Unmanaged.passRetained(Job(body)).toOpaque()
  let result = pthread_create(&thread, nil, { runJob($0) }, job)
  precondition(result == 0, "no thread to be had")
  pthread_detach(thread)

  func runJob(_ job: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let job { Unmanaged<Job>.fromOpaque(job).takeRetainedValue().body() }
    return nil
  }
}
