import CMicrohttpd

/// One client connection of libmicrohttpd.
///
/// Unchecked because libmicrohttpd lets any thread call `resume`; everything else is called from
/// its callbacks, on the thread that owns the connection. A suspended connection is never freed,
/// so the pointer is good until `resume`, after which the caller must not touch it.
struct MHDConnection: @unchecked Sendable {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
  }

  /// Tells the connection from every other that is open.
  var id: UInt { UInt(bitPattern: pointer) }

  /// -1 where there is none.
  var socket: Int32 { fleetlog_mhd_socket(pointer) }

  /// Takes the connection out of the event loop. Only in the last call for a request.
  func suspend() {
    MHD_suspend_connection(pointer)
  }

  /// Lets the library call for the request once more.
  func resume() {
    MHD_resume_connection(pointer)
  }

  /// Hands the answer over, or returns false when the library will not have it.
  func queue(_ response: HTTPResponse, closing: Bool) -> Bool {
    let created = response.body.withUnsafeBytes { body in
      MHD_create_response_from_buffer(
        body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let created else { return false }
    return queue(created, head: response, closing: closing)
  }

  /// Hands over the head of a stream, whose body the library then asks for piece by piece; false
  /// when the library will not have it, in which case the stream has ended.
  func queue(_ body: StreamBody, head: HTTPResponse, closing: Bool) -> Bool {
    let stream = body.stream
    let body = Unmanaged.passRetained(body)
    let created = MHD_create_response_from_callback(
      UInt64.max, StreamBody.blockSize, fillStream, body.toOpaque(), endStream)
    guard let created else {
      stream.end()
      body.release()
      return false
    }
    return queue(created, head: head, closing: closing)
  }

  private func queue(_ created: OpaquePointer, head response: HTTPResponse, closing: Bool) -> Bool {
    // The library holds a reference of its own from `MHD_queue_response` on.
    defer { MHD_destroy_response(created) }
    for field in response.headers {
      guard MHD_add_response_header(created, field.name, field.value) == .YES else { return false }
    }
    if closing { MHD_add_response_header(created, "Connection", "close") }
    return MHD_queue_response(pointer, UInt32(response.status), created) == .YES
  }

  /// Copies the head out of the connection's buffer. Only in the first call for a request.
  ///
  /// - Parameters:
  ///   - method, url, version: as the library passed them. It parses in place, so that together
  ///     with the header fields they lie side by side in the bytes the client sent, each ended by
  ///     a NUL where a delimiter stood; see `RequestHead.isIntact`.
  ///   - target: what followed the method, copied before the library decoded it.
  func readHead(
    method: UnsafePointer<CChar>, url: UnsafePointer<CChar>, version: UnsafePointer<CChar>,
    target: [UInt8]
  ) -> RequestHead {
    let versionText = String(cString: version)
    var walk = HeadWalk(next: version + versionText.utf8.count + lineEnd)
    let methodText = String(cString: method)
    walk.isIntact =
      url == method + methodText.utf8.count + 1 && version == url + target.count + 1
    withUnsafeMutablePointer(to: &walk) { walk in
      _ = MHD_get_connection_values_n(pointer, .HEADER_KIND, visitField, walk)
    }
    let end = method + fleetlog_mhd_head_size(pointer)
    return RequestHead(
      method: HTTPMethod(rawValue: methodText),
      target: target,
      version: versionText,
      fields: walk.fields,
      isIntact: walk.isIntact && walk.next + lineEnd == end,
      peer: NumericAddress(fleetlog_mhd_peer(pointer))?.network ?? "")
  }
}

/// A stream and the one connection that it is sent on.
final class StreamBody: Sendable {
  /// Bytes that the library asks for at once.
  static let blockSize = 16 * 1024

  let stream: HTTPStream
  fileprivate let client: MHDConnection
  fileprivate let watch: ConnectionWatch

  init(stream: HTTPStream, client: MHDConnection, watch: ConnectionWatch) {
    self.stream = stream
    self.client = client
    self.watch = watch
  }
}

private func fillStream(
  _ body: UnsafeMutableRawPointer?, _: UInt64, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int
) -> Int {
  let (isOver, isBroken) = (-1, -2)
  guard let body, let buffer else { return isOver }
  let entry = Unmanaged<StreamBody>.fromOpaque(body).takeUnretainedValue()
  let room = UnsafeMutableRawBufferPointer(start: buffer, count: size)
  // Asked for more, so the client has taken what came before. Noted before the connection may be
  // suspended, after which another thread may wake it at any moment.
  entry.watch.isAnswered(entry.client.id, bytes: size)
  switch entry.stream.fill(room, of: entry.client, willSuspend: { entry.watch.rests($0.id) }) {
  case .filled(let count): return count
  case .suspended: return 0
  case .ended: return isOver
  case .broken: return isBroken
  }
}

/// The body has been sent to its end, or the client is gone.
private func endStream(_ body: UnsafeMutableRawPointer?) {
  guard let body else { return }
  Unmanaged<StreamBody>.fromOpaque(body).takeRetainedValue().stream.end()
}

private let lineEnd = 2

private struct HeadWalk {
  var fields: [HTTPHeaders.Field] = []
  var isIntact = true

  /// Where the next header must begin if nothing was skipped.
  var next: UnsafePointer<CChar>

  init(next: UnsafePointer<CChar>) {
    self.next = next
  }

  mutating func visit(name: UnsafeBufferPointer<CChar>, value: UnsafeBufferPointer<CChar>) {
    fields.append(HTTPHeaders.Field(name: String(name), value: String(value)))
    guard let nameStart = name.baseAddress, let valueStart = value.baseAddress,
      nameStart == next
    else {
      isIntact = false
      return
    }
    let afterColon = nameStart + name.count + 1
    isIntact = isIntact && afterColon <= valueStart && isBlank(from: afterColon, to: valueStart)
    next = valueStart + value.count + lineEnd
  }

  private func isBlank(from start: UnsafePointer<CChar>, to end: UnsafePointer<CChar>) -> Bool {
    UnsafeBufferPointer(start: start, count: end - start).allSatisfy { byte in
      byte == CChar(UInt8(ascii: " ")) || byte == CChar(UInt8(ascii: "\t"))
    }
  }
}

private func visitField(
  _ walk: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind,
  _ name: UnsafePointer<CChar>?, _ nameCount: Int,
  _ value: UnsafePointer<CChar>?, _ valueCount: Int
) -> MHD_Result {
  walk?.assumingMemoryBound(to: HeadWalk.self).pointee.visit(
    name: UnsafeBufferPointer(start: name, count: name == nil ? 0 : nameCount),
    value: UnsafeBufferPointer(start: value, count: value == nil ? 0 : valueCount))
  return .YES
}

extension String {
  fileprivate init(_ bytes: UnsafeBufferPointer<CChar>) {
    self.init(decoding: UnsafeRawBufferPointer(bytes), as: UTF8.self)
  }
}
