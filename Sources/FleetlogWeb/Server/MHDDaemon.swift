import CMicrohttpd
import Glibc

/// The HTTP library at work: its threads, and the callbacks through which it reaches the server.
///
/// Unchecked because the pointer is set once and libmicrohttpd takes `add` from any thread; `stop`
/// is called once, after the last `add`.
struct MHDDaemon: @unchecked Sendable {
  private static let threads: UInt32 = 2
  private static let connectionMemory = 32 * 1024

  private let pointer: OpaquePointer
  private let context: Unmanaged<ServerCore>

  /// Starts threads that call `core` until `stop`.
  static func start(_ core: ServerCore) throws(ErrnoFailure) -> MHDDaemon {
    let context = Unmanaged.passRetained(core)
    // At its own limit the library deadlocks, and it divides that limit unevenly between its
    // threads. Ours is therefore the one that is reached.
    let unreachableLimit = UInt32(clamping: core.configuration.connectionLimit * 4)
    var setup = fleetlog_mhd_setup(
      context: context.toOpaque(),
      log: logLine,
      request_line: requestLine,
      access: access,
      completed: requestCompleted,
      connection_notice: connectionNotice,
      threads: threads,
      connection_limit: unreachableLimit,
      idle_timeout: UInt32(clamping: max(core.configuration.idleTimeout.components.seconds, 1)),
      connection_memory: connectionMemory,
      certificate: nil,
      certificate_key: nil)
    let daemon = start(&setup, core.configuration.tls)
    guard let daemon else {
      let code = errno
      context.release()
      throw ErrnoFailure(code: code)
    }
    return MHDDaemon(pointer: daemon, context: context)
  }

  private static func start(
    _ setup: inout fleetlog_mhd_setup, _ tls: HTTPServer.Configuration.TLS?
  ) -> OpaquePointer? {
    guard let tls else { return ServerThread.withSignalsBlocked { fleetlog_mhd_start(&setup) } }
    // The library reads both while it starts, and not afterwards.
    return tls.certificate.withCString { certificate in
      tls.key.withCString { key in
        setup.certificate = certificate
        setup.certificate_key = key
        return ServerThread.withSignalsBlocked { fleetlog_mhd_start(&setup) }
      }
    }
  }

  /// Serves an accepted socket, which belongs to the library from here on; false when it would not
  /// have it, in which case it is closed.
  func add(_ socket: Int32, from address: sockaddr_storage, length: socklen_t) -> Bool {
    withUnsafePointer(to: address) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        MHD_add_connection(pointer, socket, address, length) == .YES
      }
    }
  }

  /// Closes every connection and ends the threads. No connection may be suspended any more: the
  /// library would abort the process.
  func stop() {
    MHD_stop_daemon(pointer)
    context.release()
  }
}

// Named functions, because a closure literal in an isolated place would be isolated too, compile
// all the same, and trap on the library's threads.

private func logLine(
  _ context: UnsafeMutableRawPointer?, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?
) {
  guard let context, let format, let arguments else { return }
  let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
  let line = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    guard let base = buffer.baseAddress, vsnprintf(base, buffer.count, format, arguments) >= 0
    else {
      return ""
    }
    return String(cString: base)
  }
  core.configuration.log(line.trimmingOptionalWhitespace)
}

/// Keeps the target as it was sent, in an `Exchange` that stays with the request to its end.
private func requestLine(
  _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?,
  _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
  guard let context, let target, let connection else { return nil }
  let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
  core.watch.requestLineIsRead(MHDConnection(connection).id)
  let bytes = UnsafeRawBufferPointer(start: target, count: strlen(target))
  let exchange = Exchange(target: Array(bytes))
  // The library goes on to parse the query into records of its connection memory and, when some
  // hundreds of "&" use that up, leaves the client without an answer until the idle timeout. The
  // copy above is the one that counts, so the library is shown an empty query.
  if let query = strchr(target, Int32(UInt8(ascii: "?"))) {
    query[1] = 0
  }
  return Unmanaged.passRetained(exchange).toOpaque()
}

private func access(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ url: UnsafePointer<CChar>?, _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
  _ upload: UnsafePointer<CChar>?, _ uploadCount: UnsafeMutablePointer<Int>?,
  _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let context, let connection, let uploadCount, let object = requestContext?.pointee else {
    return .NO
  }
  let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
  let exchange = Unmanaged<Exchange>.fromOpaque(object).takeUnretainedValue()
  let client = MHDConnection(connection)
  let step: ServerCore.Step
  if !exchange.hasBegun {
    guard let method, let url, let version else { return .NO }
    let head = client.readHead(
      method: method, url: url, version: version, target: exchange.target)
    core.watch.headIsRead(client.id)
    step = core.begin(exchange, head: head)
  } else if uploadCount.pointee > 0 {
    let bytes = UnsafeRawBufferPointer(start: upload, count: uploadCount.pointee)
    step = core.receive(exchange, bytes: bytes)
    uploadCount.pointee = 0
  } else {
    core.watch.requestIsRead(client.id)
    step = core.complete(exchange, client: client)
  }
  switch step {
  case .goOn: return .YES
  case .answer(let response):
    core.watch.isAnswered(client.id, bytes: response.body.count)
    return client.queue(response, closing: core.isDraining) ? .YES : .NO
  case .stream(let stream, let head):
    let body = StreamBody(stream: stream, client: client, watch: core.watch)
    return client.queue(body, head: head, closing: core.isDraining) ? .YES : .NO
  case .hangUp: return .NO
  }
}

private func requestCompleted(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _: MHD_RequestTerminationCode
) {
  guard let context, let requestContext, let object = requestContext.pointee else { return }
  requestContext.pointee = nil
  let exchange = Unmanaged<Exchange>.fromOpaque(object).takeRetainedValue()
  let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
  if let connection { core.watch.awaitsRequest(MHDConnection(connection).id) }
  core.end(exchange)
}

private func connectionNotice(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ notice: MHD_ConnectionNotificationCode
) {
  guard let context, let connection else { return }
  let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
  let client = MHDConnection(connection)
  guard notice == .CONNECTION_NOTIFY_CLOSED else {
    return core.watch.isOpened(client.id, socket: client.socket)
  }
  core.watch.isClosed(client.id)
  core.forgetConnection()
}
